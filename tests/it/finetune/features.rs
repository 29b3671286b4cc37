//! Features beside those that transformers' example scripts make of the same rows.

use std::path::{Path, PathBuf};

use modeldesk::finetune::dataset::{
    Answer, Example, Label, Opened, Options, Part, Role, Sources, Turn,
};
use modeldesk::finetune::features::{Blocks, Features, Maker, Prepared, Recipe, Target, prepare};
use modeldesk::model::pipeline::Task;
use modeldesk::model::template;
use modeldesk::model::tokenizer::Tokenizer;
use pretty_assertions::assert_eq;
use serde_json::Value;

use super::{Files, repeated};

const TAGS: [&str; 6] = ["B-LOC", "B-ORG", "B-PER", "I-ORG", "I-PER", "O"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/parity/pipelines")
        .join(name)
}

fn tokenizer(name: &str) -> Tokenizer {
    Tokenizer::read(&folder(name), None).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn numbers(value: &Value) -> Vec<i64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_i64().unwrap())
        .collect()
}

fn ids(value: &Value) -> Vec<u32> {
    numbers(value).into_iter().map(|n| n as u32).collect()
}

/// A recorded row as an example of its task.
fn example(row: &Value, task: Task) -> Example {
    match task {
        Task::TextClassification => Example::Classified {
            text: text(&row["text"]),
            pair: row.get("pair").map(text),
            label: Label::One(row["label"].as_u64().unwrap() as u32),
        },
        Task::TokenClassification => Example::Tagged {
            words: row["words"].as_array().unwrap().iter().map(text).collect(),
            tags: ids(&row["tags"]),
        },
        Task::QuestionAnswering => {
            let context = text(&row["context"]);
            let answer = |answer: &Value| {
                let start = answer["start"].as_u64().unwrap() as usize;
                let start = context.char_indices().nth(start).unwrap().0;
                let text = text(&answer["text"]);
                Answer {
                    bytes: start..start + text.len(),
                    text,
                }
            };
            Example::Question {
                id: String::new(),
                question: text(&row["question"]),
                answers: row["answers"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(answer)
                    .collect(),
                context,
            }
        }
        Task::Summarization => Example::Pair {
            source: text(&row["source"]),
            target: text(&row["target"]),
        },
        _ => Example::Plain {
            text: text(&row["text"]),
            ends: false,
        },
    }
}

fn recipe(case: &Value, task: Task) -> Recipe {
    let options = &case["options"];
    let number = |name: &str| options[name].as_u64().map(|n| n as usize);
    let mut recipe = Recipe::of(task, 4096);
    recipe.max_length = number("max_length").unwrap();
    recipe.stride = number("stride").unwrap_or(0);
    recipe.max_target_length = number("max_target_length").unwrap_or(128);
    recipe.label_all_tokens = options["label_all_tokens"].as_bool().unwrap_or(false);
    if let Some(prefix) = options["source_prefix"].as_str() {
        prefix.clone_into(&mut recipe.source_prefix);
    }
    recipe
}

/// What is recorded of features, as ours.
fn recorded(features: &Value, task: Task) -> Features {
    let labels = &features["labels"];
    let tokens = || {
        let labels = numbers(labels).into_iter();
        Target::Tokens(labels.map(|n| u32::try_from(n).ok()).collect())
    };
    Features {
        ids: ids(&features["input_ids"]),
        type_ids: features.get("token_type_ids").map(ids).unwrap_or_default(),
        target: match task {
            Task::TextClassification => Target::Class(labels.as_u64().unwrap() as u32),
            Task::TokenClassification | Task::TextGeneration => tokens(),
            Task::QuestionAnswering => {
                let span = ids(&features["span"]);
                Target::Span {
                    start: span[0],
                    end: span[1],
                }
            }
            Task::Summarization => Target::Text(ids(labels)),
            _ => Target::Masked,
        },
    }
}

#[test]
fn features_are_those_of_the_example_scripts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/models/features.json");
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let names = TAGS.map(str::to_owned);
    let mut compared = 0;
    for case in &cases {
        let task = Task::named(case["task"].as_str().unwrap()).unwrap();
        let tokenizer = tokenizer(case["model"].as_str().unwrap());
        let maker = Maker::new(&tokenizer, recipe(case, task), &names, None).unwrap();
        let mut blocks = maker.recipe().block().map(Blocks::new);
        let mut ours = Vec::new();
        for (row, place) in case["rows"].as_array().unwrap().iter().zip(0..) {
            let made = maker.make(&example(row, task)).unwrap();
            match &mut blocks {
                Some(blocks) => {
                    for features in made.features {
                        ours.extend(
                            blocks
                                .add(features, place)
                                .into_iter()
                                .map(|(block, _)| block),
                        );
                    }
                }
                None => ours.extend(made.features),
            }
        }
        let theirs: Vec<Features> = case["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| recorded(one, task))
            .collect();
        assert_eq!(ours, theirs, "{} {}", case["task"], case["options"]);
        compared += theirs.len();
    }
    assert!(compared > 80, "{compared}");
}

#[test]
fn only_answers_are_learned_and_they_are_what_would_be_written() {
    let tokenizer = tokenizer("text-generation");
    let eos = tokenizer.special().eos.unwrap();
    let turns = vec![
        Turn::new(Role::User, "Who opened the bridge?"),
        Turn::new(Role::Assistant, "The mayor."),
        Turn::new(Role::User, "When?"),
        Turn::new(Role::Assistant, "On Monday."),
    ];
    for name in ["chat", "instruct"] {
        let template = template::named(name).unwrap();
        let mut recipe = Recipe::of(Task::TextGeneration, 1024);
        let make = |recipe: &Recipe| {
            let maker = Maker::new(&tokenizer, recipe.clone(), &[], Some(template)).unwrap();
            maker
                .make(&Example::Dialogue {
                    turns: turns.clone(),
                })
                .unwrap()
        };
        let made = make(&recipe);
        let features = &made.features[0];
        let Target::Tokens(labels) = &features.target else {
            panic!("{features:?}")
        };
        assert!(
            features
                .ids
                .iter()
                .zip(labels)
                .all(|(id, label)| label.is_none_or(|label| label == *id))
        );
        let learned: Vec<u32> = labels.iter().flatten().copied().collect();
        let said = tokenizer.decode(&learned, false).unwrap();
        let end = tokenizer.token(eos).unwrap();
        assert_eq!(
            said.replace(&end, "|").replace(' ', ""),
            "Themayor.|OnMonday.|"
        );
        // What a chat sends for the second answer is what was read before it.
        let prompt: Vec<u32> = template
            .render(&turns[..3], true)
            .unwrap()
            .iter()
            .flat_map(|segment| {
                let mut ids = tokenizer.ids(&segment.text).unwrap();
                ids.extend(segment.ends.then_some(eos));
                ids
            })
            .collect();
        assert_eq!(features.ids[..prompt.len()], prompt);
        assert!(labels[prompt.len()].is_some() && labels[prompt.len() - 1].is_none());
        recipe.max_length = 10;
        assert!(
            make(&recipe).features.is_empty(),
            "no answer is left in ten tokens"
        );
    }
}

#[test]
fn documents_end_and_passages_go_on() {
    let tokenizer = tokenizer("text-generation");
    let eos = tokenizer.special().eos.unwrap();
    let maker = Maker::new(&tokenizer, Recipe::of(Task::TextGeneration, 64), &[], None).unwrap();
    let last = |ends| {
        let made = maker
            .make(&Example::Plain {
                text: "On Monday.".to_owned(),
                ends,
            })
            .unwrap();
        *made.features[0].ids.last().unwrap()
    };
    assert_eq!(last(true), eos);
    assert_ne!(last(false), eos);
}

#[test]
fn a_part_is_prepared_in_order_and_read_by_position() {
    let rows: String = repeated(3000, |i| {
        format!(
            "{{\"text\": \"The train {i} to Paris leaves at nine.\", \"label\": {}}}\n",
            i % 3
        )
    });
    let (files, path) = Files::with("rows.jsonl", rows);
    let sources = Sources {
        train: path,
        ..Sources::default()
    };
    let opened = Opened::open(&sources, &Options::default()).unwrap();
    let dataset = opened.check(None, &mut || false).unwrap();
    let tokenizer = tokenizer("text-classification");
    let maker = Maker::new(
        &tokenizer,
        Recipe::of(dataset.task(), 64),
        dataset.names(),
        None,
    )
    .unwrap();
    let write = |name: &str| {
        let path = files.path().join(name);
        let written = prepare(
            dataset.rows(Part::Train).unwrap(),
            &maker,
            &path,
            &mut || false,
        )
        .unwrap();
        (written, Prepared::open(&path).unwrap())
    };
    let (written, prepared) = write("train.features");
    assert_eq!((written.rows, written.features), (2700, 2700));
    assert_eq!(
        prepared.fingerprint(),
        write("again.features").1.fingerprint()
    );
    prepared.verify().unwrap();
    for (place, row) in dataset.rows(Part::Train).unwrap().enumerate().step_by(97) {
        let made = maker.make(&row.unwrap().example).unwrap();
        assert_eq!(prepared.get(place).unwrap(), made.features[0]);
        assert_eq!(prepared.row(place).unwrap(), place as u64);
        assert_eq!(prepared.lengths()[place] as usize, made.features[0].len());
    }
    let stopped = prepare(
        dataset.rows(Part::Train).unwrap(),
        &maker,
        &files.path().join("no"),
        &mut || true,
    );
    assert!(stopped.is_err() && !files.path().join("no").exists());
}
