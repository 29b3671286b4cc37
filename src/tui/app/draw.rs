//! How the desk looks: header, pane or what lies over it, footer.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{App, Overlay};
use crate::tui::chrome::{self, Hint, LEAST};
use crate::tui::keymap::{Binding, Command, Context};
use crate::tui::wrap;

/// Draws the desk. Reads the state only.
pub fn view(app: &App, frame: &mut Frame) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if let Some(cursor) = app.draw(area, buffer) {
        frame.set_cursor_position(cursor);
    }
}

impl App {
    fn draw(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            let text = format!(
                "The desk needs {} columns and {} rows; this terminal has {} and {}.",
                LEAST.0, LEAST.1, area.width, area.height
            );
            for (y, row) in (area.y..area.bottom()).zip(wrap::rows(&text, usize::from(area.width)))
            {
                chrome::put(buffer, area, (area.x, y), row, Style::new());
            }
            return None;
        }
        let tabs: Vec<&str> = self.panes.iter().map(|pane| pane.title()).collect();
        chrome::header(buffer, area, &tabs, self.current, &self.shell);
        chrome::rule(buffer, area, area.y + 1, self.shell.theme);
        let inner = chrome::pane_area(area);
        let cursor = match &self.overlay {
            None => self.pane().view(&self.shell, inner, buffer),
            Some(Overlay::Picker(picker)) => picker.view(self.shell.theme, inner, buffer),
            Some(Overlay::Text(text)) => {
                text.view(self.shell.theme, inner, buffer);
                None
            }
        };
        self.draw_footer(area, buffer);
        cursor
    }

    fn draw_footer(&self, area: Rect, buffer: &mut Buffer) {
        let area = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        if let Some(notice) = &self.shell.notice {
            chrome::put(
                buffer,
                area,
                (area.x + 1, area.y),
                notice,
                self.shell.theme.strong(),
            );
            return;
        }
        let mut hints = self.hints(self.context(), &|binding| self.offers(binding));
        if self.shell.mouse {
            let lead = "";
            hints.insert(
                0,
                Hint {
                    lead,
                    key: Cow::Borrowed("Shift"),
                    does: "selects text".to_owned(),
                },
            );
        }
        let (help, hints): (Vec<Hint>, Vec<Hint>) =
            hints.into_iter().partition(|hint| hint.does == "help");
        chrome::footer(buffer, area, &hints, help.first(), self.shell.theme);
    }

    /// The hints of a context. From the input they go on with the keys of where Tab leads.
    fn hints(&self, context: Context, offered: &dyn Fn(&Binding) -> bool) -> Vec<Hint> {
        let ahead = self.pane().ahead().filter(|_| context.is_input());
        let mut hints = Vec::new();
        let bindings = self.shell.keymap.bindings().iter();
        for binding in bindings.filter(|b| !b.short.is_empty() && offered(b)) {
            let hint = |lead, does| Hint {
                lead,
                key: Cow::Owned(binding.shown.to_string()),
                does,
            };
            match &ahead {
                Some(ahead) if binding.command == Command::NextPart => {
                    let there = |b: &Binding| {
                        b.is_in(ahead.context)
                            && b.command.is_on_a_selection()
                            && self.can(b.command)
                    };
                    let inner = self.hints(ahead.context, &there);
                    if inner.is_empty() {
                        hints.push(hint("", ahead.label.to_owned()));
                    } else {
                        hints.push(hint("| ", format!("to {}:", ahead.label)));
                        hints.extend(inner);
                    }
                }
                _ => hints.push(hint("", binding.short.to_owned())),
            }
        }
        hints
    }
}
