//! Texts that go on from a prompt, whatever the model: one loop from ids to a stream of tokens.
//!
//! - `options`: what decides how a text is generated, under transformers' names
//! - `processors` and `warpers` change the scores of the next token, `sample` chooses it
//! - `single` generates token by token, `beam` searches for the likeliest whole
//! - `stop` ends a text at given strings
//!
//! Probabilities, greedy texts and beams are those of transformers.

mod beam;
mod defaults;
mod options;
mod processors;
mod sample;
mod single;
mod stop;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod toy;
mod voice;
mod warpers;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::model::tokenizer::Tokenizer;

pub use crate::model::config::EarlyStopping;
pub use options::{MOST_BEAMS, Options};

/// A model that continues sequences, with what it remembers of them.
///
/// It starts with one sequence, which is empty.
pub trait Decoder {
    /// How many ids there are to choose from.
    fn vocab_size(&self) -> usize;

    /// How many tokens a sequence may have, the prompt included.
    fn capacity(&self) -> usize;

    /// Takes tokens to the end of each sequence and gives the logits after the last of each:
    /// `[sequences, vocab_size]`. The first time it is the prompt of the only sequence, then one
    /// token each.
    ///
    /// # Errors
    /// What the model fails with.
    fn feed(&mut self, tokens: &[&[u32]]) -> Result<Vec<f32>>;

    /// From now on there are `from.len()` sequences, and sequence `i` is what `from[i]` was. The
    /// same may come several times, or not at all.
    fn reorder(&mut self, from: &[usize]);
}

/// What is to be continued, and how.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The prompt's ids; for a decoder with an encoder the token that it starts from.
    pub prompt: &'a [u32],
    /// The options.
    pub options: &'a Options,
    /// What makes text of the tokens, where text is wanted; stop strings need it.
    pub tokenizer: Option<&'a Tokenizer>,
    /// Polled between tokens.
    pub cancel: &'a Cancel,
}

/// What there is to show after a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// Which of the sequences.
    pub sequence: usize,
    /// How many tokens it has, without the prompt.
    pub tokens: usize,
    /// The token; none in a beam search, which may yet take it back, and for the last of a text.
    pub token: Option<u32>,
    /// The text that is certain since the last step of this sequence.
    pub text: &'a str,
}

/// Sees each step, and may end the text there.
pub type Observer<'a> = &'a mut dyn FnMut(&Step<'_>) -> ControlFlow<()>;

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It has `max_new_tokens`.
    Length,
    /// An end of text came.
    Eos,
    /// A stop string came.
    StopString,
    /// Whoever asked for it wants no more.
    Cancelled,
    /// The model takes no more tokens.
    ContextFull,
}

/// A generated sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// Its ids, without the prompt's; with the end of text, if one came.
    pub ids: Vec<u32>,
    /// Its text, without special tokens, up to the token that completes a stop string; empty
    /// without a tokenizer.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// What a beam search makes of it: the logarithm of its probability, by its length to the
    /// power of `length_penalty`.
    pub score: Option<f32>,
}

/// How long it took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timing {
    /// How many tokens the prompt has.
    pub prompt_tokens: usize,
    /// From the start until the prompt was read.
    pub prefill: Duration,
    /// From the start until the first token was there.
    pub first_token: Duration,
    /// How many tokens came after the first, of all sequences or of the longest beam.
    pub more_tokens: usize,
    /// How long they took.
    pub decode: Duration,
}

impl Timing {
    /// Tokens a second of the prompt.
    pub fn prefill_tok_s(&self) -> f64 {
        rate(self.prompt_tokens, self.prefill)
    }

    /// Milliseconds until the first token was there.
    pub fn first_token_ms(&self) -> f64 {
        self.first_token.as_secs_f64() * 1e3
    }

    /// Tokens a second after the first.
    pub fn decode_tok_s(&self) -> f64 {
        rate(self.more_tokens, self.decode)
    }
}

fn rate(count: usize, time: Duration) -> f64 {
    match time.as_secs_f64() {
        0.0 => 0.0,
        seconds => count as f64 / seconds,
    }
}

/// What was generated.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The sequences, the best first in a beam search.
    pub sequences: Vec<Sequence>,
    /// How long it took.
    pub timing: Timing,
}

/// Continues the prompt. A cancelled text is no error: what there is of it is returned.
///
/// An empty prompt is the options' `bos_token_id`.
///
/// # Errors
/// Options that are impossible for this model, a prompt that is empty or too long, logits that
/// are no numbers, and what the model fails with.
pub fn generate(
    decoder: &mut dyn Decoder,
    request: &Request<'_>,
    observe: Observer<'_>,
) -> Result<Generated> {
    let options = request.options;
    options.check()?;
    let stand_in = options.bos_token_id.map(|id| [id]);
    let prompt = match (request.prompt, &stand_in) {
        ([], Some(start)) => start.as_slice(),
        ([], None) => {
            return Err(Error::new(
                "the prompt is empty, and the model has no token to start from",
            )
            .hint("give it a few words to go on from"));
        }
        (prompt, _) => prompt,
    };
    check_ids(decoder.vocab_size(), prompt, options)?;
    if request.tokenizer.is_none() && !options.stop_strings.is_empty() {
        return Err(Error::new("there is no tokenizer to find them with").at("stop_strings"));
    }
    let room = room(decoder.capacity(), prompt.len())?;
    let mut run = Run {
        decoder,
        request: Request { prompt, ..*request },
        limit: options.max_new_tokens.min(room),
        full: if room < options.max_new_tokens {
            Finish::ContextFull
        } else {
            Finish::Length
        },
        start: Instant::now(),
        timing: Timing {
            prompt_tokens: prompt.len(),
            ..Timing::default()
        },
    };
    let sequences = match options.num_beams {
        1 => single::run(&mut run, observe)?,
        _ => beam::run(&mut run, observe)?,
    };
    Ok(Generated {
        sequences,
        timing: run.timing,
    })
}

/// How many tokens may come after a prompt.
fn room(capacity: usize, prompt: usize) -> Result<usize> {
    if prompt < capacity {
        return Ok(capacity - prompt);
    }
    Err(Error::new(format!(
        "the prompt has {prompt} tokens; the model takes {capacity}, of which at least 1 for the answer"
    ))
    .hint(format!("shorten the prompt by {} tokens, or split it", prompt + 1 - capacity)))
}

/// Whether the prompt and the options name tokens of this model. What its output layer does not
/// have may be in the prompt, not in what ends a text.
fn check_ids(vocab: usize, prompt: &[u32], options: &Options) -> Result<()> {
    let beyond = |id: &&u32| **id as usize >= vocab;
    let named = options
        .eos_token_id
        .iter()
        .find(beyond)
        .map(|id| (id, "eos_token_id"));
    let found = prompt.iter().find(beyond).map(|id| (id, "the prompt"));
    match named.or(found) {
        Some((id, place)) => Err(Error::new(format!(
            "there is no token {id}: the model has {vocab}"
        ))
        .at(place)
        .hint("the tokenizer or the configuration is that of another model")),
        None => Ok(()),
    }
}

/// One run of [`generate`].
struct Run<'a> {
    decoder: &'a mut dyn Decoder,
    request: Request<'a>,
    /// Most new tokens.
    limit: usize,
    /// Why a text of that many tokens ends.
    full: Finish,
    start: Instant,
    timing: Timing,
}

impl Run<'_> {
    /// Feeds tokens to the sequences and gives their logits, one row a sequence.
    fn feed(&mut self, tokens: &[&[u32]]) -> Result<Vec<f32>> {
        let logits = self.decoder.feed(tokens)?;
        let expected = tokens.len() * self.decoder.vocab_size();
        if logits.len() != expected {
            let what = format!("the model gave {} logits, not {expected}", logits.len());
            return Err(Error::new(what));
        }
        Ok(logits)
    }

    /// Reads the prompt.
    fn prefill(&mut self) -> Result<Vec<f32>> {
        let prompt = self.request.prompt;
        let logits = self.feed(&[prompt])?;
        self.timing.prefill = self.start.elapsed();
        Ok(logits)
    }

    /// Notes that tokens were chosen: how many in all.
    fn chose(&mut self, count: usize, in_all: usize) {
        let now = self.start.elapsed();
        if count == in_all {
            self.timing.first_token = now;
        }
        self.timing.more_tokens = in_all - count.min(in_all);
        self.timing.decode = now.saturating_sub(self.timing.first_token);
    }
}
