//! The Ask pane: questions, answers, and the cards that they cite.
//!
//! A question goes to the advisor's thread with a ticket; the report that carries the ticket
//! becomes the turn's answer, any other is dropped. Over the conversation lies at most one view:
//! why, the fields of the reading, models side by side, or a card.

mod act;
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
use self::turn::Turn;
use self::welcome::EXAMPLES;
use super::card::CardView;
use super::chrome::{self, WIDE};
use super::compare::CompareView;
use super::event::Event;
use super::input::Input;
use super::keymap::{Command, Context};
use super::pane::{Ahead, Library, Pane, Shell, told};
use super::plain::scrolled;
use crate::advisor::Answer;
use crate::advisor::present::{Line, Target};

/// A part that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Input,
    Content,
    Card,
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
    Card {
        card: CardView,
        citation: Option<usize>,
        scroll: usize,
        /// The comparison that it was opened from, and that Esc goes back to.
        under: Option<Box<CompareView>>,
    },
    Compare(Box<CompareView>),
}

/// The pane.
#[derive(Debug)]
pub(super) struct Ask {
    input: Input,
    conversation: Conversation,
    over: Option<Over>,
    part: Part,
    /// The examples were asked for again.
    examples: bool,
    example: usize,
    /// The next question carries nothing over.
    fresh: bool,
    /// Whether there is room for a card beside the answer.
    wide: bool,
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
            part: Part::Input,
            examples: false,
            example: 0,
            fresh: false,
            wide: false,
            size: (0, 0),
        }
    }

    fn shows_examples(&self) -> bool {
        self.examples || self.conversation.is_empty()
    }

    /// Whether a card stands beside the answer that it was opened from, rather than over it.
    fn is_beside(&self) -> bool {
        self.wide && matches!(self.over, Some(Over::Card { under: None, .. }))
    }

    /// The part that has the focus. A card that covers the answer is the content.
    fn focus(&self) -> Part {
        match (self.part, &self.over) {
            (Part::Content, Some(Over::Card { .. })) if !self.is_beside() => Part::Card,
            (Part::Card, Some(Over::Card { .. })) => Part::Card,
            (Part::Card, _) => Part::Content,
            (part, _) => part,
        }
    }

    fn answer(&self) -> Option<&Answer> {
        self.conversation.turn()?.answer.as_deref()
    }

    fn back(&mut self) {
        match self.over.take() {
            Some(Over::Fields(mut fields)) if fields.is_editing() => {
                fields.leave();
                self.over = Some(Over::Fields(fields));
            }
            // From the input, Esc goes to what is open and does not close it.
            over if self.focus() == Part::Input => {
                self.over = over;
                self.part = Part::Content;
            }
            Some(Over::Card { scroll, under, .. }) => {
                self.conversation.scroll = scroll;
                self.over = under.map(Over::Compare);
                self.part = Part::Content;
            }
            Some(_) => self.part = Part::Content,
            None if !self.conversation.is_empty() => self.examples = false,
            None => {}
        }
    }

    fn next_part(&mut self, forward: bool) {
        let parts: &[Part] = match &self.over {
            Some(_) if self.is_beside() => &[Part::Input, Part::Content, Part::Card],
            Some(Over::Card { .. }) => &[Part::Input, Part::Card],
            _ => &[Part::Input, Part::Content],
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
    fn run_move(&mut self, command: Command) {
        let height = usize::from(self.size.1);
        let shows_examples = self.shows_examples();
        let card_moves = self.focus() == Part::Card || !self.is_beside();
        match &mut self.over {
            Some(Over::Why { lines, scroll, .. }) => {
                *scroll = scrolled(*scroll, command, height, lines.len().saturating_sub(height));
            }
            Some(Over::Fields(fields)) => fields.run(command),
            Some(Over::Compare(compared)) => compared.run(command),
            Some(Over::Card { card, .. }) if card_moves => card.run(command),
            _ if shows_examples => {
                let last = EXAMPLES.len() - 1;
                self.example = scrolled(self.example, command, EXAMPLES.len(), last);
            }
            _ => self.conversation.run(command),
        }
    }

    fn run_typing(&mut self, command: Command, shell: &mut Shell) {
        match &mut self.over {
            Some(Over::Fields(fields)) if self.part == Part::Content => {
                if let Some(editor) = fields.editor() {
                    editor.run(command);
                }
            }
            _ => self
                .input
                .run(command, shell.history.entries(), names(shell)),
        }
    }
}

impl Pane for Ask {
    fn title(&self) -> &'static str {
        "Ask"
    }

    fn context(&self) -> Context {
        match (self.focus(), &self.over) {
            (Part::Input, _) => Context::Input,
            (Part::Card, _) => Context::Card,
            (Part::Content, Some(Over::Why { .. })) => Context::Why,
            (Part::Content, Some(Over::Fields(fields))) if fields.is_editing() => Context::Value,
            (Part::Content, Some(Over::Fields(_))) => Context::Fields,
            (Part::Content, Some(Over::Compare(_))) => Context::Compare,
            (Part::Content, _) if self.shows_examples() => Context::Examples,
            (Part::Content, _) => Context::Answer,
        }
    }

    fn can(&self, command: Command, _shell: &Shell) -> bool {
        let answer = self.answer().filter(|_| !self.shows_examples());
        match command {
            Command::Compare if matches!(self.over, Some(Over::Compare(_))) => false,
            Command::Open
            | Command::Copy
            | Command::Left
            | Command::Right
            | Command::Up
            | Command::Down
            | Command::PageUp
            | Command::PageDown
                if self.context() == Context::Compare =>
            {
                matches!(&self.over, Some(Over::Compare(compared)) if compared.can(command))
            }
            Command::Why => answer.is_some_and(|answer| !answer.models.is_empty()),
            Command::Edit => answer.is_some(),
            Command::Copy => answer.is_some() || self.focus() == Part::Card,
            Command::More => {
                answer.is_some() && self.conversation.turn().is_some_and(Turn::has_more)
            }
            Command::Mark => matches!(self.conversation.target(), Some(Target::Model(_))),
            Command::Compare => answer.is_some() && self.compared().is_some(),
            Command::New => !self.conversation.is_empty() && !self.fresh,
            Command::Examples => !self.shows_examples(),
            Command::Open => match (&self.over, self.focus()) {
                (_, Part::Input) => false,
                (Some(Over::Fields(fields)), _) => fields.can_open(),
                (Some(_), Part::Card) => false,
                _ => self.shows_examples() || self.conversation.target().is_some(),
            },
            Command::NextVariant | Command::PreviousVariant => {
                let Some(Over::Card {
                    citation,
                    under: None,
                    ..
                }) = &self.over
                else {
                    return false;
                };
                let least = usize::from(citation.is_some());
                self.answer()
                    .is_some_and(|answer| answer.citations.len() > least)
            }
            Command::Up | Command::Down => match (&self.over, self.focus()) {
                (Some(Over::Why { lines, .. }), Part::Content) => {
                    lines.len() > usize::from(self.size.1)
                }
                (Some(Over::Card { card, .. }), Part::Card) => card.scrolls(),
                _ => true,
            },
            // In the conversation there is nothing to go back from.
            Command::Back => self.focus() == Part::Input || self.over.is_some() || self.examples,
            _ => true,
        }
    }

    fn run(&mut self, command: Command, shell: &mut Shell) {
        match command {
            Command::Send if self.context() == Context::Value => self.commit(shell),
            Command::Send => self.send(shell),
            Command::Up | Command::Down | Command::Left | Command::Right
                if self.context().is_typing() =>
            {
                self.run_typing(command, shell);
            }
            Command::Left
            | Command::Right
            | Command::Up
            | Command::Down
            | Command::PageUp
            | Command::PageDown
            | Command::HalfUp
            | Command::HalfDown
            | Command::Top
            | Command::Bottom => {
                self.run_move(command);
            }
            Command::NextPart => self.next_part(true),
            Command::PreviousPart => self.next_part(false),
            Command::ToInput => self.part = Part::Input,
            Command::Open => self.open(shell),
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
            Command::New => {
                self.fresh = true;
                self.part = Part::Input;
                shell.say("The next question starts afresh: nothing is carried over.");
            }
            Command::Examples => {
                self.over = None;
                self.examples = true;
                self.part = Part::Content;
            }
            Command::NextVariant => self.next_source(true, shell),
            Command::PreviousVariant => self.next_source(false, shell),
            Command::Back => self.back(),
            _ => self.run_typing(command, shell),
        }
    }

    fn type_char(&mut self, c: char, _shell: &mut Shell) {
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
            shell.history.push(&typed);
        }
        self.input.set(text);
        self.part = Part::Input;
    }

    fn interrupt(&mut self, shell: &mut Shell) -> bool {
        if matches!(&self.over, Some(Over::Compare(compared)) if compared.is_waiting()) {
            self.over = None;
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
            shell.history.push(&typed);
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
            Event::Compared { ticket, answer } => match &mut self.over {
                Some(Over::Compare(compared)) if compared.waits_for(ticket) => {
                    compared.hear(answer);
                    None
                }
                _ => Some(Event::Compared { ticket, answer }),
            },
            Event::CardRead { ticket, card } => match &mut self.over {
                Some(Over::Card { card: view, .. }) if view.waits_for(ticket) => {
                    view.hear(&card);
                    None
                }
                _ => Some(Event::CardRead { ticket, card }),
            },
            other => Some(other),
        }
    }

    fn layout(&mut self, shell: &Shell) {
        let wording = Arc::clone(&shell.wording);
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let area = chrome::pane_area(whole);
        let body = chrome::body(area, self.input.rows(area.width));
        self.wide = whole.width >= WIDE;
        let (left, right) = view::columns(body.content, self.is_beside());
        self.size = (left.width, left.height);
        self.conversation
            .layout(left.width, usize::from(left.height), wording.as_ref());
        let answer = self
            .conversation
            .turn()
            .and_then(|turn| turn.answer.as_deref());
        match &mut self.over {
            Some(Over::Why {
                lines,
                width,
                scroll,
            }) => {
                if let Some(answer) = answer.filter(|_| *width != left.width) {
                    *width = left.width;
                    *lines = wording.why(answer, left.width);
                }
                *scroll = (*scroll).min(lines.len().saturating_sub(usize::from(left.height)));
            }
            Some(Over::Card { card, under, .. }) => {
                card.layout(right.width, right.height);
                if let Some(compared) = under {
                    compared.layout(right.width, right.height);
                }
            }
            Some(Over::Compare(compared)) => compared.layout(left.width, left.height),
            _ => {}
        }
    }

    fn ahead(&self) -> Option<Ahead> {
        let (label, context) = match &self.over {
            Some(Over::Card { .. }) if !self.is_beside() => ("card", Context::Card),
            Some(Over::Compare(_)) => ("comparison", Context::Compare),
            Some(Over::Why { .. }) => ("why", Context::Why),
            Some(Over::Fields(_)) => ("fields", Context::Fields),
            _ if self.shows_examples() => ("examples", Context::Examples),
            _ => ("answer", Context::Answer),
        };
        Some(Ahead { label, context })
    }

    fn view(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.draw(shell, area, buffer)
    }
}
