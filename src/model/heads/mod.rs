//! What stands on a body for a task: a model is one of these.

mod body;
mod causal_lm;
mod losses;
mod masked_lm;
mod question_answering;
mod sequence;
mod token;

pub use body::Body;
pub use causal_lm::{CausalDecoder, CausalLm};
pub use masked_lm::{MaskedLm, output_loss};
pub use question_answering::QuestionAnswering;
pub use sequence::SequenceClassification;
pub use token::TokenClassification;
