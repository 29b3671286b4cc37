//! Norms over rows.

use super::super::buffer::Buffer;
use super::super::{Param, Tape, Tensor};
use crate::model::kernels::Write;
use crate::model::kernels::norm::{self, Kind};

/// A norm's weights.
#[derive(Debug, Clone)]
pub struct Norm {
    /// Layer norm or RMS norm.
    pub kind: Kind,
    /// The factor of each column.
    pub weight: Param,
    /// What is added to each column.
    pub bias: Option<Param>,
    /// What is added to the variance.
    pub eps: f32,
}

impl Tape {
    /// The norm of each row of `x`.
    pub fn norm(&mut self, x: &Tensor, with: &Norm) -> Tensor {
        let cols = x.cols();
        let mut y = Buffer::stale(x.values().len());
        let bias = with.bias.as_ref().map(Param::read);
        let bias = bias.as_ref().map(|bias| &***bias);
        let saved = norm::forward(
            with.kind,
            &mut y,
            x.values(),
            &with.weight.read(),
            bias,
            with.eps,
        );
        let trained = with.weight.trainable() || with.bias.as_ref().is_some_and(Param::trainable);
        let (x, with, wanted) = (x.clone(), with.clone(), x.tracked() || trained);
        self.record(Tensor::new(cols, y), wanted, move |dy, gradients| {
            if trained {
                let (dw, db) = norm::backward_parameters(x.values(), dy, &saved, cols);
                gradients.param(&with.weight, |to, write| put(to, write, &dw));
                if let Some(bias) = &with.bias {
                    gradients.param(bias, |to, write| put(to, write, &db));
                }
            }
            gradients.tensor(&x, |dx, write| {
                let weight = with.weight.read();
                norm::backward_input(with.kind, dx, write, x.values(), dy, &weight, &saved);
            });
        })
    }
}

fn put(to: &mut [f32], write: Write, from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = write.apply(*to, *from);
    }
}
