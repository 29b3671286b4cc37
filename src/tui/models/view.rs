//! How the Models pane looks.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::table::Columns;
use super::{Models, Part};
use crate::advisor::quantity;
use crate::tui::pane::{Library, Shell};
use crate::tui::theme::Theme;
use crate::tui::{chrome, wrap};

/// Rows above the list: what is shown, and the titles.
pub(super) const ABOVE: u16 = 2;
/// Rows below the list: what the columns have no room for.
pub(super) const BELOW: u16 = 1;

impl Models {
    /// Draws list, side part and filter; returns the cell of the cursor.
    pub(super) fn draw(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let theme = shell.theme;
        let body = chrome::body(area, 1);
        let (left, right) = self.columns(body.content);
        let focus = self.focus();
        let mut cursor = None;
        let over = !self.views.is_empty() || focus == Part::Facets;
        if self.beside() || !over {
            self.list(shell, left, buffer);
        }
        if self.beside() {
            for y in left.top()..left.bottom() {
                chrome::put(buffer, area, (left.right(), y), "|", theme.dim());
            }
        }
        if !self.views.is_empty() {
            cursor = self.views.view(theme, right, buffer);
        } else if self.beside() || focus == Part::Facets {
            self.facets
                .view(focus == Part::Facets, theme, right, buffer);
        }
        let goes_on = if self.views.is_empty() {
            focus != Part::Facets && self.in_sight().end < self.rows().len()
        } else {
            self.views.goes_on()
        };
        if goes_on {
            chrome::more_below(buffer, area, body.content.bottom(), theme);
        }
        let typing = focus == Part::Filter;
        let at = self.filter.view(&[], typing, theme, body.input, buffer);
        if typing {
            Some(at)
        } else {
            cursor.filter(|_| focus == Part::View)
        }
    }

    fn list(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) {
        let theme = shell.theme;
        let cells = usize::from(area.width);
        let status = self.status(shell);
        chrome::put(
            buffer,
            area,
            (area.x + 2, area.y),
            wrap::fit(&status, cells - 2),
            theme.strong(),
        );
        if let Some(sentence) = self.sentence() {
            let rows = sentence.iter().flat_map(|line| wrap::rows(line, cells - 3));
            for (y, row) in (area.y + ABOVE..area.bottom()).zip(rows) {
                chrome::put(buffer, area, (area.x + 2, y), row, Style::new());
            }
            return;
        }
        let columns = self.fitting();
        let head = columns.head(self.wanted.sort, self.wanted.descending);
        chrome::put(buffer, area, (area.x, area.y + 1), &head, theme.dim());
        self.detail(&columns, shell, area, buffer);
        for (y, at) in (area.y + ABOVE..area.bottom()).zip(self.in_sight()) {
            self.row(
                at,
                &columns,
                theme,
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                buffer,
            );
        }
    }

    /// The columns that fit. Disk and use are shown where a model is on the disk.
    pub(super) fn fitting(&self) -> Columns {
        let on_disk = self
            .shown
            .as_ref()
            .is_some_and(|shown| shown.catalogue.any_on_disk());
        Columns::new(self.cells.saturating_sub(1), on_disk)
    }

    /// What the columns have no room for, of the marked model.
    fn detail(&self, columns: &Columns, shell: &Shell, area: Rect, buffer: &mut Buffer) {
        let theme = shell.theme;
        let (Some(entry), Some(shown)) = (self.selected_entry(), &self.shown) else {
            return;
        };
        let y = area.bottom().saturating_sub(1);
        let rest = columns.rest(&entry, shown.at);
        let text = shell.fetches.short(entry.id).unwrap_or(rest);
        let text = wrap::fit(&text, usize::from(area.width).saturating_sub(4));
        chrome::put(buffer, area, (area.x + 3, y), text, theme.dim());
    }

    pub(super) fn in_sight(&self) -> std::ops::Range<usize> {
        self.scroll..(self.scroll + self.height).min(self.rows().len())
    }

    fn row(&self, at: usize, columns: &Columns, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let (Some(entry), Some(shown)) = (self.entry_at(at), &self.shown) else {
            return;
        };
        let text = columns.entry(&entry, shown.at);
        let selected = at == self.selected;
        let focused = selected && self.focus() == Part::List;
        let style = if focused {
            theme.selected()
        } else {
            Style::new()
        };
        chrome::put(
            buffer,
            area,
            (area.x, area.y),
            text.trim_end(),
            Style::new(),
        );
        if focused {
            let cells = Rect {
                x: area.x + 3,
                width: area.width.saturating_sub(4),
                ..area
            };
            buffer.set_style(cells.intersection(buffer.area), style);
        }
        if selected {
            chrome::put(buffer, area, (area.x, area.y), ">", theme.strong());
        }
        if self.marked.iter().any(|id| id == entry.id) {
            chrome::put(buffer, area, (area.x + 1, area.y), "*", theme.strong());
        }
    }

    /// What the list shows: how many of how many, narrowed and read how, what is marked.
    fn status(&self, shell: &Shell) -> String {
        let Some(shown) = &self.shown else {
            return match &shell.library {
                Library::Failed(_) => "no cards".to_owned(),
                _ => "reading the cards".to_owned(),
            };
        };
        let (rows, of) = (shown.found.rows.len(), shown.found.of);
        let mut status = if rows == of {
            quantity::counted(of as u64, "model")
        } else {
            format!(
                "{} of {}",
                quantity::grouped(rows as u64),
                quantity::counted(of as u64, "model")
            )
        };
        for facet in &self.wanted.facets {
            status = format!("{status}  {facet}");
        }
        if let Some(read) = &shown.found.read_as {
            status = format!("{status}  read as: {}", crate::text::line(read));
        }
        if !self.marked.is_empty() {
            status = format!("{status}  {} marked", self.marked.len());
        }
        status
    }

    /// What stands in the place of the list where there is none.
    fn sentence(&self) -> Option<Vec<String>> {
        if !self.trouble.is_empty() {
            return Some(self.trouble.clone());
        }
        let shown = self.shown.as_ref()?;
        let nothing = || "No model has all of that. Esc shows all again.".to_owned();
        shown
            .found
            .rows
            .is_empty()
            .then(|| vec![shown.found.nothing.clone().unwrap_or_else(nothing)])
    }
}
