//! Layer norm and RMS norm over the rows of a matrix, and their gradients.

use rayon::prelude::*;

use super::math::sum_by;
use super::rows::{blocks, reduce_rows};
use super::{PIECE, Write, simd};

/// What the backward pass needs of each row: its mean (0 for RMS norm) and `1 / sqrt(var + eps)`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    mean: f32,
    rstd: f32,
}

/// Which norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `(x - mean) / sqrt(variance + eps)`
    Layer,
    /// `x / sqrt(mean of squares + eps)`
    Rms,
}

#[inline(always)]
fn moments(kind: Kind, row: &[f32], eps: f32) -> Moments {
    let n = row.len() as f32;
    let mean = match kind {
        Kind::Layer => {
            sum_by(
                row.len(),
                #[inline(always)]
                |i| row[i],
            ) / n
        }
        Kind::Rms => 0.0,
    };
    let variance = sum_by(
        row.len(),
        #[inline(always)]
        |i| (row[i] - mean) * (row[i] - mean),
    ) / n;
    Moments {
        mean,
        rstd: 1.0 / (variance + eps).sqrt(),
    }
}

/// `out = norm(x) * weight + bias`, row by row; gives the moments of each row.
pub fn forward(
    kind: Kind,
    out: &mut [f32],
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    eps: f32,
) -> Vec<Moments> {
    let cols = weight.len();
    let mut all = vec![Moments::default(); x.len() / cols.max(1)];
    let rows = (PIECE / cols.max(1)).max(1);
    out.par_chunks_mut(rows * cols)
        .zip(x.par_chunks(rows * cols))
        .zip(all.par_chunks_mut(rows))
        .for_each(|((out, x), all)| {
            simd(|| {
                let rows = out
                    .chunks_exact_mut(cols)
                    .zip(x.chunks_exact(cols))
                    .zip(all);
                for ((out, x), saved) in rows {
                    *saved = moments(kind, x, eps);
                    normalize(out, x, *saved, weight, bias);
                }
            });
        });
    all
}

#[inline(always)]
fn normalize(out: &mut [f32], x: &[f32], of: Moments, weight: &[f32], bias: Option<&[f32]>) {
    let (x, weight) = (&x[..out.len()], &weight[..out.len()]);
    if let Some(bias) = bias {
        let bias = &bias[..out.len()];
        for i in 0..out.len() {
            out[i] = (x[i] - of.mean) * of.rstd * weight[i] + bias[i];
        }
    } else {
        for i in 0..out.len() {
            out[i] = (x[i] - of.mean) * of.rstd * weight[i];
        }
    }
}

/// The gradient of the input, written to or added to `dx`.
pub fn backward_input(
    kind: Kind,
    dx: &mut [f32],
    write: Write,
    x: &[f32],
    dy: &[f32],
    weight: &[f32],
    all: &[Moments],
) {
    let cols = weight.len();
    blocks(dx, cols, |first, block| {
        for (i, dx) in block.chunks_exact_mut(cols).enumerate() {
            let at = (first + i) * cols;
            let of = all[first + i];
            backward_row(
                kind,
                dx,
                write,
                &x[at..][..cols],
                &dy[at..][..cols],
                weight,
                of,
            );
        }
    });
}

#[inline(always)]
fn backward_row(
    kind: Kind,
    dx: &mut [f32],
    write: Write,
    x: &[f32],
    dy: &[f32],
    weight: &[f32],
    of: Moments,
) {
    let cols = dx.len();
    let (x, dy, weight) = (&x[..cols], &dy[..cols], &weight[..cols]);
    let mean = match kind {
        Kind::Layer => {
            sum_by(
                cols,
                #[inline(always)]
                |i| dy[i] * weight[i],
            ) / cols as f32
        }
        Kind::Rms => 0.0,
    };
    let along = sum_by(
        cols,
        #[inline(always)]
        |i| dy[i] * weight[i] * (x[i] - of.mean),
    );
    let along = along * of.rstd * of.rstd / cols as f32;
    for i in 0..cols {
        let d = of.rstd * (dy[i] * weight[i] - mean - (x[i] - of.mean) * along);
        dx[i] = write.apply(dx[i], d);
    }
}

/// The gradients of weight and bias: the sums over rows of `dy * normalized x` and of `dy`.
pub fn backward_parameters(
    x: &[f32],
    dy: &[f32],
    all: &[Moments],
    cols: usize,
) -> (Vec<f32>, Vec<f32>) {
    let mut sums = reduce_rows(2 * cols, all.len(), |row, sums| {
        let (dw, db) = sums.split_at_mut(cols);
        let (x, dy) = (&x[row * cols..][..cols], &dy[row * cols..][..cols]);
        let of = all[row];
        for i in 0..cols {
            dw[i] += dy[i] * (x[i] - of.mean) * of.rstd;
            db[i] += dy[i];
        }
    });
    let db = sums.split_off(cols);
    (sums, db)
}
