//! Products of a panel on any processor: what the others must agree with, bit for bit.

use super::activations::Row;
use super::layout::{BLOCK, Format, PANEL, QUAD, QUAD_VALUES, STEP, SUM, groups};

/// The products of `R` rows with the sixteen outputs of `panel`.
#[inline(always)]
pub(super) fn tile<const R: usize>(
    format: Format,
    panel: &[u8],
    rows: &[Row; R],
    out: &mut [[f32; PANEL]; R],
) {
    *out = [[0.0; PANEL]; R];
    for group in groups(format, rows[0].values.len()) {
        let start = group.inputs.start;
        let blocks = rows.map(|row| row.blocks[start / BLOCK]);
        let mut sums = blocks.map(|block| match format {
            Format::Q8 => [block.first_of_8; PANEL],
            Format::Q4 => [block.first_of_4[start % BLOCK / SUM]; PANEL],
        });
        let steps = panel[group.steps].chunks_exact(format.step_bytes());
        for (i, step) in steps.enumerate() {
            for (half, quad) in unpack(format, step).iter().enumerate() {
                let weights = by_input(quad);
                let at = start + i * STEP + half * QUAD;
                for (sums, row) in sums.iter_mut().zip(rows) {
                    add_quad(sums, &weights, &row.values[at..][..QUAD]);
                }
            }
        }
        let scales = scales(&panel[group.scales]);
        for ((out, sums), block) in out.iter_mut().zip(&sums).zip(&blocks) {
            for output in 0..PANEL {
                out[output] += sums[output] as f32 * (scales[output] * block.scale);
            }
        }
    }
}

/// Adds the products of four inputs.
#[inline(always)]
fn add_quad(sums: &mut [i32; PANEL], weights: &[[i16; PANEL]; QUAD], x: &[i8]) {
    for (pair, weights) in weights.as_chunks::<2>().0.iter().enumerate() {
        let x = [i16::from(x[2 * pair]), i16::from(x[2 * pair + 1])];
        for (output, sum) in sums.iter_mut().enumerate() {
            // Pairs stay within sixteen bits: see `Activations`.
            *sum += i32::from(weights[0][output] * x[0] + weights[1][output] * x[1]);
        }
    }
}

/// A quad, input by input.
#[inline(always)]
fn by_input(quad: &[u8; QUAD_VALUES]) -> [[i16; PANEL]; QUAD] {
    let mut weights = [[0; PANEL]; QUAD];
    for (output, bytes) in quad.as_chunks::<QUAD>().0.iter().enumerate() {
        let word = u32::from_le_bytes(*bytes);
        for (input, weights) in weights.iter_mut().enumerate() {
            weights[output] = (word >> (8 * input) & 255) as i16;
        }
    }
    weights
}

/// The raised weights of a step, quad by quad.
#[inline(always)]
pub(super) fn unpack(format: Format, step: &[u8]) -> [[u8; QUAD_VALUES]; 2] {
    let mut quads = [[0; QUAD_VALUES]; 2];
    match format {
        Format::Q8 => quads
            .as_flattened_mut()
            .copy_from_slice(&step[..2 * QUAD_VALUES]),
        Format::Q4 => {
            let [low, high] = &mut quads;
            for ((low, high), byte) in low.iter_mut().zip(high).zip(step) {
                (*low, *high) = (byte & 15, byte >> 4);
            }
        }
    }
    quads
}

/// The scales of a group.
#[inline(always)]
pub(super) fn scales(bytes: &[u8]) -> [f32; PANEL] {
    let (halves, _) = bytes.as_chunks::<2>();
    std::array::from_fn(|i| f32::from_bits(u32::from(u16::from_le_bytes(halves[i])) << 16))
}
