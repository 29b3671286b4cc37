//! What rows can be narrowed to: for each facet its rows.

use std::collections::HashMap;

use super::FacetCount;
use super::rows::Rows;
use super::texts::Texts;
use crate::advisor::here::Availability;
use crate::text;

/// The facets in the order in which they are offered; others follow by name.
const OFFERED: [&str; 8] = [
    "task",
    "origin",
    "here",
    "license",
    "size",
    "language",
    "domain",
    "architecture",
];

/// Facets that tell nothing among models.
const NOT_KEPT: [&str; 1] = ["kind"];

/// The facet of the amounts that no source was found for: it is not offered.
pub(super) const UNVERIFIED: &str = "unverified";

/// So many values of one facet are offered.
const MOST_VALUES: usize = 40;

/// Facets that are being collected.
#[derive(Debug, Default)]
pub(super) struct FacetsDraft(HashMap<Box<str>, Vec<u32>>);

/// The rows of each facet.
#[derive(Debug, Default)]
pub(super) struct Facets {
    /// `task:summarization`, in order.
    texts: Texts,
    /// The rows of all facets, one facet after another.
    rows: Vec<u32>,
    /// Where those of each facet end.
    ends: Vec<u32>,
}

/// The facet of what stands between the user and running a model.
pub(super) fn here_facet(availability: Availability) -> &'static str {
    match availability {
        Availability::Ready => "here:ready",
        Availability::Fetch => "here:fetch",
        Availability::Tight => "here:tight",
        Availability::No => "here:no",
    }
}

impl FacetsDraft {
    /// Adds a row to a facet; rows come in rising order.
    pub(super) fn add(&mut self, facet: &str, row: u32) {
        let safe = text::line(facet);
        if let Some(rows) = self.0.get_mut(&*safe) {
            if rows.last() != Some(&row) {
                rows.push(row);
            }
            return;
        }
        let (name, value) = safe.split_once(':').unwrap_or_default();
        if !value.trim().is_empty() && !NOT_KEPT.contains(&name) {
            self.0.insert((*safe).into(), vec![row]);
        }
    }

    /// The facets of the rows that are listed.
    pub(super) fn finish(self, listed: &Rows) -> Facets {
        let mut all: Vec<(Box<str>, Vec<u32>)> = self.0.into_iter().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut made = Facets::default();
        for (facet, rows) in all {
            let before = made.rows.len();
            made.rows
                .extend(rows.into_iter().filter(|row| listed.has(*row)));
            if made.rows.len() > before {
                made.texts.push(&facet);
                made.ends.push(made.rows.len() as u32);
            }
        }
        made.rows.shrink_to_fit();
        made
    }
}

impl Facets {
    /// The rows of a facet, rising; none where no row has it.
    pub(super) fn rows(&self, facet: &str) -> &[u32] {
        let wanted = facet.to_lowercase();
        let (mut low, mut high) = (0, self.texts.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.texts.get(middle).cmp(&wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return self.at(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        &[]
    }

    /// The values of the facet `name`, each with its rows.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = (&str, &[u32])> {
        let all = self.texts.iter().enumerate();
        all.filter_map(move |(at, text)| {
            let value = text.strip_prefix(name)?.strip_prefix(':')?;
            Some((value, self.at(at)))
        })
    }

    fn at(&self, at: usize) -> &[u32] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[start as usize..self.ends[at] as usize]
    }

    /// Whether a row has a facet.
    pub(super) fn has(&self, row: u32, facet: &str) -> bool {
        self.rows(facet).binary_search(&row).is_ok()
    }

    /// How many of `rows` have each value.
    pub(super) fn counts(&self, rows: &Rows) -> Vec<FacetCount> {
        let mut counted: Vec<(usize, &str, usize, &str)> = Vec::new();
        for (at, text) in self.texts.iter().enumerate() {
            let count = rows.count_of(self.at(at));
            let facet = text.split_once(':').filter(|(name, _)| *name != UNVERIFIED);
            if let (true, Some((name, value))) = (count > 0, facet) {
                let place = OFFERED.iter().position(|offered| *offered == name);
                counted.push((place.unwrap_or(OFFERED.len()), name, count, value));
            }
        }
        counted.sort_unstable_by(|a, b| (a.0, a.1, b.2, a.3).cmp(&(b.0, b.1, a.2, b.3)));
        let mut offered: Vec<FacetCount> = Vec::new();
        for one_facet in counted.chunk_by(|a, b| a.1 == b.1) {
            let most = one_facet.iter().take(MOST_VALUES);
            offered.extend(most.map(|(_, name, count, value)| FacetCount {
                facet: (*name).to_owned(),
                value: (*value).to_owned(),
                count: *count,
            }));
        }
        offered
    }
}
