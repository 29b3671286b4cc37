//! Predicts each next token.

use super::losses::in_pieces;
use super::masked_lm::output_loss;
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::config::Config;
use crate::model::gpt2::Gpt2;
use crate::model::kernels::cross_entropy::Target;
use crate::model::kernels::pooled;
use crate::model::layers::{Cache, Linear, Sight, Source};
use crate::model::tape::{Loss, Tape, Tensor};

/// GPT-2 with its table of tokens as the output layer.
#[derive(Clone)]
pub struct CausalLm {
    /// The decoder.
    pub body: Gpt2,
    head: Linear,
}

impl CausalLm {
    /// Reads the decoder.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &Config) -> Result<Self> {
        let Config::Gpt2(config) = config else {
            return Err(
                Error::new("this model continues no text").hint("text-generation runs with GPT-2")
            );
        };
        let body = Gpt2::load(source, config)?;
        let head = Linear {
            weight: body.words.tied(),
            bias: None,
            lora: None,
        };
        Ok(Self { body, head })
    }

    /// The logits of what follows the tokens at `rows`: `[rows, vocab]`.
    pub fn logits(&self, tape: &mut Tape, ids: &[u32], sight: &mut Sight, rows: &[u32]) -> Tensor {
        let hidden = self.body.forward(tape, ids, sight, |_| ());
        let hidden = tape.select_rows(&hidden, rows);
        self.head.forward(tape, &hidden)
    }

    /// `-ln p` of each of `targets` after the token at that place of `rows`.
    pub fn losses(&self, batch: &Batch, rows: &[u32], targets: &[u32]) -> Vec<f32> {
        let tape = &mut Tape::off();
        let sight = &mut Sight::Whole(&batch.starts);
        let hidden = self.body.forward(tape, &batch.ids, sight, |_| ());
        in_pieces(&hidden, rows, targets, |hidden| {
            self.head.forward(tape, hidden)
        })
    }

    /// The cross-entropy of the tokens that have a target, which is the token after each.
    ///
    /// # Panics
    /// If the weights are packed.
    pub fn loss(
        &self,
        tape: &mut Tape,
        ids: &[u32],
        starts: &[usize],
        targets: &[Option<Target>],
        smoothing: f32,
    ) -> Loss {
        let hidden = self
            .body
            .forward(tape, ids, &mut Sight::Whole(starts), |_| ());
        output_loss(tape, &hidden, &self.head.weight, None, targets, smoothing)
    }
}

/// A causal model in the middle of texts.
pub struct CausalDecoder<'a> {
    model: &'a CausalLm,
    cache: Cache,
}

impl<'a> CausalDecoder<'a> {
    /// Room for a text of `capacity` tokens; no more than the model has places.
    pub fn new(model: &'a CausalLm, capacity: usize) -> Self {
        let (layers, heads, width) = model.body.cache_form();
        let capacity = capacity.min(model.body.places());
        Self {
            model,
            cache: Cache::new(layers, heads, width, capacity),
        }
    }

    /// How many ids there are.
    pub fn vocab_size(&self) -> usize {
        self.model.body.words.rows()
    }

    /// How many tokens a text may have.
    pub fn capacity(&self) -> usize {
        self.cache.capacity()
    }

    /// Feeds each text its next tokens; gives the logits after the last of each: `[texts, vocab]`.
    ///
    /// # Panics
    /// If there is no room for them.
    pub fn feed(&mut self, tokens: &[&[u32]]) -> Tensor {
        let batch = Batch::new(tokens.iter().copied());
        let (model, cache) = (self.model, &mut self.cache);
        let logits = pooled(|| {
            let sight = &mut Sight::Cached(&batch.starts, cache);
            model.logits(&mut Tape::off(), &batch.ids, sight, &batch.lasts())
        });
        let counts: Vec<usize> = tokens.iter().map(|tokens| tokens.len()).collect();
        self.cache.advance(&counts);
        logits
    }

    /// Text `i` continues what text `from[i]` was.
    pub fn reorder(&mut self, from: &[usize]) {
        self.cache.reorder(from);
    }
}
