//! The cards that the stand-in has.

use std::sync::Arc;
use std::time::SystemTime;

use modeldesk::advisor::catalogue::{Catalogue, OnDisk};
use modeldesk::advisor::offer::Offer;
use modeldesk::advisor::{Machine, Related, Relation};
use modeldesk::card::{Card, Origin, Problem, Severity};
use modeldesk::error::Notice;
use modeldesk::index::Summary;
use modeldesk::jobs::{OpenCard, Opened};
use modeldesk::model::pipeline::Task;

/// A card of 62 lines: some facts, and one of each kind of Markdown.
pub(in crate::desk) fn card(id: &str) -> Card {
    Card::parse(id, Origin::BuiltIn, include_str!("../card.md"))
}

/// That card as the advisor's thread hands it over: three others beside it.
pub(in crate::desk) fn open_card(id: &str) -> OpenCard {
    let related = |id: &str, relation, parameters| Related {
        id: id.to_owned(),
        origin: Origin::BuiltIn,
        relation,
        parameters,
        license: Some("apache-2.0".to_owned()),
    };
    OpenCard {
        problems: vec![Problem {
            severity: Severity::Warning,
            line: 20,
            field: "model-index[0].results[0]".to_owned(),
            what: "the figure has no source".to_owned(),
            hint: Some("add source.name".to_owned()),
        }],
        related: vec![
            related("allenai/led-base-16384", Relation::Base, Some(161_844_480)),
            related("google-t5/t5-small", Relation::Task, Some(60_506_624)),
            related("guide/rouge", Relation::Guide, None),
        ],
        card: Arc::new(card(id)),
        offer: id
            .starts_with("org-")
            .then(|| offer(id, Task::Text2TextGeneration, 80_000_000)),
    }
}

/// Thirty models of each origin; two are on the disk.
pub(in crate::desk) fn catalogue() -> Catalogue {
    let tasks = ["summarization", "fill-mask", "text-generation"];
    let model = |n: u64| {
        let task = tasks[(n % 3) as usize];
        let license = if n.is_multiple_of(2) {
            "mit"
        } else {
            "apache-2.0"
        };
        Summary {
            id: format!("org-{}/model-{n:02}", n % 5),
            origin: [Origin::BuiltIn, Origin::User, Origin::Imported][(n % 3) as usize],
            guide: false,
            name: format!("Model {n:02}"),
            task: Some(task.to_owned()),
            license: Some(license.to_owned()),
            architecture: Some(if n.is_multiple_of(4) { "led" } else { "t5" }.to_owned()),
            parameters: Some((n + 1) * 10_000_000),
            bytes: Some((n + 1) * 40_000_000),
            context: Some(512),
            facets: vec![format!("task:{task}"), format!("license:{license}")],
        }
    };
    let disk = |id: &str, whole| {
        let disk = OnDisk {
            bytes: 120_000_000,
            whole,
            last_used: Some(SystemTime::UNIX_EPOCH),
        };
        (id.to_owned(), disk)
    };
    let on_disk = [disk("org-1/model-01", true), disk("org-2/model-02", false)];
    let machine = Machine::of(2, 24_000_000_000, 21_000_000_000, 180.0);
    Catalogue::new((0..30).map(model), &on_disk, &machine)
}

/// A model that runs here once it is fetched.
fn offer(id: &str, task: Task, weights: u64) -> Offer {
    let mut tasks = vec![task];
    if task == Task::Text2TextGeneration {
        tasks.extend([Task::Summarization, Task::Translation]);
    }
    Offer {
        id: id.to_owned(),
        tasks,
        parameters: weights / 4,
        weights,
        is_f32_only: false,
    }
}

/// What a library of 54 cards looks like to the desk.
pub(in crate::desk) fn opened() -> Opened {
    Opened {
        counts: vec![(Origin::BuiltIn, 54)],
        names: ["gpt2", "DistilBERT", "google/flan-t5-base"]
            .map(str::to_owned)
            .to_vec(),
        offers: vec![
            offer(
                "google/flan-t5-base",
                Task::Text2TextGeneration,
                990_000_000,
            ),
            offer("google-t5/t5-small", Task::Text2TextGeneration, 242_000_000),
        ],
        cores: 2,
        free_memory: 21_400_000_000,
        notices: Vec::new(),
    }
}

/// A notice that a library may have.
pub(in crate::desk) fn notice(text: &str) -> Notice {
    Notice(text.to_owned())
}
