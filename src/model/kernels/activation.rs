//! Activations and their derivatives.

use super::Write;
use super::math::{erf, exp, sigmoid, tanh};
use super::rows::pieces;

/// The activations of the four architectures, under transformers' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `gelu`: `x * Phi(x)` by the error function.
    Gelu,
    /// `gelu_new`, `gelu_pytorch_tanh`: its approximation by the hyperbolic tangent.
    GeluTanh,
    /// `relu`
    Relu,
    /// `silu`, `swish`: `x * sigmoid(x)`.
    Silu,
    /// `tanh`
    Tanh,
}

/// `sqrt(2 / pi)`
const ROOT: f32 = 0.797_884_6;
/// The cubic coefficient of the approximation.
const CUBIC: f32 = 0.044_715;
/// `1 / sqrt(2 pi)`
const DENSITY: f32 = 0.398_942_3;

impl Activation {
    /// The activation that `config.json` calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gelu" | "gelu_python" => Self::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Self::GeluTanh,
            "relu" => Self::Relu,
            "silu" | "swish" => Self::Silu,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }

    /// `out = f(x)`.
    pub fn forward(self, out: &mut [f32], x: &[f32]) {
        match self {
            Self::Gelu => map(out, x, gelu),
            Self::GeluTanh => map(out, x, gelu_tanh),
            Self::Relu => map(out, x, |x| if x > 0.0 { x } else { 0.0 * x }),
            Self::Silu => map(out, x, |x| x * sigmoid(x)),
            Self::Tanh => map(out, x, tanh),
        }
    }

    /// `x = f(x)`.
    pub fn in_place(self, x: &mut [f32]) {
        match self {
            Self::Gelu => map_in_place(x, gelu),
            Self::GeluTanh => map_in_place(x, gelu_tanh),
            Self::Relu => map_in_place(x, |x| if x > 0.0 { x } else { 0.0 * x }),
            Self::Silu => map_in_place(x, |x| x * sigmoid(x)),
            Self::Tanh => map_in_place(x, tanh),
        }
    }

    /// `dx = f'(x) * dy`, written or added.
    pub fn backward(self, dx: &mut [f32], write: Write, x: &[f32], dy: &[f32]) {
        match self {
            Self::Gelu => derive(dx, write, x, dy, gelu_slope),
            Self::GeluTanh => derive(dx, write, x, dy, gelu_tanh_slope),
            Self::Relu => derive(dx, write, x, dy, |x| if x > 0.0 { 1.0 } else { 0.0 }),
            Self::Silu => derive(dx, write, x, dy, |x| {
                let s = sigmoid(x);
                s * (1.0 + x * (1.0 - s))
            }),
            Self::Tanh => derive(dx, write, x, dy, |x| {
                let t = tanh(x);
                1.0 - t * t
            }),
        }
    }
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

#[inline(always)]
fn gelu_slope(x: f32) -> f32 {
    0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)) + x * DENSITY * exp(-0.5 * x * x)
}

// 0.5 (1 + tanh(u)) is sigmoid(2u): one exponential, no cancellation.
#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    x * sigmoid(2.0 * ROOT * (x + CUBIC * x * x * x))
}

#[inline(always)]
fn gelu_tanh_slope(x: f32) -> f32 {
    let s = sigmoid(2.0 * ROOT * (x + CUBIC * x * x * x));
    s + x * s * (1.0 - s) * 2.0 * ROOT * (1.0 + 3.0 * CUBIC * x * x)
}

#[inline(always)]
fn map(out: &mut [f32], x: &[f32], f: impl Fn(f32) -> f32 + Sync) {
    pieces(
        out,
        #[inline(always)]
        |start, out| {
            for (out, x) in out.iter_mut().zip(&x[start..]) {
                *out = f(*x);
            }
        },
    );
}

#[inline(always)]
fn map_in_place(x: &mut [f32], f: impl Fn(f32) -> f32 + Sync) {
    pieces(
        x,
        #[inline(always)]
        |_, x| {
            for x in x {
                *x = f(*x);
            }
        },
    );
}

#[inline(always)]
fn derive(dx: &mut [f32], write: Write, x: &[f32], dy: &[f32], slope: impl Fn(f32) -> f32 + Sync) {
    pieces(
        dx,
        #[inline(always)]
        |start, dx| {
            let (x, dy) = (&x[start..][..dx.len()], &dy[start..][..dx.len()]);
            for ((dx, x), dy) in dx.iter_mut().zip(x).zip(dy) {
                *dx = write.apply(*dx, slope(*x) * dy);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 5] = [
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Relu,
        Activation::Silu,
        Activation::Tanh,
    ];

    #[test]
    fn slopes_agree_with_finite_differences() {
        let x: Vec<f32> = (0..161).map(|i| i as f32 / 20.0 - 4.01).collect();
        for f in ALL {
            let at = |offset: f32| {
                let moved: Vec<f32> = x.iter().map(|x| x + offset).collect();
                let mut out = vec![0.0; x.len()];
                f.forward(&mut out, &moved);
                out
            };
            let (below, above) = (at(-5e-3), at(5e-3));
            let mut slope = vec![1.0; x.len()];
            f.backward(&mut slope, Write::Add, &x, &vec![1.0; x.len()]);
            for i in 0..x.len() {
                let difference = (above[i] - below[i]) / 1e-2;
                assert!(
                    (slope[i] - 1.0 - difference).abs() < 2e-4,
                    "{f:?} at {}",
                    x[i]
                );
            }
        }
    }

    #[test]
    fn in_place_and_out_of_place_agree() {
        let x: Vec<f32> = (0..1000).map(|i| i as f32 / 50.0 - 10.0).collect();
        for f in ALL {
            let (mut out, mut same) = (vec![0.0; x.len()], x.clone());
            f.forward(&mut out, &x);
            f.in_place(&mut same);
            assert_eq!(out, same);
        }
    }
}
