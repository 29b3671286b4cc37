//! What narrows the tokens that a draw is from, as transformers narrows them.
//!
//! A barred token's score is minus infinity. Each keeps at least `keep` tokens.

use super::sample::{log_softmax, softmax};

/// How many of the likeliest tokens are looked at before all of them.
const FEW: usize = 1024;

/// Bars tokens below the `k` best; those equal to the last of them stay.
pub(super) fn top_k(scores: &mut [f32], k: usize) {
    if k >= scores.len() {
        return;
    }
    let mut sorted = scores.to_vec();
    let (_, least, _) = sorted.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    let least = *least;
    bar_where(scores, |_, score| score < least);
}

/// Bars the unlikeliest tokens that hold at most `1 - p` of the probability together.
pub(super) fn top_p(scores: &mut [f32], p: f64, keep: usize) {
    let mut probabilities = scores.to_vec();
    softmax(&mut probabilities);
    let mut order = possible(scores);
    let likeliest = |a: &u32, b: &u32| {
        let (a, b) = (*a as usize, *b as usize);
        scores[b].total_cmp(&scores[a]).then(b.cmp(&a))
    };
    // All that are rarer than this hold less than is barred; the factor is for rounding.
    let rare = (1.0 - p) / scores.len() as f64 * 0.99;
    let is_common = |i: &u32| f64::from(probabilities[*i as usize]) >= rare;
    if order.iter().filter(|i| is_common(i)).count() >= keep {
        order.retain(is_common);
    }
    // In most steps a few tokens hold nearly all probability: no need to sort the others.
    if order.len() > 2 * FEW {
        order.select_nth_unstable_by(FEW, likeliest);
        let mass: f64 = order[..FEW]
            .iter()
            .map(|i| f64::from(probabilities[*i as usize]))
            .sum();
        if mass > p {
            order.truncate(FEW);
        }
    }
    order.sort_unstable_by(likeliest);
    let mut before = 0.0;
    let mut kept = 0;
    for id in &order {
        if kept >= keep && 1.0 - before <= 1.0 - p {
            break;
        }
        before += f64::from(probabilities[*id as usize]);
        kept += 1;
    }
    keep_only(scores, &order[..kept]);
}

/// Bars tokens less likely than `min_p` times the likeliest.
pub(super) fn min_p(scores: &mut [f32], min_p: f32, keep: usize) {
    let mut probabilities = scores.to_vec();
    softmax(&mut probabilities);
    let most = probabilities.iter().copied().fold(0.0, f32::max);
    let best = best(&probabilities, keep);
    bar_where(scores, |i, _| {
        probabilities[i] < min_p * most && !best.contains(&(i as u32))
    });
}

/// Bars the tokens whose information is farthest from what is expected, but those that hold
/// `mass` of the probability together (Meister et al., 2022, section 4).
pub(super) fn typical_p(scores: &mut [f32], mass: f32, keep: usize) {
    let mut logs = scores.to_vec();
    log_softmax(&mut logs);
    let mut order = possible(scores);
    let entropy: f64 = order
        .iter()
        .map(|i| f64::from(logs[*i as usize]))
        .map(|log| -log * log.exp())
        .sum();
    let distance = |i: u32| (-logs[i as usize] - entropy as f32).abs();
    order.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
    let mut sum = 0.0;
    let last = order.iter().find(|i| {
        sum += f64::from(logs[**i as usize]).exp();
        sum as f32 >= mass
    });
    let Some(last) = last.or_else(|| order.last()) else {
        return;
    };
    let limit = distance(*last);
    let kept = order.iter().take_while(|i| distance(**i) <= limit).count();
    keep_only(scores, &order[..kept.max(keep).min(order.len())]);
}

/// The tokens that are not barred.
fn possible(scores: &[f32]) -> Vec<u32> {
    (0u32..)
        .zip(scores)
        .filter(|(_, score)| **score > f32::NEG_INFINITY)
        .map(|(i, _)| i)
        .collect()
}

/// The `n` largest, the first of equals before the others.
fn best(values: &[f32], n: usize) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::with_capacity(n + 1);
    for (i, value) in (0u32..).zip(values) {
        let place = found.partition_point(|other| values[*other as usize] >= *value);
        if place < n {
            found.insert(place, i);
            found.truncate(n);
        }
    }
    found
}

fn bar_where(scores: &mut [f32], barred: impl Fn(usize, f32) -> bool) {
    for (i, score) in scores.iter_mut().enumerate() {
        if barred(i, *score) {
            *score = f32::NEG_INFINITY;
        }
    }
}

fn keep_only(scores: &mut [f32], ids: &[u32]) {
    let kept: Vec<f32> = ids.iter().map(|i| scores[*i as usize]).collect();
    scores.fill(f32::NEG_INFINITY);
    for (id, score) in ids.iter().zip(kept) {
        scores[*id as usize] = score;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kernels::random::Stream;

    fn kept(scores: &[f32]) -> Vec<u32> {
        possible(scores)
    }

    #[test]
    fn many_tokens_are_narrowed_as_few_are() {
        let stream = Stream::new(3, 0);
        let scores: Vec<f32> = (0..9000).map(|i| stream.normal(i) * 4.0).collect();
        for p in [0.1, 0.9, 0.999, 0.999_999] {
            let mut narrowed = scores.clone();
            top_p(&mut narrowed, p, 1);
            let mut probabilities = scores.clone();
            softmax(&mut probabilities);
            let mass: f64 = kept(&narrowed)
                .iter()
                .map(|i| f64::from(probabilities[*i as usize]))
                .sum();
            let least = kept(&narrowed)
                .iter()
                .map(|i| probabilities[*i as usize])
                .fold(1.0, f32::min);
            assert!(
                mass >= p - 1e-6 && mass - f64::from(least) < p + 1e-6,
                "{p}: {mass}"
            );
        }
    }

    #[test]
    fn barred_tokens_stay_barred_and_one_stays() {
        let barred = f32::NEG_INFINITY;
        let scores = [barred, 1.0, barred, 0.5];
        for narrow in [
            |s: &mut [f32]| top_k(s, 1),
            |s: &mut [f32]| top_p(s, 0.0, 1),
            |s: &mut [f32]| min_p(s, 1.0, 1),
            |s: &mut [f32]| typical_p(s, 0.01, 1),
        ] {
            let mut scores = scores;
            narrow(&mut scores);
            assert_eq!(kept(&scores).len(), 1, "{scores:?}");
        }
    }
}
