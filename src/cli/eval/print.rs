//! A measurement in words, and how far it is.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::cli::out::Out;
use crate::finetune::evaluate::{Evaluation, Shift};
use crate::model::layers::Precision;
use crate::text;

/// How often progress is shown.
const OFTEN: Duration = Duration::from_millis(200);
/// Most classes that are shown.
const CLASSES: usize = 30;

/// Progress on standard error, where that is a terminal.
pub(super) struct Progress {
    name: String,
    of: usize,
    started: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    pub(super) fn new(name: &str, of: usize) -> Self {
        Self {
            name: text::line(name).into_owned(),
            of,
            started: Instant::now(),
            shown: None,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// So many rows are done.
    pub(super) fn show(&mut self, done: usize) {
        let now = Instant::now();
        let recent = self.shown.is_some_and(|shown| now - shown < OFTEN);
        if !self.terminal || (recent && done < self.of) {
            return;
        }
        self.shown = Some(now);
        let seconds = self.started.elapsed().as_secs_f64();
        let left = seconds / done as f64 * self.of.saturating_sub(done) as f64;
        let line = format!(
            "{}: {done} of {} rows, {left:.0} s left",
            self.name, self.of
        );
        // With standard error gone there is nobody to tell.
        let _ = write!(std::io::stderr(), "\r{line}\x1b[K");
    }

    /// Takes the line away.
    pub(super) fn end(&mut self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

pub(super) fn evaluation(measured: &Evaluation, model: &str, precision: Precision, out: &mut Out) {
    out.line(format!(
        "{}, {} rows, {} in {}",
        measured.task,
        measured.n,
        text::line(model),
        precision.name()
    ));
    let width = measured
        .metrics
        .0
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    for (name, figure) in &measured.metrics.0 {
        let value = figure
            .value
            .map_or_else(|| "not defined".to_owned(), number);
        let range = figure
            .ci95
            .map(|[low, high]| format!("  [{}, {}]", number(low), number(high)));
        out.line(format!(
            "  {name:width$}  {value}{}",
            range.unwrap_or_default()
        ));
    }
    classes(measured, out);
    if !measured.worst.is_empty() {
        out.line("");
        out.line("worst rows");
    }
    for row in &measured.worst {
        out.line(format!(
            "  {}: {}",
            text::line(&row.place),
            text::line(&row.input)
        ));
        if !row.expected.is_empty() || !row.predicted.is_empty() {
            out.line(format!("    is    {}", text::line(&row.expected)));
            out.line(format!("    said  {}", text::line(&row.predicted)));
        }
    }
    out.line("");
    out.line(text::line(&measured.signature));
}

fn classes(measured: &Evaluation, out: &mut Out) {
    let classes = &measured.per_class.0;
    if classes.is_empty() {
        return;
    }
    let shown: Vec<_> = classes
        .iter()
        .take(CLASSES)
        .map(|(name, scores)| (text::line(name), scores))
        .collect();
    let width = shown
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    out.line("");
    out.line(format!(
        "  {:width$}  precision  recall      f1    rows",
        ""
    ));
    for (name, scores) in shown {
        out.line(format!(
            "  {name:width$}  {:9.3}  {:6.3}  {:6.3}  {:6}",
            scores.precision, scores.recall, scores.f1, scores.support
        ));
    }
    if classes.len() > CLASSES {
        out.line(format!(
            "  and {} more, which --json gives",
            classes.len() - CLASSES
        ));
    }
}

pub(super) fn shifts(model: &str, shifts: &[Shift], out: &mut Out) {
    out.line("");
    out.line(format!("less {} on the same rows", text::line(model)));
    let width = shifts
        .iter()
        .map(|shift| shift.name.len())
        .max()
        .unwrap_or(0);
    for shift in shifts {
        let difference = shift.difference;
        if difference.value.is_nan() {
            out.line(format!("  {:width$}  not defined", shift.name));
            continue;
        }
        let range = difference
            .ci95
            .map(|[low, high]| format!("  [{low:+.4}, {high:+.4}]"));
        out.line(format!(
            "  {:width$}  {:+.4}{}  p = {:.4}",
            shift.name,
            difference.value,
            range.unwrap_or_default(),
            difference.p
        ));
    }
}

fn number(value: f64) -> String {
    if value.abs() < 10.0 {
        format!("{value:.4}")
    } else {
        format!("{value:.2}")
    }
}
