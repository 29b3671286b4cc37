//! What a classifier's training would call its loss, from logits.

use super::labels::Space;

/// `-ln p` of a label.
pub(super) fn cross_entropy(logits: &[f32], label: usize) -> f64 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|x| f64::from(x - most).exp()).sum();
    sum.ln() - f64::from(logits[label] - most)
}

/// The mean of `-ln p` of each label by itself, as transformers trains several labels.
pub(super) fn binary_cross_entropy(space: &Space, truth: &[bool], logits: &[f32]) -> f64 {
    let losses = logits.iter().zip(&space.of_model).map(|(logit, class)| {
        let x = f64::from(*logit);
        let applies = truth.get(*class).copied().unwrap_or(false);
        // ln(1 + exp(-x)) for what applies, of whatever size x is.
        let x = if applies { x } else { -x };
        (-x).max(0.0) + (-x.abs()).exp().ln_1p()
    });
    losses.sum::<f64>() / logits.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_those_of_pytorch_and_stay_finite() {
        assert!((cross_entropy(&[1.0, 2.0, 0.5], 1) - 0.464_369).abs() < 1e-5);
        assert!((cross_entropy(&[1000.0, 0.0], 1) - 1000.0).abs() < 1e-6);
        let names = ["a".to_owned(), "b".to_owned()];
        let space = Space::of(&names, &names, &[]).expect("a match");
        let loss = binary_cross_entropy(&space, &[true, false], &[0.5, -1.0]);
        assert!((loss - 0.393_670).abs() < 1e-5, "{loss}");
        assert!(binary_cross_entropy(&space, &[true, false], &[-500.0, 500.0]).is_finite());
    }
}
