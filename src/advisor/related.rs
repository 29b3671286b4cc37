//! Cards beside a card: what it was made from, what was made from it, its family, its likes.

use std::sync::Arc;

use super::{Advisor, Desk};
use crate::card::{Card, Kind, Origin};
use crate::error::Result;
use crate::index::Search;

/// Most cards of one relation.
const MOST: usize = 8;

/// Most imported cards that are looked through for those made from a card.
const MOST_READ: usize = 32;

/// How one card is related to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The card was made from it.
    Base,
    /// It was made from the card.
    Derived,
    /// It is of the same family.
    Family,
    /// It does one of the same tasks.
    Task,
    /// A card of the guide that explains a word of this one.
    Guide,
}

/// A card beside another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Its id, which is anybody's unless it is built in.
    pub id: String,
    /// Where it comes from.
    pub origin: Origin,
    /// How it is related.
    pub relation: Relation,
    /// Its number of parameters.
    pub parameters: Option<u64>,
    /// Its licence.
    pub license: Option<String>,
}

/// Those of `cards` that are related to `card`: one entry each, the closest relation first. Imported
/// cards count only where one was made from the other.
fn related(card: &Card, cards: &[Arc<Card>]) -> Vec<Related> {
    let mut found: Vec<(Relation, u64, &Arc<Card>)> = Vec::new();
    for other in cards.iter().filter(|other| other.id != card.id) {
        if let Some(relation) = relation(card, other) {
            found.push((relation, distance(card, other), other));
        }
    }
    found.sort_by(|a, b| (a.0, a.1, &a.2.id).cmp(&(b.0, b.1, &b.2.id)));
    let mut related: Vec<Related> = Vec::new();
    for (relation, _, other) in found {
        let of_this = related.iter().filter(|r| r.relation == relation).count();
        if of_this < MOST && related.iter().all(|r| r.id != other.id) {
            related.push(Related {
                id: other.id.clone(),
                origin: other.origin,
                relation,
                parameters: other.facts.parameters.as_ref().map(|fact| fact.value),
                license: other.facts.license.as_ref().map(|fact| fact.value.clone()),
            });
        }
    }
    related
}

/// The closest relation of `other` to `card`.
fn relation(card: &Card, other: &Card) -> Option<Relation> {
    let (own, theirs) = (&card.facts, &other.facts);
    if theirs.kind == Kind::Guide {
        let slug = other.id.strip_prefix("guide/")?;
        let named = own.see.iter().any(|see| see.value == slug);
        return named.then_some(Relation::Guide);
    }
    if names_as_base(card, &other.id) {
        return Some(Relation::Base);
    }
    if names_as_base(other, &card.id) {
        return Some(Relation::Derived);
    }
    if other.origin == Origin::Imported || own.kind == Kind::Guide {
        return None;
    }
    let same = |a: Option<&String>, b: Option<&String>| a.is_some() && a == b;
    let family = |card: &Card| card.facts.family.as_ref().map(|fact| fact.value.clone());
    if same(family(card).as_ref(), family(other).as_ref()) {
        return Some(Relation::Family);
    }
    let shared = tasks(card).any(|task| tasks(other).any(|its| its == task));
    shared.then_some(Relation::Task)
}

/// Whether `card` says that it was made from the model of that id. Old cards leave the
/// organization out.
fn names_as_base(card: &Card, id: &str) -> bool {
    let name = id.rsplit('/').next().unwrap_or(id);
    card.facts.base_model.iter().any(|base| {
        let base = base.value.trim();
        base.eq_ignore_ascii_case(id) || (!base.contains('/') && base.eq_ignore_ascii_case(name))
    })
}

/// What a model does as it is.
fn tasks(card: &Card) -> impl Iterator<Item = &String> {
    let facts = &card.facts;
    let ready = facts.tasks.ready.iter().chain(&facts.pipeline_tag);
    ready.map(|fact| &fact.value)
}

/// How far the sizes are apart: thousandths of a doubling. What states no size comes last.
fn distance(card: &Card, other: &Card) -> u64 {
    let size = |card: &Card| {
        card.facts
            .parameters
            .as_ref()
            .map(|fact| fact.value.max(1) as f64)
    };
    match (size(card), size(other)) {
        (Some(own), Some(theirs)) => ((own / theirs).log2().abs() * 1000.0) as u64,
        (None, _) => 0,
        (Some(_), None) => u64::MAX,
    }
}

impl Advisor {
    /// The cards related to `card`: built-in ones and the user's own, and imported ones where one
    /// was made from the other.
    ///
    /// # Errors
    /// When the index cannot be searched.
    pub fn related(&self, card: &Card) -> Result<Vec<Related>> {
        let desk = self.desk();
        let mut cards = desk.cards.clone();
        cards.extend(desk.imported_beside(card)?);
        Ok(related(card, &cards))
    }
}

impl Desk<'_> {
    /// Imported cards that may be of `card`'s line: those that it names, and those whose text
    /// names it.
    fn imported_beside(&self, card: &Card) -> Result<Vec<Arc<Card>>> {
        let bases = card.facts.base_model.iter().take(MOST);
        let mut ids: Vec<String> = bases.map(|base| base.value.clone()).collect();
        let search = Search {
            text: card.id.clone(),
            origins: vec![Origin::Imported],
            limit: MOST_READ,
            ..Search::default()
        };
        let hits = self.library.search(&search)?;
        ids.extend(hits.into_iter().map(|hit| hit.id));
        self.find(&ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(id: &str, origin: Origin, facts: &str) -> Arc<Card> {
        Arc::new(Card::parse(id, origin, format!("---\n{facts}\n---\n# x\n")))
    }

    #[test]
    fn the_closest_relation_counts_and_sizes_order_the_rest() {
        let model = |name: &str, more: &str, size: u64| {
            let facts = format!(
                "pipeline_tag: fill-mask\n{more}modeldesk:\n  family: {name}\n  parameters: {{value: {size}, source: s}}"
            );
            card(&format!("o/{name}-{size}"), Origin::BuiltIn, &facts)
        };
        let cards = [
            model("bert", "", 110),
            model("bert", "", 340),
            model("electra", "", 100),
            model("albert", "", 12),
            model("tiny", "base_model: o/bert-110\n", 4),
            card("x/tuned", Origin::Imported, "base_model: bert-110"),
            card("x/other", Origin::Imported, "pipeline_tag: fill-mask"),
            card("guide/mlm", Origin::BuiltIn, "modeldesk: {kind: guide}"),
        ];
        let found = |card: &Arc<Card>| {
            let found = related(card, &cards).into_iter();
            found.map(|r| (r.relation, r.id)).collect::<Vec<_>>()
        };
        let entry = |relation, id: &str| (relation, id.to_owned());
        assert_eq!(
            found(&cards[0]),
            [
                entry(Relation::Derived, "o/tiny-4"),
                entry(Relation::Derived, "x/tuned"),
                entry(Relation::Family, "o/bert-340"),
                entry(Relation::Task, "o/electra-100"),
                entry(Relation::Task, "o/albert-12"),
            ]
        );
        assert_eq!(found(&cards[5]), [entry(Relation::Base, "o/bert-110")]);
        assert_eq!(found(&cards[7]), []);
    }
}
