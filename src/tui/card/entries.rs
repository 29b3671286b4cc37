//! What a card states, what is wrong with it, and what stands beside it, in the words of the screen.

use super::listing::Entry;
use super::origin;
use crate::advisor::present::{Role, Span};
use crate::advisor::{Related, Relation, Stated, quantity};
use crate::card::{Card, Problem, Severity};

fn words(text: &str, role: Role) -> Span {
    Span {
        text: text.to_owned(),
        role,
    }
}

/// A fact: value, rank, line, and who says so.
pub(super) fn fact(stated: &Stated) -> Entry {
    let mark = if stated.mark.is_empty() {
        String::new()
    } else {
        format!(" {}", stated.mark)
    };
    let mut spans = vec![
        words(&format!("{}{mark}", stated.value), Role::Plain),
        words(&format!("  :{}", stated.line), Role::Cite),
    ];
    let source = stated
        .source
        .iter()
        .map(|source| words(&format!("  {source}"), Role::Dim));
    spans.extend(source);
    Entry {
        label: stated.field.to_owned(),
        spans,
    }
}

/// Something that is wrong with the card.
pub(super) fn problem(problem: &Problem) -> Entry {
    let label = match problem.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut text = problem.what.clone();
    if !problem.field.is_empty() {
        text = format!("{}: {text}", problem.field);
    }
    let mut spans = vec![
        words(&crate::text::line(&text), Role::Plain),
        words(&format!("  :{}", problem.line), Role::Cite),
    ];
    let hint = problem.hint.iter();
    spans.extend(hint.map(|hint| words(&format!("  {}", crate::text::line(hint)), Role::Dim)));
    Entry {
        label: label.to_owned(),
        spans,
    }
}

/// A card beside this one.
pub(super) fn beside(related: &Related) -> Entry {
    let label = match related.relation {
        Relation::Base => "made from",
        Relation::Derived => "made into",
        Relation::Family => "same family",
        Relation::Task => "same task",
        Relation::Guide => "guide",
    };
    let mut more = Vec::new();
    more.extend(related.parameters.map(quantity::count));
    more.extend(
        related
            .license
            .as_ref()
            .map(|l| crate::text::ident(l).into_owned()),
    );
    more.push(origin(related.origin).to_owned());
    Entry {
        label: label.to_owned(),
        spans: vec![
            words(&crate::text::ident(&related.id), Role::Plain),
            words(&format!("  {}", more.join("  ")), Role::Dim),
        ],
    }
}

/// Id, origin, licence and task on one line.
pub(super) fn header(card: &Card) -> String {
    let licence = card.facts.license.as_ref();
    let licence = licence.map_or("licence not stated", |fact| fact.value.as_str());
    let mut parts = vec![
        crate::text::ident(&card.id).into_owned(),
        origin(card.origin).to_owned(),
        crate::text::ident(licence).into_owned(),
    ];
    if let Some(task) = &card.facts.pipeline_tag {
        parts.push(crate::text::ident(&task.value).into_owned());
    }
    parts.join("  ")
}
