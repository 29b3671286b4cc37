//! What the Ask pane's commands do: ask, open, change, copy.

use super::fields::Fields;
use super::turn::Turn;
use super::welcome::EXAMPLES;
use super::{Ask, Over, Part};
use crate::advisor::present::Target;
use crate::jobs::Request;
use crate::tui::card::CardView;
use crate::tui::compare::CompareView;
use crate::tui::event::Effect;
use crate::tui::keymap::{BINDINGS, Command, KEYLESS};
use crate::tui::pane::Shell;

impl Ask {
    /// The models that `v` compares: those marked, else the first two. By id.
    pub(super) fn compared(&self) -> Option<Vec<String>> {
        let turn = self.conversation.turn()?;
        let models = &turn.answer.as_ref()?.models;
        let chosen: Vec<usize> = if turn.marked.is_empty() {
            vec![0, 1]
        } else {
            turn.marked.iter().copied().collect()
        };
        let ids = chosen.iter().map(|n| models.get(*n).map(|m| m.id.clone()));
        let ids: Option<Vec<String>> = ids.collect();
        ids.filter(|ids| ids.len() > 1)
    }

    /// Sets the models that are marked side by side, over the answer.
    pub(super) fn compare(&mut self, shell: &mut Shell) {
        let Some(models) = self.compared() else {
            return;
        };
        let asked = models.clone();
        let ticket = shell.request(|ticket| Request::Compare {
            ticket,
            models: asked,
        });
        self.over = Some(Over::Compare(Box::new(CompareView::new(models, ticket))));
        self.part = Part::Content;
    }

    /// Opens the card that the selected cell of the comparison stands on.
    fn open_compared(&mut self, shell: &mut Shell) {
        let opened = match &self.over {
            Some(Over::Compare(compared)) => compared.opened(),
            _ => None,
        };
        let Some(at) = opened else { return };
        let id = at.card.clone();
        let ticket = shell.request(|ticket| Request::Card { ticket, id });
        let under = match self.over.take() {
            Some(Over::Compare(compared)) => Some(compared),
            _ => None,
        };
        self.over = Some(Over::Card {
            card: CardView::new(&at.card, at.line, ticket),
            citation: None,
            scroll: self.conversation.scroll,
            under,
        });
        self.part = Part::Card;
    }

    /// Asks a question: whatever waits is dropped.
    pub(super) fn ask(&mut self, question: &str, shell: &mut Shell) {
        self.conversation
            .drop_requests("Not answered: a later question took its place.");
        let turns = self.conversation.turns();
        let before = turns
            .iter()
            .rev()
            .find_map(Turn::reading)
            .filter(|_| !self.fresh);
        let before = before.map(|reading| Box::new(reading.clone()));
        let asked = question.to_owned();
        let ticket = shell.request(|ticket| Request::Ask {
            ticket,
            question: asked,
            before,
        });
        self.over = None;
        self.examples = false;
        let fresh = std::mem::take(&mut self.fresh);
        let turn = Turn::new(question.to_owned(), ticket, fresh);
        self.conversation
            .push(turn, self.size.0, shell.wording.as_ref());
    }

    /// Sends what is typed: a command, or a question.
    pub(super) fn send(&mut self, shell: &mut Shell) {
        let text = self.input.text();
        let said = text.trim();
        if said.is_empty() {
            return;
        }
        if let Some(command) = typed_command(said) {
            match command {
                Ok(command) => {
                    self.input.take();
                    shell.asked = Some(command);
                }
                Err(name) => shell.say(format!(
                    "There is no command {name}. / lists them; // begins a question with a slash."
                )),
            }
            return;
        }
        shell.history.push(said);
        shell.effect(Effect::Keep(said.to_owned()));
        let question = if said.starts_with("//") {
            &said[1..]
        } else {
            said
        };
        self.ask(question, shell);
        self.input.take();
    }

    /// Opens what is selected: a field, a card, an example as a question.
    pub(super) fn open(&mut self, shell: &mut Shell) {
        let shows_examples = self.shows_examples();
        match &mut self.over {
            Some(Over::Fields(fields)) => fields.open(),
            Some(Over::Compare(_)) => self.open_compared(shell),
            _ if shows_examples => {
                let question = EXAMPLES[self.example.min(EXAMPLES.len() - 1)];
                shell.history.push(question);
                shell.effect(Effect::Keep(question.to_owned()));
                self.ask(question, shell);
                self.part = Part::Input;
            }
            _ => self.open_card(shell),
        }
    }

    /// Opens what is selected at its line.
    fn open_card(&mut self, shell: &mut Shell) {
        let (Some(answer), Some(target)) = (self.answer(), self.conversation.target()) else {
            return;
        };
        let (id, citation) = match target {
            Target::Citation(n) => match answer.citations.get(n) {
                Some(citation) => (citation.card.clone(), Some(n)),
                None => return,
            },
            Target::Model(n) => match answer.models.get(n) {
                Some(model) => {
                    let cited = answer.citations.iter().position(|c| c.card == model.id);
                    (model.id.clone(), cited)
                }
                None => return,
            },
        };
        self.show_card(&id, citation, shell);
    }

    fn show_card(&mut self, id: &str, citation: Option<usize>, shell: &mut Shell) {
        let cited = citation.and_then(|n| self.answer()?.citations.get(n));
        let line = cited.map_or(1, |citation| citation.line);
        let asked = id.to_owned();
        let ticket = shell.request(|ticket| Request::Card { ticket, id: asked });
        let scroll = match &self.over {
            Some(Over::Card { scroll, .. }) => *scroll,
            _ => self.conversation.scroll,
        };
        let card = CardView::new(id, line, ticket);
        self.over = Some(Over::Card {
            card,
            citation,
            scroll,
            under: None,
        });
        self.part = Part::Card;
    }

    /// Goes to the source after or before the one that is open.
    pub(super) fn next_source(&mut self, forward: bool, shell: &mut Shell) {
        let Some(Over::Card { citation, .. }) = &self.over else {
            return;
        };
        let Some(answer) = self.answer() else { return };
        let count = answer.citations.len();
        let to = match citation {
            Some(at) if forward => (at + 1) % count.max(1),
            Some(at) => (at + count.saturating_sub(1)) % count.max(1),
            None => 0,
        };
        let Some(id) = answer
            .citations
            .get(to)
            .map(|citation| citation.card.clone())
        else {
            return;
        };
        self.conversation.select(Target::Citation(to));
        self.show_card(&id, Some(to), shell);
    }

    /// Copies what is selected.
    pub(super) fn copy(&self, shell: &mut Shell) {
        let copied = match (self.focus(), &self.over) {
            (Part::Card, Some(Over::Card { card, .. })) => Some((card.place(), card.place())),
            (Part::Content, Some(Over::Compare(compared))) => compared.copied(),
            _ => self.copied_of_answer(shell),
        };
        if let Some((what, text)) = copied {
            let what = crate::text::ident(&what).into_owned();
            shell.effect(Effect::Copy { what, text });
        }
    }

    /// What `y` copies of what is selected: a few words, and the text.
    fn copied_of_answer(&self, shell: &Shell) -> Option<(String, String)> {
        let turn = self.conversation.turn()?;
        let answer = turn.answer.as_ref()?;
        match self.conversation.target() {
            Some(Target::Citation(n)) => {
                let citation = answer.citations.get(n)?;
                let place = format!("{}:{}", citation.card, citation.line);
                Some((place.clone(), place))
            }
            Some(Target::Model(n)) => {
                let model = answer.models.get(n)?;
                let script = answer.actions.iter().find(|action| {
                    let named = action.label.contains(&model.id)
                        || (!model.name.is_empty() && action.label.contains(&model.name));
                    action.kind == "script" && named
                });
                Some(match script {
                    Some(script) => (format!("the script for {}", model.id), script.text.clone()),
                    None => (model.id.clone(), model.id.clone()),
                })
            }
            None => Some((
                "the answer".to_owned(),
                turn.as_text(shell.wording.as_ref())?,
            )),
        }
    }

    /// Opens the fields of the reading.
    pub(super) fn edit(&mut self, shell: &Shell) {
        if let Some(reading) = self.conversation.turn().and_then(Turn::reading) {
            let fields = Fields::new(reading, shell.wording.as_ref());
            self.over = Some(Over::Fields(Box::new(fields)));
            self.part = Part::Content;
        }
    }

    /// Sets the typed value of a field, and answers again.
    pub(super) fn commit(&mut self, shell: &mut Shell) {
        let Some(Over::Fields(fields)) = &mut self.over else {
            return;
        };
        let Some(reading) = fields.commit(shell.wording.as_ref()) else {
            return;
        };
        self.conversation
            .drop_requests("Not answered: a change took its place.");
        let reading = Box::new(reading);
        let ticket = shell.request(|ticket| Request::Redo { ticket, reading });
        if let Some(turn) = self.conversation.turn_mut() {
            turn.wait(ticket);
        }
    }

    /// Marks the selected model for comparing, or takes the mark away.
    pub(super) fn mark(&mut self) {
        if let (Some(Target::Model(n)), Some(turn)) =
            (self.conversation.target(), self.conversation.turn_mut())
            && !turn.marked.remove(&n)
        {
            turn.marked.insert(n);
        }
    }
}

/// The command that a typed text is: `/quit`, `:q`; `Err` is a name that no command has.
fn typed_command(text: &str) -> Option<Result<Command, String>> {
    let name = match text.strip_prefix('/') {
        Some(rest) if rest.starts_with('/') => return None,
        Some(rest) => rest,
        None => text
            .strip_prefix(':')
            .filter(|rest| *rest == "q" || *rest == "quit")?,
    };
    let all = BINDINGS.iter().map(|binding| binding.command);
    let mut all = all.chain(KEYLESS.iter().map(|(command, _)| *command));
    let found = all.find(|command| command.names().contains(&name));
    Some(found.ok_or_else(|| format!("/{name}")))
}
