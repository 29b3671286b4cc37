//! What was understood of data, for a person and for a program.

use serde_json::{Value, json};

use super::View;
use super::rows::{features, plain, plain_lines};
use crate::cli::out::Out;
use crate::cli::tune::marks::{entry, words, wrapped};
use crate::error::shown;
use crate::finetune::dataset::{FileReport, Part, Place, Problem, Report, Severity};
use crate::finetune::marked::{Bit, marked};
use crate::model::pipeline::Task;
use crate::text::{self, grouped};

/// Most places of a problem that are shown.
const PLACES: usize = 3;
/// Most labels that are shown.
const LABELS: usize = 12;

impl View<'_> {
    fn report(&self) -> &Report {
        self.data.report()
    }

    pub(super) fn json(&self) -> Value {
        let rows: Vec<Value> = match self.learner {
            Some((learner, _)) => self
                .shown
                .iter()
                .map(|one| features(one, &learner.tokenizer))
                .collect(),
            None => self
                .rows
                .iter()
                .map(|row| json!({"place": row.place.to_string(), "example": plain(row)}))
                .collect(),
        };
        let mut object = json!(self.report());
        object["model"] = json!(self.learner.map(|(learner, _)| &learner.name));
        object["max_length"] = json!(self.learner.map(|(_, recipe)| recipe.max_length));
        object["template"] = json!(self.template);
        object["examples"] = json!(rows);
        object
    }

    pub(super) fn say(&self, out: &mut Out) {
        let report = self.report();
        for (place, file) in report.files.iter().enumerate() {
            entry(out, if place == 0 { "Data" } else { "" }, &file_line(file));
        }
        entry(out, "", &rows_line(report));
        entry(
            out,
            "Columns",
            &format!("{}    --columns changes that", report.columns),
        );
        entry(out, "Task", &self.task_line());
        for line in label_lines(report) {
            entry(out, "", &line);
        }
        if let Some(line) = self.learns_line() {
            entry(out, "Learns", &line);
        }
        if let Some(lengths) = &report.lengths {
            let said = format!(
                "half of the rows have up to {} {}, 95 of 100 up to {}, 99 up to {}; the longest has {}",
                grouped(lengths.median),
                lengths.unit,
                grouped(lengths.p95),
                grouped(lengths.p99),
                grouped(lengths.longest)
            );
            entry(out, "Lengths", &said);
        }
        for (place, problem) in report.problems.iter().enumerate() {
            say_problem(
                out,
                if place == 0 { "Problems" } else { "" },
                problem,
                report,
            );
        }
        self.say_rows(out);
    }

    fn task_line(&self) -> String {
        let report = self.report();
        let kind = match report.problem {
            Some("regression") => ", a number for each text".to_owned(),
            Some("multi_label_classification") => {
                format!(", any of {} labels", report.labels.len())
            }
            Some(_) => format!(", one of {} labels", report.labels.len()),
            None if !report.labels.is_empty() => {
                format!(", one of {} tags for each word", report.labels.len())
            }
            None => String::new(),
        };
        format!("{}{kind}    --task changes that", report.task)
    }

    /// What is learned from rows, where that is not the label.
    fn learns_line(&self) -> Option<String> {
        let block = self.learner.and_then(|(_, recipe)| recipe.block());
        Some(match (self.data.task(), self.template) {
            (Task::TextGeneration, Some(template)) => format!(
                "the answers only; prompts are read, not scored. Template: {template}    --template changes that"
            ),
            (Task::TextGeneration, None) => match block {
                Some(length) => {
                    format!("every token of the texts, joined and cut into blocks of {length}")
                }
                None => "every token of the texts".to_owned(),
            },
            (Task::FillMask, _) => "tokens that are hidden, others in each epoch".to_owned(),
            (Task::QuestionAnswering, _) => {
                "where the answer begins and ends; the first token if there is none".to_owned()
            }
            _ => return None,
        })
    }

    fn say_rows(&self, out: &mut Out) {
        if self.rows.is_empty() {
            return;
        }
        out.line("");
        if self.learner.is_none() {
            out.line(format!(
                "{} rows; with --model as the model sees them:",
                self.rows.len()
            ));
            for row in &self.rows {
                out.line(format!("  {}", row.place));
                for line in plain_lines(row) {
                    wrapped(out, &words(&line), 4);
                }
            }
            return;
        }
        out.line(format!(
            "{} rows as the model sees them; {{what is learned}}:",
            self.rows.len()
        ));
        for one in &self.shown {
            let window = match one.which {
                (_, 1) => String::new(),
                (at, of) => format!("  window {at} of {of}"),
            };
            let kept = grouped(one.pieces.len() as u64);
            let whole = if one.cut {
                format!(" of {}", grouped(one.tokens as u64))
            } else {
                String::new()
            };
            let head = format!("  {}{window}  {kept} tokens{whole}", one.place);
            out.line(head);
            wrapped(out, &marked(&one.pieces), 4);
            if let Some(answer) = &one.answer {
                let mut said = vec![Bit::plain("->".to_owned(), true)];
                said.extend(marked(answer));
                wrapped(out, &said, 4);
            }
        }
    }
}

fn file_line(file: &FileReport) -> String {
    let form = file.format.name();
    let header = if file.header == Some(false) {
        " without a header"
    } else {
        ""
    };
    let packed = file
        .packed
        .map_or_else(String::new, |how| format!(" in {how}"));
    let part = match file.part {
        Part::Train => "",
        Part::Check => " to check",
        Part::Test => " to test",
    };
    let skipped = match file.skipped {
        0 => String::new(),
        count => format!(", {} skipped", grouped(count)),
    };
    let (path, rows) = (shown(&file.path), grouped(file.rows));
    format!("{path}   {form}{header}{packed}   {rows} rows{part}{skipped}")
}

fn rows_line(report: &Report) -> String {
    let rows = report.rows;
    format!(
        "{} train, {} check, {} test: {}",
        grouped(rows.train),
        grouped(rows.check),
        grouped(rows.test),
        report.split
    )
}

/// The labels with their counts, the most frequent first.
fn label_lines(report: &Report) -> Vec<String> {
    if report.labels.is_empty() {
        return Vec::new();
    }
    let all: u64 = report.labels.iter().map(|label| label.train).sum();
    let mut labels: Vec<_> = report.labels.iter().collect();
    labels.sort_by_key(|label| std::cmp::Reverse(label.train));
    let each = labels.iter().take(LABELS).map(|label| {
        let share = label.train as f64 * 100.0 / all.max(1) as f64;
        let share = if share >= 1.0 {
            format!("{share:.0}%")
        } else {
            format!("{share:.1}%")
        };
        format!(
            "{} {} ({share})",
            text::line(&label.name),
            grouped(label.train)
        )
    });
    let mut line = each.collect::<Vec<_>>().join(", ");
    if labels.len() > LABELS {
        line = format!("{line}, and {} more", labels.len() - LABELS);
    }
    vec![line]
}

/// A problem: where, what, how often, and what to do.
fn say_problem(out: &mut Out, word: &str, problem: &Problem, report: &Report) {
    let said = if problem.severity == Severity::Skipped {
        let all = grouped(report.all_rows() + report.skipped);
        let rows = if problem.count == 1 { "row" } else { "rows" };
        format!(
            "{}; {rows} skipped ({} of {all})",
            problem.what,
            grouped(problem.count)
        )
    } else {
        problem.sentence()
    };
    let line = match &problem.places[..] {
        [] => said,
        [first, others @ ..] => format!("{first}: {said}{}", also(first, others, problem.count)),
    };
    entry(out, word, &line);
    if let Some(hint) = &problem.hint {
        entry(out, "", &format!("  {hint}"));
    }
}

/// Where else a problem is, of `count` places.
fn also(first: &Place, others: &[Place], count: u64) -> String {
    if others.is_empty() {
        return String::new();
    }
    let shown = others.iter().take(PLACES - 1).map(|place| {
        if place.file == first.file {
            format!("line {}", place.line)
        } else {
            place.to_string()
        }
    });
    let shown: Vec<String> = shown.collect();
    let more = if count > 1 + shown.len() as u64 {
        ", ..."
    } else {
        ""
    };
    format!("; also {}{more}", shown.join(", "))
}
