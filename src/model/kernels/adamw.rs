//! One step of `AdamW` (Loshchilov and Hutter, 2019), as `torch.optim.AdamW` computes it.

use rayon::prelude::*;

use super::{PIECE, simd};

/// What a step is made with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Decay of the mean of gradients, and of the mean of their squares.
    pub betas: (f64, f64),
    /// Keeps the quotient finite.
    pub eps: f64,
    /// Decoupled decay.
    pub weight_decay: f64,
    /// The factor of every gradient: clipping and accumulation.
    pub scale: f32,
    /// Steps taken before this one.
    pub done: u64,
}

/// Moves `weight` along `gradient`, and updates the two moments.
pub fn step(weight: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32], with: &Step) {
    let t = (with.done + 1) as f64;
    let (b1, b2) = with.betas;
    let rate = (with.learning_rate / (1.0 - b1.powf(t))) as f32;
    let correction = (1.0 / (1.0 - b2.powf(t)).sqrt()) as f32;
    let keep = (1.0 - with.learning_rate * with.weight_decay) as f32;
    // What is added is rounded from the exact difference: 1 - 0.999 in f32 is off by 5e-5.
    let (new1, new2) = ((1.0 - b1) as f32, (1.0 - b2) as f32);
    let (keep2, eps) = (b2 as f32, with.eps as f32);
    let scale = with.scale;
    weight
        .par_chunks_mut(PIECE)
        .zip(gradient.par_chunks(PIECE))
        .zip(m.par_chunks_mut(PIECE).zip(v.par_chunks_mut(PIECE)))
        .for_each(|((weight, gradient), (m, v))| {
            simd(|| {
                for i in 0..weight.len().min(gradient.len()).min(m.len()).min(v.len()) {
                    let g = gradient[i] * scale;
                    m[i] += new1 * (g - m[i]);
                    v[i] = keep2 * v[i] + new2 * g * g;
                    let denominator = v[i].sqrt() * correction + eps;
                    weight[i] = weight[i] * keep - rate * (m[i] / denominator);
                }
            });
        });
}
