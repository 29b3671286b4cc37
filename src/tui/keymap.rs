//! Which key does what, where: the one table from which dispatch, footer, help and palette are
//! made, so that none of them can say what another does not do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key or a palette line does. A pane answers those that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table says in `help` what each one does")]
pub enum Command {
    // While typing.
    Send,
    Newline,
    Recall,
    Slash,
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Backspace,
    Delete,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
    Yank,
    // Moving.
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    Top,
    Bottom,
    NextPart,
    PreviousPart,
    ToInput,
    // On what is selected.
    Open,
    Why,
    Edit,
    More,
    Mark,
    Compare,
    Copy,
    New,
    Examples,
    NextVariant,
    PreviousVariant,
    // Everywhere.
    Back,
    Interrupt,
    Palette,
    Help,
    Redraw,
    Suspend,
    Quit,
    Pane(u8),
}

impl Command {
    /// Whether it does something with the models and sources of an answer.
    pub fn is_on_an_answer(self) -> bool {
        matches!(
            self,
            Self::Compare | Self::Why | Self::Copy | Self::Edit | Self::More
        )
    }

    /// What people type for it after `/`; the first is its name. Without a name a command is not
    /// in the palette.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Quit => &["quit", "q", "exit", "bye"],
            Self::Help => &["help"],
            Self::New => &["new"],
            Self::Examples => &["examples"],
            Self::Recall => &["earlier"],
            Self::Why => &["why"],
            Self::Edit => &["edit"],
            Self::More => &["more"],
            Self::Compare => &["compare"],
            Self::Copy => &["copy"],
            Self::Open => &["open"],
            Self::Bottom => &["end"],
            Self::Top => &["top"],
            Self::Redraw => &["redraw"],
            Self::Suspend => &["suspend"],
            _ => &[],
        }
    }
}

/// Where the focus is, which decides what keys mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The input line of a pane.
    Input,
    /// The list of example questions.
    Examples,
    /// The conversation.
    Answer,
    /// Why the models stand in their order.
    Why,
    /// The fields of a reading.
    Fields,
    /// The value of one field, being typed.
    Value,
    /// A model card.
    Card,
    /// Models side by side.
    Compare,
    /// The palette's filter.
    Palette,
    /// The filter over earlier inputs.
    Search,
    /// The keys of the pane.
    Help,
    /// A text that no clipboard took.
    Text,
}

impl Context {
    /// Whether plain characters are text here.
    pub fn is_typing(self) -> bool {
        matches!(
            self,
            Self::Input | Self::Value | Self::Palette | Self::Search
        )
    }
}

/// One key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    const fn plain(code: KeyCode) -> Self {
        Self {
            code,
            modifiers: KeyModifiers::NONE,
        }
    }

    const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    const fn ctrl(c: char) -> Self {
        Self {
            code: KeyCode::Char(c),
            modifiers: KeyModifiers::CONTROL,
        }
    }

    const fn with(code: KeyCode, modifiers: KeyModifiers) -> Self {
        Self { code, modifiers }
    }

    /// The key of an event. Shift is part of a character, and of `BackTab`, already.
    fn of(event: KeyEvent) -> Self {
        let kept = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = event.modifiers & kept;
        let mut code = event.code;
        if let KeyCode::Char(c) = code {
            modifiers -= KeyModifiers::SHIFT;
            if modifiers.contains(KeyModifiers::CONTROL) {
                code = KeyCode::Char(c.to_ascii_lowercase());
            }
        }
        if code == KeyCode::Tab && modifiers == KeyModifiers::SHIFT {
            code = KeyCode::BackTab;
        }
        if code == KeyCode::BackTab {
            modifiers = KeyModifiers::NONE;
        }
        Self { code, modifiers }
    }
}

/// The character that an event types, if it types one.
pub fn typed(event: KeyEvent) -> Option<char> {
    let held = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
    // AltGr arrives as Ctrl and Alt together on some systems.
    let text = held.is_empty() || held == KeyModifiers::CONTROL | KeyModifiers::ALT;
    match event.code {
        KeyCode::Char(c) if text => Some(c),
        _ => None,
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Binding {
    contexts: &'static [Context],
    keys: &'static [Key],
    /// What it does.
    pub command: Command,
    /// How footer, help and palette write the keys.
    pub shown: &'static str,
    /// What the footer says; empty keeps it out of the footer.
    pub short: &'static str,
    /// What help and palette say; empty means that another row speaks for this one.
    pub help: &'static str,
}

impl Binding {
    /// Whether it counts in `context`.
    pub fn is_in(&self, context: Context) -> bool {
        self.contexts.contains(&context)
    }

    /// Whether `event` is one of its keys.
    pub fn takes(&self, event: KeyEvent) -> bool {
        self.keys.contains(&Key::of(event))
    }

    /// The keys, as events that a terminal would send.
    pub fn events(&self) -> impl Iterator<Item = KeyEvent> {
        self.keys
            .iter()
            .map(|key| KeyEvent::new(key.code, key.modifiers))
    }
}

const fn row(
    contexts: &'static [Context],
    keys: &'static [Key],
    command: Command,
    shown: &'static str,
    short: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        contexts,
        keys,
        command,
        shown,
        short,
        help,
    }
}

use Context as C;

const INPUT: &[C] = &[C::Input];
const TYPING: &[C] = &[C::Input, C::Value, C::Palette, C::Search];
const FIELD: &[C] = &[C::Value, C::Palette, C::Search];
const ANSWER: &[C] = &[C::Answer];
const OUTSIDE: &[C] = &[
    C::Examples,
    C::Answer,
    C::Why,
    C::Fields,
    C::Card,
    C::Compare,
];
const READ: &[C] = &[
    C::Examples,
    C::Answer,
    C::Why,
    C::Fields,
    C::Card,
    C::Compare,
    C::Help,
    C::Text,
];
const PARTS: &[C] = &[
    C::Input,
    C::Examples,
    C::Answer,
    C::Why,
    C::Fields,
    C::Card,
    C::Compare,
];
const SCROLLED: &[C] = &[
    C::Input,
    C::Examples,
    C::Answer,
    C::Why,
    C::Fields,
    C::Card,
    C::Compare,
    C::Help,
    C::Text,
];
const PICK: &[C] = &[C::Palette, C::Search];
const EVERYWHERE: &[C] = &[
    C::Input,
    C::Examples,
    C::Answer,
    C::Why,
    C::Fields,
    C::Value,
    C::Card,
    C::Compare,
    C::Palette,
    C::Search,
    C::Help,
    C::Text,
];

const UP: Key = Key::plain(KeyCode::Up);
const DOWN: Key = Key::plain(KeyCode::Down);
const ENTER: Key = Key::plain(KeyCode::Enter);
const TAB: Key = Key::plain(KeyCode::Tab);
const BACK_TAB: Key = Key::plain(KeyCode::BackTab);
const PAGE_UP: Key = Key::plain(KeyCode::PageUp);
const PAGE_DOWN: Key = Key::plain(KeyCode::PageDown);
const HOME: Key = Key::plain(KeyCode::Home);
const END: Key = Key::plain(KeyCode::End);
const SHIFT_ENTER: Key = Key::with(KeyCode::Enter, KeyModifiers::SHIFT);
const ALT_ENTER: Key = Key::with(KeyCode::Enter, KeyModifiers::ALT);
const CTRL_LEFT: Key = Key::with(KeyCode::Left, KeyModifiers::CONTROL);
const CTRL_RIGHT: Key = Key::with(KeyCode::Right, KeyModifiers::CONTROL);
const BACKSPACE: Key = Key::plain(KeyCode::Backspace);

/// Every binding. The first that counts in a context, takes the key and can be done is done; the
/// order is also that of footer, help and palette.
#[rustfmt::skip]
pub static BINDINGS: &[Binding] = &[
    row(INPUT, &[ENTER], Command::Send, "Enter", "ask", "ask the question"),
    row(&[C::Value], &[ENTER], Command::Send, "Enter", "answer again", "set the value and answer again"),
    row(PICK, &[ENTER], Command::Open, "Enter", "take", "take the marked line"),
    row(&[C::Help], &[ENTER], Command::Open, "Enter", "do it", "do what the marked line says"),
    row(&[C::Examples], &[ENTER], Command::Open, "Enter", "ask", "ask the marked question"),
    row(ANSWER, &[ENTER], Command::Open, "Enter", "card", "open the card of what is marked, at the cited line"),
    row(&[C::Fields], &[ENTER], Command::Open, "Enter", "change", "change the marked field; an empty value drops it"),
    row(&[C::Compare], &[ENTER], Command::Open, "Enter", "card", "open the card that the marked cell stands on, at its line"),
    row(INPUT, &[TAB], Command::NextPart, "Tab", "answer", "next part: input, answer, card"),
    row(INPUT, &[Key::ctrl('r')], Command::Recall, "Ctrl+R", "earlier questions", "search earlier questions"),
    row(INPUT, &[Key::char('/')], Command::Slash, "/", "commands", "commands, in an empty input; // begins with a slash"),
    row(INPUT, &[Key::ctrl('j'), SHIFT_ENTER, ALT_ENTER], Command::Newline, "Ctrl+J", "", "new line; also Shift+Enter, Alt+Enter"),
    row(SCROLLED, &[UP], Command::Up, "Up Down", "", ""),
    row(SCROLLED, &[DOWN], Command::Down, "Up Down", "", ""),
    row(PICK, &[UP], Command::Up, "Up Down", "move", "move"),
    row(PICK, &[DOWN], Command::Down, "Up Down", "", ""),
    row(READ, &[Key::char('k')], Command::Up, "j k", "move", "move; also arrows"),
    row(READ, &[Key::char('j')], Command::Down, "j k", "", ""),
    row(&[C::Compare], &[Key::plain(KeyCode::Left)], Command::Left, "Left Right", "model", "the model before, after"),
    row(&[C::Compare], &[Key::plain(KeyCode::Right)], Command::Right, "Left Right", "", ""),
    row(&[C::Compare], &[Key::char('y')], Command::Copy, "y", "copy", "copy the comparison as Markdown"),
    row(&[C::Compare], &[Key::char('v')], Command::Back, "v", "close", "close this view"),
    row(ANSWER, &[Key::char('v')], Command::Compare, "v", "compare", "compare the marked models, or the first two"),
    row(ANSWER, &[Key::char('w')], Command::Why, "w", "why", "why the models stand in this order"),
    row(&[C::Why], &[Key::char('w')], Command::Back, "w", "close", "close this view"),
    row(ANSWER, &[Key::char('y')], Command::Copy, "y", "copy", "copy: script of a model, id:line of a source, or the answer"),
    row(ANSWER, &[Key::char('e')], Command::Edit, "e", "change", "change how the question was read"),
    row(&[C::Fields], &[Key::char('e')], Command::Back, "e", "close", "close this view"),
    row(ANSWER, &[Key::char(' ')], Command::Mark, "Space", "mark", "mark a model for comparing"),
    row(ANSWER, &[Key::char('m')], Command::More, "m", "more", "more models, or fewer"),
    row(ANSWER, &[Key::char('n')], Command::New, "n", "new", "start afresh: the next question carries nothing over"),
    row(&[C::Card], &[Key::char('[')], Command::PreviousVariant, "[ ]", "sources", "previous, next source of the answer"),
    row(&[C::Card], &[Key::char(']')], Command::NextVariant, "[ ]", "", ""),
    row(&[C::Card], &[Key::char('y')], Command::Copy, "y", "copy", "copy id:line"),
    row(INPUT, &[Key::plain(KeyCode::Right)], Command::Right, "Right", "", "at the end: take the name shown in dim"),
    row(INPUT, &[PAGE_UP], Command::PageUp, "PgUp PgDn End", "", "scroll the answer and stay here"),
    row(INPUT, &[PAGE_DOWN], Command::PageDown, "PgUp PgDn End", "", ""),
    row(INPUT, &[END], Command::Bottom, "PgUp PgDn End", "", ""),
    row(READ, &[PAGE_UP], Command::PageUp, "PgUp PgDn", "", "scroll; Ctrl+U and Ctrl+D by half"),
    row(READ, &[PAGE_DOWN], Command::PageDown, "PgUp PgDn", "", ""),
    row(READ, &[Key::ctrl('u')], Command::HalfUp, "Ctrl+U", "", ""),
    row(READ, &[Key::ctrl('d')], Command::HalfDown, "Ctrl+D", "", ""),
    row(READ, &[Key::char('g'), HOME], Command::Top, "g", "", "to the start"),
    row(READ, &[Key::char('G'), END], Command::Bottom, "G", "", "to the end"),
    row(OUTSIDE, &[TAB], Command::NextPart, "Tab", "input", "next part: input, answer, card"),
    row(PARTS, &[BACK_TAB], Command::PreviousPart, "Shift+Tab", "", "previous part"),
    row(OUTSIDE, &[Key::char('i')], Command::ToInput, "i", "", "back into the input"),
    row(TYPING, &[Key::ctrl('a')], Command::LineStart, "Ctrl+A E W U K Y", "", "line start, end; delete word, to start, to end; put back"),
    row(TYPING, &[HOME], Command::LineStart, "Home", "", ""),
    row(TYPING, &[Key::ctrl('e')], Command::LineEnd, "Ctrl+E", "", ""),
    row(FIELD, &[END], Command::LineEnd, "End", "", ""),
    row(TYPING, &[Key::ctrl('w'), Key::with(KeyCode::Backspace, KeyModifiers::ALT)], Command::DeleteWord, "Ctrl+W", "", ""),
    row(TYPING, &[Key::ctrl('u')], Command::DeleteToStart, "Ctrl+U", "", ""),
    row(TYPING, &[Key::ctrl('k')], Command::DeleteToEnd, "Ctrl+K", "", ""),
    row(TYPING, &[Key::ctrl('y')], Command::Yank, "Ctrl+Y", "", ""),
    row(TYPING, &[CTRL_LEFT], Command::WordLeft, "Ctrl+Left", "", ""),
    row(TYPING, &[CTRL_RIGHT], Command::WordRight, "Ctrl+Right", "", ""),
    row(TYPING, &[Key::plain(KeyCode::Left)], Command::Left, "Left", "", ""),
    row(FIELD, &[Key::plain(KeyCode::Right)], Command::Right, "Right", "", ""),
    // Some terminals send Ctrl+H for Backspace.
    row(TYPING, &[BACKSPACE, Key::ctrl('h')], Command::Backspace, "Backspace", "", ""),
    row(TYPING, &[Key::plain(KeyCode::Delete)], Command::Delete, "Delete", "", ""),
    row(&[C::Help], &[Key::char('?'), Key::plain(KeyCode::F(1)), Key::char('q')], Command::Back, "?", "close", "close this view"),
    row(EVERYWHERE, &[Key::plain(KeyCode::Esc)], Command::Back, "Esc", "back", "one step back; never quits, nothing is lost"),
    row(EVERYWHERE, &[Key::ctrl('c')], Command::Interrupt, "Ctrl+C", "", "stop waiting, else clear the input; twice within 2 s: quit"),
    row(OUTSIDE, &[Key::char(':'), Key::char('/')], Command::Palette, ":", "", "every command, by name; also Ctrl+P"),
    row(PARTS, &[Key::ctrl('p')], Command::Palette, "Ctrl+P", "", "every command, by name"),
    row(OUTSIDE, &[Key::char('q')], Command::Quit, "q", "", "quit"),
    row(OUTSIDE, &[Key::char('1')], Command::Pane(0), "1", "", ""),
    row(OUTSIDE, &[Key::char('2')], Command::Pane(1), "2", "", ""),
    row(OUTSIDE, &[Key::char('3')], Command::Pane(2), "3", "", ""),
    row(OUTSIDE, &[Key::char('4')], Command::Pane(3), "4", "", ""),
    row(OUTSIDE, &[Key::char('5')], Command::Pane(4), "5", "", ""),
    row(EVERYWHERE, &[Key::ctrl('l')], Command::Redraw, "Ctrl+L", "", "draw the screen anew"),
    row(EVERYWHERE, &[Key::ctrl('z')], Command::Suspend, "Ctrl+Z", "", "suspend; `fg` comes back"),
    row(INPUT, &[Key::char('?')], Command::Help, "?", "help", "keys of this pane; F1 while there is text"),
    row(OUTSIDE, &[Key::char('?')], Command::Help, "?", "help", "keys of this pane; also F1"),
    row(PARTS, &[Key::plain(KeyCode::F(1))], Command::Help, "F1", "help", ""),
];

/// Commands that have no key: the palette alone has them.
pub static KEYLESS: &[(Command, &str)] = &[(Command::Examples, "the example questions again")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_that_a_terminal_takes_for_another() {
        // Ctrl+H is Backspace, which is what it does here.
        for c in ['s', 'q', 'i', 'm', '[', 'b'] {
            let event = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
            assert!(
                BINDINGS.iter().all(|b| !b.takes(event)),
                "Ctrl+{c} is bound"
            );
        }
    }

    #[test]
    fn plain_characters_are_text_while_typing() {
        for binding in BINDINGS {
            let typing = binding.contexts.iter().any(|c| c.is_typing());
            let plain = binding.events().any(|e| typed(e).is_some());
            let empty_input = matches!(binding.command, Command::Slash | Command::Help);
            assert!(!(typing && plain) || empty_input, "{:?}", binding.command);
        }
    }

    #[test]
    fn shift_is_part_of_a_character() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        let found = BINDINGS
            .iter()
            .find(|b| b.is_in(Context::Answer) && b.takes(event));
        assert_eq!(found.map(|b| b.command), Some(Command::Bottom));
    }
}
