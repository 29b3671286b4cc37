//! Choosing the next token by its scores.

use crate::error::{Error, Result};
use crate::model::kernels::math::{exp, max, sum_by};
use crate::model::kernels::random::Stream;
use crate::model::kernels::simd;

/// The likeliest token; the first of equals.
///
/// # Errors
/// When no score is a number, or every token is barred.
pub(super) fn likeliest(scores: &[f32]) -> Result<u32> {
    let mut best: Option<(u32, f32)> = None;
    for (id, score) in (0u32..).zip(scores) {
        if *score > best.map_or(f32::NEG_INFINITY, |(_, score)| score) {
            best = Some((id, *score));
        }
    }
    best.map(|(id, _)| id).ok_or_else(nothing_left)
}

/// A token drawn by its probability: the same for the same stream and index.
///
/// # Errors
/// As for [`likeliest`].
pub(super) fn draw(scores: &[f32], stream: Stream, index: u64) -> Result<u32> {
    let mut weights = scores.to_vec();
    softmax(&mut weights);
    let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
    let mut left = uniform(stream, index) * total;
    let mut last = None;
    for (id, weight) in (0u32..).zip(&weights).filter(|(_, weight)| **weight > 0.0) {
        left -= f64::from(*weight);
        last = Some(id);
        if left < 0.0 {
            break;
        }
    }
    last.ok_or_else(nothing_left)
}

/// A number in `0.0..1.0`, of 53 random bits: vocabularies hold rarer tokens than 24 bits tell.
pub(super) fn uniform(stream: Stream, index: u64) -> f64 {
    (stream.bits(index) >> 11) as f64 / (1u64 << 53) as f64
}

/// Scores that are not numbers, or all barred, become an error where a token is chosen.
pub(super) fn nothing_left() -> Error {
    Error::new("the model and the options leave no token to go on with")
        .hint("check the model's weights, and no_repeat_ngram_size, min_new_tokens, eos_token_id")
}

/// `scores = e^scores / sum(e^scores)`; zeros where no score is finite.
pub(super) fn softmax(scores: &mut [f32]) {
    let Some((most, total)) = peak_and_total(scores) else {
        return scores.fill(0.0);
    };
    let factor = 1.0 / total;
    simd(|| scores.iter_mut().for_each(|x| *x = exp(*x - most) * factor));
}

/// `scores = scores - log(sum(e^scores))`; unchanged where no score is finite.
pub(super) fn log_softmax(scores: &mut [f32]) {
    if let Some((most, total)) = peak_and_total(scores) {
        let log = total.ln();
        simd(|| scores.iter_mut().for_each(|x| *x = *x - most - log));
    }
}

/// The largest score, and the sum of the exponentials of all less it.
fn peak_and_total(scores: &[f32]) -> Option<(f32, f32)> {
    simd(|| {
        let most = max(scores);
        let total = sum_by(scores.len(), |i| exp(scores[i] - most));
        (most.is_finite() && total.is_finite()).then_some((most, total))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_likeliest_is_taken() {
        assert_eq!(likeliest(&[1.0, 3.0, 3.0, f32::NAN]).expect("token"), 1);
        assert!(likeliest(&[f32::NEG_INFINITY; 3]).is_err());
        assert!(likeliest(&[f32::NAN; 3]).is_err());
        assert!(draw(&[f32::NAN, 1.0], Stream::new(0, 0), 0).is_err());
        assert!(draw(&[f32::INFINITY, 1.0], Stream::new(0, 0), 0).is_err());
    }

    #[test]
    fn draws_are_as_frequent_as_they_are_likely() {
        let scores = [0.0, 2.0f32.ln(), f32::NEG_INFINITY, 5.0f32.ln()];
        let stream = Stream::new(9, 0);
        let mut counts = [0u32; 4];
        for index in 0..80_000 {
            counts[draw(&scores, stream, index).expect("token") as usize] += 1;
        }
        assert_eq!(counts[2], 0);
        for (id, expected) in [(0, 10_000.0), (1, 20_000.0), (3, 50_000.0)] {
            let deviation = (f64::from(counts[id]) - expected).abs();
            assert!(deviation < 4.0 * f64::sqrt(expected), "{id}: {counts:?}");
        }
    }

    #[test]
    fn probabilities_add_up_to_one() {
        let mut scores: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.37).sin() * 20.0).collect();
        let mut logs = scores.clone();
        softmax(&mut scores);
        log_softmax(&mut logs);
        let total: f64 = scores.iter().map(|x| f64::from(*x)).sum();
        assert!((total - 1.0).abs() < 1e-5);
        for (p, log) in scores.iter().zip(&logs) {
            assert!((p.ln() - log).abs() < 1e-4, "{p} {log}");
        }
    }
}
