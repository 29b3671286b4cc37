//! Claims from cards: sentences with the line that they stand on.

use super::answer::{Cell, Citation, Claim, Part, Source};
use crate::card::{Card, Fact, Figure, Kind, Rank, Sentence};
use crate::text;

/// Characters that are quoted of one sentence: a card may have no full stop at all.
const MOST_QUOTED: usize = 400;

/// A sentence that a line of a card carries.
pub(super) fn cited(card: &Card, line: usize, text: impl Into<String>) -> Claim {
    let source = match card.facts.kind {
        Kind::Model => Source::Card {
            card: card.id.clone(),
            line,
        },
        Kind::Guide => Source::Glossary {
            card: card.id.clone(),
            line,
        },
    };
    Claim {
        text: text.into(),
        source,
    }
}

/// A sentence of the card itself.
pub(super) fn quoted(card: &Card, sentence: &Sentence) -> Claim {
    let words = text::line(&sentence.text);
    let short: String = words.chars().take(MOST_QUOTED).collect();
    cited(card, sentence.line, short)
}

/// A sentence computed here from facts that it names.
pub(super) fn computed(text: impl Into<String>) -> Claim {
    Claim {
        text: text.into(),
        source: Source::Computed,
    }
}

/// A sentence about this machine.
pub(super) fn of_machine(text: impl Into<String>) -> Claim {
    Claim {
        text: text.into(),
        source: Source::Machine,
    }
}

/// A sentence about what was measured here.
pub(super) fn of_measurement(text: impl Into<String>) -> Claim {
    Claim {
        text: text.into(),
        source: Source::Measured,
    }
}

/// A cell without a source of its own.
pub(super) fn cell(text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        citation: None,
    }
}

/// A cell that a line of a card carries.
pub(super) fn cited_cell(card: &Card, line: usize, text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        citation: Some(Citation {
            card: card.id.clone(),
            line,
        }),
    }
}

/// The lines that the parts cite, in the order in which `[n]` counts them: sentences first, then
/// cells of tables.
pub(super) fn citations(parts: &[Part]) -> Vec<Citation> {
    let mut all: Vec<Citation> = Vec::new();
    let mut add = |citation: Citation| {
        if !all.contains(&citation) {
            all.push(citation);
        }
    };
    parts
        .iter()
        .flat_map(claims)
        .filter_map(cited_by)
        .for_each(&mut add);
    for part in parts {
        if let Part::Table(table) = part {
            let cells = table
                .rows
                .iter()
                .flatten()
                .filter_map(|c| c.citation.clone());
            cells.for_each(&mut add);
        }
    }
    all
}

/// The line of a card that a sentence stands on.
pub(super) fn cited_by(claim: &Claim) -> Option<Citation> {
    match &claim.source {
        Source::Card { card, line } | Source::Glossary { card, line } => Some(Citation {
            card: card.clone(),
            line: *line,
        }),
        _ => None,
    }
}

/// The sentences of a part, in reading order.
pub(super) fn claims(part: &Part) -> Vec<&Claim> {
    match part {
        Part::Paragraph { claims } | Part::Steps { claims } | Part::Notes { claims } => {
            claims.iter().collect()
        }
        Part::Reasons { reasons } => reasons.iter().flat_map(|r| &r.claims).collect(),
        Part::Fields { rows } => rows.iter().map(|(_, claim)| claim).collect(),
        Part::Table(_) | Part::Code { .. } => Vec::new(),
    }
}

/// The bullet of the card's `sections` that holds one of `words`, the first that does.
pub(super) fn bullet<'a>(
    card: &'a Card,
    sections: &[&str],
    words: &[&str],
) -> Option<&'a Sentence> {
    let all = sections.iter().filter_map(|title| card.section(title));
    all.flat_map(|s| &s.sentences).find(|s| {
        let text = s.text.to_lowercase();
        words.iter().any(|w| text.contains(w))
    })
}

/// The first bullet of the section.
pub(super) fn first_bullet<'a>(card: &'a Card, section: &str) -> Option<&'a Sentence> {
    card.section(section).and_then(|s| s.sentences.first())
}

/// The mark of a fact's rank: `~` derived, `?` no source found.
pub(super) fn mark<T>(f: &Fact<T>) -> &'static str {
    let source = f.source.as_deref().unwrap_or_default().to_lowercase();
    if f.unverified {
        "?"
    } else if ["derived", "computed", "estimate"]
        .iter()
        .any(|w| source.contains(w))
    {
        "~"
    } else {
        ""
    }
}

/// The mark of a fact's rank, in words for a sentence.
pub(super) fn mark_words<T>(f: &Fact<T>) -> &'static str {
    match mark(f) {
        "~" => " (derived)",
        "?" => " (no source found)",
        _ => "",
    }
}

/// The mark of a figure's rank.
pub(super) fn figure_mark(f: &Figure) -> &'static str {
    match f.rank {
        Rank::Card => "",
        Rank::Author => " A",
        Rank::Derived => " ~",
        Rank::Unverified => " ?",
    }
}

/// The split of a figure in words.
pub(super) fn split(figure: &Figure) -> String {
    match figure.split.as_deref() {
        None | Some("not-stated") => "split not stated".to_owned(),
        Some("unclear") => "split unclear".to_owned(),
        Some("authors") => "the authors' own split".to_owned(),
        Some(other) => text::line(&other.replace('-', " ")).into_owned(),
    }
}

/// `A`, `A and B`, `A, B and C`.
pub(super) fn joined(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The card's name, safe to show.
pub(super) fn name(card: &Card) -> String {
    match card.facts.name {
        Some(_) => text::line(card.name()).into_owned(),
        None => text::ident(card.name()).into_owned(),
    }
}
