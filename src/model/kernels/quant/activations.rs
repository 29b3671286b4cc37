//! Activations in whole numbers, for products with packed weights.

use rayon::prelude::*;

use super::super::{PIECE, simd};
use super::layout::{BLOCK, Format, SUM, padded};

/// What the largest of a block becomes.
const MOST: f32 = 127.0;

/// Blocks whose largest value is below this are zeros: its reciprocal would overflow.
const LEAST: f32 = 1e-30;

/// Rows of activations in eight bits, with a scale for 64 of them.
///
/// The scale is chosen so that neither a value nor the sum of two neighbours leaves -128..=128:
/// then two products with weights of eight bits add up within sixteen bits, whatever the weights,
/// and products need no slower instructions to be exact.
pub struct Activations {
    values: Vec<i8>,
    scales: Vec<f32>,
    sums: Vec<i32>,
    rows: usize,
    inputs: usize,
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// Filled up with zeros to whole steps.
    pub(super) values: &'a [i8],
    /// One for a block; NaN where the block held a value that is not finite.
    pub(super) scales: &'a [f32],
    /// The sum of each 32 values.
    pub(super) sums: &'a [i32],
}

impl Activations {
    /// Quantizes `rows` rows of `inputs` values.
    ///
    /// # Panics
    /// If `x` has another size.
    pub fn quantize(x: &[f32], rows: usize, inputs: usize) -> Self {
        assert_eq!(x.len(), rows * inputs, "{rows} rows of {inputs}");
        let (width, blocks, parts) = sizes(inputs);
        let mut all = Self {
            values: vec![0; rows * width],
            scales: vec![0.0; rows * blocks],
            sums: vec![0; rows * parts],
            rows,
            inputs,
        };
        if x.is_empty() {
            return all;
        }
        let together = (PIECE / width).max(1);
        all.values
            .par_chunks_mut(together * width)
            .zip(all.scales.par_chunks_mut(together * blocks))
            .zip(all.sums.par_chunks_mut(together * parts))
            .zip(x.par_chunks(together * inputs))
            .for_each(|(((values, scales), sums), x)| {
                simd(|| {
                    let rows = values
                        .chunks_exact_mut(width)
                        .zip(scales.chunks_exact_mut(blocks))
                        .zip(sums.chunks_exact_mut(parts))
                        .zip(x.chunks_exact(inputs));
                    for (((values, scales), sums), x) in rows {
                        quantize_row(values, scales, sums, x);
                    }
                });
            });
        all
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many values a row had.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    #[inline(always)]
    pub(super) fn row(&self, i: usize) -> Row<'_> {
        let (width, blocks, parts) = sizes(self.inputs);
        Row {
            values: &self.values[i * width..][..width],
            scales: &self.scales[i * blocks..][..blocks],
            sums: &self.sums[i * parts..][..parts],
        }
    }
}

impl Row<'_> {
    /// What the sum of the group from input `first` on begins with: what comes of its weights
    /// being raised, taken away.
    #[inline(always)]
    pub(super) fn first_sum(&self, format: Format, first: usize) -> i32 {
        let parts = &self.sums[first / SUM..];
        match format {
            Format::Q8 => -128 * (parts[0] + parts[1]),
            Format::Q4 => -8 * parts[0],
        }
    }
}

/// How many values, scales and sums a row has.
fn sizes(inputs: usize) -> (usize, usize, usize) {
    let width = padded(inputs);
    let blocks = width.div_ceil(BLOCK);
    (width, blocks, blocks * BLOCK / SUM)
}

#[inline(always)]
fn quantize_row(values: &mut [i8], scales: &mut [f32], sums: &mut [i32], x: &[f32]) {
    let blocks = values.chunks_mut(BLOCK).zip(x.chunks(BLOCK)).zip(scales);
    for ((values, x), scale) in blocks {
        let most = largest(x);
        if !most.is_finite() {
            *scale = f32::NAN;
        } else if most >= LEAST {
            *scale = most / MOST;
            let inverse = MOST / most;
            for (value, x) in values.iter_mut().zip(x) {
                *value = round(x * inverse) as i8;
            }
        }
    }
    for (sum, values) in sums.iter_mut().zip(values.chunks(SUM)) {
        *sum = values.iter().map(|value| i32::from(*value)).sum();
    }
}

/// The largest magnitude of a value or the sum of a pair; not finite if a value is not.
#[inline(always)]
fn largest(x: &[f32]) -> f32 {
    let magnitude = |x: f32| x.abs().to_bits();
    let (pairs, last) = x.as_chunks::<2>();
    // The bits of positive floats sort as the floats do, NaN last.
    let most = pairs
        .iter()
        .map(|[a, b]| magnitude(*a).max(magnitude(*b)).max(magnitude(a + b)))
        .chain(last.iter().map(|x| magnitude(*x)))
        .fold(0, u32::max);
    f32::from_bits(most)
}

/// The nearest whole number, for magnitudes below 2^22.
#[inline(always)]
pub(super) fn round(x: f32) -> i32 {
    // Added to 1.5 * 2^23, a number keeps no fraction, and its last bits count it.
    const SHIFT: f32 = 12_582_912.0;
    (x + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32
}
