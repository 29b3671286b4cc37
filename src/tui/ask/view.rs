//! How the Ask pane looks.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::turn::{GUTTER, Kind, Row, Stop, Turn};
use super::{Ask, Over, Part, names, welcome};
use crate::advisor::present::{Line, Role, Span, Target};
use crate::tui::chrome;
use crate::tui::pane::Shell;
use crate::tui::theme::Theme;
use crate::tui::wrap;

/// Where the conversation and a view stand. Unless they are side by side they are the same place.
pub(super) fn columns(content: Rect, beside: bool) -> (Rect, Rect) {
    if !beside {
        return (content, content);
    }
    let left = Rect {
        width: content.width / 2,
        ..content
    };
    let right = Rect {
        x: left.right() + 1,
        width: content.width.saturating_sub(left.width + 1),
        ..content
    };
    (left, right)
}

impl Ask {
    /// Draws content and input; returns the cell of the cursor.
    pub(super) fn draw(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let theme = shell.theme;
        let body = chrome::body(area, self.input.rows(area.width));
        let (left, right) = columns(body.content, self.is_beside());
        let mut cursor = None;
        let covered = !self.views.is_empty() && !self.is_beside() && self.focus() != Part::Content;
        match &self.over {
            _ if covered => {}
            Some(Over::Why { lines, scroll, .. }) => why(lines, *scroll, theme, left, buffer),
            Some(Over::Fields(fields)) => cursor = fields.view(theme, left, buffer),
            None => {
                self.content(shell, left, buffer);
                if self.focus() == Part::Content && !self.shows_examples() {
                    cursor = self.finder.view(theme, left, buffer);
                }
            }
        }
        if self.is_beside() {
            for y in left.top()..left.bottom() {
                chrome::put(buffer, area, (left.right(), y), "|", theme.dim());
            }
        }
        if self.is_beside() || covered {
            cursor = self.views.view(theme, right, buffer).or(cursor);
        }
        let typing = self.focus() == Part::Input;
        let at = self
            .input
            .view(names(shell), typing, theme, body.input, buffer);
        let goes_on = if covered {
            self.views.goes_on()
        } else {
            self.over.is_none() && !self.shows_examples() && self.conversation.goes_on()
        };
        if goes_on {
            chrome::more_below(buffer, area, left.bottom(), theme);
        }
        if typing { Some(at) } else { cursor }
    }

    fn content(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) {
        let focused = self.focus() == Part::Content;
        if self.shows_examples() {
            let marked = focused.then_some(self.example);
            welcome::view(shell, marked, area, buffer);
            return;
        }
        let theme = shell.theme;
        let (mut at, mut row) = self.conversation.row_at(self.conversation.scroll);
        for y in area.top()..area.bottom() {
            let Some(turn) = self.conversation.turns().get(at) else {
                break;
            };
            let selected = self
                .conversation
                .stop()
                .filter(|_| at == self.conversation.at());
            let place = Rect {
                y,
                height: 1,
                ..area
            };
            draw_row(turn, row, selected, focused, theme, place, buffer);
            let is_reading = turn
                .rows
                .get(row)
                .is_some_and(|row| row.kind == Kind::Reading);
            if is_reading && at == self.conversation.at() {
                reading_hint(&turn.rows[row], focused, theme, place, buffer);
            }
            if self.conversation.found == Some((at, row)) {
                // The gutter stays as it is: the selection is marked there.
                let found = Rect {
                    x: (place.x + GUTTER).min(place.right()),
                    width: place.width.saturating_sub(GUTTER),
                    ..place
                };
                buffer.set_style(found.intersection(buffer.area), theme.selected());
            }
            row += 1;
            if row >= turn.rows.len() {
                (at, row) = (at + 1, 0);
            }
        }
    }
}

/// Draws row `n` of a turn on the one row of `area`.
fn draw_row(
    turn: &Turn,
    n: usize,
    selected: Option<&Stop>,
    focused: bool,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let row = &turn.rows[n];
    let selected = selected.filter(|stop| stop.row == n);
    let marked = turn.stops.iter().any(|stop| {
        let model = stop.target.and_then(|target| match target {
            Target::Model(model) => Some(model),
            Target::Citation(_) => None,
        });
        stop.row == n && model.is_some_and(|model| turn.marked.contains(&model))
    });
    spans(&row.spans, row.kind, theme, area, buffer);
    if selected.is_some() || row.kind == Kind::Question(true) {
        chrome::put(buffer, area, (area.x, area.y), ">", theme.strong());
    }
    if marked {
        chrome::put(buffer, area, (area.x + 1, area.y), "*", theme.strong());
    }
    if let Some(stop) = selected.filter(|_| focused) {
        let from = area
            .x
            .saturating_add(stop.cells.start.max(GUTTER))
            .min(area.right());
        let to = area.x.saturating_add(stop.cells.end).min(area.right());
        let cells = Rect {
            x: from,
            width: to.saturating_sub(from),
            ..area
        };
        buffer.set_style(cells.intersection(buffer.area), theme.selected());
    }
}

fn spans(spans: &[Span], kind: Kind, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for span in spans {
        let style = match kind {
            Kind::Trouble => theme.trouble(),
            _ => theme.role(span.role),
        };
        x = chrome::put(buffer, area, (x, area.y), &span.text, style);
    }
}

/// The key that changes a reading, at the right where there is room.
fn reading_hint(row: &Row, focused: bool, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let hint = if focused {
        "e: change"
    } else {
        "Tab e: change"
    };
    let used: usize = row.spans.iter().map(|span| wrap::width(&span.text)).sum();
    let x = area.right().saturating_sub(hint.len() as u16 + 2);
    if usize::from(x - area.x) > used + 1 {
        chrome::put(buffer, area, (x, area.y), hint, theme.dim());
    }
}

fn why(lines: &[Line], scroll: usize, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let none = [Line {
        spans: vec![Span {
            text: "There is nothing to explain.".to_owned(),
            role: Role::Dim,
        }],
        ..Line::default()
    }];
    let lines = if lines.is_empty() { &none[..] } else { lines };
    for (y, line) in (area.top()..area.bottom()).zip(&lines[scroll.min(lines.len())..]) {
        let mut x = area.x;
        for span in &line.spans {
            x = chrome::put(buffer, area, (x, y), &span.text, theme.role(span.role));
        }
    }
}
