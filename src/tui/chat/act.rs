//! What the Chat pane's commands do.

use serde_json::{Map, Value};

use super::{ChatPane, Sent};
use crate::advisor::offer::Offer;
use crate::advisor::quantity;
use crate::jobs::Requester;
use crate::jobs::engine::{Input, News, Order, Origin, Speaker, Talk, Weights, Work, usual};
use crate::model::layers::Precision;
use crate::model::pipeline::Task;
use crate::model::template::Form;
use crate::tui::event::Effect;
use crate::tui::history::Kept;
use crate::tui::keymap::Context;
use crate::tui::pane::{Library, Shell};
use crate::tui::picker::{Choice, Picker, Then};

/// What is fetched where there is no model to talk to.
const FIRST: &str = "openai-community/gpt2";

impl ChatPane {
    /// The model that is talked to.
    pub(super) fn speaker(&self) -> Option<&Speaker> {
        let id = self.chosen.as_deref()?;
        self.speakers().iter().find(|one| one.id == id)
    }

    /// What one can talk to.
    pub(super) fn speakers(&self) -> &[Speaker] {
        self.shelf.as_ref().map_or(&[], |shelf| &shelf.speakers)
    }

    /// How the turns become a text, and who says so.
    pub(super) fn form(&self) -> (Form, Origin) {
        match (&self.asked_form, self.speaker()) {
            (Some(form), _) => (form.clone(), Origin::Asked),
            (None, Some(one)) => (one.form.clone(), one.origin),
            (None, None) => (Form::Plain, Origin::Nobody),
        }
    }

    /// Sends what is typed: a command, or a message.
    pub(super) fn send(&mut self, shell: &mut Shell) {
        let text = self.input.text();
        let said = text.trim();
        if said.is_empty() {
            return;
        }
        if self.sets(said, shell) {
            self.input.take();
            return;
        }
        if let Some(obeyed) = shell.obey(said) {
            if obeyed {
                self.input.take();
            }
            return;
        }
        if self.speaker().is_none() {
            shell.say(if self.shelf.is_some() {
                "There is no model to talk to yet; p fetches one, outside the input."
            } else {
                "The desk is still looking which models are on the disk."
            });
            return;
        }
        self.stop(shell);
        let message = said.strip_prefix('/').unwrap_or(said);
        self.dialogue.ask(message);
        shell.keep(Kept::Messages, said);
        self.input.take();
        self.note = (!std::mem::replace(&mut self.noted, true))
            .then(|| self.speaker().map(note))
            .flatten();
        self.answer(shell);
    }

    /// Does what `/system TEXT` and `/template NAME` say; false for any other text.
    fn sets(&mut self, said: &str, shell: &mut Shell) -> bool {
        let Some((name, rest)) = said.split_once(char::is_whitespace) else {
            return false;
        };
        match (name, rest.trim()) {
            ("/system", "-") => self.system = None,
            ("/system", text) => self.system = Some(text.to_owned()),
            ("/template", name) => match Form::of_name(name) {
                Some(form) => self.asked_form = Some(form),
                None if name == "own" => self.asked_form = None,
                None => shell.say("There is no such template; use chat, instruct, plain or own."),
            },
            _ => return false,
        }
        true
    }

    /// Orders an answer to the last message.
    fn answer(&mut self, shell: &mut Shell) {
        let Some(one) = self.speaker() else { return };
        let model = Weights {
            folder: one.folder.clone(),
            precision: Precision::Q8,
        };
        let talk = Talk {
            turns: self.dialogue.turns(self.system.as_deref()),
            form: self.form().0,
        };
        let mut options: Map<String, Value> = usual();
        options.insert("seed".to_owned(), self.seed.into());
        let ticket = shell.order(|ticket| Order {
            ticket,
            by: Requester("chat"),
            model,
            work: Work::Run {
                task: Task::TextGeneration,
                input: Input::Talk(talk),
                prefix: None,
                options,
            },
        });
        self.dialogue.wait(ticket);
        (self.follows, self.shows_sent) = (true, false);
    }

    /// Answers the last message again; earlier answers stay.
    pub(super) fn again(&mut self, shell: &mut Shell) {
        self.stop(shell);
        self.seed += 1;
        self.answer(shell);
    }

    /// Takes what the engine tells of the answer.
    pub(super) fn told(&mut self, ticket: u64, news: News, shell: &mut Shell) {
        if let News::Sent {
            text,
            tokens,
            of,
            dropped,
        } = news
        {
            let before = self.sent.as_ref().map_or(0, |sent| sent.dropped);
            if dropped > before {
                let turns = quantity::counted(dropped as u64, "turn");
                shell.say(format!("The context is full: the oldest {turns} left out."));
            }
            let text = crate::text::block(&text).into_owned();
            self.sent = Some(Sent {
                text,
                tokens,
                of,
                dropped,
            });
        } else {
            self.dialogue.hear(ticket, news);
        }
    }

    /// Stops the answer; what there is of it stays.
    pub(super) fn stop(&mut self, shell: &mut Shell) {
        if let Some(ticket) = self.dialogue.waits_for() {
            shell.effect(Effect::Halt(ticket));
        }
        self.dialogue.stop();
    }

    /// Begins another conversation.
    pub(super) fn begin(&mut self, shell: &mut Shell) {
        self.stop(shell);
        self.dialogue = super::Dialogue::default();
        (self.sent, self.note, self.shows_sent) = (None, None, false);
        (self.scroll, self.follows) = (0, true);
    }

    /// Copies the last answer.
    pub(super) fn copy(&self, shell: &mut Shell) {
        if let Some(text) = self.dialogue.last_answer() {
            let (what, text) = ("the answer".to_owned(), text.to_owned());
            shell.effect(Effect::Copy { what, text });
        }
    }

    /// Opens the list of models.
    pub(super) fn choose(&mut self, shell: &mut Shell) {
        let choices = self.speakers().iter().enumerate().map(|(n, one)| Choice {
            text: format!("{}  {}", one.shown(), standing(one)),
            key: String::new(),
            names: &[],
            then: Then::Chosen(n),
        });
        let title = "Models to talk to: yours, and others on the disk";
        shell.list = Some(Picker::new(Context::Choices, title, choices.collect()));
    }

    /// Takes line `n` of the list.
    pub(super) fn take_choice(&mut self, n: usize, shell: &mut Shell) {
        let Some(id) = self.speakers().get(n).map(|one| one.id.clone()) else {
            return;
        };
        if self.chosen.as_ref() != Some(&id) {
            self.begin(shell);
            self.asked_form = None;
            self.chosen = Some(id);
        }
    }

    /// The model that can be fetched, where there is none to talk to.
    pub(super) fn offer<'a>(&self, shell: &'a Shell) -> Option<&'a Offer> {
        let none = self.shelf.is_some() && self.speakers().is_empty();
        let Library::Open(opened) = &shell.library else {
            return None;
        };
        let found = opened.offers.iter().find(|offer| offer.id == FIRST);
        found.filter(|_| none)
    }

    /// Fetches it.
    pub(super) fn fetch(&self, shell: &mut Shell) {
        if let Some((id, bytes)) = self.offer(shell).map(|o| (o.id.clone(), o.weights)) {
            shell.fetch(&id, bytes);
        }
    }
}

/// `yours, LoRA on gpt2  500 MB`.
fn standing(one: &Speaker) -> String {
    let bytes = quantity::bytes(one.bytes);
    match &one.made {
        Some(made) => format!("yours, {made}  {bytes}"),
        None => format!("on disk, {bytes}"),
    }
}

/// What is to be known of what a model says.
fn note(one: &Speaker) -> String {
    match one.rows {
        Some(rows) => format!(
            "trained on {}; prices and dates it names may be invented",
            quantity::counted(rows, "row")
        ),
        None => "this model goes on from texts; what it names may be invented".to_owned(),
    }
}
