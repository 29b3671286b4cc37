//! One step of Adafactor (Shazeer and Stern, 2018) as transformers' Trainer uses it: without
//! momentum, with a learning rate of its own (`scale_parameter` and `relative_step` off), with the
//! defaults of its class.

use rayon::prelude::*;

use super::{PIECE, Write, rows, simd};

/// Keeps squares from being 0.
const EPS: f32 = 1e-30;

/// The root mean square that an update is scaled down to.
const CLIP: f64 = 1.0;

/// What the decay of the mean of squares goes by: `1 - step ^ DECAY`.
const DECAY: f64 = -0.8;

/// What a step is made with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Decoupled decay.
    pub weight_decay: f64,
    /// The factor of every gradient: clipping and accumulation.
    pub scale: f32,
    /// Steps taken before this one.
    pub done: u64,
}

impl Step {
    /// How much of the old mean stays.
    fn keep(&self) -> f32 {
        (1.0 - ((self.done + 1) as f64).powf(DECAY)) as f32
    }
}

/// Moves a matrix; `by_row` and `by_col` are the means of squares of its rows and columns.
pub fn matrix(
    weight: &mut [f32],
    gradient: &[f32],
    by_row: &mut [f32],
    by_col: &mut [f32],
    with: &Step,
) {
    let (count, cols) = (by_row.len(), by_col.len());
    let keep = with.keep();
    let square = |g: f32| (g * with.scale).powi(2) + EPS;
    by_row.par_iter_mut().enumerate().for_each(|(i, mean)| {
        let row = &gradient[i * cols..][..cols];
        let sum: f64 = row.iter().map(|g| f64::from(square(*g))).sum();
        *mean = keep * *mean + (1.0 - keep) * (sum / cols as f64) as f32;
    });
    by_col
        .par_chunks_mut(64)
        .enumerate()
        .for_each(|(at, means)| {
            let mut sums = vec![0.0f64; means.len()];
            for row in gradient.chunks_exact(cols) {
                for (sum, g) in sums.iter_mut().zip(&row[at * 64..]) {
                    *sum += f64::from(square(*g));
                }
            }
            for (mean, sum) in means.iter_mut().zip(sums) {
                *mean = keep * *mean + (1.0 - keep) * (sum / count as f64) as f32;
            }
        });
    let mean = by_row.iter().map(|x| f64::from(*x)).sum::<f64>() / count as f64;
    let row_factor: Vec<f32> = by_row
        .iter()
        .map(|x| (f64::from(*x) / mean).sqrt().recip() as f32)
        .collect();
    let col_factor: Vec<f32> = by_col.iter().map(|x| x.sqrt().recip()).collect();
    let update =
        |i: usize, j: usize| gradient[i * cols + j] * with.scale * row_factor[i] * col_factor[j];
    let squares: Vec<f64> = (0..count)
        .into_par_iter()
        .map(|i| (0..cols).map(|j| f64::from(update(i, j)).powi(2)).sum())
        .collect();
    let (decay, rate) = factors(squares.iter().sum(), weight.len(), with);
    weight
        .par_chunks_mut(cols)
        .enumerate()
        .for_each(|(i, row)| {
            for (j, w) in row.iter_mut().enumerate() {
                *w = *w * decay - rate * update(i, j);
            }
        });
}

/// Moves a vector; `mean` is the mean of its squares.
pub fn vector(weight: &mut [f32], gradient: &[f32], mean: &mut [f32], with: &Step) {
    let keep = with.keep();
    let mut update = vec![0.0; weight.len()];
    for ((update, mean), g) in update.iter_mut().zip(mean).zip(gradient) {
        let g = g * with.scale;
        *mean = keep * *mean + (1.0 - keep) * (g * g + EPS);
        *update = g / mean.sqrt();
    }
    let (decay, rate) = factors(rows::sum_of_squares(&update), weight.len(), with);
    weight
        .par_chunks_mut(PIECE)
        .zip(update.par_chunks(PIECE))
        .for_each(|(weight, update)| {
            simd(|| {
                for (w, u) in weight.iter_mut().zip(update) {
                    *w = Write::Add.apply(*w * decay, -rate * u);
                }
            });
        });
}

/// What a weight is multiplied with, and what its update is, given the squares of all updates.
fn factors(squares: f64, count: usize, with: &Step) -> (f32, f32) {
    let root = (squares / count.max(1) as f64).sqrt();
    let rate = with.learning_rate / (root / CLIP).max(1.0);
    let decay = 1.0 - with.weight_decay * with.learning_rate;
    (decay as f32, rate as f32)
}
