//! One model at work on the text: what it has been told, how far it is, what came of it.

use std::time::Duration;

use ratatui::style::Style;

use super::flow::{Row, Run, flow, row};
use super::shown::{self, Paper};
use crate::advisor::quantity;
use crate::error::Kind;
use crate::jobs::engine::{Done, News, Output, Pace};
use crate::model::generate::Finish;
use crate::text;
use crate::tui::pane::told;

/// How many rows of the text that was given stand above what was written.
const MOST_GIVEN: usize = 3;

/// How far an order is.
#[derive(Debug)]
enum State {
    /// The thread has not come to it.
    Waiting,
    /// So many bytes are being read.
    Loading(u64),
    Running,
    Done(Box<Done>),
    Stopped,
    Failed(Vec<String>),
}

/// A part of a long document.
#[derive(Debug)]
struct Part {
    of: usize,
    text: String,
    summary: Option<String>,
}

/// One model at work.
#[derive(Debug)]
pub(super) struct Lane {
    /// Model and precision, as the screen names them.
    pub(super) name: String,
    ticket: u64,
    state: State,
    /// What is measured is not a text.
    measures: bool,
    /// Whether what is written goes on from what was given.
    goes_on: bool,
    given: String,
    written: String,
    cleaner: text::Stream,
    parts: Vec<Part>,
    pace: Option<Pace>,
    loaded: Option<Duration>,
    rows: Vec<Row>,
    cells: usize,
}

impl Lane {
    /// An order that was just sent; `given` is its text.
    pub(super) fn new(name: String, ticket: u64, given: &str) -> Self {
        Self {
            name,
            ticket,
            state: State::Waiting,
            measures: false,
            goes_on: false,
            given: given.to_owned(),
            written: String::new(),
            cleaner: text::Stream::default(),
            parts: Vec::new(),
            pace: None,
            loaded: None,
            rows: Vec::new(),
            cells: 0,
        }
    }

    /// The same, where what is written goes on from what was given.
    pub(super) fn going_on(self, goes_on: bool) -> Self {
        Self { goes_on, ..self }
    }

    /// A measurement that was just sent.
    pub(super) fn measuring(name: String, ticket: u64) -> Self {
        Self {
            measures: true,
            ..Self::new(name, ticket, "")
        }
    }

    /// The order's ticket, while it is not done.
    pub(super) fn waits_for(&self) -> Option<u64> {
        match self.state {
            State::Waiting | State::Loading(_) | State::Running => Some(self.ticket),
            State::Done(_) | State::Stopped | State::Failed(_) => None,
        }
    }

    /// Nobody wants to hear more of it; what there is stays.
    pub(super) fn stop(&mut self) {
        if self.waits_for().is_some() {
            self.state = State::Stopped;
            self.cells = 0;
        }
    }

    /// Takes what the thread tells of order `ticket`; gives back what is not this lane's.
    pub(super) fn hear(&mut self, ticket: u64, news: News) -> Option<News> {
        if self.waits_for() != Some(ticket) {
            return Some(news);
        }
        self.cells = 0;
        match news {
            News::Loading(bytes) => self.state = State::Loading(bytes),
            News::Loaded { took, .. } => {
                self.state = State::Running;
                self.loaded = took;
            }
            News::Given(text) => self.given = text,
            // Only a conversation is sent.
            News::Sent { .. } => {}
            News::Token { text, pace } => {
                self.written += &self.cleaner.push(text.as_bytes());
                self.pace = Some(pace);
            }
            News::Reading { of, text, .. } => self.parts.push(Part {
                of,
                text,
                summary: None,
            }),
            News::Summary(summary) => {
                if let Some(part) = self.parts.last_mut() {
                    part.summary = Some(summary);
                }
            }
            News::Ended(Ok(done)) => {
                self.pace = done.pace.or(self.pace);
                self.state = if done.finish == Some(Finish::Cancelled) {
                    State::Stopped
                } else {
                    State::Done(done)
                };
            }
            News::Ended(Err(error)) if error.kind() == Kind::Interrupted => {
                self.state = State::Stopped;
            }
            News::Ended(Err(error)) => self.state = State::Failed(told(&error)),
        }
        None
    }

    fn done(&self) -> Option<&Done> {
        match &self.state {
            State::Done(done) => Some(done),
            _ => None,
        }
    }

    /// What `y` copies: the text that was written, else what is on the screen.
    pub(super) fn copied(&self) -> Option<String> {
        if let Some(Output::Texts(texts)) = self.done().map(|done| &done.output) {
            return Some(texts.join("\n\n"));
        }
        if !self.written.is_empty() {
            return Some(self.written.clone());
        }
        self.done()?;
        let lines = self.rows.iter().map(|row| {
            let line: String = row.iter().map(|(text, _)| text.as_str()).collect();
            line.trim_end().to_owned()
        });
        Some(lines.collect::<Vec<_>>().join("\n"))
    }

    /// The rows at the width of the last layout.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Lays out what there is, if anything has changed.
    pub(super) fn layout(&mut self, paper: Paper) {
        if self.cells == paper.cells {
            return;
        }
        self.cells = paper.cells;
        let mut rows = Vec::new();
        let written = self.done().map(|done| &done.output);
        match written {
            Some(output) if !matches!(output, Output::Texts(_)) => {
                rows.extend(shown::rows(output, &self.given, paper));
            }
            _ if self.measures => {}
            _ => self.text(paper, &mut rows),
        }
        if let State::Failed(lines) = &self.state {
            for line in lines {
                rows.extend(flow(&[(line.clone(), paper.theme.trouble())], paper.cells));
            }
        }
        rows.push(Row::new());
        for (line, style) in self.standing(paper) {
            rows.extend(flow(&[(line, style)], paper.cells));
        }
        self.rows = rows;
    }

    /// What was given, the parts of it, and what was written.
    fn text(&self, paper: Paper, rows: &mut Vec<Row>) {
        let (theme, cells) = (paper.theme, paper.cells);
        let texts = match self.done().map(|done| &done.output) {
            Some(Output::Texts(texts)) if texts.len() > 1 => &texts[..],
            _ => &[],
        };
        if self.goes_on && texts.is_empty() {
            let begins: Run = (text::block(&self.given).into_owned(), theme.dim());
            rows.extend(flow(&[begins, (self.written.clone(), Style::new())], cells));
            return;
        }
        let given = flow(
            &[(text::block(&self.given).into_owned(), theme.dim())],
            cells,
        );
        let more = given.len() > MOST_GIVEN;
        rows.extend(given.into_iter().take(MOST_GIVEN));
        if more && let Some(last) = rows.last_mut() {
            last.push((" ..".to_owned(), theme.dim()));
        }
        rows.push(Row::new());
        for (n, part) in self.parts.iter().enumerate() {
            self.part(n, part, paper, rows);
        }
        if !self.parts.is_empty() && !self.written.is_empty() {
            rows.push(row("as a whole", theme.strong()));
        }
        for (n, one) in texts.iter().enumerate() {
            let head = format!("{}  ", n + 1);
            let one = text::block(one).into_owned();
            rows.extend(flow(&[(head, theme.dim()), (one, Style::new())], cells));
        }
        if texts.is_empty() && !self.written.is_empty() {
            rows.extend(flow(&[(self.written.clone(), Style::new())], cells));
        }
    }

    /// One part of a long document: how it begins, and its summary.
    fn part(&self, n: usize, part: &Part, paper: Paper, rows: &mut Vec<Row>) {
        let theme = paper.theme;
        let before = self.parts[..n].iter().rev();
        // A second round begins where the summaries of the first are cut into other parts.
        let same = before.take_while(|one| one.of == part.of).count();
        let head = format!("part {} of {}  ", same % part.of.max(1) + 1, part.of);
        let begins = text::line(&part.text).into_owned();
        let room = paper.cells.saturating_sub(head.len());
        let begins = crate::tui::wrap::fit(begins.trim(), room).to_owned();
        rows.push(vec![(head, theme.strong()), (begins, theme.dim())]);
        let said = match &part.summary {
            Some(summary) => (text::block(summary).into_owned(), Style::new()),
            None => ("..".to_owned(), theme.dim()),
        };
        rows.extend(flow(&[said], paper.cells));
        rows.push(Row::new());
    }

    /// How far it is, how fast it was, and what the user should know.
    fn standing(&self, paper: Paper) -> Vec<Run> {
        let dim = paper.theme.dim();
        let mut lines = Vec::new();
        let state = match &self.state {
            State::Waiting => Some("waiting for the engine".to_owned()),
            State::Loading(bytes) => Some(format!("loading {}", quantity::bytes(*bytes))),
            State::Running if self.measures => Some("measuring".to_owned()),
            State::Running if self.pace.is_some() => None,
            State::Running if self.parts.is_empty() => Some("reading the text".to_owned()),
            State::Running => Some("summarizing part by part".to_owned()),
            State::Done(_) | State::Failed(_) => None,
            State::Stopped => Some("stopped".to_owned()),
        };
        let mut said: Vec<String> = state.into_iter().collect();
        said.extend(self.pace.as_ref().map(Pace::words));
        if let Some(done) = self.done() {
            if done.pace.is_none() && !self.measures {
                said.push(format!("{:.1} ms", done.took.as_secs_f64() * 1e3));
            }
            said.extend(done.finish.and_then(ended).map(str::to_owned));
        }
        if let Some(took) = self.loaded {
            said.push(format!("loaded in {:.2} s", took.as_secs_f64()));
        }
        lines.push((said.join("  "), dim));
        let notes = self.done().map_or(&[][..], |done| &done.notes);
        lines.extend(notes.iter().map(|note| (format!("note: {note}"), dim)));
        lines
    }

    /// The name of the model, as a row.
    pub(super) fn title(&self, paper: Paper) -> Row {
        row(self.name.clone(), paper.theme.strong())
    }
}

/// Why a text ended, where that is not its own end.
fn ended(finish: Finish) -> Option<&'static str> {
    match finish {
        Finish::Length => Some("cut at new tokens"),
        Finish::ContextFull => Some("the model's context is full"),
        Finish::Eos | Finish::StopString | Finish::Cancelled => None,
    }
}
