//! The fields below `modeldesk`, and what a built-in card must have.

use super::hub::check_task;
use super::{Checker, Severity};
use crate::card::facts::{Fact, Kind};
use crate::card::yaml::{Data, Node};

/// Fields of a model's extension; a guide's are among them.
const FIELDS: &[&str] = &[
    "kind",
    "name",
    "aliases",
    "family",
    "author",
    "tasks",
    "translates",
    "domains",
    "parameters",
    "architecture",
    "context_length",
    "size",
    "speed",
    "fine_tuning",
    "desk",
    "see",
    "id",
];
const SOURCED: &[&str] = &["value", "source", "unverified"];
const ARCHITECTURE: &[&str] = &[
    "value",
    "kind",
    "layers",
    "hidden_size",
    "heads",
    "kv_heads",
    "head_dim",
    "vocab_size",
    "source",
    "unverified",
];
const SIZE: &[&str] = &["value", "unit", "precision", "source", "unverified"];
const SPEED: &[&str] = &[
    "claim",
    "against",
    "times",
    "hardware",
    "source",
    "unverified",
];
const RECIPE: &[&str] = &[
    "method",
    "tasks",
    "learning_rate",
    "lr_scheduler_type",
    "warmup_ratio",
    "warmup_steps",
    "batch_size",
    "epochs",
    "max_length",
    "lora_r",
    "lora_alpha",
    "lora_dropout",
    "weight_decay",
    "target_modules",
    "source",
    "unverified",
];

/// Checks the extension's fields and values.
pub(super) fn check(checker: &mut Checker<'_>, root: &Node) {
    let Some(desk) = root.get("modeldesk") else {
        return;
    };
    checker.unknown_fields(desk, "modeldesk.", FIELDS);
    for (key, known) in [
        ("parameters", SOURCED),
        ("context_length", SOURCED),
        ("architecture", ARCHITECTURE),
        ("size", SIZE),
        ("tasks", &["ready", "tuned"]),
        ("desk", &["tasks", "tuning"]),
    ] {
        if let Some(node) = desk.get(key) {
            checker.unknown_fields(node, &format!("modeldesk.{key}."), known);
        }
    }
    for (key, known) in [("speed", SPEED), ("fine_tuning", RECIPE)] {
        let Some(Data::List(items)) = desk.get(key).map(|node| &node.data) else {
            continue;
        };
        for (i, item) in items.iter().enumerate() {
            let path = format!("modeldesk.{key}[{i}]");
            checker.unknown_fields(item, &format!("{path}."), known);
            require_source(checker, item, &path);
        }
    }
    for key in ["parameters", "context_length", "architecture", "size"] {
        if let Some(node) = desk.get(key).filter(|node| !node.is_null()) {
            require_source(checker, node, &format!("modeldesk.{key}"));
        }
    }
    check_values(checker);
}

/// In a built-in card every number has a source.
fn require_source(checker: &mut Checker<'_>, node: &Node, path: &str) {
    if checker.strict && !Checker::states(node, "source") {
        let hint = "say who states it, or leave the fact out";
        checker.wrong(node.line, &format!("{path}.source"), "is missing", hint);
    }
}

fn check_values(checker: &mut Checker<'_>) {
    let facts = &checker.card.facts;
    let tasks: Vec<(Fact<String>, &str)> = [
        (&facts.tasks.ready, "modeldesk.tasks.ready"),
        (&facts.tasks.tuned, "modeldesk.tasks.tuned"),
        (&facts.desk_tasks, "modeldesk.desk.tasks"),
    ]
    .into_iter()
    .flat_map(|(list, field)| list.iter().cloned().map(move |task| (task, field)))
    .collect();
    // Where the extension is silent the tasks are `pipeline_tag`, which is checked already.
    let tag = facts.pipeline_tag.as_ref().map(|tag| tag.line);
    for (task, field) in tasks {
        if Some(task.line) != tag {
            check_task(checker, &task.value, task.line, field);
        }
    }
    for method in checker.card.facts.desk_tuning.clone() {
        if !matches!(method.value.as_str(), "full" | "lora" | "head") {
            let what = format!("`{}` is not a method", method.value);
            checker.wrong(
                method.line,
                "modeldesk.desk.tuning",
                what,
                "use full, lora or head",
            );
        }
    }
    let Some(architecture) = checker.card.facts.architecture.clone() else {
        return;
    };
    if let Some(kind) = architecture.value.kind
        && !matches!(kind.as_str(), "encoder" | "decoder" | "encoder-decoder")
    {
        let hint = "use encoder, decoder or encoder-decoder";
        let what = format!("`{kind}` is not a kind of network");
        checker.wrong(architecture.line, "modeldesk.architecture.kind", what, hint);
    }
}

/// Adds an error for everything that a built-in card lacks.
pub(super) fn require(checker: &mut Checker<'_>, root: Option<&Node>) {
    let line = root.map_or(1, |root| root.line);
    let facts = &checker.card.facts;
    let model = !checker.is_guide();
    let fields = [
        ("modeldesk.name", facts.name.is_some()),
        ("language", !facts.languages.is_empty()),
        ("pipeline_tag", !model || facts.pipeline_tag.is_some()),
        ("modeldesk.parameters", !model || facts.parameters.is_some()),
        (
            "modeldesk.architecture",
            !model || facts.architecture.is_some(),
        ),
        ("modeldesk.tasks", !model || has_tasks(root)),
        (
            "license",
            facts.license.is_some() || says_no_license(checker),
        ),
    ];
    let missing = fields.into_iter().filter(|(_, there)| !there);
    for (field, _) in missing {
        let hint = if field == "license" {
            "add it, or say under \"Limits and licence\" that the card states no licence, and why"
        } else {
            "a built-in card states it"
        };
        checker.add(Severity::Error, line, field, "is missing".to_owned(), hint);
    }
    let sections: &[&str] = match checker.card.facts.kind {
        Kind::Model => &["Good at", "Bad at", "Fine-tuning"],
        Kind::Guide => &["What it is for", "Here"],
    };
    for title in sections {
        if checker
            .card
            .section(title)
            .is_none_or(|section| section.sentences.is_empty())
        {
            let what = format!("the section `{title}` is missing or empty");
            let last = checker
                .card
                .sections
                .last()
                .map_or(line, |section| section.line);
            checker.add(Severity::Error, last, "", what, "a built-in card has it");
        }
    }
}

fn has_tasks(root: Option<&Node>) -> bool {
    root.and_then(|root| root.get("modeldesk"))
        .and_then(|desk| desk.get("tasks"))
        .is_some_and(|tasks| Checker::states(tasks, "ready") || Checker::states(tasks, "tuned"))
}

/// Whether the text says that the card states no licence.
fn says_no_license(checker: &Checker<'_>) -> bool {
    let section = checker.card.section("Limits and licence");
    section.is_some_and(|section| {
        section.sentences.iter().any(|sentence| {
            let text = sentence.text.to_lowercase().replace("license", "licence");
            text.contains("no licence") || text.contains("not state a licence")
        })
    })
}
