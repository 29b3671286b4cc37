//! How to fine-tune: a plan computed for this machine, the command, and the same in transformers.

use std::sync::Arc;

use super::answer::{Action, Claim, Part, RunsHere};
use super::compose::{bullet, cited, computed, mark_words, name, of_machine, quoted};
use super::plan::{self, Plan, rate};
use super::question::{Constraints, Reading};
use super::rank::{Does, does, rank};
use super::reading::vocabulary::Terms;
use super::{Desk, Draft, here, lookup, quantity, script};
use crate::card::Card;
use crate::error::Result;

/// Characters of a recipe's source that are shown.
const MOST_SOURCE: usize = 150;

/// Answers a question about fine-tuning.
pub(super) fn compose(desk: &Desk<'_>, reading: &mut Reading) -> Result<Draft> {
    let named = desk.find(&reading.models)?.into_iter().next();
    let chosen = match named {
        Some(card) => card,
        None => {
            if let Some(card) = choose(desk, reading)? {
                card
            } else {
                reading.topic = Some("guide/fine-tuning".to_owned());
                return lookup::compose(desk, reading);
            }
        }
    };
    let asked = reading.constraints.task.clone();
    let task = asked
        .filter(|t| does(&chosen, t) != Does::No || t == "text-generation")
        .unwrap_or_else(|| plan::usual_task(&chosen));
    let examples = reading.constraints.examples;
    let (method, why) = plan::method(
        &chosen,
        examples.unwrap_or(plan::ASSUMED_ROWS),
        desk.machine,
    );
    let Some(plan) = plan::plan(&chosen, &task, examples, method, desk.machine) else {
        return lookup::compose(desk, reading);
    };
    Ok(draft(desk, reading, &chosen, plan, why))
}

/// Without a model: the best to fine-tune for the task that this program trains.
fn choose(desk: &Desk<'_>, reading: &Reading) -> Result<Option<Arc<Card>>> {
    if reading.constraints.task.is_none() {
        return Ok(None);
    }
    let scale = desk.scale(&reading.question)?;
    let wanted = Constraints {
        trainable: true,
        must_run_here: true,
        ..reading.constraints.clone()
    };
    let ranking = rank(&desk.cards, &wanted, &scale);
    Ok(ranking.models.into_iter().next().map(|m| m.card))
}

fn draft(desk: &Desk<'_>, reading: &Reading, card: &Card, plan: Plan, why: &str) -> Draft {
    let state = here::here(card, desk.machine);
    let trains = state.runs != RunsHere::No && plan::is_trained_here(&plan.task);
    let mut parts = vec![
        Part::Paragraph {
            claims: verdict(reading, card, &plan, why, trains),
        },
        Part::Fields {
            rows: fields(card, &plan),
        },
    ];
    parts.push(Part::Code {
        title: "a row".to_owned(),
        text: row(&plan.task).to_owned(),
        shown: true,
    });
    if trains {
        let text = plan.command.clone();
        parts.push(Part::Code {
            title: "command".to_owned(),
            text,
            shown: true,
        });
    }
    let script = script::tune(&plan);
    parts.push(Part::Notes {
        claims: notes(desk, card, &plan, &state),
    });
    let library = if plan::is_trained_here(&plan.task) {
        "transformers"
    } else {
        "sentence-transformers"
    };
    let title = if trains {
        format!("the same with {library}")
    } else {
        format!("with {library}")
    };
    parts.push(Part::Code {
        title,
        text: script.clone(),
        shown: !plan::is_trained_here(&plan.task),
    });
    let mut actions = Vec::new();
    if trains {
        actions.push(Action {
            kind: "command".to_owned(),
            label: "the command".to_owned(),
            text: plan.command.clone(),
        });
    }
    actions.push(Action {
        kind: "script".to_owned(),
        label: format!("{} with {library}", card.id),
        text: script,
    });
    Draft {
        parts,
        plan: Some(plan),
        actions,
        ..Draft::default()
    }
}

fn verdict(reading: &Reading, card: &Card, plan: &Plan, why: &str, trains: bool) -> Vec<Claim> {
    let rows = quantity::grouped(plan.examples);
    let how = if plan.method == "lora" {
        "with LoRA"
    } else {
        "in full"
    };
    let mut claims = Vec::new();
    if reading.models.is_empty() {
        let line = card
            .facts
            .tasks
            .tuned
            .first()
            .or_else(|| card.facts.tasks.ready.first());
        let text = format!(
            "You named no model; {} is the one to tune for this here.",
            name(card)
        );
        claims.push(cited(card, line.map_or(1, |t| t.line), text));
    }
    let assumed = if plan.assumed {
        " (assumed: you gave no number)"
    } else {
        ""
    };
    let first = format!(
        "With {rows} examples{assumed}, tune {} {how}: {why}.",
        name(card)
    );
    claims.push(computed(first));
    let time = time(plan).unwrap_or_else(|| "a time that could not be estimated".to_owned());
    let where_ = if trains {
        "On this machine"
    } else if plan::is_trained_here(&plan.task) {
        "With transformers on this machine"
    } else {
        "With sentence-transformers on this machine"
    };
    claims.push(of_machine(format!(
        "{where_} that is {}, {time}, and {} of memory.",
        quantity::counted(plan.steps, "step"),
        quantity::bytes(plan.memory_bytes)
    )));
    claims
}

fn time(plan: &Plan) -> Option<String> {
    let s = plan.seconds?;
    Some(format!(
        "about {} to {}",
        quantity::duration(s.low),
        quantity::duration(s.high)
    ))
}

fn fields(card: &Card, plan: &Plan) -> Vec<(String, Claim)> {
    let (_, kind) = plan::assumed_tokens(&plan.task);
    let mut rows: Vec<(String, Claim)> = Vec::new();
    let mut add = |label: &str, claim: Claim| rows.push((label.to_owned(), claim));
    add(
        "Data",
        computed(format!(
            "{}: {kind}, {} tokens a row assumed",
            format_name(&plan.task),
            plan.tokens_per_row
        )),
    );
    let split = format!(
        "{} train, {} check, {} test; the test rows judge once, at the end",
        quantity::grouped(plan.train),
        quantity::grouped(plan.check),
        quantity::grouped(plan.test)
    );
    add("Split", computed(split));
    add("Method", from_recipe(card, plan, learns(card, plan)));
    let warmup = match plan.warmup_steps {
        0.0 => "no warm-up".to_owned(),
        share if share < 1.0 => format!("{:.0}% warm-up", share * 100.0),
        steps => format!("{steps} warm-up steps"),
    };
    let rate = format!(
        "{} {}, {warmup}, batch {}",
        rate(plan.learning_rate),
        plan.lr_scheduler_type,
        plan.batch_size
    );
    add("Rate", from_recipe(card, plan, rate));
    let steps = format!(
        "{} x {} = {}",
        quantity::counted(plan.epochs, "epoch"),
        quantity::counted(plan.steps_per_epoch, "step"),
        quantity::grouped(plan.steps)
    );
    add("Steps", computed(steps));
    let full = quantity::bytes(plan.full_memory_bytes);
    let other = if plan.lora.is_some() {
        format!("; about {full} in full")
    } else {
        String::new()
    };
    let memory = format!(
        "about {} at the peak{other}",
        quantity::bytes(plan.memory_bytes)
    );
    add("Memory", computed(memory));
    let time = match (time(plan), plan.seconds) {
        (Some(time), Some(s)) => format!(
            "{time}; est from {:.0} GFLOP/s of matrix products, measured",
            s.gflops
        ),
        _ => "not estimated: no matrix product could be measured".to_owned(),
    };
    add("Time", of_machine(time));
    add("Judge", computed(judge(&plan.task).to_owned()));
    rows
}

/// Which weights learn.
fn learns(card: &Card, plan: &Plan) -> String {
    match &plan.lora {
        Some(l) => format!(
            "LoRA r={} alpha={} on {}: {}{} of {} weights",
            l.r,
            l.alpha,
            l.target_modules.join(", "),
            if plan.trainable_at_most {
                "at most "
            } else {
                ""
            },
            quantity::grouped(plan.trainable_parameters),
            card.facts
                .parameters
                .as_ref()
                .map_or_else(|| "?".to_owned(), |p| quantity::count(p.value))
        ),
        None => format!(
            "full: all {} weights",
            quantity::count(plan.trainable_parameters)
        ),
    }
}

/// A value of the card's recipe, or the program's own where it has none for the task.
fn from_recipe(card: &Card, plan: &Plan, value: String) -> Claim {
    match plan.recipe_line {
        Some(line) => {
            let recipe = card.facts.fine_tuning.iter().find(|r| r.line == line);
            let mark = recipe.map_or("", mark_words);
            cited(card, line, value + mark)
        }
        None => computed(format!("{value} (the program's own)")),
    }
}

fn format_name(task: &str) -> &'static str {
    match task {
        "text-classification" => "CSV, text and label",
        "token-classification" => "CoNLL, a word and its tag a line",
        "question-answering" => "SQuAD JSON",
        "text-generation" => "JSONL of messages",
        "feature-extraction" | "sentence-similarity" => "JSONL of pairs that mean the same",
        "text-ranking" => "JSONL of query, passage and label",
        _ => "JSONL, input and output",
    }
}

fn row(task: &str) -> &'static str {
    match task {
        "text-classification" => "text,label\n\"The parcel arrived broken.\",complaint",
        "token-classification" => "Ada B-PER\nLovelace I-PER\nlives O\nin O\nLondon B-LOC",
        "question-answering" => {
            "{\"question\": \"Who pays?\", \"context\": \"The tenant pays.\", \"answers\": {\"text\": \
             [\"The tenant\"], \"answer_start\": [0]}}"
        }
        "summarization" => {
            "{\"document\": \"The parties agree that ...\", \"summary\": \"They agree to ...\"}"
        }
        "translation" => "{\"source\": \"Good morning.\", \"target\": \"Guten Morgen.\"}",
        "feature-extraction" | "sentence-similarity" => {
            "{\"anchor\": \"How do I reset my password?\", \"positive\": \"Choose `Forgot password` \
             on the page where you sign in.\"}"
        }
        "text-ranking" => {
            "{\"query\": \"reset password\", \"passage\": \"Choose `Forgot password` to sign in \
             again.\", \"label\": 1}"
        }
        "text2text-generation" => {
            "{\"input\": \"rewrite: hey, send it\", \"output\": \"Please send it.\"}"
        }
        _ => {
            "{\"messages\": [{\"role\": \"user\", \"content\": \"Do you ship to Norway?\"}, \
             {\"role\": \"assistant\", \"content\": \"Yes, within 8 working days.\"}]}"
        }
    }
}

fn judge(task: &str) -> &'static str {
    match task {
        "text-classification" => "accuracy and F1 on the test rows, beside the majority class",
        "token-classification" => "entity F1 (seqeval) on the test rows",
        "question-answering" => "exact match and F1 (SQuAD) on the test rows",
        "summarization" | "text2text-generation" => {
            "ROUGE on the test rows, beside the untuned model"
        }
        "feature-extraction" | "sentence-similarity" => {
            "how often a test row's own partner is the nearest, beside the untuned model"
        }
        "text-ranking" => "loss on the test rows, beside the untuned model",
        "translation" => "BLEU and chrF (sacreBLEU) on the test rows, beside the untuned model",
        _ => "perplexity on the test rows, beside the untuned model",
    }
}

/// Where the settings come from.
fn recipe_note(desk: &Desk<'_>, card: &Card, plan: &Plan) -> Option<Claim> {
    let source = plan.recipe_source.as_ref()?;
    Some(match plan.recipe_line {
        Some(line) => {
            let short: String = source.chars().take(MOST_SOURCE).collect();
            let text = format!("The recipe, says the card: {short}.");
            cited(card, line, crate::text::line(&text).into_owned())
        }
        None => computed(format!(
            "The card has no recipe for {}; the program's own: {source}.",
            desk.vocabulary.task_label(&plan.task)
        )),
    })
}

fn notes(desk: &Desk<'_>, card: &Card, plan: &Plan, state: &here::Here) -> Vec<Claim> {
    let mut notes = Vec::new();
    if !plan::is_trained_here(&plan.task) {
        let what = desk.vocabulary.task_label(&plan.task);
        let loss = if plan.task == "text-ranking" {
            "binary cross-entropy over query and passage"
        } else {
            "a contrastive loss over pairs (MultipleNegativesRankingLoss)"
        };
        notes.push(computed(format!(
            "The runner does not train {what}; the sentence-transformers script does, with {loss}."
        )));
    } else if state.runs == RunsHere::No {
        notes.push(computed(format!(
            "This desk does not train it ({}); the transformers script does.",
            state.reason.trim_start_matches("no: ")
        )));
    } else {
        notes.push(computed(
            "`modeldesk tune plan` with your file measures some steps, for a time that holds here.",
        ));
    }
    notes.extend(recipe_note(desk, card, plan));
    let licence = card.facts.license.as_ref();
    let closed = licence.filter(|l| desk.vocabulary.terms(&l.value) == Some(Terms::NonCommercial));
    notes.extend(closed.map(|l| {
        let text = format!(
            "{}: no commercial use, and none of what is tuned from it.",
            l.value
        );
        cited(card, l.line, crate::text::line(&text).into_owned())
    }));
    if plan.memory_bytes > desk.machine.free_memory / 5 * 4 {
        notes.push(of_machine(
            "It would fill most of the memory: take a smaller batch or shorter rows.",
        ));
    }
    let words: &[&str] = match plan.task.as_str() {
        "text-generation" => &["next-token", "padding", "causal"],
        "text-classification" => &["[cls]", "low-latency", "classif"],
        "summarization" => &["seq2seqtrainer", "instruction", "legal"],
        _ => &["label", "instruction"],
    };
    notes.extend(bullet(card, &["Fine-tuning"], words).map(|s| quoted(card, s)));
    if plan.examples < 100 {
        notes.push(computed(
            "Below 100 rows the figures of the test rows hardly tell good from lucky.",
        ));
    }
    notes
}
