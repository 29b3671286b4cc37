//! Activations that are computed again instead of kept.

use super::super::{Random, Recording, Tape, Tensor};

impl Tape {
    /// `f(inputs)`: a part of a model, at whose border gradient checkpointing cuts.
    ///
    /// With checkpointing only the inputs are kept, and the backward pass runs `f` again, with the
    /// same random numbers (Chen et al., Training deep nets with sublinear memory cost, 2016).
    /// Weights inside `f` get a gradient only if one of the inputs wants one.
    pub fn part<const N: usize>(
        &mut self,
        inputs: [&Tensor; N],
        f: impl Fn(&mut Self, [&Tensor; N]) -> Tensor + Send + 'static,
    ) -> Tensor {
        let wanted = inputs.iter().any(|x| x.tracked());
        if !(self.frugal && self.records() && wanted) {
            return f(self, inputs);
        }
        let stream = self.stream();
        let random = move || stream.map(|stream| Random { stream, taken: 0 });
        let inputs = inputs.map(Tensor::clone);
        let alone = inputs.each_ref().map(Tensor::detached);
        let y = f(
            &mut Self {
                random: random(),
                recording: None,
                frugal: false,
            },
            alone.each_ref(),
        );
        self.record(y, wanted, move |dy, gradients| {
            let mut outer = Vec::new();
            gradients.swap_nodes(&mut outer);
            // The first nodes stand for the inputs: their gradients are what remains there.
            let mut inner = alone;
            for (node, (inner, x)) in inner.iter_mut().zip(&inputs).enumerate() {
                inner.node = x.tracked().then_some(node);
            }
            let nodes = (0..N).map(|_| None).collect();
            let recording = Recording {
                nodes,
                gradients: std::mem::take(gradients),
            };
            let mut tape = Self {
                random: random(),
                recording: Some(recording),
                frugal: false,
            };
            let y = f(&mut tape, inner.each_ref());
            *gradients = tape.backward(&y, dy);
            let found: [_; N] = std::array::from_fn(|node| gradients.take(node));
            gradients.swap_nodes(&mut outer);
            for (x, dx) in inputs.iter().zip(found) {
                if let Some(dx) = dx {
                    gradients.give(x.node, dx);
                }
            }
        })
    }
}
