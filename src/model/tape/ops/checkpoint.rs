//! Activations that are computed again instead of kept.

use super::super::{Random, Recording, Tape, Tensor};

impl Tape {
    /// `f(x)`, of which only `x` is kept: the backward pass runs `f` again, with the same random
    /// numbers (Chen et al., Training deep nets with sublinear memory cost, 2016).
    ///
    /// `x` must want a gradient for anything inside `f` to get one.
    pub fn checkpoint(
        &mut self,
        x: &Tensor,
        f: impl Fn(&mut Self, &Tensor) -> Tensor + Send + 'static,
    ) -> Tensor {
        let Some(random) = self.stream() else {
            return f(self, x);
        };
        let muted = Random {
            stream: random,
            taken: 0,
        };
        let y = f(
            &mut Self {
                random: Some(muted),
                recording: None,
            },
            &x.detached(),
        );
        let (x, wanted) = (x.clone(), x.tracked());
        self.record(y, wanted, move |dy, gradients| {
            let mut outer = Vec::new();
            gradients.swap_nodes(&mut outer);
            // Node 0 stands for the input: its gradient is what remains there.
            let recording = Recording {
                nodes: vec![None],
                gradients: std::mem::take(gradients),
            };
            let again = Random {
                stream: random,
                taken: 0,
            };
            let mut tape = Self {
                random: Some(again),
                recording: Some(recording),
            };
            let mut input = x.detached();
            input.node = Some(0);
            let y = f(&mut tape, &input);
            *gradients = tape.backward(&y, dy);
            let dx = gradients.take(0);
            gradients.swap_nodes(&mut outer);
            if let Some(dx) = dx {
                gradients.give(x.node, dx);
            }
        })
    }
}
