//! How the Try pane looks.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::flow::{self, Row, flow, row};
use super::knobs::FOUR;
use super::shown::Paper;
use super::{ABOVE, Part, TryPane};
use crate::tui::pane::Shell;
use crate::tui::theme::Theme;
use crate::tui::{chrome, wrap};

/// Rows that an example takes at most.
const MOST_ROWS: usize = 2;

impl TryPane {
    /// Where the models at work stand: side by side, or all in one place.
    pub(super) fn columns(&self, content: Rect) -> Vec<Rect> {
        let below = Rect {
            x: content.x + 2,
            width: content.width.saturating_sub(3),
            y: content.y + ABOVE.min(content.height),
            height: content.height.saturating_sub(ABOVE),
        };
        if !self.beside() {
            return vec![below];
        }
        let left = Rect {
            width: below.width.saturating_sub(3) / 2,
            ..below
        };
        let right = Rect {
            x: left.right() + 3,
            ..left
        };
        vec![left, right]
    }

    /// Draws head, content and input; returns the cell of the cursor.
    pub(super) fn draw(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let theme = shell.theme;
        let body = chrome::body(area, self.input.rows(area.width));
        self.head(theme, body.content, buffer);
        let below = Rect {
            y: body.content.y + ABOVE.min(body.content.height),
            height: body.content.height.saturating_sub(ABOVE),
            ..body.content
        };
        let mut cursor = None;
        if self.part == Part::Setup {
            cursor = self.setup.view(&self.stock, true, theme, below, buffer);
        } else if self.lanes.is_empty() {
            self.samples(shell, below, buffer);
        } else {
            self.outcome(theme, body.content, buffer);
            if self.scroll < self.last() {
                chrome::more_below(buffer, area, body.content.bottom(), theme);
            }
        }
        let typing = self.part == Part::Input;
        let at = self.input.view(&[], typing, theme, body.input, buffer);
        if typing { Some(at) } else { cursor }
    }

    /// What is tried and how; by which model.
    fn head(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let preset = self.setup.preset();
        let knobs = self.setup.knobs();
        let mut settings = Vec::new();
        if preset.writes() {
            for (name, shown) in FOUR {
                settings.push(format!("{shown} {}", knobs.shown(name).unwrap_or_default()));
            }
        }
        let name = (area.x + 1, area.y);
        let x = chrome::put(buffer, area, name, preset.name, theme.strong());
        // Where there is little room the last one goes first.
        let room = usize::from(area.right().saturating_sub(x + 3));
        while settings.join("  ").len() > room {
            settings.pop();
        }
        let settings = settings.join("  ");
        let left = area.right().saturating_sub(settings.len() as u16 + 1);
        chrome::put(buffer, area, (left, area.y), &settings, theme.dim());
        let cells = usize::from(area.width.saturating_sub(2));
        let at = (area.x + 1, area.y + 1);
        chrome::put(
            buffer,
            area,
            at,
            wrap::fit(&self.by_whom(), cells),
            Style::new(),
        );
    }

    /// The model, its precision, whether it is here; and what runs beside it.
    fn by_whom(&self) -> String {
        let Some(one) = self.candidate() else {
            return match (self.stock.is_known(), &self.setup.model) {
                (true, Some(id)) => format!("{}  reading its card", crate::text::ident(id)),
                (true, None) => "no model here does this".to_owned(),
                (false, _) => "looking at what is on the disk".to_owned(),
            };
        };
        let precision = one.at(self.setup.precision).name().to_owned();
        let mut said = vec![one.shown(), precision, one.standing()];
        if one.is_starter() {
            said.push("starter: for learning the desk, not for real work".to_owned());
        }
        if let Some((id, precision)) = &self.setup.beside {
            let id = crate::text::ident(id);
            said.push(format!("beside {id} {}", precision.name()));
        }
        said.join("  ")
    }

    /// What a text has to be, and three to begin with; and what stands in the way.
    fn samples(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) {
        let theme = shell.theme;
        let preset = self.setup.preset();
        let cells = usize::from(area.width.saturating_sub(5));
        let obstacle = self.obstacle(shell, cells);
        for (line, row) in area.rows().zip(&obstacle) {
            flow::put(row, inner(line), buffer);
        }
        let above = (obstacle.len() as u16).min(area.height);
        let area = Rect {
            y: area.y + above,
            height: area.height - above,
            ..area
        };
        let mut rows = Vec::new();
        let takes = format!("Takes {}. A line @FILE reads a file.", preset.takes);
        rows.extend(flow(&[(takes, Style::new())], cells));
        rows.push(Row::new());
        rows.push(row(
            "Type a text, or Tab and Enter on one of these:",
            Style::new(),
        ));
        let mut marks = Vec::new();
        for (n, example) in preset.examples.iter().enumerate() {
            let marked = self.part == Part::Content && n == self.example;
            let style = if marked {
                theme.selected()
            } else {
                Style::new()
            };
            rows.push(Row::new());
            let text = crate::text::line(example.text).into_owned();
            let all = flow(&[(text, style)], cells);
            let more = all.len() > MOST_ROWS;
            if marked {
                marks.push(rows.len());
            }
            rows.extend(all.into_iter().take(MOST_ROWS));
            if more && let Some(last) = rows.last_mut() {
                last.push((" ..".to_owned(), theme.dim()));
            }
        }
        // The marked example is in sight, whatever stands above.
        let height = usize::from(area.height);
        let first = marks
            .first()
            .map_or(0, |at| (at + MOST_ROWS).saturating_sub(height));
        for (n, (line, row)) in area.rows().zip(rows.iter().skip(first)).enumerate() {
            if marks.contains(&(n + first)) {
                chrome::put(buffer, area, (area.x, line.y), ">", theme.strong());
            }
            flow::put(row, inner(line), buffer);
        }
    }

    /// Why the chosen model cannot run yet, and what it takes.
    fn obstacle(&self, shell: &Shell, cells: usize) -> Vec<Row> {
        let theme = shell.theme;
        let Some(one) = self.candidate().filter(|one| one.folder.is_none()) else {
            return Vec::new();
        };
        let price = one.price(&shell.host);
        let mut rows = flow(&[(price, theme.strong())], cells);
        if let Some((lines, bad)) = shell.fetches.lines(&one.id) {
            let style = if bad { theme.trouble() } else { Style::new() };
            for line in lines {
                rows.extend(flow(&[(line, style)], cells));
            }
            rows.push(Row::new());
            return rows;
        }
        let memory = self.stock.memory(&one, self.setup.precision);
        rows.extend(flow(&[(memory, Style::new())], cells));
        let ready = self.stock.of(self.setup.preset().task);
        let ready = ready.iter().find(|one| one.folder.is_some());
        let instead = match ready {
            Some(one) => format!(
                "p fetches it. Ready meanwhile: {}; m chooses it.",
                one.shown()
            ),
            None => "p fetches it.".to_owned(),
        };
        rows.extend(flow(&[(instead, theme.dim())], cells));
        rows.push(Row::new());
        rows
    }

    /// What the models have written or found.
    fn outcome(&self, theme: Theme, content: Rect, buffer: &mut Buffer) {
        let columns = self.columns(content);
        let several = self.lanes.len() > 1;
        let paper = Paper {
            theme,
            cells: usize::from(columns[0].width),
        };
        let rows_of = |n: usize| -> Vec<Row> {
            let lane = &self.lanes[n];
            let title = several.then(|| lane.title(paper));
            let after = several.then(Row::new);
            let rows = title.into_iter().chain(lane.rows().iter().cloned());
            rows.chain(after).collect()
        };
        let columns_of: Vec<Vec<Row>> = if self.beside() {
            (0..self.lanes.len()).map(rows_of).collect()
        } else {
            vec![(0..self.lanes.len()).flat_map(rows_of).collect()]
        };
        for (area, rows) in columns.iter().zip(columns_of) {
            for (line, row) in area.rows().zip(rows.iter().skip(self.scroll)) {
                flow::put(row, line, buffer);
            }
        }
        if let [left, _] = columns[..] {
            for line in left.rows() {
                chrome::put(
                    buffer,
                    content,
                    (left.right() + 1, line.y),
                    "|",
                    theme.dim(),
                );
            }
        }
    }
}

/// A line behind the mark of what is selected.
fn inner(line: Rect) -> Rect {
    Rect {
        x: line.x + 2,
        width: line.width.saturating_sub(2),
        ..line
    }
}
