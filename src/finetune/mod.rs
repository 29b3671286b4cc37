//! Fine-tuning: from a file of rows to a model that has learned from them.
//!
//! - [`dataset`]: files of any usual form as rows of one, checked, and split into parts
//! - [`features`]: rows as what a model learns from, written once and read by position;
//!   [`preview`]: the same for a person, with what is learned [`marked`]
//! - [`training`]: how a run learns, as `TrainingArguments` name it; [`schedule`], [`order`]: the
//!   learning rate and the rows of each step, which need no memory
//! - [`learner`]: a model with the loss of its task; [`optimizer`]: what changes its weights
//! - [`trainer`]: steps; [`checkpoint`]: what a run goes on from
//! - [`metrics`]: how good what a model gave is, as the references of each kind of task compute it;
//!   [`evaluate`]: a model and rows to metrics
//! - [`base`]: the model that a run starts from; [`plan`]: everything that decides a run, and
//!   [`planning`], how it is decided
//! - [`run`]: a run's folder, and the work in it; [`result`]: what a run ends in, and
//!   [`report`], what it says of that

pub mod base;
pub mod checkpoint;
pub mod dataset;
pub mod evaluate;
pub mod features;
pub mod learner;
pub mod marked;
pub mod metrics;
pub mod optimizer;
pub mod order;
pub mod plan;
pub mod planning;
pub mod preview;
pub mod report;
pub mod result;
pub mod run;
pub mod schedule;
pub mod trainer;
pub mod training;
