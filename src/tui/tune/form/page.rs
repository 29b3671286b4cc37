//! How a plan looks: its lines, then what it would take, then what was found in the rows.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::rows::{found, rows_of};
use super::{Field, Form};
use crate::advisor::quantity;
use crate::finetune::plan::Method;
use crate::jobs::engine::Kept;
use crate::jobs::tuning::QUICK;
use crate::tui::awaited::Awaited;
use crate::tui::chrome;
use crate::tui::flow::{self, Row, flow};
use crate::tui::pane::Shell;
use crate::tui::theme::Theme;
use crate::tui::wrap;

/// Rows above the first line: the title and an empty one.
pub(super) const ABOVE: usize = 2;

/// Cells before the values, and of the values before their notes.
const NAMES: u16 = 30;
const VALUES: u16 = 22;

/// A model on the disk, as a line.
pub(super) fn model(one: &Kept) -> String {
    let (count, bytes) = (
        quantity::count(one.parameters),
        crate::text::bytes(one.bytes),
    );
    format!("{}   {count}   {bytes}", crate::text::ident(&one.id))
}

/// A method, as a line.
pub(super) fn method(method: Method) -> String {
    let what = match method {
        Method::Full => "all weights",
        Method::Lora => "low-rank adapters, and a new head",
        Method::Head => "the head alone",
    };
    format!("{:<6}{what}", method.name())
}

impl Form {
    /// All rows of the page.
    pub(super) fn page(&self, shell: &Shell, width: usize) -> Vec<Row> {
        let theme = shell.theme;
        let mut rows = vec![self.title(theme), Row::new()];
        rows.extend(self.fields().iter().map(|_| Row::new()));
        let cells = width.saturating_sub(4);
        rows.push(self.note(theme, width));
        rows.push(Row::new());
        let indented = |all: Vec<Row>| {
            all.into_iter().map(|row| {
                let lead = std::iter::once(("  ".to_owned(), Style::new()));
                lead.chain(row).collect::<Row>()
            })
        };
        rows.extend(indented(self.outcome(shell, cells)));
        rows
    }

    /// What is noted of the marked line, where it has no room beside it.
    fn note(&self, theme: Theme, width: usize) -> Row {
        let fields = self.fields();
        let (_, value, note) = self.told(fields[self.marked.min(fields.len() - 1)]);
        let before = usize::from(NAMES) + usize::from(VALUES).max(wrap::width(&value) + 2);
        if before + wrap::width(&note) <= width {
            return Row::new();
        }
        let note = wrap::fit(&note, width.saturating_sub(4));
        vec![(format!("  {note}"), theme.dim())]
    }

    fn title(&self, theme: Theme) -> Row {
        let short = |text: &str| {
            let last = text.trim_end_matches('/').rsplit('/').next();
            crate::text::line(last.unwrap_or_default()).into_owned()
        };
        let text = match (self.draft.model.is_empty(), self.draft.data.is_empty()) {
            (true, _) => "Fine-tune a model of this disk".to_owned(),
            (false, true) => format!("Fine-tune {}", short(&self.draft.model)),
            (false, false) => {
                let (model, data) = (short(&self.draft.model), short(&self.draft.data));
                format!("Fine-tune {model} on {data}")
            }
        };
        let note = ("   plan, not started".to_owned(), theme.dim());
        vec![(" ".to_owned(), Style::new()), (text, theme.strong()), note]
    }

    /// What is understood, what is wrong, and the rows; or what is missing for that.
    fn outcome(&self, shell: &Shell, cells: usize) -> Vec<Row> {
        let theme = shell.theme;
        let plain = |text: &str| flow(&[(text.to_owned(), theme.dim())], cells);
        match &self.sketch {
            None if self.draft.model.is_empty() => plain(
                "Enter on Model chooses one; Data takes the path of a file of rows: csv, tsv, \
                 json, jsonl, parquet, conll, squad or text, or a folder of them.",
            ),
            None if self.draft.folder.as_os_str().is_empty() => {
                let id = crate::text::ident(&self.draft.model);
                let said = if self.shelf.is_some() {
                    format!("{id} is not on this disk: 2 lists it, and p fetches it there.")
                } else {
                    "looking at what is on the disk".to_owned()
                };
                flow(&[(said, theme.strong())], cells)
            }
            None => plain("Enter on Data takes the path of a file of rows, or of a folder."),
            Some(Awaited::Waiting(_)) => {
                plain("reading model and rows; Esc stops that. The desk stays usable.")
            }
            Some(Awaited::Trouble(lines)) => {
                let all = lines.iter();
                all.flat_map(|line| flow(&[(line.clone(), theme.trouble())], cells))
                    .collect()
            }
            Some(Awaited::Here(sketch)) => {
                let mut rows = self.takes(theme, cells);
                rows.extend(found(sketch, shell, cells));
                rows
            }
        }
    }

    /// What the run would take.
    fn takes(&self, theme: Theme, cells: usize) -> Vec<Row> {
        let line = |name: &str, text: String, style: Style| {
            let name = (format!("{name:<10}"), theme.dim());
            flow(&[name, (text, style)], cells)
        };
        match &self.measured {
            None => line(
                "Time",
                "not yet measured: b takes some steps of this run".to_owned(),
                Style::new(),
            ),
            Some(Awaited::Waiting(_)) => line("Time", "taking some steps".to_owned(), theme.dim()),
            Some(Awaited::Trouble(lines)) => line("Time", lines.join("; "), theme.trouble()),
            Some(Awaited::Here(probe)) => {
                let (low, high) = probe.range();
                let time = format!(
                    "{} ({} to {})   measured: {}, {:.0} tokens/s",
                    quantity::duration(probe.seconds),
                    quantity::duration(low),
                    quantity::duration(high),
                    quantity::counted(probe.measured_steps, "step"),
                    probe.tokens_per_s
                );
                let memory = crate::text::bytes((probe.peak_rss_mb * 1e6) as u64);
                let learns = format!(
                    "{} of {} weights learn",
                    quantity::count(probe.trainable),
                    quantity::count(probe.parameters)
                );
                let mut rows = line("Time", time, theme.strong());
                let memory = format!("{memory} at the peak, measured   {learns}");
                rows.extend(line("Memory", memory, Style::new()));
                rows
            }
        }
    }

    /// A line's name, value and note.
    fn told(&self, field: Field) -> (String, String, String) {
        let plan = self.plan();
        let safe = |text: &str| crate::text::line(text).into_owned();
        match field {
            Field::Model => {
                let note = match self.kept() {
                    Some(one) => format!("{}   on disk", quantity::count(one.parameters)),
                    None => String::new(),
                };
                let id = crate::text::ident(&self.draft.model).into_owned();
                ("Model".to_owned(), or_dash(id), note)
            }
            Field::Data => {
                let note = plan.map_or(String::new(), rows_of);
                ("Data".to_owned(), or_dash(safe(&self.draft.data)), note)
            }
            Field::Task => {
                let chosen = self.draft.task;
                let task = chosen.or_else(|| plan.map(|plan| plan.task));
                let value = task.map_or(String::new(), |task| task.name().to_owned());
                let note = if chosen.is_none() { "found out" } else { "" };
                ("Learns".to_owned(), or_dash(value), note.to_owned())
            }
            Field::Method => {
                let chosen = self.draft.method;
                let method = chosen.or_else(|| plan.map(|plan| plan.method));
                let value = method.map_or(String::new(), |method| method.name().to_owned());
                let why = plan.and_then(|plan| plan.sources.get("method"));
                let note = why.map_or(String::new(), |why| safe(why));
                ("Method".to_owned(), or_dash(value), note)
            }
            Field::Knob(knob) => {
                let typed = self.draft.options.get(knob.name).map(|text| safe(text));
                let planned = || plan.and_then(|plan| knob.value(plan));
                let value = typed.or_else(planned).unwrap_or_default();
                let source = plan.and_then(|plan| plan.sources.get("recipe"));
                let note = match source {
                    Some(source) if knob.name == "learning_rate" => safe(source),
                    _ => knob.note.to_owned(),
                };
                (knob.name.to_owned(), or_dash(safe(&value)), note)
            }
            Field::Start => ("[ Start ]".to_owned(), String::new(), String::new()),
            Field::Quick => (
                format!("[ Quick look: {QUICK} steps ]"),
                String::new(),
                "does it learn?".to_owned(),
            ),
        }
    }

    /// Draws the page from row `first` on.
    pub(super) fn draw(
        &self,
        shell: &Shell,
        first: usize,
        area: Rect,
        buffer: &mut Buffer,
    ) -> Option<Position> {
        let fields = self.fields();
        let marked = self.marked.min(fields.len() - 1);
        let rows = self.page(shell, usize::from(area.width));
        let mut cursor = None;
        for (line, (at, row)) in area.rows().zip(rows.iter().enumerate().skip(first)) {
            let field = at
                .checked_sub(ABOVE)
                .and_then(|n| Some((n, *fields.get(n)?)));
            match field {
                Some((n, field)) => {
                    let is_marked = n == marked;
                    cursor = self
                        .line(field, is_marked, shell.theme, line, buffer)
                        .or(cursor);
                }
                None => flow::put(row, line, buffer),
            }
        }
        if first + usize::from(area.height) < rows.len() {
            let bottom = area.bottom().saturating_sub(1);
            chrome::more_below(buffer, area, bottom, shell.theme);
        }
        cursor
    }

    /// Draws one line.
    fn line(
        &self,
        field: Field,
        is_marked: bool,
        theme: Theme,
        area: Rect,
        buffer: &mut Buffer,
    ) -> Option<Position> {
        let (name, value, note) = self.told(field);
        let style = if is_marked {
            chrome::put(buffer, area, (area.x, area.y), ">", theme.strong());
            theme.selected()
        } else {
            Style::new()
        };
        if self.differs(field) {
            chrome::put(buffer, area, (area.x + 1, area.y), "*", theme.strong());
        }
        chrome::put(buffer, area, (area.x + 2, area.y), &name, style);
        let x = area.x + NAMES;
        if let Some(editor) = self.editing.as_ref().filter(|_| is_marked) {
            return Some(chrome::typing(editor, theme, area, (x, area.y), buffer));
        }
        let room = usize::from(area.right().saturating_sub(x));
        let end = chrome::put(
            buffer,
            area,
            (x, area.y),
            wrap::fit(&value, room),
            Style::new(),
        );
        let x = (x + VALUES).max(end + 2);
        let room = usize::from(area.right().saturating_sub(x));
        chrome::put(
            buffer,
            area,
            (x, area.y),
            wrap::fit(&note, room),
            theme.dim(),
        );
        None
    }
}

fn or_dash(text: String) -> String {
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}
