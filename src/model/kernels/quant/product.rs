//! Products of many rows with many panels: who computes what, and in which order.
#![allow(unsafe_code)]

use rayon::prelude::*;

use super::super::{Write, simd};
use super::activations::Activations;
#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::layout::{Layout, PANEL};
use super::portable;

/// How many rows use a weight while it is in a register.
const TILE: usize = 4;

/// How many bytes of activations meet all panels before the next do: half of what a second-level
/// cache holds.
const CACHED: usize = 192 * 1024;

/// How many products make it worth to hand work to another thread.
const WORTH: usize = 64 * 1024;

/// Which code runs. All give the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// On any processor.
    Portable,
    /// With vectors of 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Kernel {
    /// The fastest that this processor has.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if avx2::available() {
            return Self::Avx2;
        }
        Self::Portable
    }
}

/// A packed weight.
#[derive(Clone, Copy)]
pub(super) struct Weight<'a> {
    pub(super) layout: Layout,
    pub(super) bytes: &'a [u8],
}

/// A product: its operands, and where its results go.
struct Product<'a> {
    kernel: Kernel,
    weight: Weight<'a>,
    x: &'a Activations,
    bias: Option<&'a [f32]>,
    write: Write,
    out: *mut f32,
}

// SAFETY: tasks write to `out` in columns and rows of their own; the rest is shared for reading.
unsafe impl Sync for Product<'_> {}

/// `out = x w^T + bias`, written or added.
///
/// # Panics
/// If the sizes do not agree.
pub(super) fn matmul(
    kernel: Kernel,
    out: &mut [f32],
    write: Write,
    x: &Activations,
    weight: Weight,
    bias: Option<&[f32]>,
) {
    let layout = weight.layout;
    assert_eq!(x.inputs(), layout.inputs);
    assert_eq!(out.len(), x.rows() * layout.outputs);
    assert!(bias.is_none_or(|bias| bias.len() == layout.outputs));
    if out.is_empty() {
        return;
    }
    let product = Product {
        kernel,
        weight,
        x,
        bias,
        write,
        out: out.as_mut_ptr(),
    };
    let width = layout.inputs.max(1);
    let together = (CACHED / width / TILE).max(1) * TILE;
    let panels = layout.panels();
    let tasks = x.rows().div_ceil(together) * panels;
    let products = x.rows().min(together) * width * PANEL;
    (0..tasks)
        .into_par_iter()
        .with_min_len(WORTH.div_ceil(products))
        .for_each(|i| {
            let first = i / panels * together;
            // SAFETY: of all tasks, one has this panel and these rows.
            unsafe { product.rows(i % panels, first, x.rows().min(first + together)) };
        });
}

impl Product<'_> {
    /// Computes the outputs of a panel for rows `first..end`.
    ///
    /// # Safety
    /// Nobody else may use these outputs of these rows meanwhile.
    unsafe fn rows(&self, panel: usize, first: usize, end: usize) {
        let mut at = first;
        while at < end {
            // Five rows are three and two rather than four and one.
            let tiles = (end - at).div_ceil(TILE);
            let count = (end - at).div_ceil(tiles);
            // SAFETY: as the caller vouches for.
            unsafe {
                match count {
                    1 => self.tile::<1>(panel, at),
                    2 => self.tile::<2>(panel, at),
                    3 => self.tile::<3>(panel, at),
                    _ => self.tile::<TILE>(panel, at),
                }
            }
            at += count;
        }
    }

    /// Computes the outputs of a panel for rows `first..first + R`.
    ///
    /// # Safety
    /// As for `rows`.
    #[inline(always)]
    unsafe fn tile<const R: usize>(&self, panel: usize, first: usize) {
        let layout = self.weight.layout;
        let bytes = layout.panel(self.weight.bytes, panel);
        let rows = std::array::from_fn(|r| self.x.row(first + r));
        let mut sums = [[0.0; PANEL]; R];
        match self.kernel {
            Kernel::Portable => simd(
                #[inline(always)]
                || portable::tile(layout.format, bytes, &rows, &mut sums),
            ),
            // SAFETY: `Kernel::best` found AVX2.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => unsafe { avx2::tile(layout.format, bytes, &rows, &mut sums) },
        }
        for (r, sums) in sums.iter().enumerate() {
            // SAFETY: as the caller vouches for.
            unsafe { self.put(panel, first + r, sums) };
        }
    }

    /// Writes what a tile gave for a row.
    ///
    /// # Safety
    /// As for `rows`.
    #[inline(always)]
    unsafe fn put(&self, panel: usize, row: usize, sums: &[f32; PANEL]) {
        let outputs = self.weight.layout.outputs;
        let first = panel * PANEL;
        let count = PANEL.min(outputs - first);
        debug_assert!(row < self.x.rows());
        // SAFETY: the matrix has `rows` rows of `outputs` values, of which these are the caller's.
        let out =
            unsafe { std::slice::from_raw_parts_mut(self.out.add(row * outputs + first), count) };
        // Loops of a known length, for all panels but a last one, become vector code.
        match (out.as_mut_array::<PANEL>(), self.bias) {
            (Some(out), Some(bias)) => self.write_with(out, sums, &bias[first..][..PANEL]),
            (Some(out), None) => self.write_with(out, sums, &[0.0; PANEL]),
            (None, bias) => {
                let bias = bias.map_or(&[0.0; PANEL][..count], |bias| &bias[first..]);
                self.write_with(out, sums, bias);
            }
        }
    }

    #[inline(always)]
    fn write_with(&self, out: &mut [f32], sums: &[f32; PANEL], bias: &[f32]) {
        let bias = &bias[..out.len()];
        for i in 0..out.len() {
            out[i] = self.write.apply(out[i], sums[i] + bias[i]);
        }
    }
}
