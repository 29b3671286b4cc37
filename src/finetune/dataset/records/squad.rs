//! `SQuAD`'s JSON: articles of paragraphs of questions, as flat records with the columns that the
//! hub's copies of it have.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::json::{Element, Elements};
use super::lines::{Quirks, line_ends};
use super::{Found, Record, Records};
use crate::error::Result;
use crate::finetune::dataset::fault::{Fault, Kind};
use crate::text;

/// The longest article that is read, in bytes.
const LONGEST: usize = 64 << 20;

#[derive(Deserialize)]
struct Article<'a> {
    #[serde(borrow)]
    paragraphs: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Paragraph<'a> {
    context: String,
    #[serde(borrow)]
    qas: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as the file calls it")]
struct Question {
    #[serde(default)]
    id: Value,
    question: String,
    #[serde(default)]
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    answer_start: i64,
}

/// The questions of a document.
pub(super) struct Questions {
    elements: Elements,
    /// Paragraphs of the article at hand, with their lines.
    paragraphs: VecDeque<(u64, String)>,
    /// Questions of the paragraph at hand.
    found: VecDeque<Found>,
}

impl Questions {
    pub(super) fn new(elements: Elements) -> Self {
        Self {
            elements,
            paragraphs: VecDeque::new(),
            found: VecDeque::new(),
        }
    }

    fn article(&mut self, element: Element) {
        let line = element.line;
        let parsed = element.json.and_then(|json| {
            let article: Article<'_> = parse(&json)?;
            let each = article
                .paragraphs
                .iter()
                .map(|raw| (line + line_of(&json, raw.get()), raw.get().to_owned()));
            Ok(each.collect::<Vec<_>>())
        });
        match parsed {
            Ok(paragraphs) => self.paragraphs.extend(paragraphs),
            Err(fault) => self.found.push_back(Found {
                line,
                record: Err(fault),
            }),
        }
    }

    fn paragraph(&mut self, line: u64, json: &str) {
        match parse::<Paragraph<'_>>(json.as_bytes()) {
            Ok(paragraph) => {
                let questions = paragraph.qas.iter().map(|raw| Found {
                    line: line + line_of(json.as_bytes(), raw.get()),
                    record: parse(raw.get().as_bytes())
                        .map(|question| record(question, &paragraph.context)),
                });
                self.found.extend(questions);
            }
            Err(fault) => self.found.push_back(Found {
                line,
                record: Err(fault),
            }),
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(json).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        Fault::new(
            Kind::NotJson,
            format!("not as SQuAD has it: {}", text::line(why)),
        )
    })
}

fn record(question: Question, context: &str) -> Record {
    let (texts, starts): (Vec<String>, Vec<i64>) = question
        .answers
        .into_iter()
        .map(|answer| (answer.text, answer.answer_start))
        .unzip();
    let columns = [
        ("id", question.id),
        ("question", question.question.into()),
        ("context", context.into()),
        ("answers", json!({"text": texts, "answer_start": starts})),
    ];
    columns
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// How many lines `part` begins after the begin of `whole`, which it is a part of.
fn line_of(whole: &[u8], part: &str) -> u64 {
    let before = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    let before = &whole[..before.min(whole.len())];
    line_ends(before)
}

impl Records for Questions {
    fn next(&mut self) -> Result<Option<Found>> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Ok(Some(found));
            }
            if let Some((line, json)) = self.paragraphs.pop_front() {
                self.paragraph(line, &json);
            } else {
                match self.elements.next(LONGEST)? {
                    Some(element) => self.article(element),
                    None => return Ok(None),
                }
            }
        }
    }

    fn quirks(&self) -> Quirks {
        self.elements.quirks
    }
}
