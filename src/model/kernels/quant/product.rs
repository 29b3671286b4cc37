//! Products of many rows with many panels: who computes what, in which order.
#![allow(unsafe_code)]

use rayon::prelude::*;

use super::super::{Write, simd};
use super::activations::Activations;
#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::layout::{Layout, PANEL};
use super::portable;

/// How many rows a tile has at most: their sums and the weights fit into sixteen registers.
const TILE: usize = 4;

/// How many bytes of activations are used with all panels before the next: half of a second-level
/// cache.
const CACHED: usize = 192 * 1024;

/// How many products make it worth to hand work to another thread.
const WORTH: usize = 64 * 1024;

/// Which code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// On any processor.
    Portable,
    /// With 256-bit vectors.
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

/// The matrix that tasks write disjoint parts of.
#[derive(Clone, Copy)]
struct Out<'a> {
    data: *mut f32,
    outputs: usize,
    write: Write,
    bias: Option<&'a [f32]>,
}

// SAFETY: each task of `matmul` writes columns and rows of its own.
unsafe impl Send for Out<'_> {}
// SAFETY: as above.
unsafe impl Sync for Out<'_> {}

impl Out<'_> {
    /// Writes what a tile gave for outputs `first..` of `row`.
    ///
    /// # Safety
    /// `row` must be a row of the matrix; no other task may use its outputs meanwhile.
    #[inline(always)]
    unsafe fn put(&self, row: usize, first: usize, sums: &[f32; PANEL]) {
        let count = PANEL.min(self.outputs - first);
        // SAFETY: outputs `first..first + count` of a row, which the caller vouches for.
        let out = unsafe {
            std::slice::from_raw_parts_mut(self.data.add(row * self.outputs + first), count)
        };
        match self.bias {
            Some(bias) => {
                let bias = &bias[first..][..count];
                for ((out, sum), bias) in out.iter_mut().zip(sums).zip(bias) {
                    *out = self.write.apply(*out, sum + bias);
                }
            }
            None => {
                for (out, sum) in out.iter_mut().zip(sums) {
                    *out = self.write.apply(*out, *sum);
                }
            }
        }
    }
}

/// `out = x w^T + bias`, written or added.
pub fn matmul(
    kernel: Kernel,
    out: &mut [f32],
    write: Write,
    x: &Activations,
    layout: Layout,
    bytes: &[u8],
    bias: Option<&[f32]>,
) {
    assert_eq!(x.inputs(), layout.inputs);
    assert_eq!(out.len(), x.rows() * layout.outputs);
    assert!(bias.is_none_or(|bias| bias.len() == layout.outputs));
    if out.is_empty() {
        return;
    }
    let width = layout.inputs.max(1);
    let together = (CACHED / width / TILE).max(1) * TILE;
    let panels = layout.panels();
    let out = Out {
        data: out.as_mut_ptr(),
        outputs: layout.outputs,
        write,
        bias,
    };
    let task = |i: usize| {
        let (first, panel) = (i / panels * together, i % panels);
        let rows = first..x.rows().min(first + together);
        let bytes = &bytes[panel * layout.panel_bytes()..][..layout.panel_bytes()];
        let tiles = rows.len().div_ceil(TILE);
        let mut at = rows.start;
        for i in 0..tiles {
            let count = (rows.end - at).div_ceil(tiles - i);
            // SAFETY: of all tasks, one has this panel and these rows, which are rows of `x`.
            unsafe { tile(kernel, count, layout, bytes, x, at, panel, &out) };
            at += count;
        }
    };
    let tasks = x.rows().div_ceil(together) * panels;
    let products = x.rows().min(together) * width * PANEL;
    (0..tasks)
        .into_par_iter()
        .with_min_len(WORTH.div_ceil(products))
        .for_each(task);
}

/// Computes and writes `count` rows of outputs from row `at` on.
#[inline(always)]
unsafe fn tile(
    kernel: Kernel,
    count: usize,
    layout: Layout,
    bytes: &[u8],
    x: &Activations,
    at: usize,
    panel: usize,
    out: &Out,
) {
    unsafe {
        match count {
            1 => fixed::<1>(kernel, layout, bytes, x, at, panel, out),
            2 => fixed::<2>(kernel, layout, bytes, x, at, panel, out),
            3 => fixed::<3>(kernel, layout, bytes, x, at, panel, out),
            _ => fixed::<4>(kernel, layout, bytes, x, at, panel, out),
        }
    }
}

#[inline(always)]
unsafe fn fixed<const R: usize>(
    kernel: Kernel,
    layout: Layout,
    bytes: &[u8],
    x: &Activations,
    at: usize,
    panel: usize,
    out: &Out,
) {
    let rows = std::array::from_fn(|r| x.row(at + r));
    let mut sums = [[0.0; PANEL]; R];
    match kernel {
        Kernel::Portable => simd(
            #[inline(always)]
            || portable::tile(layout.format, bytes, &rows, &mut sums),
        ),
        // SAFETY: `Kernel::best` found AVX2.
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => unsafe { avx2::tile(layout.format, bytes, &rows, &mut sums) },
    }
    for (r, sums) in sums.iter().enumerate() {
        unsafe { out.put(at + r, panel * PANEL, sums) };
    }
}
