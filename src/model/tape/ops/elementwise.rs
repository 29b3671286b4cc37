//! Operations on each value by itself.

use super::super::buffer::Buffer;
use super::super::{Tape, Tensor};
use crate::model::kernels::activation::Activation;
use crate::model::kernels::random::Stream;
use crate::model::kernels::{Write, rows};

impl Tape {
    /// `f(x)`.
    pub fn activation(&mut self, x: &Tensor, f: Activation) -> Tensor {
        let mut y = Buffer::stale(x.values().len());
        f.forward(&mut y, x.values());
        let (x, wanted) = (x.clone(), x.tracked());
        self.record(Tensor::new(x.cols(), y), wanted, move |dy, gradients| {
            gradients.tensor(&x, |dx, write| f.backward(dx, write, x.values(), dy));
        })
    }

    /// `a + b`, of equal shapes.
    ///
    /// # Panics
    /// If the shapes do not agree.
    pub fn add(&mut self, a: &Tensor, b: &Tensor) -> Tensor {
        assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
        let mut y = Buffer::stale(a.values().len());
        rows::add(&mut y, a.values(), b.values());
        let wanted = a.tracked() || b.tracked();
        let (a_node, b_node) = (a.node, b.node);
        self.record(Tensor::new(a.cols(), y), wanted, move |dy, gradients| {
            gradients.give(a_node, dy.clone());
            gradients.give(b_node, dy.clone());
        })
    }

    /// `a * b`, value by value, of equal shapes.
    ///
    /// # Panics
    /// If the shapes do not agree.
    pub fn multiply(&mut self, a: &Tensor, b: &Tensor) -> Tensor {
        assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
        let mut y = Buffer::stale(a.values().len());
        rows::multiply(&mut y, Write::Set, a.values(), b.values());
        let wanted = a.tracked() || b.tracked();
        let (a, b) = (a.clone(), b.clone());
        self.record(Tensor::new(a.cols(), y), wanted, move |dy, gradients| {
            gradients.tensor(&a, |da, write| rows::multiply(da, write, dy, b.values()));
            gradients.tensor(&b, |db, write| rows::multiply(db, write, dy, a.values()));
        })
    }

    /// `factor * x`.
    pub fn scale(&mut self, x: &Tensor, factor: f32) -> Tensor {
        let mut y = Buffer::stale(x.values().len());
        rows::scale(&mut y, Write::Set, x.values(), factor);
        let (x, wanted) = (x.clone(), x.tracked());
        self.record(Tensor::new(x.cols(), y), wanted, move |dy, gradients| {
            gradients.tensor(&x, |dx, write| rows::scale(dx, write, dy, factor));
        })
    }

    /// Sets a share `p` of the values to 0 and divides the others by `1 - p`; on a tape that does
    /// not record, or for `p` of 0, `x` itself.
    pub fn dropout(&mut self, x: &Tensor, p: f32) -> Tensor {
        if p <= 0.0 {
            return x.clone();
        }
        let Some(stream) = self.stream() else {
            return x.clone();
        };
        let mut y = Buffer::stale(x.values().len());
        drop_out(&mut y, Write::Set, x.values(), p, stream);
        let (x, wanted) = (x.clone(), x.tracked());
        self.record(Tensor::new(x.cols(), y), wanted, move |dy, gradients| {
            gradients.tensor(&x, |dx, write| drop_out(dx, write, dy, p, stream));
        })
    }
}

fn drop_out(out: &mut [f32], write: Write, x: &[f32], p: f32, stream: Stream) {
    let keep = 1.0 / (1.0 - p);
    rows::pieces(out, |start, out| {
        for (i, (out, x)) in out.iter_mut().zip(&x[start..]).enumerate() {
            let kept = stream.uniform((start + i) as u64) >= p;
            *out = write.apply(*out, if kept { x * keep } else { 0.0 });
        }
    });
}
