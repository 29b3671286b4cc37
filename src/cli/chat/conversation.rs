//! What was said in a chat, and how the next answer is drawn.

use serde_json::{Map, Value};

use crate::jobs::engine::Talk;
use crate::model::template::{Form, Role, Turn};

/// What was said.
pub(super) struct Conversation {
    form: Form,
    system: Option<String>,
    turns: Vec<Turn>,
    options: Map<String, Value>,
    /// The text that was sent last.
    sent: Option<String>,
    /// How many of the oldest turns were left out of it.
    dropped: usize,
}

impl Conversation {
    pub(super) fn new(form: Form, system: Option<String>, options: Map<String, Value>) -> Self {
        Self {
            form,
            system,
            turns: Vec::new(),
            options,
            sent: None,
            dropped: 0,
        }
    }

    pub(super) fn form(&self) -> &Form {
        &self.form
    }

    pub(super) fn options(&self) -> &Map<String, Value> {
        &self.options
    }

    pub(super) fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }

    pub(super) fn set_system(&mut self, said: &str) {
        self.system = Some(said.to_owned());
    }

    pub(super) fn sent(&self) -> Option<&str> {
        self.sent.as_deref()
    }

    /// What the engine is to answer.
    pub(super) fn talk(&self) -> Talk {
        let system = self.system.iter();
        let system = system.map(|said| Turn::new(Role::System, said.clone()));
        Talk {
            turns: system.chain(self.turns.iter().cloned()).collect(),
            form: self.form.clone(),
        }
    }

    /// Takes what the user says; an answer is wanted then.
    pub(super) fn ask(&mut self, text: &str) -> bool {
        self.turns.push(Turn::new(Role::User, text));
        true
    }

    /// Takes the last answer back, for another one; false when there is none.
    pub(super) fn again(&mut self) -> bool {
        if self
            .turns
            .pop_if(|turn| turn.role == Role::Assistant)
            .is_none()
        {
            return false;
        }
        let seed = self.options.get("seed").and_then(Value::as_u64);
        let next = seed.map_or(43, |seed| seed.wrapping_add(1));
        self.options.insert("seed".to_owned(), next.into());
        true
    }

    /// Begins anew; what the system says stays.
    pub(super) fn clear(&mut self) {
        self.turns.clear();
        (self.sent, self.dropped) = (None, 0);
    }

    /// Takes what was sent; true when more turns than before were left out.
    pub(super) fn was_sent(&mut self, text: String, dropped: usize) -> bool {
        self.sent = Some(text);
        std::mem::replace(&mut self.dropped, dropped) < dropped
    }

    /// Takes the answer.
    pub(super) fn answered(&mut self, answer: String) {
        self.turns.push(Turn::new(Role::Assistant, answer));
    }

    /// The last turn has no answer: it was not said.
    pub(super) fn unanswered(&mut self) {
        self.turns.pop_if(|turn| turn.role == Role::User);
    }
}
