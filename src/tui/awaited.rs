//! What a view asked the advisor's thread for: not there yet, there, or why not.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::chrome;
use super::pane::told;
use super::theme::Theme;
use crate::error::Result;

/// The answer to a request, from the moment that it is made.
#[derive(Debug)]
pub(super) enum Awaited<T> {
    /// The thread is at it.
    Waiting(u64),
    /// There.
    Here(T),
    /// Why there is nothing to show.
    Trouble(Vec<String>),
}

impl<T> Awaited<T> {
    /// Whether it waits for this request.
    pub(super) fn waits_for(&self, ticket: u64) -> bool {
        matches!(self, Self::Waiting(asked) if *asked == ticket)
    }

    /// Whether it waits.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    /// Takes the answer.
    pub(super) fn hear(&mut self, answer: Result<T>) {
        *self = match answer {
            Ok(answer) => Self::Here(answer),
            Err(error) => Self::Trouble(told(&error)),
        };
    }

    /// What was asked for, once it is there.
    pub(super) fn here(&self) -> Option<&T> {
        match self {
            Self::Here(answer) => Some(answer),
            _ => None,
        }
    }

    /// What was asked for, once it is there.
    pub(super) fn here_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Here(answer) => Some(answer),
            _ => None,
        }
    }

    /// Gives what is to be drawn; until it is there, draws `waits` or why there is nothing.
    pub(super) fn or_draw(
        &self,
        waits: &str,
        theme: Theme,
        area: Rect,
        buffer: &mut Buffer,
    ) -> Option<&T> {
        match self {
            Self::Here(answer) => return Some(answer),
            Self::Waiting(_) => {
                chrome::put(buffer, area, (area.x + 2, area.y), waits, theme.dim());
            }
            Self::Trouble(lines) => {
                for (y, line) in (area.y..area.bottom()).zip(lines) {
                    chrome::put(buffer, area, (area.x + 2, y), line, theme.trouble());
                }
            }
        }
        None
    }
}
