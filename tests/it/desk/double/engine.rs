//! Models that the stand-in has, and what they say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use modeldesk::error::Error;
use modeldesk::jobs::engine::{
    Done, Input, Kept, News, Order, Origin, Output, Pace, Report, Shelf, Speaker, Work,
};
use modeldesk::model::bench::{Figures, Writing};
use modeldesk::model::generate::{Finish, Options};
use modeldesk::model::pipeline::Task;
use modeldesk::model::pipeline::fill_mask::Fill;
use modeldesk::model::pipeline::question_answering::Answer;
use modeldesk::model::pipeline::text_classification;
use modeldesk::model::pipeline::token_classification::{Entity, Label};
use modeldesk::model::template::Form;
use modeldesk::tui::Event;

/// Seven models, one of each kind.
pub(in crate::desk) fn shelf() -> Shelf {
    let written = [
        Task::Text2TextGeneration,
        Task::Summarization,
        Task::Translation,
    ];
    let encoder = |task| vec![task, Task::FeatureExtraction];
    let kept = |id: &str, tasks: Vec<Task>, parameters: u64| Kept {
        id: id.to_owned(),
        folder: PathBuf::from(id),
        tasks,
        parameters,
        bytes: parameters * 4,
        is_f32_only: false,
    };
    Shelf {
        models: vec![
            kept(
                "cross/names",
                encoder(Task::TokenClassification),
                66_000_000,
            ),
            kept("deep/answers", encoder(Task::QuestionAnswering), 66_000_000),
            kept("distil/masked", encoder(Task::FillMask), 66_000_000),
            kept("distil/mood", encoder(Task::TextClassification), 66_000_000),
            kept("google/flan-t5-small", written.to_vec(), 77_000_000),
            kept(
                "mini/lm",
                vec![Task::SentenceSimilarity, Task::FeatureExtraction],
                22_700_000,
            ),
            kept("openai/gpt2", vec![Task::TextGeneration], 124_000_000),
        ],
        speakers: vec![
            Speaker {
                made: Some("LoRA on openai/gpt2".to_owned()),
                rows: Some(898),
                form: Form::Named("chat"),
                origin: Origin::Run,
                ..speaker("support-gpt2")
            },
            speaker("openai/gpt2"),
        ],
        free_memory: 21_400_000_000,
    }
}

/// A model to talk to that names no template.
fn speaker(id: &str) -> Speaker {
    Speaker {
        id: id.to_owned(),
        folder: PathBuf::from(id),
        made: None,
        rows: None,
        form: Form::Plain,
        origin: Origin::Nobody,
        parameters: 124_000_000,
        bytes: 496_000_000,
    }
}

/// What the engine tells of an order: a text that contains `fail` is refused, one that contains
/// `hang` never done.
pub(in crate::desk) fn replies(order: &Order) -> Vec<Event> {
    let mut all = vec![
        News::Loading(308_000_000),
        News::Loaded {
            took: Some(Duration::from_millis(420)),
            options: Some(Box::new(Options::default())),
        },
    ];
    match &order.work {
        Work::Measure => all.push(ended(speed())),
        Work::Run { task, input, .. } => {
            let text = match input {
                Input::Text(text) => text.as_str(),
                Input::Talk(talk) => talk.turns.last().map_or("", |turn| &turn.content),
            };
            all.push(match input {
                Input::Text(_) => News::Given(text.to_owned()),
                Input::Talk(talk) => News::Sent {
                    text: talk
                        .turns
                        .iter()
                        .map(|t| format!("<{}>", t.content))
                        .collect::<Vec<_>>()
                        .concat(),
                    tokens: 300,
                    of: 1024,
                    dropped: 0,
                },
            });
            if text.contains("fail") {
                let error = Error::new("the text has no token").hint("give one that is not empty");
                all.push(News::Ended(Err(error)));
            } else {
                work(*task, text, &mut all);
                if text.contains("hang") {
                    all.pop();
                }
            }
        }
    }
    let ticket = order.ticket;
    let event = |news| Event::Engine(Report { ticket, news });
    all.into_iter().map(event).collect()
}

fn work(task: Task, text: &str, all: &mut Vec<News>) {
    match task {
        Task::Summarization
        | Task::Translation
        | Task::Text2TextGeneration
        | Task::TextGeneration => {
            if text.contains("long") {
                for at in 1..=2 {
                    all.push(News::Reading {
                        at,
                        of: 2,
                        text: format!("Clause {at} of the lease says much."),
                    });
                    all.push(News::Summary(format!("Clause {at} in short.")));
                }
            }
            let words = ["Either ", "party ", "may ", "end ", "the ", "lease."];
            for (n, word) in words.into_iter().enumerate() {
                all.push(News::Token {
                    text: word.to_owned(),
                    pace: pace(n + 1),
                });
            }
            let done = Done {
                pace: Some(pace(words.len())),
                finish: Some(Finish::Eos),
                ..of(Output::Texts(vec![words.concat()]))
            };
            all.push(ended(done));
        }
        _ => all.push(ended(Done {
            notes: vec!["the text is short".to_owned()],
            ..of(read(task, text))
        })),
    }
}

fn pace(tokens: usize) -> Pace {
    Pace {
        tokens,
        first: Duration::from_millis(84),
        rate: (tokens > 1).then_some(112.0),
    }
}

fn of(output: Output) -> Done {
    Done {
        output,
        notes: Vec::new(),
        pace: None,
        finish: None,
        took: Duration::from_millis(31),
    }
}

fn ended(done: Done) -> News {
    News::Ended(Ok(Box::new(done)))
}

fn read(task: Task, text: &str) -> Output {
    let whole = 0..text.len().min(9);
    match task {
        Task::FillMask => {
            let fill = |word: &str, score| Fill {
                score,
                token: 7,
                token_str: word.to_owned(),
                sequence: text.replace("[MASK]", word),
            };
            Output::Fills(vec![vec![fill("capital", 0.91), fill("heart", 0.04)]])
        }
        Task::TextClassification => {
            let label = |label: &str, score| text_classification::Label {
                label: label.to_owned(),
                score,
            };
            Output::Labels(vec![label("POSITIVE", 0.98), label("NEGATIVE", 0.02)])
        }
        Task::TokenClassification => Output::Entities(vec![Entity {
            label: Label::Group("PER".to_owned()),
            score: 0.99,
            index: None,
            word: text[whole.clone()].to_owned(),
            start: 0,
            end: whole.end,
            bytes: whole,
        }]),
        Task::QuestionAnswering => {
            let context = text.split_once('\n').map_or("", |(_, context)| context);
            let bytes = 4..context.len().min(9);
            Output::Answers(vec![Answer {
                score: 0.8,
                start: 4,
                end: bytes.end,
                answer: context[bytes.clone()].to_owned(),
                bytes,
            }])
        }
        _ => {
            let count = text.lines().count();
            let score = |n: usize, m: usize| 1.0 - 0.4 * n.abs_diff(m) as f32;
            let row = |n| (0..count).map(|m| score(n, m)).collect();
            Output::Similarity((0..count).map(row).collect())
        }
    }
}

fn speed() -> Done {
    of(Output::Speed(Figures {
        load_s: 0.42,
        weight_bytes: 132_000_000,
        cache_bytes: 0,
        peak_bytes: 0,
        writing: Some(Writing {
            first_token_ms: 31.0,
            prefill_tokens: 512,
            prefill_tok_s: 1_040.0,
            decode_tok_s: 134.0,
        }),
        forward_ms: BTreeMap::new(),
    }))
}
