//! One question and its answer, as rows of a width.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::advisor::present::{Line, Role, Span, Target};
use crate::advisor::{Answer, Reading};
use crate::tui::wording::Wording;
use crate::tui::wrap;

/// Models that an answer's table shows; `m` shows the others.
const SHOWN_MODELS: usize = 3;

/// Cells that every row leaves free at its left: for the mark of the selection and that of a
/// marked model. The advisor's lines leave them too.
pub(super) const GUTTER: u16 = 2;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The question; true on its first row.
    Question(bool),
    /// How it was read.
    Reading,
    /// The answer.
    Answer,
    /// What the desk itself says.
    Status,
    /// What went wrong.
    Trouble,
}

/// One row of a turn.
#[derive(Debug)]
pub(super) struct Row {
    /// What it is.
    pub(super) kind: Kind,
    /// Its text, safe.
    pub(super) spans: Vec<Span>,
}

/// Something that can be selected, where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    /// What Enter opens; none is the turn as a whole.
    pub(super) target: Option<Target>,
    /// Its row in the turn.
    pub(super) row: usize,
    /// Its cells in that row, without the gutter.
    pub(super) cells: Range<u16>,
}

/// How far a turn is.
#[derive(Debug)]
enum Progress {
    Waiting(u64),
    Done,
    /// A later question, or the user, took its place.
    Dropped(&'static str),
    Failed(Vec<String>),
}

/// Rows of a question above its answer.
const MOST_ECHO: usize = 3;

/// One question and its answer.
#[derive(Debug)]
pub(super) struct Turn {
    /// The question as typed.
    pub(super) question: String,
    /// The answer, once there is one.
    pub(super) answer: Option<Box<Answer>>,
    /// Models that Space has marked, by their place in the answer.
    pub(super) marked: BTreeSet<usize>,
    /// Whether all models are shown.
    pub(super) more: bool,
    /// Its rows.
    pub(super) rows: Vec<Row>,
    /// What can be selected, from top to bottom; the turn as a whole is the first.
    pub(super) stops: Vec<Stop>,
    progress: Progress,
    fresh: bool,
    width: u16,
    stale: bool,
}

impl Turn {
    /// A question that waits for request `ticket`. `fresh` says that the user asked for nothing
    /// to be carried over.
    pub(super) fn new(question: String, ticket: u64, fresh: bool) -> Self {
        Self {
            question,
            answer: None,
            marked: BTreeSet::new(),
            more: false,
            rows: Vec::new(),
            stops: Vec::new(),
            progress: Progress::Waiting(ticket),
            fresh,
            width: 0,
            stale: true,
        }
    }

    /// How the question was read.
    pub(super) fn reading(&self) -> Option<&Reading> {
        self.answer.as_ref().map(|answer| &answer.reading)
    }

    /// Whether it waits for this request.
    pub(super) fn waits_for(&self, ticket: u64) -> bool {
        matches!(self.progress, Progress::Waiting(asked) if asked == ticket)
    }

    /// Whether it waits.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.progress, Progress::Waiting(_))
    }

    /// Asks again, as request `ticket`; the old answer stands until the new one is there.
    pub(super) fn wait(&mut self, ticket: u64) {
        self.progress = Progress::Waiting(ticket);
        self.stale = true;
    }

    /// Takes the answer.
    pub(super) fn answered(&mut self, answer: Box<Answer>) {
        self.marked.clear();
        self.answer = Some(answer);
        self.progress = Progress::Done;
        self.stale = true;
    }

    /// Takes the reason why there is no answer.
    pub(super) fn failed(&mut self, lines: Vec<String>) {
        self.progress = Progress::Failed(lines);
        self.stale = true;
    }

    /// Stops waiting, for a reason. A turn that has an answer keeps it.
    pub(super) fn drop_request(&mut self, why: &'static str) {
        if self.is_waiting() {
            self.progress = if self.answer.is_some() {
                Progress::Done
            } else {
                Progress::Dropped(why)
            };
            self.stale = true;
        }
    }

    /// Shows all models, or the first again.
    pub(super) fn toggle_more(&mut self) {
        self.more = !self.more;
        self.stale = true;
    }

    /// Whether there are models beyond those that the table shows.
    pub(super) fn has_more(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|answer| answer.models.len() > SHOWN_MODELS)
    }

    /// The rows that have `words`, which are in lower case; where they go on in the next row, the
    /// first of both.
    pub(super) fn rows_with(&self, words: &str) -> Vec<usize> {
        let text = |row: &Row| {
            let spans = row.spans.iter().map(|span| span.text.as_str());
            spans.collect::<String>().trim().to_lowercase()
        };
        let texts: Vec<String> = self.rows.iter().map(text).collect();
        let has = |at: &usize| {
            let next = texts.get(at + 1).map_or("", String::as_str);
            let both = format!("{} {next}", texts[*at]);
            both.find(words).is_some_and(|from| from < texts[*at].len())
        };
        (0..texts.len()).filter(has).collect()
    }

    /// Makes the rows for a width, if they are not made for it yet; whether it did.
    pub(super) fn layout(&mut self, width: u16, wording: &dyn Wording) -> bool {
        if !self.stale && self.width == width {
            return false;
        }
        self.width = width;
        self.stale = false;
        self.rows.clear();
        self.stops.clear();
        // A cell stays free at the right.
        let cells = width.saturating_sub(GUTTER + 1).max(1);
        let question = crate::text::block(&self.question).into_owned();
        let mut echo: Vec<_> = question
            .lines()
            .flat_map(|line| wrap::rows(line, usize::from(cells)))
            .collect();
        // The answer matters more than a long question's echo.
        let hidden = echo.len().saturating_sub(MOST_ECHO);
        if hidden > 0 {
            echo.truncate(MOST_ECHO - 1);
        }
        for row in echo {
            let kind = Kind::Question(self.rows.is_empty());
            self.rows.push(row_of(kind, row, Role::Strong));
        }
        if hidden > 0 {
            let more = format!("... and {} more lines", hidden + 1);
            self.rows
                .push(row_of(Kind::Question(false), &more, Role::Dim));
        }
        let whole = Stop {
            target: None,
            row: 0,
            cells: 0..self.rows[0].width(),
        };
        let mut lines = Vec::new();
        if let Some(answer) = &self.answer {
            let read = format!("read as: {}", crate::text::line(&wording.read_as(answer)));
            let fresh = if self.fresh { " (afresh)" } else { "" };
            for row in wrap::rows(&format!("{read}{fresh}"), usize::from(cells)) {
                self.rows.push(row_of(Kind::Reading, row, Role::Dim));
            }
            self.rows.push(row_of(Kind::Answer, "", Role::Plain));
            lines = wording.answer(answer, width);
            if self.more {
                lines.extend(further(answer, usize::from(cells)));
            }
        }
        self.stops = stops(&lines, self.rows.len());
        self.stops.insert(0, whole);
        self.rows.extend(lines.into_iter().map(|line| Row {
            kind: Kind::Answer,
            spans: line.spans,
        }));
        self.push_progress(usize::from(cells));
        self.rows.push(row_of(Kind::Status, "", Role::Plain));
        true
    }

    fn push_progress(&mut self, cells: usize) {
        let (kind, lines) = match &self.progress {
            Progress::Waiting(_) => (Kind::Status, vec!["reading the cards".to_owned()]),
            Progress::Done => return,
            Progress::Dropped(why) => (Kind::Status, vec![(*why).to_owned()]),
            Progress::Failed(lines) => (Kind::Trouble, lines.clone()),
        };
        for line in &lines {
            for row in wrap::rows(line, cells) {
                self.rows.push(row_of(kind, row, Role::Dim));
            }
        }
    }

    /// The answer as text to be copied.
    pub(super) fn as_text(&self, wording: &dyn Wording) -> Option<String> {
        let answer = self.answer.as_ref()?;
        let lines = wording.answer(answer, 80 + GUTTER);
        let text: Vec<String> = lines
            .iter()
            .map(|line| {
                line.spans
                    .iter()
                    .map(|s| s.text.as_str())
                    .collect::<String>()
            })
            .map(|line| {
                line.strip_prefix("  ")
                    .unwrap_or(&line)
                    .trim_end()
                    .to_owned()
            })
            .collect();
        Some(text.join("\n").trim_end().to_owned() + "\n")
    }
}

impl Row {
    fn width(&self) -> u16 {
        self.spans
            .iter()
            .map(|span| wrap::width(&span.text))
            .sum::<usize>() as u16
    }
}

fn row_of(kind: Kind, text: &str, role: Role) -> Row {
    let text = format!("{:1$}{text}", "", usize::from(GUTTER));
    Row {
        kind,
        spans: vec![Span { text, role }],
    }
}

/// The models that the table leaves out.
fn further(answer: &Answer, cells: usize) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    for (n, model) in answer.models.iter().enumerate().skip(SHOWN_MODELS) {
        let text = format!(
            "  {} {}  {}",
            n + 1,
            crate::text::ident(&model.id),
            crate::text::line(&model.reason)
        );
        let text = wrap::fit(&text, cells).to_owned();
        let cells = 0..wrap::width(&text) as u16;
        let spans = vec![Span {
            text,
            role: Role::Plain,
        }];
        lines.push(Line {
            spans,
            targets: vec![(Target::Model(n), cells)],
        });
    }
    lines
}

/// Each target once, where it takes the most cells: a row of the table rather than a name in a
/// sentence, a line of the sources rather than its `[1]`. From top to bottom.
fn stops(lines: &[Line], first_row: usize) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        for (target, cells) in &line.targets {
            let stop = Stop {
                target: Some(*target),
                row: first_row + n,
                cells: cells.clone(),
            };
            match stops.iter_mut().find(|known| known.target == stop.target) {
                Some(known) if known.cells.len() < stop.cells.len() => *known = stop,
                Some(_) => {}
                None => stops.push(stop),
            }
        }
    }
    stops.sort_by_key(|stop| (stop.row, stop.cells.start));
    stops
}
