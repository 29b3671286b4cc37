//! The words of the stand-in.

use std::fmt::Write as _;

use modeldesk::advisor::answer::Part;
use modeldesk::advisor::present::{Line, Role, Span, Target};
use modeldesk::advisor::question::Field;
use modeldesk::advisor::{Answer, Reading};
use modeldesk::error::{Error, Result};
use modeldesk::tui::Wording;
use unicode_width::UnicodeWidthStr;

/// Plain words for an answer; the task of a reading is kept in `unused`.
pub(in crate::desk) struct Plainly;

fn wrap(text: &str, width: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().unwrap();
        if last.is_empty() {
            word.clone_into(last);
        } else if last.width() + 1 + word.width() <= usize::from(width) {
            write!(last, " {word}").unwrap();
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn line(text: &str, role: Role, target: Option<Target>) -> Line {
    let text = format!("  {}", modeldesk::text::line(text));
    let cells = 0..text.width() as u16;
    let targets = target
        .into_iter()
        .map(|target| (target, cells.clone()))
        .collect();
    Line {
        spans: vec![Span { text, role }],
        targets,
    }
}

impl Wording for Plainly {
    fn answer(&self, answer: &Answer, width: u16) -> Vec<Line> {
        let mut lines = Vec::new();
        for part in &answer.parts {
            match part {
                Part::Paragraph { claims } | Part::Notes { claims } => {
                    for claim in claims {
                        let rows = wrap(&claim.text, width - 2);
                        lines.extend(rows.iter().map(|row| line(row, Role::Plain, None)));
                    }
                    lines.push(Line::default());
                }
                Part::Table(table) => {
                    lines.push(line("  model                    here", Role::Strong, None));
                    for (n, row) in table.rows.iter().enumerate() {
                        let text = format!("{} {:<24} {}", n + 1, row[0].text, row[1].text);
                        lines.push(line(&text, Role::Plain, Some(Target::Model(n))));
                    }
                    lines.push(Line::default());
                }
                _ => {}
            }
        }
        let mut sources = line("", Role::Plain, None);
        let mut x = 2;
        for (n, citation) in answer.citations.iter().enumerate() {
            let id = modeldesk::text::ident(&citation.card);
            let text = format!("[{}] {id}:{}  ", n + 1, citation.line);
            let wide = text.width() as u16;
            sources.targets.push((Target::Citation(n), x..x + wide - 2));
            sources.spans.push(Span {
                text,
                role: Role::Cite,
            });
            x += wide;
        }
        lines.push(sources);
        lines
    }

    fn why(&self, answer: &Answer, _width: u16) -> Vec<Line> {
        let mut lines = vec![line("Why in this order", Role::Strong, None)];
        for model in &answer.models {
            let text = format!("{}  domain 1.00 x 0.30", model.name);
            lines.push(line(&text, Role::Plain, None));
        }
        lines
    }

    fn read_as(&self, answer: &Answer) -> String {
        let fields: Vec<String> = self
            .fields(&answer.reading)
            .into_iter()
            .map(|field| field.value)
            .collect();
        fields.join(", ")
    }

    fn fields(&self, reading: &Reading) -> Vec<Field> {
        let field = |name: &str, value: &str| Field {
            name: name.to_owned(),
            value: value.to_owned(),
            carried: false,
        };
        let task = match reading.unused.first().map(String::as_str) {
            None => Some("summarization"),
            Some("") => None,
            Some(task) => Some(task),
        };
        let task = task.map(|task| field("task", task));
        [field("intent", "recommend")]
            .into_iter()
            .chain(task)
            .collect()
    }

    fn with_field(&self, reading: &Reading, name: &str, value: &str) -> Result<Reading> {
        if value == "cooking" {
            return Err(Error::usage("`cooking` is no task")
                .at(name)
                .hint("try summarization"));
        }
        Ok(Reading {
            unused: vec![value.to_owned()],
            ..reading.clone()
        })
    }

    fn editable(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("task", "summarization, translation, ..."),
            ("domain", "legal, finance, ..."),
        ]
    }
}
