//! One model that somebody wants to try: whether it runs here, what memory it needs, a script for
//! transformers, and the best model that does run here.

use std::sync::Arc;

use super::answer::{Action, Answer, Availability, Claim, Part, RunsHere};
use super::compose::{citations, cited, computed, name, of_machine, of_measurement};
use super::question::{Constraints, Intent, Reading};
use super::rank::rank;
use super::{Advisor, Desk, here, quantity, script};
use crate::card::Card;
use crate::error::Result;
use crate::text;

impl Advisor {
    /// What to do with the model `id` at this desk. The first action is the script.
    ///
    /// # Errors
    /// When no card has that id, or the index cannot be read.
    pub fn try_out(&self, id: &str) -> Result<Answer> {
        let desk = self.desk();
        let id = self.model_id(&desk, id)?;
        let cards = desk.find(std::slice::from_ref(&id))?;
        let Some(card) = cards.first() else {
            return Err(super::no_card::unknown(&desk, &id, None)?);
        };
        let mut claims = standing(&desk, card);
        let (claim, runs) = instead(&desk, card)?.unzip();
        claims.extend(claim);
        let text = script::run(card, None, &[]);
        let title = format!("{} with transformers", name(card));
        let parts = vec![
            Part::Paragraph { claims },
            Part::Code {
                title: title.clone(),
                text: text.clone(),
                shown: true,
            },
        ];
        let script = Action {
            kind: "script".to_owned(),
            label: title,
            text,
        };
        let runs = runs.flatten().map(|id| Action {
            kind: "try".to_owned(),
            label: format!("try {} here", text::ident(&id)),
            text: id,
        });
        Ok(Answer {
            citations: citations(&parts),
            reading: Reading {
                question: format!("Try {}", text::ident(&id)),
                intent: Intent::Lookup,
                models: vec![id],
                ..Reading::default()
            },
            parts,
            models: Vec::new(),
            plan: None,
            comparison: None,
            actions: std::iter::once(script).chain(runs).collect(),
            swap: None,
        })
    }
}

/// Whether it runs here, and its memory against what is free.
fn standing(desk: &Desk<'_>, card: &Card) -> Vec<Claim> {
    let here = here::here(card, desk.machine);
    let architecture = card.facts.architecture.as_ref();
    let kind = architecture.map(|a| here::architecture_name(&a.value.model_type));
    let named = name(card);
    let sentence = match (here.runs, &kind) {
        (RunsHere::Yes, _) => match here.availability {
            Availability::Fetch => format!(
                "{named} runs at this desk once it is fetched: `modeldesk pull {id}`, then `modeldesk try {id}`.",
                id = text::ident(&card.id)
            ),
            _ => format!(
                "{named} runs at this desk: `modeldesk try {}`.",
                text::ident(&card.id)
            ),
        },
        (_, Some(kind)) if here.reason.ends_with(kind.as_str()) => {
            format!("{named} does not run at this desk: {kind} is no architecture of this program.")
        }
        _ => format!(
            "{named} does not run at this desk: {}.",
            here.reason.trim_start_matches("no: ")
        ),
    };
    let mut claims = vec![match architecture {
        Some(fact) => cited(card, fact.line, sentence),
        None => computed(sentence),
    }];
    let free = quantity::bytes(desk.machine.free_memory);
    claims.push(match here::memory(card, desk.machine) {
        Some(memory @ here::Memory::Measured(_)) => of_measurement(format!(
            "Running it takes {}; {free} are free.",
            memory.words()
        )),
        Some(memory) => computed(format!(
            "Running it takes about {} of memory (est: its weights and a quarter more); {free} are free.",
            quantity::bytes(memory.bytes())
        )),
        None => of_machine(format!("Its card gives no size; {free} of memory are free here.")),
    });
    claims
}

/// What is said of the best model that runs here and does the same work, and its id.
fn instead(desk: &Desk<'_>, card: &Arc<Card>) -> Result<Option<(Claim, Option<String>)>> {
    let Some(task) = &card.facts.pipeline_tag else {
        return Ok(None);
    };
    let wanted = Constraints {
        task: Some(task.value.clone()),
        must_run_here: true,
        ..Constraints::default()
    };
    let scale = desk.scale(&task.value)?;
    let others: Vec<Arc<Card>> = desk
        .cards
        .iter()
        .filter(|c| c.id != card.id)
        .cloned()
        .collect();
    let ranking = rank(&others, &wanted, &scale);
    let task = text::ident(&task.value);
    Ok(Some(if let Some(best) = ranking.models.first() {
        let sentence = format!(
            "For {task} here: {} ({}).",
            name(&best.card),
            best.here.words()
        );
        let claim = match &best.card.facts.pipeline_tag {
            Some(tag) => cited(&best.card, tag.line, sentence),
            None => computed(sentence),
        };
        (claim, Some(best.card.id.clone()))
    } else {
        let sentence = format!("No model with a card here does {task} at this desk.");
        (computed(sentence), None)
    }))
}
