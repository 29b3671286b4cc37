//! How good what a model gave is: the metrics of each kind of task, with the numbers of their
//! references.
//!
//! A family of metrics keeps a little of each row (for BLEU ten counts) and computes its metrics
//! from any selection of rows. So a corpus is read once, and `bootstrap` and `paired` compute the
//! same metrics for thousands of selections of it.
//!
//! - [`classification`], [`multilabel`], [`regression`]: as scikit-learn and scipy have them;
//!   [`counts`] is what the first two and the next stand on
//! - [`entities`]: as seqeval
//! - [`squad`]: as the official scripts, versions 1.1 and 2.0
//! - [`bleu`], [`chrf`]: as sacreBLEU
//! - [`rouge`]: as `rouge_score`
//! - [`perplexity`]: as transformers' documentation computes it
//! - [`mean`]: of one number a row
//! - [`bootstrap`]: intervals; [`paired`]: whether two models differ

pub mod bleu;
pub mod bootstrap;
pub mod chrf;
pub mod classification;
pub mod counts;
pub mod entities;
mod grams;
pub mod mean;
pub mod multilabel;
pub mod paired;
pub mod perplexity;
pub mod regression;
pub mod rouge;
pub mod squad;
mod words;

/// A family of metrics that are computed from the same rows.
pub trait Family: Sync {
    /// What is kept of a row.
    type Row: Sync;

    /// The names of the metrics, in the order of their values.
    fn names(&self) -> Vec<&'static str>;

    /// The metrics of `rows`; NaN where one is not defined for them.
    fn values<'a>(&self, rows: impl Iterator<Item = &'a Self::Row>) -> Vec<f64>
    where
        Self::Row: 'a;
}
