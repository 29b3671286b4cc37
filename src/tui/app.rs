//! The desk's state: events in, effects out, no input or output of its own.
//!
//! A key is looked up in the table for the context that has the focus: an overlay (palette, keys,
//! earlier inputs) if one is open, else the pane. Reports go to the panes, which drop those that
//! they no longer wait for.

use std::sync::Arc;

use std::borrow::Cow;

use crossterm::event::{KeyEvent, KeyEventKind};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::Style;

use super::ask::Ask;
use super::chrome::{self, Hint, LEAST};
use super::clipboard::Outcome;
use super::event::{Effect, Event, Leave, Mouse};
use super::keymap::{self, Binding, Command, Context, KEYLESS, Keymap};
use super::models::Models;
use super::pane::{Errand, Library, Look, Pane, Shell, told};
use super::picker::{Choice, Picker, Then};
use super::plain::Plain;
use super::try_model::TryPane;
use super::wording::Wording;

/// What lies over the pane.
#[derive(Debug)]
enum Overlay {
    Picker(Box<Picker>),
    /// A text to be selected with the mouse, since no clipboard took it.
    Text(Plain),
}

/// The desk.
pub struct App {
    shell: Shell,
    panes: Vec<Box<dyn Pane>>,
    current: usize,
    overlay: Option<Overlay>,
    /// Ctrl+C was pressed with nothing to stop or clear: the next one quits.
    quitting: bool,
}

impl App {
    /// A desk for a terminal of that size (columns, rows), before anything has been heard.
    pub fn new(size: (u16, u16), look: Look, wording: Arc<dyn Wording>) -> Self {
        let mut app = Self {
            shell: Shell::new(Size::new(size.0, size.1), look, wording),
            panes: vec![
                Box::new(Ask::new()),
                Box::new(Models::new()),
                Box::new(TryPane::new()),
            ],
            current: 0,
            overlay: None,
            quitting: false,
        };
        app.layout();
        app
    }

    /// Takes one fact and says what is to be done.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => {}
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Resize(columns, rows) => self.shell.size = Size::new(columns, rows),
            Event::Opened(Ok(opened)) => self.shell.library = Library::Open(opened),
            Event::Noticed(notices) => {
                let first = notices
                    .first()
                    .map(|notice| crate::text::line(&notice.0).into_owned());
                self.shell.notice = first.or_else(|| self.shell.notice.take());
            }
            Event::Opened(Err(error)) => self.shell.library = Library::Failed(told(&error)),
            Event::Remembered(kept, earlier) => self.shell.history_mut(kept).remember(earlier),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Edited(Ok(text)) => self.panes[self.current].put(&text, &mut self.shell),
            Event::Edited(Err(error)) => self.shell.say(told(&error).join("  ")),
            Event::Copied {
                what,
                text,
                outcome,
            } => self.copied(&what, &text, outcome),
            Event::Lapsed => {
                if std::mem::take(&mut self.quitting) {
                    self.shell.notice = None;
                }
            }
            Event::Signal(number) => self.shell.effect(Effect::Quit(Leave::Signal(number))),
            Event::Suspend => self.shell.effect(Effect::Suspend),
            Event::Continued => self.shell.effect(Effect::Retake),
            Event::InputLost(why) => self.shell.effect(Effect::Quit(Leave::InputLost(why))),
            report @ (Event::Answered { .. }
            | Event::Compared { .. }
            | Event::Tried { .. }
            | Event::Found { .. }
            | Event::Engine(_)
            | Event::Shelf(_)
            | Event::CardRead { .. }) => {
                // Whoever asked keeps it; what nobody waits for any more is dropped.
                let mut heard = Some(report);
                for pane in &mut self.panes {
                    heard = heard.and_then(|report| pane.hear(report, &mut self.shell));
                }
            }
        }
        self.layout();
        self.shell.take_effects()
    }

    fn pane(&self) -> &dyn Pane {
        self.panes[self.current].as_ref()
    }

    fn layout(&mut self) {
        for pane in &mut self.panes {
            pane.layout(&self.shell);
        }
        if let Some(Overlay::Text(text)) = &mut self.overlay {
            text.layout(self.shell.size.width);
        }
    }

    /// Where the focus is.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Picker(picker)) => picker.context(),
            Some(Overlay::Text(_)) => Context::Text,
            None => self.pane().context(),
        }
    }

    /// Which key does what.
    pub fn keymap(&self) -> &Keymap {
        &self.shell.keymap
    }

    /// Whether the desk listens to the mouse.
    pub fn listens(&self) -> bool {
        self.shell.mouse
    }

    /// Whether `binding` does something in the state that the desk is in.
    pub fn offers(&self, binding: &Binding) -> bool {
        let context = self.context();
        // A plain character is text, but in an empty input some are commands.
        let as_text = context.is_typing()
            && binding.is_for_empty_input()
            && binding.events().any(|key| keymap::typed(key).is_some())
            && !self.pane().input_is_empty();
        binding.is_in(context) && binding.is_bound(context) && !as_text && self.can(binding.command)
    }

    fn can(&self, command: Command) -> bool {
        match command {
            Command::ToAsk => self.current != 0,
            Command::ToModels => self.current != 1,
            Command::ToTry => self.current != 2,
            Command::Editor => self.overlay.is_none() && self.pane().context().is_input(),
            Command::Mouse
            | Command::Quit
            | Command::Palette
            | Command::Slash
            | Command::Help
            | Command::Redraw
            | Command::Interrupt
            | Command::Recall => true,
            Command::Suspend => cfg!(unix),
            _ => self.overlay.is_some() || self.pane().can(command, &self.shell),
        }
    }

    fn key(&mut self, key: KeyEvent) {
        self.shell.notice = None;
        let context = self.context();
        let mut bindings = self.shell.keymap.bindings().iter();
        let found = bindings.find(|binding| binding.takes(key, context) && self.offers(binding));
        let armed = std::mem::take(&mut self.quitting);
        match (found.map(|binding| binding.command), keymap::typed(key)) {
            (Some(Command::Interrupt), _) => self.interrupt(armed),
            (Some(Command::Quit), _) if armed => self.shell.effect(Effect::Quit(Leave::Asked)),
            (Some(command), _) => self.run(command),
            (None, Some(c)) if self.context().is_typing() => self.type_char(c),
            (None, _) => {}
        }
    }

    fn type_char(&mut self, c: char) {
        match &mut self.overlay {
            // `//` in an empty input begins a question with a slash.
            Some(Overlay::Picker(picker))
                if c == '/' && picker.context() == Context::Palette && picker.filter_is_empty() =>
            {
                self.overlay = None;
                if self.pane().context().is_input() && self.pane().input_is_empty() {
                    self.panes[self.current].put("//", &mut self.shell);
                }
            }
            Some(Overlay::Picker(picker)) => picker.type_char(c),
            Some(Overlay::Text(_)) => {}
            None => self.panes[self.current].type_char(c, &mut self.shell),
        }
    }

    fn paste(&mut self, text: &str) {
        self.shell.notice = None;
        match &mut self.overlay {
            Some(Overlay::Picker(picker)) => picker.paste(text),
            Some(Overlay::Text(_)) => {}
            None => self.panes[self.current].paste(text, &mut self.shell),
        }
    }

    /// Listens to the mouse, or leaves it to the terminal, which then selects text.
    fn listen(&mut self, on: bool) {
        self.shell.mouse = on;
        self.shell.effect(Effect::Mouse(on));
        self.shell.say(if on {
            "The mouse scrolls and clicks now; hold Shift (Option on macOS) to select text."
        } else {
            "The mouse selects text again."
        });
    }

    /// The wheel moves what has the focus, a click selects.
    fn mouse(&mut self, mouse: Mouse) {
        self.shell.notice = None;
        match mouse {
            Mouse::Wheel(_, _, down) => {
                let command = if down { Command::Down } else { Command::Up };
                // An input keeps its text: there the wheel scrolls what is above it.
                let typing = self.context().is_typing() && self.overlay.is_none();
                let command = match (typing, down) {
                    (true, true) => Command::PageDown,
                    (true, false) => Command::PageUp,
                    (false, _) => command,
                };
                if self.can(command) {
                    self.run(command);
                }
            }
            Mouse::Click(x, 0) => {
                let titles: Vec<&str> = self.panes.iter().map(|pane| pane.title()).collect();
                if let Some(n) = chrome::tab_at(&titles, x) {
                    self.show_pane(n);
                }
            }
            Mouse::Click(x, y) if self.overlay.is_none() => {
                self.panes[self.current].click(Position::new(x, y), &mut self.shell);
            }
            Mouse::Click(..) => {}
        }
    }

    fn interrupt(&mut self, armed: bool) {
        if self.overlay.take().is_some() || self.panes[self.current].interrupt(&mut self.shell) {
            return;
        }
        if armed {
            self.shell.effect(Effect::Quit(Leave::Asked));
            return;
        }
        self.quitting = true;
        self.shell.say("Ctrl+C once more within 2 s quits.");
        self.shell.effect(Effect::Remind);
    }

    fn run(&mut self, command: Command) {
        match command {
            Command::Quit => self.quit(),
            Command::Redraw => self.shell.effect(Effect::Redraw),
            Command::Suspend => self.shell.effect(Effect::Suspend),
            Command::Palette | Command::Slash => self.open_palette(),
            Command::Help => self.open_help(),
            Command::Recall => self.open_search(),
            Command::ToAsk => self.show_pane(0),
            Command::ToModels => self.show_pane(1),
            Command::ToTry => self.show_pane(2),
            Command::Editor => self.shell.effect(Effect::Edit(self.pane().draft())),
            Command::Mouse => self.listen(!self.shell.mouse),
            _ => self.run_in_focus(command),
        }
        if let Some(asked) = self.shell.asked.take() {
            self.run(asked);
        }
        if let Some(errand) = self.shell.errand.take() {
            self.show_pane(match errand {
                Errand::Ask(_) => 0,
                Errand::Card(_) | Errand::Filter(_) => 1,
                Errand::Try(_) => 2,
            });
            self.panes[self.current].take_on(errand, &mut self.shell);
        }
        if let Some(list) = self.shell.list.take() {
            self.overlay = Some(Overlay::Picker(Box::new(list)));
        }
    }

    /// Leaves the desk; asks once where something would be cut.
    fn quit(&mut self) {
        match self.panes.iter().find_map(|pane| pane.cut()) {
            None => self.shell.effect(Effect::Quit(Leave::Asked)),
            Some(what) => {
                self.quitting = true;
                self.shell
                    .say(format!("{what}; q once more within 2 s quits."));
                self.shell.effect(Effect::Remind);
            }
        }
    }

    /// Brings a pane to the front.
    fn show_pane(&mut self, n: usize) {
        self.overlay = None;
        self.current = n.min(self.panes.len() - 1);
        self.panes[self.current].entered(&mut self.shell);
    }

    fn run_in_focus(&mut self, command: Command) {
        let page = usize::from(self.shell.size.height).saturating_sub(8);
        match &mut self.overlay {
            None => self.panes[self.current].run(command, &mut self.shell),
            Some(_) if command == Command::Back => self.overlay = None,
            Some(Overlay::Text(text)) => text.run(command, page),
            Some(Overlay::Picker(picker)) if command == Command::Open => {
                if let Some(then) = picker.taken() {
                    self.overlay = None;
                    match then {
                        Then::Do(command) => self.run(command),
                        Then::Card(id) => {
                            self.shell.errand = Some(Errand::Card(id));
                        }
                        Then::Filter(text) => {
                            self.shell.errand = Some(Errand::Filter(text));
                        }
                        Then::Put(text) => self.panes[self.current].put(&text, &mut self.shell),
                        Then::Chosen(n) => self.panes[self.current].chosen(n, &mut self.shell),
                    }
                }
            }
            // Deleting from an empty filter undoes the key that opened it.
            Some(Overlay::Picker(picker))
                if command == Command::Backspace && picker.filter_is_empty() =>
            {
                self.overlay = None;
            }
            Some(Overlay::Picker(picker)) => picker.run(command, page),
        }
    }

    fn open_palette(&mut self) {
        let mut choices: Vec<Choice> = Vec::new();
        // The words of the context that has the focus come before those of any other.
        let contexts = [
            self.context(),
            Context::Answer,
            Context::Outcome,
            Context::Input,
        ];
        let bindings = self.shell.keymap.bindings();
        let rows = contexts.iter().flat_map(|context| {
            let own = bindings.iter().filter(|b| b.is_in(*context));
            own.map(|b| (b.command, b.shown.as_ref(), b.help))
        });
        for (command, key, help) in rows.chain(KEYLESS.iter().map(|(c, help)| (*c, "", *help))) {
            let then = Then::Do(command);
            let known = command.names().is_empty() || choices.iter().any(|c| c.then == then);
            if known || help.is_empty() || !self.can(command) {
                continue;
            }
            choices.push(Choice {
                text: help.to_owned(),
                key: key.to_owned(),
                names: command.names(),
                then,
            });
        }
        choices.extend(self.models());
        let picker = Picker::new(Context::Palette, "Commands, and models by name", choices);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    /// The models that the palette opens: built-in and the user's own. Imported ones are many, and
    /// found in the Models pane.
    fn models(&self) -> Vec<Choice> {
        let Library::Open(opened) = &self.shell.library else {
            return Vec::new();
        };
        let ids = opened.names.iter().filter(|name| name.contains('/'));
        ids.map(|id| Choice {
            text: crate::text::ident(id).into_owned(),
            key: String::new(),
            names: &[],
            then: Then::Card(id.clone()),
        })
        .collect()
    }

    fn open_help(&mut self) {
        let bindings = self.shell.keymap.bindings().iter();
        let choices = bindings
            .filter(|binding| !binding.help.is_empty() && self.offers(binding))
            .map(|binding| Choice {
                text: binding.help.to_owned(),
                key: binding.shown.to_string(),
                names: &[],
                then: Then::Do(binding.command),
            })
            .collect();
        let picker = Picker::new(Context::Help, "Keys that work here", choices);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    fn open_search(&mut self) {
        let mut choices: Vec<Choice> = Vec::new();
        let kept = self.pane().kept();
        for entry in self.shell.history(kept).entries().iter().rev() {
            let text = crate::text::line(entry).into_owned();
            if choices.iter().all(|choice| choice.text != text) {
                let then = Then::Put(entry.clone());
                choices.push(Choice {
                    text,
                    key: String::new(),
                    names: &[],
                    then,
                });
            }
        }
        let picker = Picker::new(Context::Search, "Typed here earlier, newest first", choices);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    fn copied(&mut self, what: &str, text: &str, outcome: Outcome) {
        match outcome {
            Outcome::Desktop => self.shell.say(format!("Copied {what} to the clipboard.")),
            Outcome::Terminal => {
                self.shell.say(format!(
                    "Copied {what} to your terminal's clipboard (OSC 52)."
                ));
            }
            Outcome::Nowhere => {
                let title = format!("No clipboard here; select it with the mouse: {what}");
                self.overlay = Some(Overlay::Text(Plain::new(title, text)));
            }
        }
    }
}

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
            for (y, row) in
                (area.y..area.bottom()).zip(super::wrap::rows(&text, usize::from(area.width)))
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
