//! A model for tests: what it says of the next token depends on the last two by chance.

use super::{Decoder, Generated, Observer, Options, Request, generate};
use crate::error::Result;
use crate::jobs::Cancel;
use crate::model::kernels::random::Stream;
use crate::model::tokenizer::Tokenizer;

/// The model: what it remembers are the sequences themselves.
#[derive(Debug, Clone)]
pub(super) struct Toy {
    pub vocab: usize,
    pub capacity: usize,
    pub seed: u64,
    /// How far its logits are apart.
    pub scale: f32,
    sequences: Vec<Vec<u32>>,
    /// How many tokens it was fed.
    pub fed: usize,
}

impl Toy {
    pub(super) fn new(vocab: usize, seed: u64) -> Self {
        Self {
            vocab,
            capacity: 1000,
            seed,
            scale: 2.0,
            sequences: vec![Vec::new()],
            fed: 0,
        }
    }

    /// The logits after a sequence.
    pub(super) fn logits(&self, sequence: &[u32]) -> Vec<f32> {
        let mut stream = Stream::new(self.seed, 0);
        for token in sequence.iter().rev().take(2) {
            stream = stream.at(u64::from(*token));
        }
        (0..self.vocab as u64)
            .map(|i| stream.normal(i) * self.scale)
            .collect()
    }
}

impl Decoder for Toy {
    fn vocab_size(&self) -> usize {
        self.vocab
    }

    fn capacity(&self) -> usize {
        self.capacity
    }

    fn feed(&mut self, tokens: &[&[u32]]) -> Result<Vec<f32>> {
        assert_eq!(tokens.len(), self.sequences.len());
        for (sequence, tokens) in self.sequences.iter_mut().zip(tokens) {
            assert!(sequence.is_empty() || tokens.len() == 1);
            sequence.extend_from_slice(tokens);
            self.fed += tokens.len();
            assert!(sequence.len() <= self.capacity);
        }
        Ok(self
            .sequences
            .iter()
            .flat_map(|sequence| self.logits(sequence))
            .collect())
    }

    fn reorder(&mut self, from: &[usize]) {
        self.sequences = from.iter().map(|i| self.sequences[*i].clone()).collect();
    }
}

/// Continues a prompt with the toy.
pub(super) fn run(toy: &Toy, prompt: &[u32], options: &Options) -> Generated {
    run_with(toy, prompt, options, None, &mut |_| {
        std::ops::ControlFlow::Continue(())
    })
    .expect("generated")
}

/// Continues a prompt with the toy, observed.
pub(super) fn run_with(
    toy: &Toy,
    prompt: &[u32],
    options: &Options,
    tokenizer: Option<&Tokenizer>,
    observe: Observer<'_>,
) -> Result<Generated> {
    let cancel = Cancel::new();
    let request = Request {
        prompt,
        options,
        tokenizer,
        cancel: &cancel,
    };
    generate(&mut toy.clone(), &request, observe)
}
