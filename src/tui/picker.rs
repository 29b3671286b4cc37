//! A list to pick from, over the pane: the palette, earlier inputs, and the keys of a pane.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::chrome;
use super::editor::Editor;
use super::keymap::{Command, Context};
use super::theme::Theme;
use super::wrap;

/// What a line does when it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// Does a command.
    Do(Command),
    /// Puts a text into the input.
    Put(String),
    /// Opens the card of a model.
    Card(String),
    /// Filters the list of models.
    Filter(String),
    /// Takes a line of the list that the pane has offered.
    Chosen(usize),
}

/// One line of a list.
#[derive(Debug)]
pub(super) struct Choice {
    /// What it says.
    pub(super) text: String,
    /// Its key, where it has one.
    pub(super) key: String,
    /// Names by which it is found; an exact one puts it first.
    pub(super) names: &'static [&'static str],
    /// What it does.
    pub(super) then: Then,
}

/// A list, its filter, and which line is marked.
#[derive(Debug)]
pub(super) struct Picker {
    context: Context,
    title: &'static str,
    filter: Editor,
    choices: Vec<Choice>,
    /// Under all others in the palette: the list of models, filtered by what is typed.
    rest: Option<Choice>,
    marked: usize,
}

impl Picker {
    /// A list in `context`, which says whether there is a filter.
    pub(super) fn new(context: Context, title: &'static str, choices: Vec<Choice>) -> Self {
        Self {
            context,
            title,
            filter: Editor::new(false),
            choices,
            rest: None,
            marked: 0,
        }
    }

    /// A question with one line: Enter does it, Esc does not.
    pub(super) fn question(line: String) -> Self {
        let choice = Choice {
            text: line,
            key: String::new(),
            names: &[],
            then: Then::Chosen(0),
        };
        Self::new(Context::Choices, "Enter begins, Esc does not", vec![choice])
    }

    /// What its keys are.
    pub(super) fn context(&self) -> Context {
        self.context
    }

    /// Whether nothing has been typed.
    pub(super) fn filter_is_empty(&self) -> bool {
        self.filter.is_empty()
    }

    /// The lines that match what is typed.
    fn matching(&self) -> Vec<&Choice> {
        let filter = self.filter.text().to_lowercase();
        let filter = filter.trim_start_matches(['/', ':']).trim();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let mut found: Vec<&Choice> = self
            .choices
            .iter()
            .filter(|choice| {
                let text = choice.text.to_lowercase();
                let is_in = |word: &&str| {
                    text.contains(*word) || choice.names.iter().any(|n| n.starts_with(*word))
                };
                words.iter().all(is_in)
            })
            .collect();
        // A name comes before the word of a sentence.
        let begins = |name: &&str| !filter.is_empty() && name.starts_with(filter);
        let chosen = self.context == Context::Choices;
        found.sort_by_key(|choice| {
            (
                !choice.names.contains(&filter),
                !choice.names.iter().any(begins),
                chosen && !begins(&choice.text.to_lowercase().as_str()),
            )
        });
        found.extend(&self.rest);
        found
    }

    /// What the marked line does.
    pub(super) fn taken(&self) -> Option<Then> {
        self.matching()
            .get(self.marked)
            .map(|choice| choice.then.clone())
    }

    /// Takes a character of the filter.
    pub(super) fn type_char(&mut self, c: char) {
        self.filter.type_char(c);
        self.filtered();
    }

    /// The filter has changed: the first line is marked.
    fn filtered(&mut self) {
        self.marked = 0;
        let typed = self.filter.text();
        let typed = typed.trim_start_matches(['/', ':']).trim();
        let offered = self.context == Context::Palette && !typed.is_empty();
        self.rest = offered.then(|| Choice {
            text: format!(
                "the list of models, filtered by: {}",
                crate::text::line(typed)
            ),
            key: String::new(),
            names: &[],
            then: Then::Filter(typed.to_owned()),
        });
    }

    /// Takes pasted text into the filter.
    pub(super) fn paste(&mut self, text: &str) {
        if self.context.is_typing() {
            self.filter.paste(text);
            self.filtered();
        }
    }

    /// Whether `command` would do something: a mark moves only where there is another line.
    pub(super) fn can(&self, command: Command) -> bool {
        !command.moves() || self.matching().len() > 1
    }

    /// Moves the mark or edits the filter. `page` is how many lines are in sight.
    pub(super) fn run(&mut self, command: Command, page: usize) {
        let last = self.matching().len().saturating_sub(1);
        let by = |n: usize, down: bool, from: usize| {
            if down {
                from.saturating_add(n).min(last)
            } else {
                from.saturating_sub(n)
            }
        };
        let page = page.max(1);
        match command {
            Command::Up => self.marked = by(1, false, self.marked),
            Command::Down => self.marked = by(1, true, self.marked),
            Command::PageUp => self.marked = by(page, false, self.marked),
            Command::PageDown => self.marked = by(page, true, self.marked),
            Command::HalfUp => self.marked = by(page / 2, false, self.marked),
            Command::HalfDown => self.marked = by(page / 2, true, self.marked),
            Command::Top => self.marked = 0,
            Command::Bottom => self.marked = last,
            _ => {
                if self.filter.run(command) {
                    self.filtered();
                }
            }
        }
    }

    /// Draws the list, and the filter where the input is.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let body = chrome::body(area, 1);
        let list = body.content;
        chrome::put(
            buffer,
            area,
            (list.x + 2, list.y),
            self.title,
            theme.strong(),
        );
        let found = self.matching();
        if found.is_empty() {
            let none = if self.choices.is_empty() {
                "Nothing yet."
            } else {
                "Nothing has that name."
            };
            chrome::put(buffer, area, (list.x + 2, list.y + 1), none, theme.dim());
        }
        let height = usize::from(list.height.saturating_sub(1));
        let first = (self.marked + 1).saturating_sub(height.max(1));
        let column = found.iter().map(|c| wrap::width(&c.key)).max().unwrap_or(0) as u16;
        for (n, choice) in found.iter().enumerate().skip(first).take(height) {
            let y = list.y + 1 + (n - first) as u16;
            let (mark, style) = if n == self.marked {
                (">", theme.selected())
            } else {
                (" ", Style::new())
            };
            chrome::put(buffer, area, (list.x, y), mark, theme.strong());
            chrome::put(buffer, area, (list.x + 2, y), &choice.key, theme.key());
            let x = list.x + 2 + if column > 0 { column + 2 } else { 0 };
            let name = choice
                .names
                .first()
                .filter(|_| self.context == Context::Palette);
            let x = match name {
                Some(name) => {
                    chrome::put(buffer, area, (x, y), &format!("/{name}"), theme.strong());
                    x + 11
                }
                None => x,
            };
            chrome::put(buffer, area, (x, y), &choice.text, style);
        }
        let shown = self.filter.shown(chrome::input_cells(area.width));
        let prompt = if self.context == Context::Palette {
            "/"
        } else {
            "?"
        };
        let cursor = chrome::input(buffer, body.input, prompt, &shown, "", theme);
        self.context.is_typing().then_some(cursor)
    }
}
