//! Weights in eight or four bits, and their products: the precisions `q8` and `q4`.
#![allow(unsafe_code)]

pub mod activations;
#[cfg(target_arch = "x86_64")]
mod avx2;
mod encode;
mod layout;
mod portable;
mod product;

pub use activations::Activations;
pub use layout::Format;
pub use product::Kernel;

use layout::{Layout, PANEL, padded};
use rayon::prelude::*;

use super::{Write, simd};

/// A weight, packed.
pub struct Packed {
    layout: Layout,
    bytes: Vec<u8>,
}

impl Packed {
    /// Packs.
    pub fn pack(
        format: Format,
        outputs: usize,
        inputs: usize,
        row: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Self {
        let layout = Layout {
            format,
            outputs,
            inputs,
        };
        let mut bytes = vec![0; layout.bytes().expect("fits")];
        let width = padded(inputs);
        if !bytes.is_empty() {
            bytes
                .par_chunks_exact_mut(layout.panel_bytes())
                .enumerate()
                .for_each_init(
                    || vec![0.0; width * PANEL],
                    |rows, (i, panel)| {
                        for j in 0..PANEL {
                            let to = &mut rows[j * width..][..inputs];
                            if i * PANEL + j < outputs {
                                row(i * PANEL + j, to);
                            } else {
                                to.fill(0.0);
                            }
                        }
                        simd(|| encode::panel(format, rows, panel));
                    },
                );
        }
        Self { layout, bytes }
    }
    /// Outputs.
    pub fn outputs(&self) -> usize {
        self.layout.outputs
    }
    /// Inputs.
    pub fn inputs(&self) -> usize {
        self.layout.inputs
    }
    /// Bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }
    /// Row.
    pub fn row(&self, i: usize, out: &mut [f32]) {
        assert!(i < self.layout.outputs);
        encode::row(self.layout, &self.bytes, i, out);
    }
    /// Matmul.
    pub fn matmul(&self, out: &mut [f32], write: Write, x: &[f32], n: usize, bias: Option<&[f32]>) {
        self.matmul_quantized(
            out,
            write,
            &Activations::quantize(x, n, self.inputs()),
            bias,
        );
    }
    /// Matmul.
    pub fn matmul_quantized(
        &self,
        out: &mut [f32],
        write: Write,
        x: &Activations,
        bias: Option<&[f32]>,
    ) {
        self.matmul_on(Kernel::best(), out, write, x, bias);
    }
    /// On.
    pub fn matmul_on(
        &self,
        k: Kernel,
        out: &mut [f32],
        write: Write,
        x: &Activations,
        bias: Option<&[f32]>,
    ) {
        product::matmul(k, out, write, x, self.layout, &self.bytes, bias);
    }
}
