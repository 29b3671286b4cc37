//! The input line of a pane: an editor with earlier inputs under Up and Down, and the rest of a
//! name in dim.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::chrome;
use super::editor::Editor;
use super::keymap::Command;
use super::theme::Theme;

/// The least that must be typed of a name before it is completed, in characters.
const LEAST_TYPED: usize = 2;

/// What is being typed, and how far back in the earlier inputs it is.
#[derive(Debug)]
pub(super) struct Input {
    editor: Editor,
    /// Which earlier input is shown, and what was being typed before.
    back: Option<(usize, String)>,
}

impl Input {
    /// An empty input.
    pub(super) fn new() -> Self {
        Self {
            editor: Editor::new(true),
            back: None,
        }
    }

    /// Whether there is no text.
    pub(super) fn is_empty(&self) -> bool {
        self.editor.is_empty()
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        self.editor.text()
    }

    /// Replaces the text.
    pub(super) fn set(&mut self, text: &str) {
        self.back = None;
        self.editor.set(text);
    }

    /// Takes the text out.
    pub(super) fn take(&mut self) -> String {
        self.back = None;
        self.editor.take()
    }

    /// Types a character.
    pub(super) fn type_char(&mut self, c: char) {
        self.editor.type_char(c);
    }

    /// Inserts pasted text; false when it was cut.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        self.editor.paste(text)
    }

    /// Edits; Up and Down go through `earlier` from the first and the last line, Right takes the
    /// completion among `names`.
    pub(super) fn run(&mut self, command: Command, earlier: &[String], names: &[String]) {
        match command {
            Command::Up if self.editor.on_first_line() => self.go_back(earlier),
            Command::Down if self.editor.on_last_line() => self.go_forth(earlier),
            Command::Right if self.editor.at_end() => {
                if let Some((typed, name)) = self.completion(names) {
                    let text = self.editor.text();
                    let kept = &text[..text.len() - typed];
                    self.editor.set(&format!("{kept}{name}"));
                }
            }
            _ => drop(self.editor.run(command)),
        }
    }

    fn go_back(&mut self, earlier: &[String]) {
        let from = self.back.as_ref().map_or(earlier.len(), |(at, _)| *at);
        let Some(at) = from.checked_sub(1).filter(|at| *at < earlier.len()) else {
            return;
        };
        let typed = match self.back.take() {
            Some((_, typed)) => typed,
            None => self.editor.text(),
        };
        self.editor.set(&earlier[at]);
        self.back = Some((at, typed));
    }

    fn go_forth(&mut self, earlier: &[String]) {
        let Some((at, typed)) = self.back.take() else {
            return;
        };
        match earlier.get(at + 1) {
            Some(text) => {
                self.editor.set(text);
                self.back = Some((at + 1, typed));
            }
            None => self.editor.set(&typed),
        }
    }

    /// The name that the last word begins, and how many bytes of it are typed.
    fn completion<'a>(&self, names: &'a [String]) -> Option<(usize, &'a str)> {
        if !self.editor.at_end() {
            return None;
        }
        let text = self.editor.text();
        let word = text.rsplit(char::is_whitespace).next()?;
        if word.chars().count() < LEAST_TYPED {
            return None;
        }
        let begins = |name: &&String| {
            name.len() > word.len()
                && name
                    .get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        // The shortest is the plainest: `gpt2` before `gpt2-medium`.
        let name = names.iter().filter(begins).min_by_key(|name| name.len())?;
        Some((word.len(), name))
    }

    /// How many rows the input takes in a terminal of that many columns.
    pub(super) fn rows(&self, columns: u16) -> u16 {
        chrome::input_rows(self.editor.shown(chrome::input_cells(columns)).rows.len())
    }

    /// Draws the input; returns the cell of the cursor.
    pub(super) fn view(
        &self,
        names: &[String],
        focused: bool,
        theme: Theme,
        area: Rect,
        buffer: &mut Buffer,
    ) -> Position {
        let shown = self.editor.shown(chrome::input_cells(area.width));
        let rest = self.completion(names).filter(|_| focused);
        let rest = rest.map_or("", |(typed, name)| &name[typed..]);
        chrome::input(buffer, area, ">", &shown, rest, theme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(of: &[&str]) -> Vec<String> {
        of.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn up_and_down_walk_earlier_inputs_and_give_the_draft_back() {
        let earlier = texts(&["one", "two"]);
        let mut input = Input::new();
        input.set("draft");
        let seen: Vec<String> = [
            Command::Up,
            Command::Up,
            Command::Up,
            Command::Down,
            Command::Down,
        ]
        .into_iter()
        .map(|command| {
            input.run(command, &earlier, &[]);
            input.text()
        })
        .collect();
        assert_eq!(seen, ["two", "one", "one", "two", "draft"]);
    }

    #[test]
    fn right_at_the_end_takes_the_shortest_name() {
        let names = texts(&["gpt2-medium", "gpt2", "DistilBERT"]);
        let mut input = Input::new();
        input.set("tune gp");
        input.run(Command::Right, &[], &names);
        assert_eq!(input.text(), "tune gpt2");
        input.set("what is distil");
        input.run(Command::Left, &[], &names);
        input.run(Command::Right, &[], &names);
        assert_eq!(
            input.text(),
            "what is distil",
            "inside the text Right only moves"
        );
        input.run(Command::Right, &[], &names);
        assert_eq!(input.text(), "what is DistilBERT");
    }
}
