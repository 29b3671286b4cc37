//! Weights to whole numbers and back.

use super::activations::round;
use super::layout::{BLOCK, Format, Layout, PANEL, QUAD, QUAD_VALUES, STEP, groups, padded};
use super::portable::{scales, unpack};

/// How many sums are kept side by side, whatever the processor, so that all give the same.
const LANES: usize = 8;

/// Groups whose largest weight is below this are zeros.
const LEAST: f32 = 1e-30;

/// Writes the sixteen `rows` of a panel, each filled up with zeros to whole steps.
#[inline(always)]
pub(super) fn panel(format: Format, rows: &[f32], out: &mut [u8]) {
    let width = rows.len() / PANEL;
    let mut raised = [[0u8; QUAD_VALUES]; BLOCK / QUAD];
    for group in groups(format, width) {
        for output in 0..PANEL {
            let weights = &rows[output * width..][group.inputs.clone()];
            let mut whole = [0; BLOCK];
            let scale = match format {
                Format::Q8 => eight_bits(weights, &mut whole),
                Format::Q4 => four_bits(weights, &mut whole),
            };
            let scale = (scale.to_bits() >> 16) as u16;
            out[group.scales.clone()][2 * output..][..2].copy_from_slice(&scale.to_le_bytes());
            for (to, quad) in raised.iter_mut().zip(whole.as_chunks::<QUAD>().0) {
                let to = &mut to[output * QUAD..][..QUAD];
                to.copy_from_slice(&quad.map(|value| (value + format.raised()) as u8));
            }
        }
        let steps = out[group.steps].chunks_exact_mut(format.step_bytes());
        for (step, quads) in steps.zip(raised.as_chunks::<2>().0) {
            pack(format, quads, step);
        }
    }
}

/// Two quads as the bytes of a step.
#[inline(always)]
fn pack(format: Format, quads: &[[u8; QUAD_VALUES]; 2], step: &mut [u8]) {
    match format {
        Format::Q8 => step.copy_from_slice(quads.as_flattened()),
        Format::Q4 => {
            for ((byte, low), high) in step.iter_mut().zip(quads[0]).zip(quads[1]) {
                *byte = low | high << 4;
            }
        }
    }
}

/// Row `row` of what was packed.
pub(super) fn row(layout: Layout, bytes: &[u8], row: usize, out: &mut [f32]) {
    let panel = layout.panel(bytes, row / PANEL);
    let output = row % PANEL;
    for group in groups(layout.format, padded(layout.inputs)) {
        let scale = scales(&panel[group.scales])[output];
        let steps = panel[group.steps].chunks_exact(layout.format.step_bytes());
        for (step, out) in steps.zip(out[group.inputs.start..].chunks_mut(STEP)) {
            let quads = unpack(layout.format, step);
            let values = quads.iter().flat_map(|quad| &quad[output * QUAD..][..QUAD]);
            for (out, value) in out.iter_mut().zip(values) {
                *out = (i32::from(*value) - layout.format.raised()) as f32 * scale;
            }
        }
    }
}

/// Whole numbers within 127 of zero, and their scale: the largest weight is the largest number.
#[inline(always)]
fn eight_bits(weights: &[f32], out: &mut [i32]) -> f32 {
    let most = largest(weights).abs();
    if !most.is_finite() {
        return f32::NAN;
    }
    if most < LEAST {
        return 0.0;
    }
    let scale = upper_half(most / 127.0);
    for (out, weight) in out.iter_mut().zip(weights) {
        *out = round(weight / scale).clamp(-127, 127);
    }
    scale
}

/// Whole numbers from -8 to 7, and the scale at which they are closest to the weights.
///
/// The largest weight is put near -8, whichever its sign, then near other values about there; for
/// each, the best scale follows from the numbers by least squares.
#[inline(always)]
fn four_bits(weights: &[f32], out: &mut [i32]) -> f32 {
    let most = largest(weights);
    if !most.is_finite() {
        return f32::NAN;
    }
    if most.abs() < LEAST {
        return 0.0;
    }
    let mut parts = [0.0; BLOCK];
    let parts = &mut parts[..weights.len()];
    for (part, weight) in parts.iter_mut().zip(weights) {
        *part = weight / most;
    }
    let (mut best, mut scale) = (f32::NEG_INFINITY, 0.0);
    for candidate in -10..=10 {
        let raised = -(8.0 + 0.15 * candidate as f32);
        let (mut along, mut square) = ([0.0f32; LANES], [0.0f32; LANES]);
        for parts in parts.as_chunks::<LANES>().0 {
            for ((part, along), square) in parts.iter().zip(&mut along).zip(&mut square) {
                let value = whole(part * raised).clamp(-8.0, 7.0);
                *along += value * part;
                *square += value * value;
            }
        }
        let (along, square): (f32, f32) = (along.iter().sum(), square.iter().sum());
        // The error is the weights' square less this.
        let gain = along * along / square;
        if gain > best {
            (best, scale) = (gain, along / square * most);
        }
    }
    let scale = upper_half(scale);
    for (out, weight) in out.iter_mut().zip(weights) {
        *out = nibble(weight / scale);
    }
    scale
}

/// As [`round`], as a number of the same kind: whole vectors are made so.
#[inline(always)]
fn whole(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0;
    (x + SHIFT) - SHIFT
}

#[inline(always)]
fn nibble(x: f32) -> i32 {
    round(x).clamp(-8, 7)
}

/// The value of the largest magnitude; NaN if there is one.
#[inline(always)]
fn largest(weights: &[f32]) -> f32 {
    let most = weights
        .iter()
        .map(|weight| weight.abs().to_bits())
        .fold(0, u32::max);
    let is_most = |weight: &&f32| weight.abs().to_bits() == most;
    weights.iter().find(is_most).copied().unwrap_or(0.0)
}

/// The nearest number whose lower sixteen bits are zero.
fn upper_half(x: f32) -> f32 {
    f32::from_bits((x.to_bits() + 0x8000) & 0xffff_0000)
}
