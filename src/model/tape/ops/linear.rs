//! Products with a weight.

use super::super::buffer::Buffer;
use super::super::{Param, Tape, Tensor};
use crate::model::kernels::matmul::{Mat, MatMut, Threads, matmul};
use crate::model::kernels::quant::Packed;
use crate::model::kernels::{Write, rows};

/// How a weight lies in its checkpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// `[out, in]`, as `torch.nn.Linear` has it.
    #[default]
    OutIn,
    /// `[in, out]`, as GPT-2's `Conv1D` has it.
    InOut,
}

impl Layout {
    /// The numbers of inputs and outputs of a weight of `shape`.
    pub fn sizes(self, shape: &[usize]) -> (usize, usize) {
        match self {
            Self::OutIn => (shape[1], shape[0]),
            Self::InOut => (shape[0], shape[1]),
        }
    }

    /// The weight as a matrix of `[in, out]`.
    pub(super) fn mat(self, weight: &[f32], inputs: usize, outputs: usize) -> Mat<'_> {
        match self {
            Self::OutIn => Mat::new(weight, outputs, inputs).t(),
            Self::InOut => Mat::new(weight, inputs, outputs),
        }
    }

    /// Adds the product of inputs and the outputs' gradients to the weight's gradient.
    pub(super) fn add_gradient(
        self,
        dw: &mut [f32],
        write: Write,
        x: Mat,
        dy: Mat,
        sizes: (usize, usize),
    ) {
        match self {
            Self::OutIn => {
                matmul(
                    MatMut::new(dw, sizes.1, sizes.0),
                    write,
                    1.0,
                    dy.t(),
                    x,
                    Threads::All,
                );
            }
            Self::InOut => {
                matmul(
                    MatMut::new(dw, sizes.0, sizes.1),
                    write,
                    1.0,
                    x.t(),
                    dy,
                    Threads::All,
                );
            }
        }
    }
}

impl Tape {
    /// `x w + bias`: `[n, in]` to `[n, out]`.
    pub fn linear(
        &mut self,
        x: &Tensor,
        weight: &Param,
        layout: Layout,
        bias: Option<&Param>,
    ) -> Tensor {
        let sizes = layout.sizes(weight.shape());
        let (n, inputs, outputs) = (x.rows(), sizes.0, sizes.1);
        let mut y = Buffer::stale(n * outputs);
        let product = MatMut::new(&mut y, n, outputs);
        let w = weight.read();
        let w = layout.mat(&w, inputs, outputs);
        matmul(
            product,
            Write::Set,
            1.0,
            Mat::new(x.values(), n, inputs),
            w,
            Threads::All,
        );
        if let Some(bias) = bias {
            rows::add_bias(&mut y, &bias.read());
        }
        let wanted = x.tracked() || weight.trainable() || bias.is_some_and(Param::trainable);
        let (x, weight, bias) = (x.clone(), weight.clone(), bias.cloned());
        self.record(Tensor::new(outputs, y), wanted, move |dy, gradients| {
            if let Some(bias) = &bias {
                gradients.param(bias, |db, write| rows::sum_rows(db, write, dy));
            }
            let dy = Mat::new(dy, n, outputs);
            gradients.param(&weight, |dw, write| {
                layout.add_gradient(dw, write, Mat::new(x.values(), n, inputs), dy, sizes);
            });
            gradients.tensor(&x, |dx, write| {
                let w = weight.read();
                let w = layout.mat(&w, inputs, outputs);
                matmul(
                    MatMut::new(dx, n, inputs),
                    write,
                    1.0,
                    dy,
                    w.t(),
                    Threads::All,
                );
            });
        })
    }

    /// `x w + bias` with a packed weight, which passes no gradient on.
    ///
    /// # Panics
    /// If the gradient of `x` is wanted: a model that is trained is loaded in f32.
    pub fn packed_linear(&mut self, x: &Tensor, weight: &Packed, bias: Option<&Param>) -> Tensor {
        assert!(
            !(self.records() && x.tracked()),
            "a packed weight passes no gradient on"
        );
        let mut y = Buffer::stale(x.rows() * weight.outputs());
        let bias = bias.map(Param::read);
        let bias = bias.as_ref().map(|bias| &***bias);
        weight.matmul(&mut y, Write::Set, x.values(), x.rows(), bias);
        Tensor::new(weight.outputs(), y)
    }

    /// `base + scale * x w`, as the second half of a low-rank adapter asks for.
    pub fn linear_onto(&mut self, base: &Tensor, x: &Tensor, weight: &Param, scale: f32) -> Tensor {
        let layout = Layout::OutIn;
        let sizes = layout.sizes(weight.shape());
        let (n, inputs, outputs) = (x.rows(), sizes.0, sizes.1);
        let mut y = Buffer::copy(base.values());
        let w = weight.read();
        let w = layout.mat(&w, inputs, outputs);
        let product = MatMut::new(&mut y, n, outputs);
        matmul(
            product,
            Write::Add,
            scale,
            Mat::new(x.values(), n, inputs),
            w,
            Threads::All,
        );
        let wanted = base.tracked() || x.tracked() || weight.trainable();
        let (base, x, weight) = (base.node, x.clone(), weight.clone());
        self.record(Tensor::new(outputs, y), wanted, move |dy, gradients| {
            gradients.give(base, dy.clone());
            let dy = Mat::new(dy, n, outputs);
            gradients.param(&weight, |dw, write| {
                matmul(
                    MatMut::new(dw, outputs, inputs),
                    write,
                    scale,
                    dy.t(),
                    Mat::new(x.values(), n, inputs),
                    Threads::All,
                );
            });
            gradients.tensor(&x, |dx, write| {
                let w = weight.read();
                let w = layout.mat(&w, inputs, outputs);
                matmul(
                    MatMut::new(dx, n, inputs),
                    write,
                    scale,
                    dy,
                    w.t(),
                    Threads::All,
                );
            });
        })
    }
}
