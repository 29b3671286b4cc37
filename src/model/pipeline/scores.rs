//! Probabilities of logits, and the best of them.

/// `exp(x)` of each logit, divided by their sum.
pub(super) fn softmax(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut scores: Vec<f32> = logits.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = scores.iter().map(|x| f64::from(*x)).sum();
    for score in &mut scores {
        *score = (f64::from(*score) / sum) as f32;
    }
    scores
}

/// `1 / (1 + exp(-x))` of each logit.
pub(super) fn sigmoid(logits: &[f32]) -> Vec<f32> {
    logits.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect()
}

/// The places of the `count` highest scores, the best first; of equal ones the first.
pub(super) fn best(scores: &[f32], count: usize) -> Vec<usize> {
    let count = count.min(scores.len());
    let mut places: Vec<usize> = (0..scores.len()).collect();
    let order = |a: &usize, b: &usize| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b));
    if count < places.len() {
        places.select_nth_unstable_by(count, order);
        places.truncate(count);
    }
    places.sort_unstable_by(order);
    places
}

/// The place of the highest score, the first of equal ones; 0 of none.
pub(super) fn highest(scores: &[f32]) -> usize {
    let mut place = 0;
    for (i, score) in scores.iter().enumerate() {
        if *score > scores[place] {
            place = i;
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_logits_do_not_overflow() {
        let scores = softmax(&[1000.0, 1000.0, -1000.0]);
        assert_eq!(scores, [0.5, 0.5, 0.0]);
        assert_eq!(sigmoid(&[-1000.0, 0.0, 1000.0]), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn the_first_of_equal_scores_is_better() {
        let scores = [0.1, 0.4, 0.4, 0.2];
        assert_eq!(best(&scores, 3), [1, 2, 3]);
        assert_eq!(best(&scores, 9), [1, 2, 3, 0]);
        assert_eq!(best(&scores, 0), [0; 0]);
        assert_eq!(highest(&scores), 1);
        assert_eq!(highest(&[]), 0);
    }
}
