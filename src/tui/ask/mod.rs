//! The Ask pane: questions, answers, and the cards that they cite.
//!
//! A question goes to the advisor's thread with a ticket; the report that carries the ticket
//! becomes the turn's answer, any other is dropped. Over the conversation lies why, or the fields
//! of the reading; or the views that any pane opens: cards, models side by side, a script.

mod act;
mod click;
mod conversation;
mod fields;
mod turn;
mod view;
mod welcome;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::conversation::Conversation;
use self::fields::Fields;
use self::welcome::EXAMPLES;
use super::chrome::{self, Room, WIDE};
use super::event::Event;
use super::find::Finder;
use super::history::Kept;
use super::input::Input;
use super::keymap::{Command, Context};
use super::pane::{Ahead, Errand, Library, Pane, Shell, told};
use super::plain::scrolled;
use super::views::Views;
use crate::advisor::Answer;
use crate::advisor::present::Line;

/// A part that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Input,
    Content,
    View,
}

/// A view over the conversation.
#[derive(Debug)]
enum Over {
    Why {
        lines: Vec<Line>,
        width: u16,
        scroll: usize,
    },
    Fields(Box<Fields>),
}

/// The pane.
#[derive(Debug)]
pub(super) struct Ask {
    input: Input,
    conversation: Conversation,
    over: Option<Over>,
    /// The words to find in the answers.
    finder: Finder,
    views: Views,
    /// The source that the open card is of, and where the conversation stood before.
    cited: Option<usize>,
    before: usize,
    part: Part,
    /// The examples were asked for again.
    examples: bool,
    example: usize,
    /// The next question carries nothing over.
    fresh: bool,
    /// Whether a view stands beside the answer.
    room: Room,
    /// Content in sight: columns, rows.
    size: (u16, u16),
}

/// The names that are completed while typing.
fn names(shell: &Shell) -> &[String] {
    match &shell.library {
        Library::Open(opened) => &opened.names,
        _ => &[],
    }
}

impl Ask {
    /// A pane in which nothing has been asked.
    pub(super) fn new() -> Self {
        Self {
            input: Input::new(),
            conversation: Conversation::default(),
            over: None,
            finder: Finder::default(),
            views: Views::over("ask"),
            cited: None,
            before: 0,
            part: Part::Input,
            examples: false,
            example: 0,
            fresh: false,
            room: Room::default(),
            size: (0, 0),
        }
    }

    fn shows_examples(&self) -> bool {
        self.examples || self.conversation.is_empty()
    }

    /// Whether a view stands beside the answer, rather than over it.
    fn is_beside(&self) -> bool {
        self.room.beside() && self.views.are_narrow()
    }

    /// The part that has the focus. A view that covers the answer is the content.
    fn focus(&self) -> Part {
        match self.part {
            Part::Content if !self.views.is_empty() && !self.is_beside() && !self.room.zoomed => {
                Part::View
            }
            Part::View if self.views.is_empty() => Part::Content,
            part => part,
        }
    }

    fn answer(&self) -> Option<&Answer> {
        self.conversation.turn()?.answer.as_deref()
    }

    fn back(&mut self) {
        match self.focus() {
            // From the input, Esc goes to what is open and does not close it.
            Part::Input => self.part = Part::Content,
            Part::View => {
                self.views.back();
                self.after_view();
            }
            Part::Content if self.finder.leave() => {}
            Part::Content => match self.over.take() {
                Some(Over::Fields(mut fields)) if fields.is_editing() => {
                    fields.leave();
                    self.over = Some(Over::Fields(fields));
                }
                None if !self.views.is_empty() => {
                    self.views.clear();
                    self.after_view();
                }
                None if self.finder.forget() => self.conversation.found = None,
                None if !self.conversation.is_empty() => self.examples = false,
                Some(_) | None => {}
            },
        }
    }

    /// With the last view gone the answer is as it was.
    fn after_view(&mut self) {
        if self.views.is_empty() {
            self.conversation.scroll = self.before;
            self.cited = None;
            self.room.zoomed = false;
            self.part = Part::Content;
        }
    }

    fn next_part(&mut self, forward: bool) {
        let parts: &[Part] = match (self.views.is_empty(), self.is_beside()) {
            (true, _) => &[Part::Input, Part::Content],
            (false, true) => &[Part::Input, Part::Content, Part::View],
            (false, false) => &[Part::Input, Part::View],
        };
        let at = parts
            .iter()
            .position(|part| *part == self.focus())
            .unwrap_or(0);
        let step = if forward { 1 } else { parts.len() - 1 };
        self.part = parts[(at + step) % parts.len()];
    }

    fn answered(&mut self, ticket: u64, answer: crate::error::Result<Box<Answer>>, shell: &Shell) {
        let wording = shell.wording.as_ref();
        let Some((at, turn)) = self.conversation.waiting_for(ticket) else {
            return;
        };
        match answer {
            Ok(answer) => {
                if let Some(Over::Fields(fields)) = &mut self.over
                    && !fields.is_editing()
                {
                    fields.renew(&answer.reading, wording);
                }
                turn.answered(answer);
            }
            Err(error) => turn.failed(told(&error)),
        }
        self.conversation
            .layout(self.size.0, usize::from(self.size.1), wording);
        if self.conversation.at() == at {
            self.conversation.select_first(at);
        }
    }

    /// Moves within the part that has the focus; from the input, scrolls the content.
    fn run_move(&mut self, command: Command, shell: &mut Shell) {
        let height = usize::from(self.size.1);
        let covered = !self.views.is_empty() && !self.is_beside();
        if self.focus() == Part::View || covered && self.focus() == Part::Input {
            self.views.run(command, shell);
            return;
        }
        let shows_examples = self.shows_examples();
        match &mut self.over {
            Some(Over::Why { lines, scroll, .. }) => {
                *scroll = scrolled(*scroll, command, height, lines.len().saturating_sub(height));
            }
            Some(Over::Fields(fields)) => fields.run(command),
            None if shows_examples => {
                let last = EXAMPLES.len() - 1;
                self.example = scrolled(self.example, command, EXAMPLES.len(), last);
            }
            None => self.conversation.run(command),
        }
    }

    fn run_typing(&mut self, command: Command, shell: &mut Shell) {
        if self.focus() == Part::Content && self.finder.is_typing() {
            if self.finder.run(command) {
                self.find(Command::FindNext, shell);
            }
            return;
        }
        match &mut self.over {
            Some(Over::Fields(fields)) if self.part == Part::Content => {
                if let Some(editor) = fields.editor() {
                    editor.run(command);
                }
            }
            _ => self.input.run(
                command,
                shell.history(Kept::Questions).entries(),
                names(shell),
            ),
        }
    }

    fn open(&mut self, shell: &mut Shell) {
        let shows_examples = self.shows_examples();
        match &mut self.over {
            Some(Over::Fields(fields)) => fields.open(),
            _ if shows_examples => {
                let question = EXAMPLES[self.example.min(EXAMPLES.len() - 1)];
                shell.keep(Kept::Questions, question);
                self.ask(question, shell);
                self.part = Part::Input;
            }
            _ => self.open_card(shell),
        }
    }
}

impl Pane for Ask {
    fn title(&self) -> &'static str {
        "Ask"
    }

    fn kept(&self) -> Kept {
        Kept::Questions
    }

    fn draft(&self) -> String {
        self.input.text()
    }

    fn click(&mut self, at: Position, shell: &mut Shell) {
        self.clicked(at, shell);
    }

    fn context(&self) -> Context {
        match (self.focus(), &self.over) {
            (Part::Input, _) => Context::Input,
            (Part::View, _) => self.views.context().unwrap_or(Context::Answer),
            (Part::Content, Some(Over::Why { .. })) => Context::Why,
            (Part::Content, Some(Over::Fields(fields))) if fields.is_editing() => Context::Value,
            (Part::Content, Some(Over::Fields(_))) => Context::Fields,
            (Part::Content, None) if self.shows_examples() => Context::Examples,
            (Part::Content, None) if self.finder.is_typing() => Context::Find,
            (Part::Content, None) => Context::Answer,
        }
    }

    fn can(&self, command: Command, _shell: &Shell) -> bool {
        match command {
            Command::NextPart | Command::PreviousPart | Command::ToInput => return true,
            // While words are sought, `n` is their next place.
            Command::New => {
                let seeks = self.context() == Context::Answer && !self.finder.sought().is_empty();
                return !self.conversation.is_empty() && !self.fresh && !seeks;
            }
            Command::Examples => return !self.shows_examples(),
            Command::Zoom => {
                return self.room.zoomed || self.is_beside() && self.focus() != Part::Input;
            }
            Command::Back => return self.can_go_back(),
            _ => {}
        }
        match (self.focus(), &self.over) {
            // The footer names what can be done with the answer from the input too.
            (Part::Input, _) => {
                command.moves()
                    || command.edits()
                    || command.is_on_a_selection() && self.can_on_answer(command)
            }
            (Part::View, _) => self.can_walk(command) || self.views.can(command),
            (Part::Content, Some(Over::Why { lines, .. })) => match command {
                Command::Up | Command::Down => lines.len() > usize::from(self.size.1),
                _ => command.moves(),
            },
            (Part::Content, Some(Over::Fields(fields))) => match command {
                Command::Open => fields.can_open(),
                _ => command.moves() || command.edits() && fields.is_editing(),
            },
            (Part::Content, None) if self.shows_examples() => {
                command == Command::Open || command.moves()
            }
            (Part::Content, None) if self.finder.is_typing() => command.edits(),
            (Part::Content, None) => {
                command.moves() || self.can_find(command) || self.can_on_answer(command)
            }
        }
    }

    fn run(&mut self, command: Command, shell: &mut Shell) {
        match command {
            Command::Send if self.context() == Context::Value => self.commit(shell),
            Command::Send if self.focus() == Part::Input => self.send(shell),
            Command::Send if self.context() == Context::Find && self.focus() == Part::Content => {
                self.run_typing(command, shell);
            }
            Command::Find | Command::FindNext | Command::FindPrevious
                if self.focus() == Part::Content =>
            {
                self.find(command, shell);
            }
            Command::Up | Command::Down if self.context().is_typing() => {
                self.run_typing(command, shell);
            }
            Command::Back => self.back(),
            Command::Zoom => self.room.zoomed = !self.room.zoomed,
            Command::NextVariant => self.next_source(true, shell),
            Command::PreviousVariant => self.next_source(false, shell),
            _ if command.moves() => self.run_move(command, shell),
            Command::NextPart => self.next_part(true),
            Command::PreviousPart => self.next_part(false),
            Command::ToInput => self.part = Part::Input,
            Command::New => {
                self.fresh = true;
                self.part = Part::Input;
                shell.say("The next question starts afresh: nothing is carried over.");
            }
            Command::Examples => {
                self.over = None;
                self.views.clear();
                self.examples = true;
                self.part = Part::Content;
            }
            _ if self.focus() == Part::View => self.views.run(command, shell),
            Command::Open => self.open(shell),
            Command::Try => self.try_out(None, shell),
            Command::Fetch => self.try_out(Some(command), shell),
            Command::Tune => self.tune(shell),
            Command::Scope => self.widen(shell),
            Command::Why => {
                self.over = Some(Over::Why {
                    lines: Vec::new(),
                    width: 0,
                    scroll: 0,
                });
                self.part = Part::Content;
            }
            Command::Edit => self.edit(shell),
            Command::More => {
                if let Some(turn) = self.conversation.turn_mut() {
                    turn.toggle_more();
                }
            }
            Command::Mark => self.mark(),
            Command::Compare => self.compare(shell),
            Command::Copy => self.copy(shell),
            _ => self.run_typing(command, shell),
        }
    }

    fn type_char(&mut self, c: char, _shell: &mut Shell) {
        if self.focus() == Part::View {
            self.views.type_char(c);
            return;
        }
        if self.context() == Context::Find {
            self.finder.type_char(c);
            return;
        }
        match &mut self.over {
            Some(Over::Fields(fields)) if self.part == Part::Content => {
                if let Some(editor) = fields.editor() {
                    editor.type_char(c);
                }
            }
            _ => self.input.type_char(c),
        }
    }

    fn paste(&mut self, text: &str, shell: &mut Shell) {
        if self.context() == Context::Find {
            let line = crate::text::line(text);
            line.chars().for_each(|c| self.type_char(c, shell));
            return;
        }
        let whole = match &mut self.over {
            Some(Over::Fields(fields)) if fields.is_editing() && self.part == Part::Content => {
                fields.editor().is_none_or(|editor| editor.paste(text))
            }
            _ => {
                self.part = Part::Input;
                self.input.paste(text)
            }
        };
        if !whole {
            shell.say("The pasted text was cut at 64 KB.");
        }
    }

    fn input_is_empty(&self) -> bool {
        self.context() == Context::Input && self.input.is_empty()
    }

    fn put(&mut self, text: &str, shell: &mut Shell) {
        let typed = self.input.take();
        if !typed.trim().is_empty() {
            shell.history_mut(Kept::Questions).push(&typed);
        }
        self.input.set(text);
        self.part = Part::Input;
    }

    fn interrupt(&mut self, shell: &mut Shell) -> bool {
        if self.views.interrupt() {
            self.after_view();
            return true;
        }
        if self.conversation.drop_requests("Stopped.") {
            return true;
        }
        let typed = self.input.take();
        if typed.is_empty() {
            return false;
        }
        if !typed.trim().is_empty() {
            shell.history_mut(Kept::Questions).push(&typed);
        }
        shell.say("Cleared. Up brings it back.");
        true
    }

    fn hear(&mut self, report: Event, shell: &mut Shell) -> Option<Event> {
        match report {
            Event::Answered { ticket, answer } => {
                if self.conversation.waiting_for(ticket).is_none() {
                    return Some(Event::Answered { ticket, answer });
                }
                self.answered(ticket, answer, shell);
                None
            }
            other => self.views.hear(other),
        }
    }

    fn layout(&mut self, shell: &Shell) {
        let wording = Arc::clone(&shell.wording);
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let area = chrome::pane_area(whole);
        let body = chrome::body(area, self.input.rows(area.width));
        self.room.wide = whole.width >= WIDE;
        let (left, right) = view::columns(body.content, self.is_beside());
        self.size = (left.width, left.height);
        self.conversation
            .layout(left.width, usize::from(left.height), wording.as_ref());
        let answer = self
            .conversation
            .turn()
            .and_then(|turn| turn.answer.as_deref());
        if let Some(Over::Why {
            lines,
            width,
            scroll,
        }) = &mut self.over
        {
            if let Some(answer) = answer.filter(|_| *width != left.width) {
                *width = left.width;
                *lines = wording.why(answer, left.width);
            }
            *scroll = (*scroll).min(lines.len().saturating_sub(usize::from(left.height)));
        }
        self.views.layout(right.width, right.height, shell);
    }

    fn ahead(&self) -> Option<Ahead> {
        let (label, context) = match (self.views.context(), &self.over) {
            (Some(context), _) if !self.is_beside() => (context.label(), context),
            (_, Some(Over::Why { .. })) => ("why", Context::Why),
            (_, Some(Over::Fields(_))) => ("fields", Context::Fields),
            _ if self.shows_examples() => ("examples", Context::Examples),
            _ => ("answer", Context::Answer),
        };
        Some(Ahead { label, context })
    }

    fn take_on(&mut self, errand: Errand, shell: &mut Shell) {
        if let Errand::Ask(question) = errand {
            shell.keep(Kept::Questions, &question);
            self.ask(&question, shell);
            self.part = Part::Content;
        }
    }

    fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.draw(shell, area, buffer)
    }
}
