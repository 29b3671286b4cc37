//! Which published figures may stand side by side, and who leads by them.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::{Does, does};
use crate::card::{Card, Figure, Rank};

/// A figure that may be set beside others: published, checked, on a named split.
pub(in crate::advisor) fn comparable(f: &Figure) -> Option<(String, f64)> {
    let split = f.split.as_deref()?;
    let named = !matches!(split, "unclear" | "not-stated" | "authors");
    let key = format!(
        "{}|{}|{}|{split}",
        f.metric.to_lowercase(),
        f.dataset.as_deref()?,
        variant(f).unwrap_or_default()
    );
    (named && f.rank == Rank::Card).then_some((key, f.number?))
}

/// The part or variant of the dataset that a figure is of, where the card names one.
pub(in crate::advisor) fn variant(f: &Figure) -> Option<&str> {
    // `3.0.0` of CNN/DailyMail is its version, and `squad_v2` of `squad_v2` is all of it.
    let whole =
        |c: &&str| c.starts_with(|d: char| d.is_ascii_digit()) || f.dataset.as_deref() == Some(*c);
    f.config.as_deref().filter(|c| !whole(c))
}

/// For each card the mean place of its figures among those of the others, 0 worst and 1 best;
/// `None` where no figure can be compared.
/// A figure after fine-tuning says nothing of one without, so the two are kept apart.
pub(super) fn quality(cards: &[&Arc<Card>], task: Option<&str>) -> Vec<Option<f64>> {
    let mut groups: HashMap<(String, bool), Vec<(usize, f64)>> = HashMap::new();
    for (at, card) in cards.iter().enumerate() {
        let of_task = |f: &&Figure| match (f.task.as_deref(), task) {
            (Some(of), Some(asked)) => of == asked,
            _ => true,
        };
        for (key, value) in card
            .facts
            .figures
            .iter()
            .filter(of_task)
            .filter_map(comparable)
        {
            let lower_is_better = key.starts_with("perplexity");
            let tuned = task.is_some_and(|t| does(card, t) == Does::Tuned);
            groups
                .entry((key, tuned))
                .or_default()
                .push((at, if lower_is_better { -value } else { value }));
        }
    }
    let mut places: Vec<Vec<f64>> = vec![Vec::new(); cards.len()];
    for group in groups.into_values() {
        let least = group.iter().map(|(_, v)| *v).min_by(f64::total_cmp);
        let most = group.iter().map(|(_, v)| *v).max_by(f64::total_cmp);
        let (Some(least), Some(most)) = (least, most) else {
            continue;
        };
        if most.partial_cmp(&least) == Some(Ordering::Greater) {
            for (at, value) in group {
                places[at].push((value - least) / (most - least));
            }
        }
    }
    let mean = |p: Vec<f64>| (!p.is_empty()).then(|| p.iter().sum::<f64>() / p.len() as f64);
    places.into_iter().map(mean).collect()
}
