//! Activations that are computed again instead of kept.

use super::super::{Random, Recording, Tape, Tensor};

impl Tape {
    /// `f(inputs)`: a part of a model, at whose border gradient checkpointing cuts.
    ///
    /// With checkpointing only the inputs are kept, and the backward pass runs `f` again, with the
    /// same random numbers (Chen et al., Training deep nets with sublinear memory cost, 2016), if
    /// one of the inputs wants a gradient. Both ways give the same bits: a part has random numbers
    /// of its own, and the gradients that it has for an input are added up before they are given.
    pub fn part<const N: usize>(
        &mut self,
        inputs: [&Tensor; N],
        f: impl Fn(&mut Self, [&Tensor; N]) -> Tensor + Send + 'static,
    ) -> Tensor {
        let wanted = inputs.iter().any(|x| x.tracked());
        let stream = self.stream();
        let random = move || stream.map(|stream| Random { stream, taken: 0 });
        if !(self.frugal && self.records() && wanted) {
            let outer = std::mem::replace(&mut self.random, random());
            let inner = inputs.map(|x| self.alias(x));
            let y = f(self, inner.each_ref());
            self.random = outer;
            return y;
        }
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

    /// `x` under a node of its own, where gradients are added up before they go on.
    fn alias(&mut self, x: &Tensor) -> Tensor {
        let node = x.node;
        self.record(x.detached(), x.tracked(), move |dy, gradients| {
            gradients.give(node, dy.clone());
        })
    }
}
