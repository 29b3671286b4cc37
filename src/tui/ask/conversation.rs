//! Questions and answers, the newest last: which is selected, and which part is in sight.

use super::turn::{Stop, Turn};
use crate::advisor::present::Target;
use crate::tui::keymap::Command;
use crate::tui::plain::scrolled;
use crate::tui::wording::Wording;

/// All turns of a session.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    turns: Vec<Turn>,
    /// The selected turn and which of its stops.
    selected: (usize, usize),
    /// The row, over all turns, that is the first in sight.
    pub(super) scroll: usize,
    /// The turn and the row in it where words were found.
    pub(super) found: Option<(usize, usize)>,
    height: usize,
}

impl Conversation {
    /// Whether nothing has been asked.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// All turns.
    pub(super) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The selected turn's place.
    pub(super) fn at(&self) -> usize {
        self.selected.0
    }

    /// The selected turn.
    pub(super) fn turn(&self) -> Option<&Turn> {
        self.turns.get(self.selected.0)
    }

    /// The selected turn.
    pub(super) fn turn_mut(&mut self) -> Option<&mut Turn> {
        self.turns.get_mut(self.selected.0)
    }

    /// The turn that waits for request `ticket`, and its place.
    pub(super) fn waiting_for(&mut self, ticket: u64) -> Option<(usize, &mut Turn)> {
        self.turns
            .iter_mut()
            .enumerate()
            .find(|(_, turn)| turn.waits_for(ticket))
    }

    /// What is selected in the selected turn.
    pub(super) fn stop(&self) -> Option<&Stop> {
        self.turn()?.stops.get(self.selected.1)
    }

    /// What Enter would open.
    pub(super) fn target(&self) -> Option<Target> {
        self.stop()?.target
    }

    /// Appends a turn, which is selected and moves to the top.
    pub(super) fn push(&mut self, turn: Turn, width: u16, wording: &dyn Wording) {
        self.turns.push(turn);
        self.selected = (self.turns.len() - 1, 0);
        self.layout(width, self.height, wording);
        self.scroll = self.last();
    }

    /// Stops all waiting, for a reason; false when nothing waited.
    pub(super) fn drop_requests(&mut self, why: &'static str) -> bool {
        let waiting = self.turns.iter().any(Turn::is_waiting);
        self.turns
            .iter_mut()
            .for_each(|turn| turn.drop_request(why));
        waiting
    }

    /// Selects the first model of turn `at`, or its first source, or the turn.
    pub(super) fn select_first(&mut self, at: usize) {
        let Some(turn) = self.turns.get(at) else {
            return;
        };
        let model = |stop: &Stop| matches!(stop.target, Some(Target::Model(_)));
        let stop = turn.stops.iter().position(model).unwrap_or(1);
        self.selected = (at, stop.min(turn.stops.len().saturating_sub(1)));
    }

    /// Selects what stands at a row in sight and a column; true when it was selected already.
    pub(super) fn point(&mut self, row: usize, column: u16) -> bool {
        let (at, row) = self.row_at(self.scroll + row);
        let Some(turn) = self.turns.get(at) else {
            return false;
        };
        let on_row = || {
            turn.stops
                .iter()
                .enumerate()
                .filter(|(_, stop)| stop.row == row)
        };
        let under = on_row().find(|(_, stop)| stop.cells.contains(&column));
        let Some((stop, _)) = under.or_else(|| on_row().next()) else {
            return false;
        };
        let again = self.selected == (at, stop);
        self.selected = (at, stop);
        again
    }

    /// Selects what stands for `target` in the selected turn.
    pub(super) fn select(&mut self, target: Target) {
        let stops = self
            .turn()
            .map(|turn| turn.stops.as_slice())
            .unwrap_or_default();
        if let Some(at) = stops.iter().position(|stop| stop.target == Some(target)) {
            self.selected.1 = at;
        }
    }

    /// Fits all turns to a width and the view to a height.
    pub(super) fn layout(&mut self, width: u16, height: usize, wording: &dyn Wording) {
        // Keeps the same turn at the top when rows change their number.
        let (top, into) = self.row_at(self.scroll);
        for (at, turn) in self.turns.iter_mut().enumerate() {
            if turn.layout(width, wording) && self.found.is_some_and(|(of, _)| of == at) {
                self.found = None;
            }
        }
        self.height = height;
        if let Some(turn) = self.turns.get(top) {
            self.scroll = self.start_of(top) + into.min(turn.rows.len().saturating_sub(1));
        }
        self.scroll = self.scroll.min(self.last());
        if let Some(turn) = self.turns.get(self.selected.0) {
            self.selected.1 = self.selected.1.min(turn.stops.len().saturating_sub(1));
        }
    }

    /// The row at which a turn begins.
    fn start_of(&self, turn: usize) -> usize {
        self.turns
            .iter()
            .take(turn)
            .map(|turn| turn.rows.len())
            .sum()
    }

    /// The turn, and the row in it, at a row over all.
    pub(super) fn row_at(&self, mut row: usize) -> (usize, usize) {
        for (at, turn) in self.turns.iter().enumerate() {
            if row < turn.rows.len() {
                return (at, row);
            }
            row -= turn.rows.len();
        }
        (self.turns.len(), 0)
    }

    /// The furthest scroll: the last turn may begin at the top.
    fn last(&self) -> usize {
        let rows = self.start_of(self.turns.len());
        let newest = self.start_of(self.turns.len().saturating_sub(1));
        rows.saturating_sub(self.height.max(1)).max(newest)
    }

    /// Whether there are rows below those in sight.
    pub(super) fn goes_on(&self) -> bool {
        self.scroll + self.height < self.start_of(self.turns.len())
    }

    /// Goes to the next or the previous row that has `words`, from either end to the other, and
    /// selects what stands there; false when no row has them.
    pub(super) fn find(&mut self, words: &str, forward: bool) -> bool {
        let words = words.to_lowercase();
        let rows = |(at, turn): (usize, &Turn)| {
            let those = turn.rows_with(&words);
            those
                .into_iter()
                .map(move |row| (at, row))
                .collect::<Vec<_>>()
        };
        let places: Vec<_> = self.turns.iter().enumerate().flat_map(rows).collect();
        let from = self.found.unwrap_or_else(|| self.row_at(self.scroll));
        let (next, previous) = match self.found {
            Some(_) => (
                places.iter().find(|place| **place > from),
                places.iter().rfind(|place| **place < from),
            ),
            None => (
                places.iter().find(|place| **place >= from),
                places.iter().rfind(|place| **place < from),
            ),
        };
        let place = if forward {
            next.or_else(|| places.first())
        } else {
            previous.or_else(|| places.last())
        };
        self.found = place.copied();
        let Some((at, row)) = self.found else {
            return false;
        };
        let stops = self.turns[at].stops.iter();
        let stop = stops.take_while(|stop| stop.row <= row).count();
        self.selected = (at, stop.saturating_sub(1));
        self.bring_in_sight(self.start_of(at) + row);
        true
    }

    /// Scrolls, or moves the selection.
    pub(super) fn run(&mut self, command: Command) {
        match command {
            Command::Up => self.step(false),
            Command::Down => self.step(true),
            _ => self.scroll = scrolled(self.scroll, command, self.height, self.end(command)),
        }
        if let (Command::Top, Some(_)) = (command, self.turns.first()) {
            self.selected = (0, 0);
        }
        if command == Command::Bottom {
            self.select_first(self.turns.len().saturating_sub(1));
        }
    }

    /// Where a command may scroll to: End shows the end, not only the beginning of the last turn.
    fn end(&self, command: Command) -> usize {
        let rows = self.start_of(self.turns.len());
        match command {
            Command::Bottom => rows.saturating_sub(self.height.max(1)),
            _ => self.last(),
        }
    }

    fn step(&mut self, down: bool) {
        let (turn, stop) = self.selected;
        let stops = self.turn().map_or(0, |turn| turn.stops.len());
        if down && stop + 1 < stops {
            self.selected.1 += 1;
        } else if down && turn + 1 < self.turns.len() {
            self.selected = (turn + 1, 0);
        } else if !down && stop > 0 {
            self.selected.1 -= 1;
        } else if !down && turn > 0 {
            self.selected = (turn - 1, self.turns[turn - 1].stops.len().saturating_sub(1));
        }
        self.reveal();
    }

    /// Scrolls so that the selection is in sight.
    pub(super) fn reveal(&mut self) {
        let Some(stop) = self.stop() else { return };
        self.bring_in_sight(self.start_of(self.selected.0) + stop.row);
    }

    fn bring_in_sight(&mut self, row: usize) {
        if row < self.scroll {
            self.scroll = row;
        } else if row >= self.scroll + self.height {
            self.scroll = row + 1 - self.height.max(1);
        }
        self.scroll = self.scroll.min(self.last());
    }
}
