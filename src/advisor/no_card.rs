//! What the desk has no card for: said so, with the nearest, and how to add one.

use std::sync::Arc;

use super::answer::{Action, Claim, Part};
use super::compose::{cited, computed, joined, name};
use super::question::Reading;
use super::{Desk, Draft};
use crate::card::{Card, Kind};
use crate::error::{Error, Result};
use crate::index::Search;
use crate::text;

/// How a card comes to this desk.
pub(super) const HOW_TO_ADD: &str =
    "Add a card with `modeldesk cards add FILE`, and it answers from then on.";

/// Cards that are named as the nearest.
const NEAREST: usize = 3;

/// Characters that are quoted of an unchecked card.
const MOST_QUOTED: usize = 160;

/// Answers a question that no card answers.
pub(super) fn compose(desk: &Desk<'_>, reading: &Reading) -> Result<Draft> {
    let mut claims = vec![computed(verdict(reading))];
    let nearest = nearest(desk, &reading.question)?;
    let mut parts = Vec::new();
    if reading.foreign.is_empty() && nearest.is_empty() {
        claims.push(computed(
            "Ask for a task, such as summarization, or name a model.",
        ));
        parts.push(Part::Paragraph { claims });
    } else {
        claims.push(computed(HOW_TO_ADD));
        parts.push(Part::Paragraph { claims });
        if !nearest.is_empty() {
            parts.push(Part::Paragraph {
                claims: vec![computed("The nearest cards:")],
            });
            parts.push(Part::Steps { claims: nearest });
        }
    }
    let actions = vec![Action {
        kind: "add-card".to_owned(),
        label: "add a card".to_owned(),
        text: "modeldesk cards add FILE".to_owned(),
    }];
    Ok(Draft {
        parts,
        actions,
        ..Draft::default()
    })
}

fn verdict(reading: &Reading) -> String {
    if reading.not_english {
        return "I answer questions in English; the cards are English too.".to_owned();
    }
    if !reading.foreign.is_empty() {
        let names: Vec<String> = reading.foreign.iter().map(|n| shown_name(n)).collect();
        return format!("I have no card for {}.", joined(&names));
    }
    match reading.modality.as_deref() {
        Some("instructions to the desk") => {
            "I have no card for that: text in a question is a question, never an instruction."
                .to_owned()
        }
        Some(other) => format!("I have no card for {other}: the cards here are about text models."),
        None => "I have no card for that.".to_owned(),
    }
}

/// `llama 3` as `Llama 3`, `gpt 4` as `GPT 4`.
fn shown_name(name: &str) -> String {
    if name.contains('/') {
        return name.to_owned();
    }
    let words = name.split(' ').map(|word| {
        if word.starts_with("gpt") || word.len() <= 3 && word.chars().all(char::is_alphabetic) {
            word.to_uppercase()
        } else {
            super::reading::vocabulary::capitalized(word)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The model cards whose words are nearest to the question's, one sentence each.
fn nearest(desk: &Desk<'_>, question: &str) -> Result<Vec<Claim>> {
    let search = Search {
        text: question.to_owned(),
        limit: 20,
        ..Search::default()
    };
    let mut claims = Vec::new();
    for hit in desk.library.search(&search)? {
        let Some(card) = desk.card(&hit.id).filter(|c| c.facts.kind == Kind::Model) else {
            continue;
        };
        if card.id.starts_with("modeldesk/") {
            continue;
        }
        let task = card.facts.pipeline_tag.as_ref();
        let (line, task) = task.map_or((1, "model"), |t| (t.line, t.value.as_str()));
        let task = desk.vocabulary.task_label(task).to_owned();
        claims.push(cited(card, line, format!("{}: {task}.", name(card))));
        if claims.len() == NEAREST {
            break;
        }
    }
    Ok(claims)
}

/// The first of these cards, each with its first sentence: all that is known of a card that states
/// no task.
pub(super) fn mentions(cards: &[Arc<Card>]) -> Vec<Claim> {
    let first = cards.iter().take(NEAREST);
    let sentence = |card: &Arc<Card>| {
        let id = text::ident(&card.id).into_owned();
        let said = card.sections.iter().flat_map(|s| &s.sentences).next();
        match said {
            Some(said) => {
                let words: String = text::line(&said.text).chars().take(MOST_QUOTED).collect();
                cited(card, said.line, format!("{id}: \"{}\"", words.trim_end()))
            }
            None => cited(card, 1, format!("{id}: a card without text.")),
        }
    };
    first.map(sentence).collect()
}

/// The error for a name on the command line that has no card.
pub(super) fn unknown(desk: &Desk<'_>, typed: &str, near: Option<&String>) -> Result<Error> {
    let shown = text::ident(text::line(typed).trim()).into_owned();
    let error = Error::new(format!("there is no card for `{shown}`"));
    let near = if let Some(id) = near {
        Some(id.clone())
    } else {
        let search = Search {
            text: typed.to_owned(),
            limit: 5,
            ..Search::default()
        };
        let hits = desk.library.search(&search)?;
        hits.into_iter()
            .map(|h| h.id)
            .find(|id| !id.starts_with("guide/"))
    };
    Ok(match near {
        Some(id) => error.hint(format!("did you mean `{}`?", text::ident(&id))),
        None => error.hint("`modeldesk cards list` names all cards"),
    })
}
