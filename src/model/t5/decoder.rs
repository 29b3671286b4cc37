//! T5 in the middle of its output.

use super::{Encoded, T5};
use crate::model::batch::Batch;
use crate::model::layers::{Cache, Sight};
use crate::model::tape::{Tape, Tensor};

/// Outputs that are being written for one input.
pub struct Seq2SeqDecoder<'a> {
    model: &'a T5,
    encoded: Encoded,
    cache: Cache,
}

impl<'a> Seq2SeqDecoder<'a> {
    /// Encodes `input`, and makes room for an output of `capacity` tokens.
    pub fn new(model: &'a T5, input: &[u32], capacity: usize) -> Self {
        let batch = Batch::new([input]);
        let hidden = model.encode(&mut Tape::off(), &batch, |_| ());
        let (layers, heads, width) = model.cache_form();
        let cache = Cache::new(layers, heads, width, capacity);
        Self {
            model,
            encoded: Encoded::new(hidden, &batch),
            cache,
        }
    }

    /// How many tokens each output may still take.
    pub fn room(&self) -> usize {
        self.cache.capacity() - self.cache.lengths().iter().max().copied().unwrap_or(0)
    }

    /// Feeds each output its next tokens; gives the logits after the last of each:
    /// `[outputs, vocab]`.
    ///
    /// # Panics
    /// If there is no room for them.
    pub fn feed(&mut self, tokens: &[&[u32]]) -> Tensor {
        let batch = Batch::new(tokens.iter().copied());
        let tape = &mut Tape::off();
        let sight = &mut Sight::Cached(&batch.starts, &mut self.cache);
        let x = self
            .model
            .decode(tape, &batch.ids, sight, &mut self.encoded, |_| ());
        let x = tape.select_rows(&x, &batch.lasts());
        let counts: Vec<usize> = tokens.iter().map(|tokens| tokens.len()).collect();
        self.cache.advance(&counts);
        self.model.logits(tape, &x)
    }

    /// Output `i` continues what output `from[i]` was.
    pub fn reorder(&mut self, from: &[usize]) {
        self.cache.reorder(from);
        self.encoded.reorder(from);
    }
}
