//! What the Ask pane's commands do: ask, open, change, copy.

use super::fields::Fields;
use super::turn::Turn;
use super::{Ask, Over, Part};
use crate::advisor::Reading;
use crate::advisor::answer::{Availability, Ranked, RunsHere};
use crate::advisor::present::Target;
use crate::jobs::Request;
use crate::tui::event::Effect;
use crate::tui::history::Kept;
use crate::tui::keymap::{Command, Context};
use crate::tui::pane::{Errand, Shell, Wish, told};

impl Ask {
    /// Whether there is a step back. In the conversation there is nothing to go back from.
    pub(super) fn can_go_back(&self) -> bool {
        self.focus() != Part::Content
            || self.over.is_some()
            || self.finder.is_typing()
            || !self.finder.sought().is_empty()
            || !self.views.is_empty()
            || self.examples
    }

    /// Whether `command` does something with the selected answer.
    pub(super) fn can_on_answer(&self, command: Command) -> bool {
        let Some(answer) = self.answer().filter(|_| !self.shows_examples()) else {
            return false;
        };
        match command {
            Command::Why => !answer.models.is_empty(),
            Command::Edit | Command::Copy | Command::Scope => true,
            Command::More => self.conversation.turn().is_some_and(Turn::has_more),
            Command::Mark | Command::Try | Command::Tune => self.model().is_some(),
            Command::Compare => self.compared().is_some(),
            Command::Fetch => {
                let ranked = self.ranked();
                ranked.is_some_and(|model| model.availability == Availability::Fetch)
            }
            Command::Open => self.conversation.target().is_some(),
            _ => false,
        }
    }

    /// Whether `command` finds words in the answers.
    pub(super) fn can_find(&self, command: Command) -> bool {
        match command {
            Command::Find => true,
            Command::FindNext | Command::FindPrevious => !self.finder.sought().is_empty(),
            _ => false,
        }
    }

    /// Asks for words to find, or goes to their next or previous place.
    pub(super) fn find(&mut self, command: Command, shell: &mut Shell) {
        if command == Command::Find {
            self.finder.begin();
            return;
        }
        let words = self.finder.sought();
        if !self.conversation.find(words, command == Command::FindNext) {
            let words = crate::text::line(words);
            shell.say(format!("The answers do not have: {words}"));
        }
    }

    /// Whether `command` walks the sources of the answer: the open card came from there.
    pub(super) fn can_walk(&self, command: Command) -> bool {
        let walks = matches!(command, Command::NextVariant | Command::PreviousVariant);
        let count = self.answer().map_or(0, |answer| answer.citations.len());
        walks
            && self.views.context() == Some(Context::Card)
            && self.views.are_narrow()
            && count > usize::from(self.cited.is_some())
    }

    /// The selected model.
    fn ranked(&self) -> Option<&Ranked> {
        match self.conversation.target()? {
            Target::Model(n) => self.answer()?.models.get(n),
            Target::Citation(_) => None,
        }
    }

    /// The id of the selected model.
    fn model(&self) -> Option<&str> {
        self.ranked().map(|model| model.id.as_str())
    }

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

    /// Makes room for a view over the answer, which is given back as it is now.
    fn cover(&mut self) {
        if self.views.is_empty() {
            self.before = self.conversation.scroll;
        }
        self.over = None;
        self.views.clear();
        self.part = Part::View;
    }

    /// Sets the marked models side by side, over the answer.
    pub(super) fn compare(&mut self, shell: &mut Shell) {
        if let Some(models) = self.compared() {
            self.cover();
            self.views.open_comparison(models, shell);
        }
    }

    /// Hands the selected model over to be tried; shows what to do with one that does not run here.
    pub(super) fn try_out(&mut self, then: Option<Command>, shell: &mut Shell) {
        let (Some(answer), Some(model)) = (self.answer(), self.ranked()) else {
            return;
        };
        let id = model.id.clone();
        if model.runs_here == RunsHere::Yes {
            let asked = &answer.reading.constraints;
            shell.errand = Some(Errand::Try(Wish {
                id,
                task: asked.task.clone(),
                domain: asked.domain.clone(),
                then,
                ..Wish::default()
            }));
            return;
        }
        self.cover();
        self.views.open_script(&id, shell);
    }

    /// Has a fine-tune of the selected model planned: from its files, or from its card where it is
    /// not on the disk.
    pub(super) fn tune(&mut self, shell: &mut Shell) {
        let ready = self
            .ranked()
            .filter(|one| one.availability == Availability::Ready);
        if let Some(one) = ready {
            shell.errand = Some(Errand::Tune(one.id.clone()));
            return;
        }
        if let Some(id) = self.model() {
            let question = format!("How can I fine-tune {id}?");
            shell.keep(Kept::Questions, &question);
            self.ask(&question, shell);
        }
    }

    /// Lets imported cards answer the question too, or no longer.
    pub(super) fn widen(&mut self, shell: &mut Shell) {
        let Some(reading) = self.conversation.turn().and_then(Turn::reading) else {
            return;
        };
        let value = if reading.constraints.hub_cards {
            ""
        } else {
            "yes"
        };
        match shell.wording.with_field(reading, "hub_cards", value) {
            Ok(reading) => self.redo(reading, shell),
            Err(error) => shell.say(told(&error).join("  ")),
        }
    }

    /// Answers the selected question again, read otherwise.
    fn redo(&mut self, reading: Reading, shell: &mut Shell) {
        self.conversation
            .drop_requests("Not answered: a change took its place.");
        let reading = Box::new(reading);
        let ticket = shell.request(|ticket| Request::Redo { ticket, reading });
        if let Some(turn) = self.conversation.turn_mut() {
            turn.wait(ticket);
        }
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
        self.finder.leave();
        self.views.clear();
        (self.cited, self.room.zoomed) = (None, false);
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
        if let Some(obeyed) = shell.obey(said) {
            if obeyed {
                self.input.take();
            }
            return;
        }
        shell.keep(Kept::Questions, said);
        let question = if said.starts_with("//") {
            &said[1..]
        } else {
            said
        };
        self.ask(question, shell);
        self.input.take();
    }

    /// Opens what is selected at its line.
    pub(super) fn open_card(&mut self, shell: &mut Shell) {
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
        let line = cited.map_or(0, |citation| citation.line);
        self.cover();
        self.cited = citation;
        self.views.open_card(id, line, shell);
    }

    /// Goes to the source after or before the one that is open.
    pub(super) fn next_source(&mut self, forward: bool, shell: &mut Shell) {
        let Some(answer) = self.answer() else { return };
        let count = answer.citations.len();
        let to = match self.cited {
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
        if let Some((what, text)) = self.copied_of_answer(shell) {
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
        self.redo(reading, shell);
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
