//! Figures side by side: those that may stand so, and those that only look as if they might.
//!
//! A figure is shown beside others with the same metric, dataset and split. One that a reader
//! would be tempted to set beside them, but may not, keeps its place and loses its digits; the
//! reason below names what differs. A figure that tempts nobody stays out, unless its card would
//! have none in the table.

use std::sync::Arc;

use super::super::answer::Reason;
use super::super::compose::{cited, computed, figure_mark, joined, split};
use super::super::{lookup, rank};
use super::{Entry, Held, not_stated};
use crate::advisor::compose::cited_cell;
use crate::card::{Card, Figure, Rank};
use crate::text;

/// Rows of figures that may be compared.
const MOST_SHARED: usize = 12;

/// Rows of figures that may not.
const MOST_APART: usize = 4;

/// How much two figures look alike that may not be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Near {
    Metric,
    Data,
    Both,
}

/// A figure of one of the cards.
struct Offer<'a> {
    card: usize,
    figure: &'a Figure,
    /// It has its place in a row.
    placed: bool,
}

/// All figures of the cards, and which of them have a row.
struct Board<'a> {
    cards: &'a [Arc<Card>],
    names: &'a [String],
    offers: Vec<Offer<'a>>,
}

/// The rows of figures.
pub(super) fn entries(cards: &[Arc<Card>], names: &[String]) -> Vec<Entry> {
    let offers = cards.iter().enumerate().flat_map(|(card, c)| {
        c.facts.figures.iter().map(move |figure| Offer {
            card,
            figure,
            placed: false,
        })
    });
    let mut board = Board {
        cards,
        names,
        offers: offers.collect(),
    };
    let mut entries = board.shared();
    entries.extend(board.apart());
    entries.extend(board.left());
    if entries.is_empty() {
        let held = cards.iter().map(|_| not_stated()).collect();
        entries.push(Entry::plain("figures", held));
    }
    entries
}

impl Board<'_> {
    /// A row for each metric, dataset and split that at least two of the cards have.
    fn shared(&mut self) -> Vec<Entry> {
        let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
        for (at, offer) in self.offers.iter().enumerate() {
            let Some((key, _)) = rank::comparable(offer.figure) else {
                continue;
            };
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, of)) if of.iter().any(|o| self.offers[*o].card == offer.card) => {}
                Some((_, of)) => of.push(at),
                None => groups.push((key, vec![at])),
            }
        }
        groups.retain(|(_, of)| of.len() > 1);
        groups.truncate(MOST_SHARED);
        for (_, of) in &groups {
            self.place(of);
        }
        groups.into_iter().map(|(_, of)| self.row(&of)).collect()
    }

    /// The row of comparable figures; what looks like them in other cards is withheld.
    fn row(&mut self, shown: &[usize]) -> Entry {
        let first = self.offers[shown[0]].figure;
        let without = (0..self.cards.len())
            .filter(|card| shown.iter().all(|at| self.offers[*at].card != *card));
        let tempting = |card| {
            let of_card = self.offers.iter().enumerate().rev();
            let of_card = of_card.filter(|(_, o)| o.card == card && !o.placed);
            let nearest = of_card.max_by_key(|(_, o)| near(first, o.figure))?;
            (near(first, nearest.1.figure) >= Some(Near::Data)).then_some(nearest.0)
        };
        let withheld: Vec<usize> = without.filter_map(tempting).collect();
        self.place(&withheld);
        let mut held = self.held(&withheld);
        for at in shown {
            let Offer { card, figure, .. } = self.offers[*at];
            held[card] = Held::Shown(digits(&self.cards[card], figure));
        }
        let beside: Vec<usize> = shown.iter().take(1).chain(&withheld).copied().collect();
        Entry {
            field: title(first),
            held,
            reason: (!withheld.is_empty()).then(|| self.reason(&beside, &[])),
        }
    }

    /// Rows of figures that nobody shares and that look alike. Those that differ in the same
    /// things take one row.
    fn apart(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for near in [Near::Both, Near::Data] {
            for seed in 0..self.offers.len() {
                let Some(alike) = self.alike(seed, near, &|_| true) else {
                    continue;
                };
                if entries.len() == MOST_APART {
                    return entries;
                }
                self.place(&alike);
                let also = self.likewise(&alike, near);
                entries.push(self.withheld(&alike, &also));
            }
        }
        entries
    }

    /// What else of the same cards differs as `alike` do; it is placed with them.
    fn likewise(&mut self, alike: &[usize], near: Near) -> Vec<String> {
        let (cards, why) = (self.cards_of(alike), self.differences(alike));
        let mut also = Vec::new();
        for seed in alike[0] + 1..self.offers.len() {
            if self.offers[seed].card != cards[0] {
                break;
            }
            let Some(more) = self.alike(seed, near, &|card| cards.contains(&card)) else {
                continue;
            };
            if self.cards_of(&more) == cards && self.differences(&more) == why {
                self.place(&more);
                let named = self.subject(&more);
                also.push(if self.data_of(&more) == self.data_of(alike) {
                    text::line(&self.offers[seed].figure.metric).into_owned()
                } else {
                    named.replacen(", ", " on ", 1)
                });
            }
        }
        also
    }

    /// Rows for the cards that have figures and none of them in a row yet.
    fn left(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let left = |board: &Self| -> Vec<usize> {
            let mut first: Vec<usize> = Vec::new();
            for (at, offer) in board.offers.iter().enumerate() {
                let of_card = |o: &Offer<'_>| o.card == offer.card;
                let has_row = board.offers.iter().any(|o| of_card(o) && o.placed);
                if !has_row && first.iter().all(|f| !of_card(&board.offers[*f])) {
                    first.push(at);
                }
            }
            first
        };
        for seed in 0..self.offers.len() {
            let cards = self.cards_of(&left(self));
            if !cards.contains(&self.offers[seed].card) {
                continue;
            }
            if let Some(alike) = self.alike(seed, Near::Metric, &|card| cards.contains(&card)) {
                self.place(&alike);
                entries.push(self.withheld(&alike, &[]));
            }
        }
        let rest = left(self);
        match rest.as_slice() {
            [] => {}
            [at] => {
                let Offer { card, figure, .. } = self.offers[*at];
                let mut held = self.held(&[]);
                held[card] = Held::Shown(digits(&self.cards[card], figure));
                entries.push(Entry::plain(title(figure), held));
            }
            rest => entries.push(self.withheld(rest, &[])),
        }
        entries
    }

    /// `seed` with the first figure of every other card that looks like it, where there is one.
    fn alike(&self, seed: usize, least: Near, of: &dyn Fn(usize) -> bool) -> Option<Vec<usize>> {
        let from = &self.offers[seed];
        if from.placed {
            return None;
        }
        let mut all = vec![seed];
        for (at, offer) in self.offers.iter().enumerate() {
            let fits =
                !offer.placed && of(offer.card) && near(from.figure, offer.figure) >= Some(least);
            if fits
                && all
                    .iter()
                    .all(|known| self.offers[*known].card != offer.card)
            {
                all.push(at);
            }
        }
        (all.len() > 1).then_some(all)
    }

    fn place(&mut self, offers: &[usize]) {
        for at in offers {
            self.offers[*at].placed = true;
        }
    }

    fn cards_of(&self, offers: &[usize]) -> Vec<usize> {
        offers.iter().map(|at| self.offers[*at].card).collect()
    }

    fn figures<'b>(&'b self, offers: &'b [usize]) -> impl Iterator<Item = &'b Figure> {
        offers.iter().map(|at| self.offers[*at].figure)
    }

    /// A cell for every card: these are withheld, no other states anything.
    fn held(&self, withheld: &[usize]) -> Vec<Held> {
        let mut held: Vec<Held> = self.cards.iter().map(|_| not_stated()).collect();
        for at in withheld {
            let Offer { card, figure, .. } = self.offers[*at];
            held[card] = Held::withheld(&self.cards[card], figure.line);
        }
        held
    }

    fn withheld(&self, offers: &[usize], also: &[String]) -> Entry {
        let more = match also.len() {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        Entry {
            field: self.subject(offers) + &more,
            held: self.held(offers),
            reason: Some(self.reason(offers, also)),
        }
    }

    /// What these have in common, as a title: metric and dataset, or the one, or neither.
    fn subject(&self, offers: &[usize]) -> String {
        let metrics = distinct(self.figures(offers).map(metric));
        let data = self.data_of(offers);
        let parts: Vec<&str> = match (metrics.as_slice(), data.as_slice()) {
            ([metric], [data]) => vec![metric, data],
            ([metric], _) => vec![metric],
            (_, [data]) => vec![data],
            _ => vec!["figures"],
        };
        parts.join(", ")
    }

    /// The datasets of these; what is the same under two names counts once.
    fn data_of(&self, offers: &[usize]) -> Vec<String> {
        let mut figures = self.figures(offers);
        let Some(first) = figures.next() else {
            return Vec::new();
        };
        let others = figures.filter(|f| !same_data(first, f));
        distinct(std::iter::once(data(first)).chain(others.map(data)))
    }

    /// What each stands on, then what differs.
    fn reason(&self, offers: &[usize], also: &[String]) -> Reason {
        let mut claims: Vec<_> = offers
            .iter()
            .map(|at| {
                let Offer { card, figure, .. } = self.offers[*at];
                let words = text::line(&described(figure)).into_owned();
                let words = format!("{}: {words}.", self.names[card]);
                cited(&self.cards[card], figure.line, words)
            })
            .collect();
        let why = self.differences(offers);
        claims.push(computed(format!("These are not comparable: {why}.")));
        if !also.is_empty() {
            claims.push(computed(format!("The same holds of {}.", joined(also))));
        }
        Reason { claims }
    }

    /// Metric, dataset, variant and split where they differ, and who measured.
    fn differences(&self, offers: &[usize]) -> String {
        let all = |of: &dyn Fn(&Figure) -> String| distinct(self.figures(offers).map(of));
        let mut parts = Vec::new();
        let mut differ = |what: &str, values: &[String]| {
            if values.len() > 1 {
                parts.push(format!("{what} ({})", values.join(", ")));
            }
        };
        differ("metric", &all(&metric));
        let datasets = self.data_of(offers);
        differ("dataset", &datasets);
        if datasets.len() == 1 {
            differ("variant of the dataset", &all(&variant));
        }
        let splits = all(&|f| split(f).trim_start_matches("split ").to_owned());
        differ("split", &splits);
        let mut said = Vec::new();
        if !parts.is_empty() {
            said.push(format!("they differ in {}", joined(&parts)));
        }
        if let [only] = splits.as_slice() {
            match only.as_str() {
                "not stated" => said.push("no card names the split".to_owned()),
                "unclear" => said.push("on which split they were measured is unclear".to_owned()),
                "the authors' own split" => {
                    said.push("each was measured by its authors on their own split".to_owned());
                }
                _ => {}
            }
        }
        let of_rank = |rank: Rank| {
            let of = self.figures(offers).filter(|f| f.rank == rank);
            joined(
                &of.map(|f| text::line(&f.digits).into_owned())
                    .collect::<Vec<_>>(),
            )
        };
        let unchecked = of_rank(Rank::Unverified);
        if !unchecked.is_empty() {
            said.push(format!("the source of {unchecked} could not be checked"));
        }
        let derived = of_rank(Rank::Derived);
        if !derived.is_empty() {
            said.push(format!("{derived} was derived"));
        }
        if said.is_empty() {
            // The values themselves are no numbers, or were found by their authors.
            said.push("not all of them are numbers that others have checked".to_owned());
        }
        said.join("; ")
    }
}

fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for value in values {
        if all.iter().all(|known| !known.eq_ignore_ascii_case(&value)) {
            all.push(value);
        }
    }
    all
}

/// How alike two figures look that may not be compared.
fn near(a: &Figure, b: &Figure) -> Option<Near> {
    let named_the_same = a.dataset == b.dataset && data(a).eq_ignore_ascii_case(&data(b));
    match (alike(&a.metric, &b.metric), same_data(a, b)) {
        (true, true) => Some(Near::Both),
        (false, true) if named_the_same || same_part(a, b) => Some(Near::Data),
        (true, false) => Some(Near::Metric),
        (false, _) => None,
    }
}

/// Whether two figures are of one dataset: by its id, and by its part or its name.
fn same_data(a: &Figure, b: &Figure) -> bool {
    a.dataset.is_some() && a.dataset == b.dataset && (same_part(a, b) || alike(&data(a), &data(b)))
}

fn same_part(a: &Figure, b: &Figure) -> bool {
    rank::variant(a).is_some() && rank::variant(a) == rank::variant(b)
}

/// Whether one name is the other, or begins with it as a word: `IFEval` and `IFEval strict`.
fn alike(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let begins = |long: &str, short: &str| {
        let rest = long.strip_prefix(short);
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    begins(&a, &b) || begins(&b, &a)
}

fn metric(f: &Figure) -> String {
    text::line(&f.metric).into_owned()
}

/// The dataset's name, without the words that its split is told in.
fn data(f: &Figure) -> String {
    let name = f.dataset_name.as_deref().or(f.dataset.as_deref());
    let name = text::line(name.unwrap_or("?")).into_owned();
    let told = format!(", {}", split(f));
    name.strip_suffix(&told).unwrap_or(&name).to_owned()
}

fn variant(f: &Figure) -> String {
    let named = rank::variant(f).map(|v| text::line(&v.replace('-', " ")).into_owned());
    named.unwrap_or_else(|| "none named".to_owned())
}

fn title(f: &Figure) -> String {
    format!("{}, {} ({})", metric(f), data(f), split(f))
}

/// A figure in words, its variant included.
fn described(f: &Figure) -> String {
    let plain = Figure {
        dataset_name: Some(data(f)),
        ..f.clone()
    };
    lookup::figure(&plain)
}

fn digits(card: &Card, f: &Figure) -> crate::advisor::answer::Cell {
    let digits = text::line(&f.digits).into_owned();
    cited_cell(card, f.line, digits + figure_mark(f))
}

/// Who leads by a figure that all of them have with the same metric, dataset and split: the
/// card's place, the title and the cell.
pub(super) fn leader(cards: &[Arc<Card>], names: &[String]) -> Option<(usize, Entry)> {
    let entry = entries(cards, names).into_iter().find(|entry| {
        let shown = |h: &Held| matches!(h, Held::Shown(cell) if cell.citation.is_some());
        entry.reason.is_none() && entry.held.iter().all(shown)
    })?;
    let lower_is_better = entry.field.to_lowercase().starts_with("perplexity");
    let sign = if lower_is_better { -1.0 } else { 1.0 };
    let value = |held: &Held| match held {
        Held::Shown(cell) => cell.text.split(' ').next()?.parse::<f64>().ok(),
        Held::Withheld(_) => None,
    };
    let valued = entry.held.iter().enumerate();
    let valued = valued.filter_map(|(at, held)| Some((sign * value(held)?, at)));
    let (_, at) = valued.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((at, entry))
}
