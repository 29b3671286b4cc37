//! Counts of runs of neighbours.

use std::collections::HashMap;
use std::hash::Hash;

/// How often each run of `n` neighbours is there.
pub(super) type Grams<'a, T> = HashMap<&'a [T], u64>;

/// The runs of `n` neighbours, counted.
pub(super) fn count<T: Hash + Eq>(items: &[T], n: usize) -> Grams<'_, T> {
    let mut counts = HashMap::new();
    for gram in items.windows(n) {
        *counts.entry(gram).or_default() += 1;
    }
    counts
}

/// How many runs of `n` there are among `items`.
pub(super) fn total(items: usize, n: usize) -> u64 {
    (items + 1).saturating_sub(n) as u64
}

/// How many of one are also in the other.
pub(super) fn common<T: Hash + Eq>(a: &Grams<'_, T>, b: &Grams<'_, T>) -> u64 {
    let both = a
        .iter()
        .filter_map(|(gram, count)| Some(*count.min(b.get(gram)?)));
    both.sum()
}
