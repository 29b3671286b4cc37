//! `modeldesk tune preview`: data as a model would learn from it, before anything is learned.

use std::io::IsTerminal;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::data::Data;
use crate::cli::interrupt::stop_on_interrupt;
use crate::cli::out::{self, Out};
use crate::cli::{Exit, model};
use crate::error::{Result, shown};
use crate::finetune::dataset::{
    Dataset, FileReport, Opened, Part, Problem, Report, Row, Ruler, Severity,
};
use crate::finetune::features::{Maker, Recipe, Target};
use crate::finetune::preview::{Piece, Shown, shown as shown_row};
use crate::jobs::Cancel;
use crate::model::config::Config;
use crate::model::pipeline::{Task, longest};
use crate::model::tokenizer::Tokenizer;
use crate::settings::Settings;
use crate::text::{self, grouped};

/// Where the words of a line begin.
const INDENT: usize = 9;
/// How wide lines are where the width is not known.
const WIDTH: usize = 80;
/// Most tokens that are shown of a row.
const TOKENS: usize = 72;
/// Most places of a problem that are shown.
const PLACES: usize = 3;
/// Most labels that are shown.
const LABELS: usize = 12;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --model lengths are counted in words and rows are shown as they are. What is learned
stands in braces; a bar marks where tokens part a word. Nothing is changed or kept.

Examples:
  modeldesk tune preview --train reviews.csv
  modeldesk tune preview --train data/ --columns text=body,label=kind
  modeldesk tune preview --train support.jsonl --model openai-community/gpt2 --rows 2
  modeldesk tune preview --train notes.parquet --model ./my-bert --task fill-mask --json")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    data: Data,
    /// The model that is to learn: a folder, or the id of a model in the cache
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// How many rows are shown
    #[arg(long, default_value_t = 5, value_name = "N")]
    rows: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The model that is to learn.
struct Learner {
    name: String,
    tokenizer: Tokenizer,
    longest: usize,
    possible: Vec<Task>,
}

impl Learner {
    fn read(name: &str, settings: &Settings) -> Result<Self> {
        let found = model::find(name, settings)?;
        let config = Config::read(&found.folder)?;
        let tokenizer = Tokenizer::read(&found.folder, Some(config.vocab_size()))?;
        let mut possible = Task::of(&config, &[]);
        possible.retain(|task| !matches!(task, Task::FeatureExtraction | Task::SentenceSimilarity));
        Ok(Self {
            name: found.name,
            longest: longest(&tokenizer, &config),
            tokenizer,
            possible,
        })
    }
}

/// What is shown.
struct View<'a> {
    data: &'a Dataset,
    learner: Option<(&'a Learner, &'a Recipe)>,
    template: Option<&'static str>,
    rows: Vec<Row>,
    shown: Vec<Shown>,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let learner = arguments
        .model
        .as_deref()
        .map(|name| Learner::read(name, settings))
        .transpose()?;
    let possible = learner
        .as_ref()
        .map(|learner| learner.possible.clone())
        .unwrap_or_default();
    let opened = Opened::open(
        &arguments.data.sources(),
        &arguments.data.options(possible)?,
    )?;
    let template = arguments.data.template(&opened)?;
    let recipe = match &learner {
        Some(learner) => Some(arguments.data.recipe(opened.task(), learner.longest)?),
        None => None,
    };
    let learner = learner.as_ref().zip(recipe.as_ref());
    let maker = |names: &[String]| {
        let made = learner.map(|(learner, recipe)| {
            Maker::new(&learner.tokenizer, recipe.clone(), names, template)
        });
        made.transpose()
    };
    let measurer = maker(&[])?;
    let data = check(opened, measurer.as_ref(), &cancel)?;
    let rows = data
        .rows(Part::Train)?
        .take(arguments.rows)
        .collect::<Result<Vec<Row>>>()?;
    let mut all = Vec::new();
    if let (Some(maker), Some((learner, _))) = (maker(data.names())?, learner) {
        for row in &rows {
            all.extend(
                shown_row(row, &maker, &learner.tokenizer, data.names()).unwrap_or_default(),
            );
        }
    }
    let template = template.map(|template| template.name());
    let view = View {
        data: &data,
        learner,
        template,
        rows,
        shown: all,
    };
    if arguments.json {
        out.json(&view.json());
    } else {
        view.say(out);
    }
    out.finish()?;
    data.report().check(false)?;
    Ok(Exit::Done)
}

/// Reads everything once, and measures rows as the model does.
fn check(opened: Opened, maker: Option<&Maker<'_>>, cancel: &Cancel) -> Result<Dataset> {
    let stop = &mut || cancel.is_cancelled();
    let Some(maker) = maker else {
        return opened.check(None, stop);
    };
    let measure = |example: &_| {
        let made = maker.make(example)?;
        Ok((made.tokens as u64, made.cut))
    };
    // Blocks and windows leave nothing out, so there is no limit to a row.
    let recipe = maker.recipe();
    let is_cut = recipe.block().is_none() && recipe.task != Task::QuestionAnswering;
    let limit = is_cut.then_some(recipe.max_length as u64);
    let ruler = Ruler {
        unit: "tokens",
        limit,
        measure: &measure,
    };
    opened.check(Some(&ruler), stop)
}

impl View<'_> {
    fn report(&self) -> &Report {
        self.data.report()
    }

    fn json(&self) -> Value {
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

    fn say(&self, out: &mut Out) {
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
            let mut head = format!("  {}", one.place);
            if one.which.1 > 1 {
                head.push_str(&format!("  window {} of {}", one.which.0, one.which.1));
            }
            head.push_str(&format!("  {} tokens", grouped(one.pieces.len() as u64)));
            if one.cut {
                head.push_str(&format!(" of {}", grouped(one.tokens as u64)));
            }
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

/// A line after its word.
fn entry(out: &mut Out, word: &str, line: &str) {
    let mut first = true;
    let width = out::width().unwrap_or(WIDTH).max(40);
    for row in rows_of(&words(line), width.saturating_sub(INDENT)) {
        let row: String = row.iter().map(|bit| bit.text.as_str()).collect();
        let word = if std::mem::take(&mut first) { word } else { "" };
        out.line(format!("{word:INDENT$}{row}").trim_end());
    }
}

fn file_line(file: &FileReport) -> String {
    let mut line = format!("{}   {}", shown(&file.path), file.format.name());
    if file.header == Some(false) {
        line.push_str(" without a header");
    }
    if let Some(packed) = file.packed {
        line.push_str(&format!(" in {packed}"));
    }
    line.push_str(&format!("   {} rows", grouped(file.rows)));
    if file.part != Part::Train {
        line.push_str(&format!(
            " to {}",
            if file.part == Part::Check {
                "check"
            } else {
                "test"
            }
        ));
    }
    if file.skipped > 0 {
        line.push_str(&format!(", {} skipped", grouped(file.skipped)));
    }
    line
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
        line.push_str(&format!(", and {} more", labels.len() - LABELS));
    }
    vec![line]
}

/// A problem: where, what, how often, and what to do.
fn say_problem(out: &mut Out, word: &str, problem: &Problem, report: &Report) {
    let mut line = String::new();
    let file = problem
        .places
        .first()
        .map(|place| std::sync::Arc::clone(&place.file));
    if let Some(first) = problem.places.first() {
        line.push_str(&format!("{first}: "));
    }
    line.push_str(&problem.what);
    if problem.severity == Severity::Skipped {
        let all = report.all_rows() + report.skipped;
        let (row, of) = if problem.count == 1 {
            ("row", "1")
        } else {
            ("rows", "")
        };
        let count = if of.is_empty() {
            grouped(problem.count)
        } else {
            of.to_owned()
        };
        line.push_str(&format!("; {row} skipped ({count} of {})", grouped(all)));
    } else {
        line = match &problem.places[..] {
            [] => problem.sentence(),
            [first, ..] => format!("{first}: {}", problem.sentence()),
        };
    }
    let more: Vec<String> = problem
        .places
        .iter()
        .skip(1)
        .take(PLACES - 1)
        .map(|place| {
            if Some(&place.file) == file.as_ref() {
                place.line.to_string()
            } else {
                place.to_string()
            }
        })
        .collect();
    if !more.is_empty() {
        line.push_str(&format!("; also line {}", more.join(", ")));
        if problem.count > 1 + more.len() as u64 {
            line.push_str(", ...");
        }
    }
    entry(out, word, &line);
    if let Some(hint) = &problem.hint {
        entry(out, "", &format!("  {hint}"));
    }
}

/// A stretch of a line that is not broken.
struct Bit {
    text: String,
    /// Whether the line may end before it.
    breaks: bool,
    learned: bool,
}

impl Bit {
    fn plain(text: String, breaks: bool) -> Self {
        Self {
            text,
            breaks,
            learned: false,
        }
    }
}

/// The words of a line.
fn words(line: &str) -> Vec<Bit> {
    line.split_inclusive(' ')
        .map(|word| Bit::plain(word.to_owned(), true))
        .collect()
}

/// Tokens with what is learned in braces. Of many, the first are shown and those around what is
/// learned.
fn marked(pieces: &[Piece]) -> Vec<Bit> {
    let mut bits: Vec<Bit> = Vec::new();
    let mut open = false;
    let mut left_out = 0;
    for (at, piece) in pieces.iter().enumerate() {
        let kept = is_shown(pieces, at);
        if !kept {
            left_out += 1;
        }
        if left_out > 0 && (kept || at + 1 == pieces.len()) {
            if std::mem::take(&mut open) {
                push(&mut bits, "}", false, false);
            }
            bits.push(Bit::plain(
                format!(" ... {} more ...", std::mem::take(&mut left_out)),
                true,
            ));
        }
        if !kept {
            continue;
        }
        let tag = piece.label.as_deref().filter(|label| *label != "O");
        let in_braces = piece.learned && piece.label.is_none();
        let gap = if at == 0 {
            ""
        } else if piece.joins {
            "|"
        } else {
            " "
        };
        // What is learned begins with the brace, and with the space that its first token has.
        if open && !in_braces {
            push(&mut bits, "}", false, false);
        }
        let begins = in_braces && !open;
        let mark = if begins { "{" } else { "" };
        open = in_braces;
        bits.push(Bit {
            text: format!("{gap}{mark}{}", piece.text),
            breaks: !piece.joins,
            learned: in_braces,
        });
        if let Some(tag) = tag.filter(|_| piece.learned) {
            push(&mut bits, &format!("{{{tag}}}"), false, true);
        }
    }
    if open {
        push(&mut bits, "}", false, false);
    }
    bits
}

fn push(bits: &mut Vec<Bit>, text: &str, breaks: bool, learned: bool) {
    bits.push(Bit {
        text: text.to_owned(),
        breaks,
        learned,
    });
}

/// Whether a token is among those that are shown.
fn is_shown(pieces: &[Piece], at: usize) -> bool {
    if pieces.len() <= TOKENS {
        return true;
    }
    let first = pieces.iter().position(|piece| piece.learned).unwrap_or(0);
    let head = TOKENS / 3;
    let around = first.saturating_sub(TOKENS / 6).max(head);
    at < head || (around..around + 2 * TOKENS / 3).contains(&at)
}

/// Lines of bits that are no wider than `width`.
fn rows_of(bits: &[Bit], width: usize) -> Vec<Vec<&Bit>> {
    let mut rows: Vec<Vec<&Bit>> = vec![Vec::new()];
    let mut used = 0;
    for bit in bits {
        let wide = bit.text.width();
        if used + wide > width && bit.breaks && used > 0 {
            rows.push(Vec::new());
            used = 0;
        }
        used += wide;
        if let Some(row) = rows.last_mut() {
            row.push(bit);
        }
    }
    rows
}

/// Writes bits with an indent, what is learned underlined on a terminal.
fn wrapped(out: &mut Out, bits: &[Bit], indent: usize) {
    let width = out::width().unwrap_or(WIDTH).max(40);
    let is_terminal = std::io::stdout().is_terminal();
    for row in rows_of(bits, width - indent) {
        let mut line = String::new();
        for (place, bit) in row.iter().enumerate() {
            let text = if place == 0 {
                bit.text.trim_start_matches(' ')
            } else {
                &bit.text
            };
            let code = if bit.learned { "4" } else { "0" };
            line.push_str(&out::painted(is_terminal && bit.learned, code, text));
        }
        out.line(format!("{:indent$}{}", "", line.trim_end()));
    }
}

/// A row without a tokenizer, as lines that are not too long.
fn plain_lines(row: &Row) -> Vec<String> {
    let cut = |text: String| {
        let line = text::line(&text).into_owned();
        let mut short: String = line.chars().take(240).collect();
        if short.len() < line.len() {
            short.push_str(" ...");
        }
        short
    };
    match plain(row) {
        Value::Object(fields) => {
            let each = fields.iter().filter(|(_, value)| !value.is_null());
            each.map(|(name, value)| {
                let said = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                cut(format!("{name}: {said}"))
            })
            .collect()
        }
        other => vec![cut(other.to_string())],
    }
}

/// A row as JSON.
fn plain(row: &Row) -> Value {
    use crate::finetune::dataset::{Example, Label, Role};
    match &row.example {
        Example::Classified { text, pair, label } => {
            let label = match label {
                Label::One(id) => json!(id),
                Label::Many(on) => json!(on),
                Label::Number(number) => json!(number),
            };
            json!({"text": text, "pair": pair, "label": label})
        }
        Example::Tagged { words, tags } => json!({"words": words, "tags": tags}),
        Example::Question {
            id,
            question,
            context,
            answers,
        } => {
            let answers: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
            json!({"id": id, "question": question, "answers": answers, "context": context})
        }
        Example::Plain { text, .. } => json!({"text": text}),
        Example::Dialogue { turns } => {
            let turns = turns.iter().map(|turn| {
                let role = match turn.role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                json!({"role": role, "content": turn.content})
            });
            json!({"messages": turns.collect::<Vec<_>>()})
        }
        Example::Pair { source, target } => json!({"source": source, "target": target}),
    }
}

/// The features of a row as JSON, under transformers' names.
fn features(shown: &Shown, tokenizer: &Tokenizer) -> Value {
    let features = &shown.features;
    let tokens: Vec<Option<String>> = features.ids.iter().map(|id| tokenizer.token(*id)).collect();
    let mut object = json!({
        "place": shown.place,
        "tokens": tokens,
        "input_ids": features.ids,
        "cut": shown.cut,
    });
    if !features.type_ids.is_empty() {
        object["token_type_ids"] = json!(features.type_ids);
    }
    match &features.target {
        Target::Class(class) => object["labels"] = json!(class),
        Target::Classes(classes) => object["labels"] = json!(classes),
        Target::Number(number) => object["labels"] = json!(number),
        Target::Tokens(labels) => {
            let labels: Vec<i64> = labels
                .iter()
                .map(|label| label.map_or(-100, i64::from))
                .collect();
            object["labels"] = json!(labels);
        }
        Target::Span { start, end } => {
            object["start_positions"] = json!(start);
            object["end_positions"] = json!(end);
        }
        Target::Text(ids) => object["labels"] = json!(ids),
        Target::Masked => {}
    }
    object
}
