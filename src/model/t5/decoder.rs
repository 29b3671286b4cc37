//! T5 in the middle of its output.

use super::{Encoded, T5};
use crate::model::batch::Batch;
use crate::model::kernels::pooled;
use crate::model::layers::{Cache, Sight};
use crate::model::tape::{Tape, Tensor};

/// Outputs that are being written for one input.
pub struct Seq2SeqDecoder<'a> {
    model: &'a T5,
    /// What the encoder reads.
    input: Batch,
    /// What it made of it, once the first token asked.
    encoded: Option<Encoded>,
    cache: Cache,
}

impl<'a> Seq2SeqDecoder<'a> {
    /// An output of at most `capacity` tokens for `input`, which is encoded with the first of them.
    pub fn new(model: &'a T5, input: &[u32], capacity: usize) -> Self {
        let (layers, heads, width) = model.cache_form();
        let cache = Cache::new(layers, heads, width, capacity);
        Self {
            model,
            input: Batch::new([input]),
            encoded: None,
            cache,
        }
    }

    /// How many ids there are.
    pub fn vocab_size(&self) -> usize {
        self.model.words.rows()
    }

    /// How many tokens an output may have.
    pub fn capacity(&self) -> usize {
        self.cache.capacity()
    }

    /// Feeds each output its next tokens; gives the logits after the last of each:
    /// `[outputs, vocab]`.
    ///
    /// # Panics
    /// If there is no room for them.
    pub fn feed(&mut self, tokens: &[&[u32]]) -> Tensor {
        let batch = Batch::new(tokens.iter().copied());
        let counts: Vec<usize> = tokens.iter().map(|tokens| tokens.len()).collect();
        let (model, input, cache) = (self.model, &self.input, &mut self.cache);
        let encoded = &mut self.encoded;
        let logits = pooled(|| {
            let tape = &mut Tape::off();
            let encoded = encoded
                .get_or_insert_with(|| Encoded::new(model.encode(tape, input, |_| ()), input));
            let sight = &mut Sight::Cached(&batch.starts, cache);
            let x = model.decode(tape, &batch.ids, sight, encoded, |_| ());
            let x = tape.select_rows(&x, &batch.lasts());
            model.logits(tape, &x)
        });
        self.cache.advance(&counts);
        logits
    }

    /// Output `i` continues what output `from[i]` was.
    pub fn reorder(&mut self, from: &[usize]) {
        self.cache.reorder(from);
        if let Some(encoded) = &mut self.encoded {
            encoded.reorder(from);
        }
    }
}
