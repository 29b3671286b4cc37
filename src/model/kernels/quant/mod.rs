//! Weights in eight or four bits, and their products: the precisions `q8` and `q4`.
//!
//! Weights are whole numbers times a scale that a group of neighbours along the inputs shares,
//! activations are made whole numbers block by block as they come, products are added exactly and
//! scaled at the end of each group. So one thread and many, one row and many, and all processors
//! give the same bits.
//!
//! - `layout`: where each value lies, in the order in which products read them
//! - `encode`: weights to whole numbers and back
//! - `activations`: the same for rows of activations
//! - `product`: what runs where; `portable` and one file a processor: a tile of it
//! - `store`: packed weights as bytes

mod activations;
#[cfg(target_arch = "x86_64")]
mod avx2;
mod encode;
mod layout;
mod portable;
mod product;
mod store;
#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;

use super::{Write, simd};
use layout::{Layout, PANEL, padded};
use product::{Kernel, Weight};

pub use activations::Activations;
pub use layout::Format;

/// A weight of `[outputs, inputs]`, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    layout: Layout,
    bytes: Vec<u8>,
}

impl Packed {
    /// Packs a weight whose row `i` the function `row(i, to)` writes; it is called once for each
    /// row, on all threads.
    ///
    /// An output with a value that is not finite gives NaN.
    ///
    /// # Panics
    /// If so many values do not fit into memory.
    pub fn pack(
        format: Format,
        outputs: usize,
        inputs: usize,
        row: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Self {
        Self::pack_rows(format, outputs, inputs, |rows, to| {
            for (i, to) in rows.zip(to.chunks_exact_mut(inputs.max(1))) {
                row(i, to);
            }
        })
    }

    /// The same of rows that the function `rows(which, to)` writes one after another, several at a
    /// time.
    ///
    /// # Panics
    /// If so many values do not fit into memory.
    pub fn pack_rows(
        format: Format,
        outputs: usize,
        inputs: usize,
        rows: impl Fn(Range<usize>, &mut [f32]) + Sync,
    ) -> Self {
        let layout = Layout {
            format,
            outputs,
            inputs,
        };
        let size = layout.bytes().expect("a weight that was in memory");
        let mut bytes = vec![0; size];
        let width = padded(inputs);
        let pack = |values: &mut Vec<f32>, (i, panel): (usize, &mut [u8])| {
            values.fill(0.0);
            let first = i * PANEL;
            let which = first..outputs.min(first + PANEL);
            if width == inputs {
                let count = which.len() * inputs;
                rows(which, &mut values[..count]);
            } else {
                for (row, to) in which.zip(values.chunks_exact_mut(width)) {
                    rows(row..row + 1, &mut to[..inputs]);
                }
            }
            simd(
                #[inline(always)]
                || encode::panel(format, values, panel),
            );
        };
        bytes
            .par_chunks_exact_mut(layout.panel_bytes().max(1))
            .enumerate()
            .for_each_init(|| vec![0.0; width * PANEL], pack);
        Self { layout, bytes }
    }

    /// How it is stored.
    pub fn format(&self) -> Format {
        self.layout.format
    }

    /// How many outputs it has.
    pub fn outputs(&self) -> usize {
        self.layout.outputs
    }

    /// How many inputs it has.
    pub fn inputs(&self) -> usize {
        self.layout.inputs
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Writes row `i` to `out`.
    ///
    /// # Panics
    /// If there is no such row, or `out` is not as long as a row.
    pub fn row(&self, i: usize, out: &mut [f32]) {
        assert!(i < self.outputs() && out.len() == self.inputs());
        encode::row(self.layout, &self.bytes, i, out);
    }

    /// `out[n, outputs] = x[n, inputs] w^T + bias`, written or added, on all threads.
    ///
    /// # Panics
    /// If the sizes do not agree.
    pub fn matmul(&self, out: &mut [f32], write: Write, x: &[f32], n: usize, bias: Option<&[f32]>) {
        let x = Activations::quantize(x, n, self.inputs());
        self.matmul_quantized(out, write, &x, bias);
    }

    /// The same with activations that several weights read.
    ///
    /// # Panics
    /// If the sizes do not agree.
    pub fn matmul_quantized(
        &self,
        out: &mut [f32],
        write: Write,
        x: &Activations,
        bias: Option<&[f32]>,
    ) {
        self.matmul_on(Kernel::best(), out, write, x, bias);
    }

    fn matmul_on(
        &self,
        kernel: Kernel,
        out: &mut [f32],
        write: Write,
        x: &Activations,
        bias: Option<&[f32]>,
    ) {
        let weight = Weight {
            layout: self.layout,
            bytes: &self.bytes,
        };
        product::matmul(kernel, out, write, x, weight, bias);
    }
}
