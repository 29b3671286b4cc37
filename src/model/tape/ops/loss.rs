//! Losses: the last operation of a tape.

use super::super::buffer::Buffer;
use super::super::{Gradients, Param, Tape, Tensor};
use super::linear::Layout;
use crate::model::kernels::cross_entropy::{self, Target};
use crate::model::kernels::matmul::{Mat, MatMut, Threads, matmul};
use crate::model::kernels::{Write, rows};

/// How many values of logits are held at a time.
const LOGITS: usize = 32 << 20;

/// A loss, and the gradient of what it was computed from.
///
/// It is the end of its tape: [`Tape::descend`] takes it with a gradient of 1.
#[must_use]
pub struct Loss {
    /// The sum over rows of weight times loss.
    pub value: f64,
    tensor: Tensor,
}

impl Tape {
    /// Reads the tape backwards from `loss`.
    pub fn descend(self, loss: &Loss) -> Gradients {
        self.backward(&loss.tensor, &[1.0])
    }

    /// The cross-entropy of `softmax(x w + bias)`, without ever holding all logits.
    ///
    /// Rows of `x` without a target cost nothing. `targets` has one entry a row.
    pub fn linear_cross_entropy(
        &mut self,
        x: &Tensor,
        weight: &Param,
        bias: Option<&Param>,
        targets: &[Option<Target>],
        smoothing: f32,
    ) -> Loss {
        let (inputs, outputs) = Layout::OutIn.sizes(weight.shape());
        let (ids, targets): (Vec<u32>, Vec<Target>) = (0u32..)
            .zip(targets)
            .filter_map(|(row, target)| Some((row, (*target)?)))
            .unzip();
        let mut dx = (self.records() && x.tracked()).then(|| Buffer::zeros(x.values().len()));
        let chunk = (LOGITS / outputs).clamp(1, ids.len().max(1));
        let mut value = 0.0;
        for (ids, targets) in ids.chunks(chunk).zip(targets.chunks(chunk)) {
            let n = ids.len();
            let mut input = Buffer::stale(n * inputs);
            rows::gather(&mut input, Write::Set, x.values(), inputs, ids);
            let mut logits = Buffer::stale(n * outputs);
            let w = weight.read();
            let w = Mat::new(&w, outputs, inputs);
            let input = Mat::new(&input, n, inputs);
            matmul(
                MatMut::new(&mut logits, n, outputs),
                Write::Set,
                1.0,
                input,
                w.t(),
                Threads::All,
            );
            if let Some(bias) = bias {
                rows::add_bias(&mut logits, &bias.read());
            }
            let losses = cross_entropy::forward_backward(&mut logits, targets, smoothing);
            value += losses.into_iter().map(f64::from).sum::<f64>();
            let Some(recording) = &mut self.recording else {
                continue;
            };
            let d = Mat::new(&logits, n, outputs);
            recording.gradients.param(weight, |dw, write| {
                matmul(
                    MatMut::new(dw, outputs, inputs),
                    write,
                    1.0,
                    d.t(),
                    input,
                    Threads::All,
                );
            });
            if let Some(bias) = bias {
                recording
                    .gradients
                    .param(bias, |db, write| rows::sum_rows(db, write, &logits));
            }
            if let Some(dx) = &mut dx {
                let mut part = Buffer::stale(n * inputs);
                matmul(
                    MatMut::new(&mut part, n, inputs),
                    Write::Set,
                    1.0,
                    d,
                    w,
                    Threads::All,
                );
                rows::scatter_add(dx, &part, inputs, ids);
            }
        }
        let tensor = Tensor::new(1, vec![value as f32]);
        let (wanted, node) = (x.tracked(), x.node);
        let tensor = self.record(tensor, wanted, move |_, gradients| {
            if let Some(dx) = dx {
                gradients.give(node, dx);
            }
        });
        Loss { value, tensor }
    }
}
