//! Losses: the last operation of a tape.

use super::super::buffer::Buffer;
use super::super::{Gradients, Param, Tape, Tensor};
use super::linear::Layout;
use crate::model::kernels::cross_entropy::{self, Target};
use crate::model::kernels::math::sigmoid;
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
        match dx {
            Some(dx) => self.end(value, x, dx),
            None => Loss {
                value,
                tensor: Tensor::new(1, vec![value as f32]),
            },
        }
    }

    /// The cross-entropy of `softmax(logits)`, row by row; rows without a target count nothing.
    ///
    /// # Panics
    /// If the shapes do not agree.
    pub fn cross_entropy(
        &mut self,
        logits: &Tensor,
        targets: &[Option<Target>],
        smoothing: f32,
    ) -> Loss {
        let cols = logits.cols();
        let mut d = Buffer::copy(logits.values());
        // A row without a target keeps its place with the weight 0, which makes its gradient 0.
        let weights: Vec<Target> = targets
            .iter()
            .map(|t| t.unwrap_or(Target { id: 0, weight: 0.0 }))
            .collect();
        assert_eq!(weights.len() * cols, d.len(), "one target a row");
        let losses = cross_entropy::forward_backward(&mut d, &weights, smoothing);
        self.end(losses.into_iter().map(f64::from).sum(), logits, d)
    }

    /// The sum, divided by `count`, of the binary cross-entropy of `sigmoid(logits)`, each against
    /// `labels` of 0 to 1: `torch.nn.BCEWithLogitsLoss` if `count` is the number of labels.
    ///
    /// # Panics
    /// If the shapes do not agree.
    pub fn binary_cross_entropy(&mut self, logits: &Tensor, labels: &[f32], count: f64) -> Loss {
        assert_eq!(labels.len(), logits.values().len());
        let n = count as f32;
        let mut value = 0.0;
        let mut d = Buffer::stale(labels.len());
        for ((d, x), label) in d.iter_mut().zip(logits.values()).zip(labels) {
            value += f64::from(x.max(0.0) - x * label + (-x.abs()).exp().ln_1p());
            *d = (sigmoid(*x) - label) / n;
        }
        self.end(value / count, logits, d)
    }

    /// The sum, divided by `count`, of the squares of what `outputs` and `labels` differ by.
    ///
    /// # Panics
    /// If the shapes do not agree.
    pub fn mean_squared_error(&mut self, outputs: &Tensor, labels: &[f32], count: f64) -> Loss {
        assert_eq!(labels.len(), outputs.values().len());
        let n = count as f32;
        let mut value = 0.0;
        let mut d = Buffer::stale(labels.len());
        for ((d, x), label) in d.iter_mut().zip(outputs.values()).zip(labels) {
            value += f64::from(x - label).powi(2);
            *d = 2.0 * (x - label) / n;
        }
        self.end(value / count, outputs, d)
    }

    /// The cross-entropy of where an answer starts and ends: of `softmax` over the rows of each
    /// sequence, in each of the two columns of `logits`. What is given is the mean of both of the
    /// sums divided by `count`, or by how many there are: then it is as transformers has it.
    ///
    /// `starts` are the sequences' rows; `spans` the answers' first and last token in each
    /// sequence. One that a sequence does not have counts nothing.
    pub fn span_cross_entropy(
        &mut self,
        logits: &Tensor,
        starts: &[usize],
        spans: &[[Option<u32>; 2]],
        count: Option<f64>,
    ) -> Loss {
        let mut d = Buffer::zeros(logits.values().len());
        let mut value = 0.0;
        for col in 0..2 {
            let counted = spans.iter().filter(|span| span[col].is_some()).count() as f64;
            let weight = (0.5 / count.unwrap_or(counted)) as f32;
            for (ends, span) in starts.windows(2).zip(spans) {
                let Some(id) = span[col] else { continue };
                let rows = ends[0]..ends[1];
                let mut column: Vec<f32> = rows.clone().map(|row| logits.row(row)[col]).collect();
                let target = [Target { id, weight }];
                let losses = cross_entropy::forward_backward(&mut column, &target, 0.0);
                value += losses.into_iter().map(f64::from).sum::<f64>();
                for (row, dx) in rows.zip(column) {
                    d[row * 2 + col] = dx;
                }
            }
        }
        self.end(value, logits, d)
    }

    /// A loss of `value` whose gradient with respect to `of` is `d`.
    fn end(&mut self, value: f64, of: &Tensor, d: Buffer) -> Loss {
        let (wanted, node) = (of.tracked(), of.node);
        let tensor = self.record(
            Tensor::new(1, vec![value as f32]),
            wanted,
            move |_, gradients| {
                gradients.give(node, d);
            },
        );
        Loss { value, tensor }
    }
}
