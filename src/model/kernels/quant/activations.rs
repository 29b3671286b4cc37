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
    blocks: Vec<Block>,
    rows: usize,
    inputs: usize,
}

/// What 64 values share.
#[derive(Clone, Copy, Default)]
pub(super) struct Block {
    /// What a whole number stands for; NaN where a value was not finite.
    pub(super) scale: f32,
    /// What the sum of products with weights of eight bits begins with: what comes of their being
    /// raised, taken away.
    pub(super) first_of_8: i32,
    /// The same with weights of four bits, for each group of 32.
    pub(super) first_of_4: [i32; BLOCK / SUM],
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// Filled up with zeros to whole steps.
    pub(super) values: &'a [i8],
    pub(super) blocks: &'a [Block],
}

impl Activations {
    /// Quantizes `rows` rows of `inputs` values.
    ///
    /// # Panics
    /// If `x` has another size.
    pub fn quantize(x: &[f32], rows: usize, inputs: usize) -> Self {
        assert_eq!(x.len(), rows * inputs, "{rows} rows of {inputs}");
        let (width, blocks) = sizes(inputs);
        let mut all = Self {
            values: vec![0; rows * width],
            blocks: vec![Block::default(); rows * blocks],
            rows,
            inputs,
        };
        if x.is_empty() {
            return all;
        }
        let together = (PIECE / width).max(1);
        all.values
            .par_chunks_mut(together * width)
            .zip(all.blocks.par_chunks_mut(together * blocks))
            .zip(x.par_chunks(together * inputs))
            .for_each(|((values, all), x)| {
                simd(
                    #[inline(always)]
                    || {
                        let rows = values
                            .chunks_exact_mut(width)
                            .zip(all.chunks_exact_mut(blocks))
                            .zip(x.chunks_exact(inputs));
                        for ((values, blocks), x) in rows {
                            quantize_row(values, blocks, x);
                        }
                    },
                );
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
        let (width, blocks) = sizes(self.inputs);
        Row {
            values: &self.values[i * width..][..width],
            blocks: &self.blocks[i * blocks..][..blocks],
        }
    }
}

/// How many values and how many blocks a row has.
#[inline(always)]
fn sizes(inputs: usize) -> (usize, usize) {
    let width = padded(inputs);
    (width, width.div_ceil(BLOCK))
}

#[inline(always)]
fn quantize_row(values: &mut [i8], blocks: &mut [Block], x: &[f32]) {
    let (whole, rest) = x.as_chunks::<BLOCK>();
    let (values, last) = values.as_chunks_mut::<BLOCK>();
    for i in 0..whole.len() {
        blocks[i] = quantize_block(&mut values[i], &whole[i]);
    }
    if !rest.is_empty() {
        let (mut filled, mut block) = ([0; BLOCK], [0.0; BLOCK]);
        block[..rest.len()].copy_from_slice(rest);
        let i = whole.len();
        blocks[i] = quantize_block(&mut filled, &block);
        // What fills the last step may fill a block.
        let to = values.get_mut(i).map_or(last, |block| block);
        to.copy_from_slice(&filled[..to.len()]);
    }
}

#[inline(always)]
fn quantize_block(values: &mut [i8; BLOCK], x: &[f32; BLOCK]) -> Block {
    let most = largest(x);
    if !most.is_finite() {
        return Block {
            scale: f32::NAN,
            ..Block::default()
        };
    }
    if most < LEAST {
        return Block::default();
    }
    // One thing at a time, as loops that become vector code.
    let inverse = MOST / most;
    let mut whole = [0i32; BLOCK];
    for i in 0..BLOCK {
        whole[i] = round(x[i] * inverse);
    }
    for i in 0..BLOCK {
        values[i] = whole[i] as i8;
    }
    let mut block = Block {
        scale: most / MOST,
        ..Block::default()
    };
    for (first, whole) in block.first_of_4.iter_mut().zip(whole.as_chunks::<SUM>().0) {
        let sum: i32 = whole.iter().sum();
        *first = -Format::Q4.raised() * sum;
        block.first_of_8 -= Format::Q8.raised() * sum;
    }
    block
}

/// The largest magnitude of a value or the sum of a pair; not finite if a value is not.
#[inline(always)]
fn largest(x: &[f32; BLOCK]) -> f32 {
    // The bits of positive floats sort as the floats do, NaN last.
    let mut most = 0;
    for i in 0..BLOCK / 2 {
        let (a, b) = (x[2 * i], x[2 * i + 1]);
        let larger = a.abs().to_bits().max(b.abs().to_bits());
        most = most.max(larger).max((a + b).abs().to_bits());
    }
    f32::from_bits(most)
}

/// The nearest whole number, for magnitudes below 2^22.
#[inline(always)]
pub(super) fn round(x: f32) -> i32 {
    // Added to 1.5 * 2^23, a number keeps no fraction, and its last bits count it.
    const SHIFT: f32 = 12_582_912.0;
    (x + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32
}
