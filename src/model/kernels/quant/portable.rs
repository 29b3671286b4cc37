//! Products of a panel on any processor: what the others must agree with, bit for bit.

use super::activations::Row;
use super::layout::{BLOCK, Format, PANEL, QUAD, QUAD_VALUES, STEP, groups};

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
        let mut sums = rows.map(|row| [row.first_sum(format, group.inputs.start); PANEL]);
        let steps = panel[group.steps].chunks_exact(format.step_bytes());
        for (i, step) in steps.enumerate() {
            for (half, quad) in unpack(format, step).iter().enumerate() {
                let at = group.inputs.start + i * STEP + half * QUAD;
                for (sums, row) in sums.iter_mut().zip(rows) {
                    let x: [i16; QUAD] = std::array::from_fn(|i| i16::from(row.values[at + i]));
                    for (sum, w) in sums.iter_mut().zip(quad.as_chunks::<QUAD>().0) {
                        let w = w.map(i16::from);
                        // Pairs stay within sixteen bits: see `Activations`.
                        *sum += i32::from(w[0] * x[0] + w[1] * x[1]);
                        *sum += i32::from(w[2] * x[2] + w[3] * x[3]);
                    }
                }
            }
        }
        let scales = scales(&panel[group.scales]);
        for ((out, sums), row) in out.iter_mut().zip(&sums).zip(rows) {
            let scale = row.scales[group.inputs.start / BLOCK];
            for output in 0..PANEL {
                out[output] += sums[output] as f32 * (scales[output] * scale);
            }
        }
    }
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
