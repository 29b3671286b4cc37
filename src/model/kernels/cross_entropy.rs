//! Softmax and cross-entropy over the rows of a block of logits.

use rayon::prelude::*;

use super::math::{exp, max, sum_by};
use super::simd;

/// Turns each row of logits into its probabilities.
pub fn softmax(logits: &mut [f32], cols: usize) {
    logits.par_chunks_mut(cols).for_each(|row| {
        simd(|| softmax_row(row));
    });
}

/// Turns one row into its probabilities; gives the logarithm of the sum of its exponentials.
#[inline(always)]
pub fn softmax_row(row: &mut [f32]) -> f32 {
    let most = max(row);
    for x in row.iter_mut() {
        *x = exp(*x - most);
    }
    let total = sum_by(
        row.len(),
        #[inline(always)]
        |i| row[i],
    );
    let inverse = 1.0 / total;
    for x in row.iter_mut() {
        *x *= inverse;
    }
    most + total.ln()
}

/// `-ln p` of one index of each row of logits.
///
/// # Panics
/// If a row has no such index.
pub fn losses(logits: &[f32], targets: &[u32]) -> Vec<f32> {
    let cols = logits.len() / targets.len().max(1);
    let rows = logits.par_chunks(cols.max(1)).zip(targets);
    rows.map(|(row, target)| simd(|| row_loss(row, *target as usize)))
        .collect()
}

#[inline(always)]
fn row_loss(row: &[f32], target: usize) -> f32 {
    let most = max(row);
    let total = sum_by(
        row.len(),
        #[inline(always)]
        |i| exp(row[i] - most),
    );
    most + total.ln() - row[target]
}

/// What a row's loss counts for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The index that is right.
    pub id: u32,
    /// The factor of this row's loss.
    pub weight: f32,
}

/// Replaces each row of logits by the gradient of the total loss, and gives each row's loss.
///
/// The loss of a row is `weight * ((1 - smoothing) * -ln p[id] + smoothing * mean(-ln p))`, as
/// `torch.nn.functional.cross_entropy` has it.
pub fn forward_backward(logits: &mut [f32], targets: &[Target], smoothing: f32) -> Vec<f32> {
    let cols = logits.len() / targets.len().max(1);
    logits
        .par_chunks_mut(cols.max(1))
        .zip(targets)
        .map(|(row, target)| simd(|| row_gradient(row, *target, smoothing)))
        .collect()
}

#[inline(always)]
fn row_gradient(row: &mut [f32], target: Target, smoothing: f32) -> f32 {
    let id = target.id as usize;
    let n = row.len() as f32;
    let chosen = row[id];
    let mean = if smoothing > 0.0 {
        sum_by(
            row.len(),
            #[inline(always)]
            |i| row[i],
        ) / n
    } else {
        0.0
    };
    let log_total = softmax_row(row);
    let spread = smoothing / n;
    for x in row.iter_mut() {
        *x = (*x - spread) * target.weight;
    }
    row[id] -= (1.0 - smoothing) * target.weight;
    let nll = log_total - chosen;
    target.weight * ((1.0 - smoothing) * nll + smoothing * (log_total - mean))
}
