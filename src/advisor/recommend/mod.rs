//! Which model: a verdict, at most three models side by side, what the figures do not show.

mod table;
mod verdict;

use std::sync::Arc;

use super::answer::{Action, Claim, Part, Ranked, RunsHere};
use super::compose::{cited, computed, name};
use super::question::{Constraints, Reading};
use super::rank::{Candidate, Ranking, rank};
use super::{Desk, Draft, no_card, script};
use crate::card::{Card, Origin};
use crate::error::Result;
use crate::index::Search;
use table::{Figures, notes, table};
use verdict::{purpose, verdict};

/// Lines of caveats at the most.
const MOST_NOTES: usize = 4;

/// Models that are shown; the others come with `m`.
const SHOWN: usize = 3;

/// Answers a question for a model.
pub(super) fn compose(desk: &Desk<'_>, reading: &mut Reading) -> Result<Draft> {
    let scale = desk.scale(&reading.question)?;
    let c = reading.constraints.clone();
    let mut ranking = rank(&desk.cards, &c, &scale);
    // A model that the question names as an example is not its answer.
    ranking
        .models
        .retain(|m| !reading.models.contains(&m.card.id));
    let mut mentions = Vec::new();
    if c.hub_cards || ranking.models.is_empty() {
        let hub = hub_cards(desk, reading)?;
        mentions = no_card::mentions(&hub);
        ranking.models.extend(rank(&hub, &c, &scale).models);
        ranking.models.sort_by(|a, b| b.score.total_cmp(&a.score));
    }
    if ranking.models.is_empty() {
        return Ok(nothing_left(desk, &c, &ranking, mentions));
    }
    let mut draft = recommend(desk, &c, &ranking);
    if c.hub_cards {
        draft.parts.extend(mentioned(mentions));
    }
    Ok(draft)
}

/// Imported cards that match the question's words, as candidates.
fn hub_cards(desk: &Desk<'_>, reading: &Reading) -> Result<Vec<Arc<Card>>> {
    let search = Search {
        text: reading.question.clone(),
        origins: vec![Origin::Imported],
        limit: 50,
        ..Search::default()
    };
    let hits = desk.library.search(&search)?;
    let cards = hits.iter().map(|hit| desk.library.card(&hit.id));
    Ok(cards
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect())
}

fn recommend(desk: &Desk<'_>, c: &Constraints, ranking: &Ranking) -> Draft {
    let models = &ranking.models;
    let order = shown_order(models);
    let shown: Vec<&Candidate> = order.iter().take(SHOWN).map(|at| &models[*at]).collect();
    let mut parts = vec![Part::Paragraph {
        claims: verdict(desk, c, models),
    }];
    let figures = Figures::shared(&shown, c);
    parts.push(Part::Table(table(c, &shown, figures.as_ref())));
    let mut notes = notes(desk, c, &shown, figures.as_ref());
    notes.extend(left_out(&ranking.refused));
    notes.truncate(MOST_NOTES);
    if !notes.is_empty() {
        parts.push(Part::Notes { claims: notes });
    }
    let task = c.task.as_deref();
    let names = c
        .language
        .iter()
        .map(|code| desk.vocabulary.language(code).to_owned());
    let names: Vec<String> = names.collect();
    let mut actions = Vec::new();
    for model in &shown {
        let text = script::run(&model.card, task, &names);
        let label = format!("{} with transformers", model.card.id);
        actions.push(Action {
            kind: "script".to_owned(),
            label,
            text,
        });
    }
    if let Some(away) = shown.first().filter(|m| m.here.runs == RunsHere::No) {
        let title = format!("{} with transformers", name(&away.card));
        let text = script::run(&away.card, task, &names);
        parts.push(Part::Code {
            title,
            text,
            shown: false,
        });
    }
    if shown.len() > 1 {
        let ids: Vec<&str> = shown.iter().take(2).map(|m| m.card.id.as_str()).collect();
        actions.push(Action {
            kind: "compare".to_owned(),
            label: "compare the first two".to_owned(),
            text: format!("modeldesk compare {}", ids.join(" ")),
        });
    }
    let swap = swap(models);
    let models = order.iter().map(|at| ranked(&models[*at])).collect();
    Draft {
        parts,
        models,
        actions,
        swap,
        ..Draft::default()
    }
}

/// The order of the table: the best first, then, when that does not run here, the best that does.
fn shown_order(models: &[Candidate]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..models.len()).collect();
    if models[0].here.runs == RunsHere::No
        && let Some(runs) = models.iter().position(|m| m.here.runs != RunsHere::No)
        && runs > 1
    {
        order.remove(runs);
        order.insert(1, runs);
    }
    order
}

fn ranked(m: &Candidate) -> Ranked {
    Ranked {
        id: m.card.id.clone(),
        name: name(&m.card),
        score: (m.score * 10.0).round() / 10.0,
        runs_here: m.here.runs,
        availability: m.here.availability,
        reason: m.here.reason.clone(),
        why: m.why.clone(),
    }
}

/// Which single criterion, left out, would swap the first two.
fn swap(models: &[Candidate]) -> Option<String> {
    let [first, second, ..] = models else {
        return None;
    };
    let gap = first.score - second.score;
    let value = |m: &Candidate, name: &str| {
        m.why
            .iter()
            .find(|w| w.name == name)
            .map_or(0.0, |w| w.value * w.weight)
    };
    let lead = first
        .why
        .iter()
        .map(|w| (value(first, &w.name) - value(second, &w.name), &w.name));
    let (by, name) = lead.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (by > gap && gap > 0.0).then(|| {
        format!(
            "Without `{name}` {} would stand before {}.",
            self::name(&second.card),
            self::name(&first.card)
        )
    })
}

/// The models that only their licence keeps out: they may be worth a look at the licence.
fn left_out(refused: &[(Arc<Card>, Vec<String>)]) -> Option<Claim> {
    let by_licence = |broken: &[String]| matches!(broken, [only] if only.starts_with("licence"));
    let (card, broken) = refused.iter().find(|(_, broken)| by_licence(broken))?;
    let count = refused
        .iter()
        .filter(|(_, broken)| by_licence(broken))
        .count();
    let line = card.facts.license.as_ref().map_or(1, |l| l.line);
    let more = if count > 1 {
        format!(" and {} more", count - 1)
    } else {
        String::new()
    };
    let text = format!(
        "Left out for the licence: {} ({}){more}.",
        name(card),
        broken[0]
    );
    Some(cited(card, line, crate::text::line(&text).into_owned()))
}

/// Imported cards by the question's words, as they state too little to be ranked.
fn mentioned(mentions: Vec<Claim>) -> Vec<Part> {
    if mentions.is_empty() {
        return Vec::new();
    }
    let say = "Imported cards that mention it, unchecked:";
    vec![
        Part::Paragraph {
            claims: vec![computed(say)],
        },
        Part::Steps { claims: mentions },
    ]
}

/// No card satisfies all constraints: which one is broken by the nearest cards.
fn nothing_left(
    desk: &Desk<'_>,
    c: &Constraints,
    ranking: &Ranking,
    mentions: Vec<Claim>,
) -> Draft {
    let purpose = purpose(desk, c);
    let mut claims = vec![computed(format!(
        "No card here is for {purpose} within what you asked."
    ))];
    let nearest = ranking.refused.iter().take(SHOWN);
    let steps: Vec<Claim> = nearest
        .clone()
        .map(|(card, broken)| {
            let line = card.facts.name.as_ref().map_or(1, |n| n.line);
            let text = format!("{}: {}.", name(card), broken.join("; "));
            cited(card, line, text)
        })
        .collect();
    let say = if steps.is_empty() {
        no_card::HOW_TO_ADD
    } else {
        "The nearest, and what each breaks:"
    };
    claims.push(computed(say));
    let models = nearest.map(|(card, broken)| {
        let here = super::here::here(card, desk.machine);
        Ranked {
            id: card.id.clone(),
            name: name(card),
            score: 0.0,
            runs_here: here.runs,
            availability: here.availability,
            reason: format!("{}; breaks: {}", here.reason, broken.join("; ")),
            why: Vec::new(),
        }
    });
    let mut parts = vec![Part::Paragraph { claims }];
    if !steps.is_empty() {
        parts.push(Part::Steps { claims: steps });
    }
    parts.extend(mentioned(mentions));
    Draft {
        parts,
        models: models.collect(),
        ..Draft::default()
    }
}
