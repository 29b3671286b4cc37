//! What was said: each message with its answers, of which one is shown and counts.

use crate::error::Kind;
use crate::jobs::engine::{News, Output, Pace};
use crate::model::generate::Finish;
use crate::model::template::{Role, Turn};
use crate::text;
use crate::tui::pane::told;

/// How far an answer is.
#[derive(Debug)]
pub(super) enum State {
    /// The thread has not come to it.
    Waiting,
    /// So many bytes are being read.
    Loading(u64),
    Running,
    Done(Option<Finish>),
    Stopped,
    Failed(Vec<String>),
}

/// An answer, as far as it is there.
#[derive(Debug)]
pub(super) struct Answer {
    ticket: u64,
    pub(super) state: State,
    /// As the model wrote it, to be sent again.
    raw: String,
    /// Safe to show.
    pub(super) shown: String,
    cleaner: text::Stream,
    pub(super) pace: Option<Pace>,
}

impl Answer {
    fn new(ticket: u64) -> Self {
        Self {
            ticket,
            state: State::Waiting,
            raw: String::new(),
            shown: String::new(),
            cleaner: text::Stream::new(),
            pace: None,
        }
    }

    /// The order's ticket, while it is not done.
    pub(super) fn waits_for(&self) -> Option<u64> {
        match self.state {
            State::Waiting | State::Loading(_) | State::Running => Some(self.ticket),
            State::Done(_) | State::Stopped | State::Failed(_) => None,
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Loading(bytes) => self.state = State::Loading(bytes),
            News::Loaded { .. } => self.state = State::Running,
            News::Token { text, pace } => {
                self.raw.push_str(&text);
                self.shown += &self.cleaner.push(text.as_bytes());
                self.pace = Some(pace);
            }
            News::Ended(Ok(done)) => {
                if let Output::Texts(texts) = &done.output
                    && let Some(text) = texts.first()
                {
                    self.raw.clone_from(text);
                    self.shown = text::block(text).into_owned();
                }
                self.pace = done.pace.or(self.pace);
                self.state = match done.finish {
                    Some(Finish::Cancelled) => State::Stopped,
                    finish => State::Done(finish),
                };
            }
            News::Ended(Err(error)) if error.kind() == Kind::Interrupted => {
                self.state = State::Stopped;
            }
            News::Ended(Err(error)) => self.state = State::Failed(told(&error)),
            News::Given(_) | News::Sent { .. } | News::Reading { .. } | News::Summary(_) => {}
        }
    }
}

/// A message and its answers.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) asked: String,
    pub(super) answers: Vec<Answer>,
    /// Which answer is shown.
    pub(super) at: usize,
}

impl Exchange {
    /// The answer that is shown.
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.answers.get(self.at)
    }

    fn said(&self) -> Option<&str> {
        let answer = self.answer()?;
        (!answer.raw.is_empty()).then_some(answer.raw.as_str())
    }
}

/// A conversation.
#[derive(Debug, Default)]
pub(super) struct Dialogue {
    pub(super) exchanges: Vec<Exchange>,
}

impl Dialogue {
    /// The turns up to the last message, whose answer is left open. A message without an answer
    /// was not said.
    pub(super) fn turns(&self, system: Option<&str>) -> Vec<Turn> {
        let mut turns: Vec<Turn> = system
            .map(|said| Turn::new(Role::System, said))
            .into_iter()
            .collect();
        let Some((last, before)) = self.exchanges.split_last() else {
            return turns;
        };
        for one in before {
            if let Some(said) = one.said() {
                turns.push(Turn::new(Role::User, one.asked.clone()));
                turns.push(Turn::new(Role::Assistant, said));
            }
        }
        turns.push(Turn::new(Role::User, last.asked.clone()));
        turns
    }

    /// Adds a message.
    pub(super) fn ask(&mut self, text: &str) {
        self.exchanges.push(Exchange {
            asked: text.to_owned(),
            answers: Vec::new(),
            at: 0,
        });
    }

    /// Waits for an answer to the last message, beside those that it has.
    pub(super) fn wait(&mut self, ticket: u64) {
        if let Some(last) = self.exchanges.last_mut() {
            last.answers.push(Answer::new(ticket));
            last.at = last.answers.len() - 1;
        }
    }

    /// The ticket of the answer that is being waited for.
    pub(super) fn waits_for(&self) -> Option<u64> {
        let last = self.exchanges.last()?;
        last.answers.iter().find_map(Answer::waits_for)
    }

    /// Nobody wants to hear more of the answer; what there is of it stays.
    pub(super) fn stop(&mut self) {
        let answers = self.exchanges.iter_mut().flat_map(|one| &mut one.answers);
        for answer in answers.filter(|answer| answer.waits_for().is_some()) {
            answer.state = State::Stopped;
        }
    }

    /// Takes what is told of the answer that is being waited for.
    pub(super) fn hear(&mut self, ticket: u64, news: News) {
        let mut answers = self.exchanges.iter_mut().flat_map(|one| &mut one.answers);
        if let Some(answer) = answers.find(|answer| answer.waits_for() == Some(ticket)) {
            answer.hear(news);
        }
    }

    /// How many answers the last message has.
    pub(super) fn variants(&self) -> usize {
        self.exchanges.last().map_or(0, |one| one.answers.len())
    }

    /// Whether there is another answer to the last message, after or before the one shown.
    pub(super) fn can_turn(&self, forward: bool) -> bool {
        let last = self.exchanges.last();
        last.is_some_and(|one| {
            if forward {
                one.at + 1 < one.answers.len()
            } else {
                one.at > 0
            }
        })
    }

    /// Shows another answer to the last message.
    pub(super) fn turn(&mut self, forward: bool) {
        if let Some(last) = self.exchanges.last_mut() {
            let most = last.answers.len().saturating_sub(1);
            last.at = if forward {
                (last.at + 1).min(most)
            } else {
                last.at.saturating_sub(1)
            };
        }
    }

    /// The last answer, safe to show.
    pub(super) fn last_answer(&self) -> Option<&str> {
        let all = self.exchanges.iter().rev().filter_map(Exchange::answer);
        let mut texts = all.map(|answer| answer.shown.as_str());
        texts.find(|text| !text.is_empty())
    }
}
