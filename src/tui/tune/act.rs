//! What the Tune pane's commands do to a run.

use std::sync::Arc;

use super::{Asking, Sight, Tune};
use crate::finetune::run::{Ask, Phase};
use crate::jobs::{Did, RunsRequest, Snapshot};
use crate::tui::event::Effect;
use crate::tui::keymap::Context;
use crate::tui::pane::Shell;
use crate::tui::picker::{Choice, Picker, Then};

impl Tune {
    /// The run in sight, or the marked one of the list.
    pub(super) fn selected<'a>(&self, shell: &'a Shell) -> Option<&'a Arc<Snapshot>> {
        match &self.sight {
            Sight::List => shell.runs.all().get(self.marked_at(shell)),
            Sight::Board(id) => shell.runs.get(id),
        }
    }

    /// Lets it rest after a checkpoint.
    pub(super) fn pause(&self, shell: &mut Shell) {
        if let Some(one) = self.selected(shell) {
            let request = RunsRequest::Ask(one.run.clone(), Ask::Pause);
            shell.effect(Effect::Runs(request));
        }
    }

    /// Goes on with it.
    pub(super) fn resume(&self, shell: &mut Shell) {
        if let Some(one) = self.selected(shell) {
            let request = RunsRequest::Resume(one.run.clone());
            shell.effect(Effect::Runs(request));
        }
    }

    /// Asks whether it is to end.
    pub(super) fn ask_to_end(&mut self, shell: &mut Shell) {
        let Some(one) = self.selected(shell) else {
            return;
        };
        let (id, step, total) = (one.run.id.clone(), one.step(), one.total());
        let line = format!(
            "end {} after step {step} of {total}; what it has learned becomes the result",
            crate::text::line(&id)
        );
        self.asking = Some(Asking::End(id));
        shell.list = Some(question(line));
    }

    /// Asks whether it is to be removed; says what that frees.
    pub(super) fn ask_to_delete(&mut self, shell: &mut Shell) {
        let Some(one) = self.selected(shell) else {
            return;
        };
        let result = one.state.state == Phase::Done || one.state.state == Phase::Stopped;
        let with = if result {
            " and the model that it ended in"
        } else {
            ""
        };
        let id = one.run.id.clone();
        let line = format!(
            "delete {}{with}, which frees {}",
            crate::text::line(&id),
            crate::text::bytes(one.bytes)
        );
        self.asking = Some(Asking::Delete(id));
        shell.list = Some(question(line));
    }

    /// Does what was asked about.
    pub(super) fn confirmed(&mut self, shell: &mut Shell) {
        let Some(asking) = self.asking.take() else {
            return;
        };
        let (Asking::End(id) | Asking::Delete(id)) = &asking;
        let Some(one) = shell.runs.get(id) else { return };
        let run = one.run.clone();
        let request = match asking {
            Asking::End(_) => RunsRequest::Ask(run, Ask::Stop),
            Asking::Delete(_) => RunsRequest::Delete(run),
        };
        shell.effect(Effect::Runs(request));
    }

    /// Copies where it is, or where its result is.
    pub(super) fn copy(&self, shell: &mut Shell) {
        let Some(one) = self.selected(shell) else {
            return;
        };
        let ended = one.state.state.ended();
        let (what, path) = if ended {
            ("the path of the result", one.run.model_path())
        } else {
            ("the path of the run", one.run.folder.clone())
        };
        let text = path.display().to_string();
        let what = what.to_owned();
        shell.effect(Effect::Copy { what, text });
    }
}

/// A question with one line.
fn question(line: String) -> Picker {
    let choice = Choice {
        text: line,
        key: String::new(),
        names: &[],
        then: Then::Chosen(0),
    };
    let title = "Enter does it, Esc does not";
    Picker::new(Context::Choices, title, vec![choice])
}

/// What was done, in a sentence.
pub(super) fn said(did: &Did) -> String {
    let name = |id: &str| crate::text::line(id).into_owned();
    match did {
        Did::Begun(id) => format!("{} begins; it goes on without the desk.", name(id)),
        Did::Asked(id, Ask::Pause) => {
            format!("{} rests after this step, at a checkpoint.", name(id))
        }
        Did::Asked(id, Ask::Stop) => format!("{} ends after this step, with a result.", name(id)),
        Did::Asked(id, Ask::Checkpoint) => format!("{} keeps a checkpoint.", name(id)),
        Did::Resumed(id) => format!("{} goes on.", name(id)),
        Did::Deleted(id, bytes) => {
            format!("Deleted {}; {} are free again.", name(id), crate::text::bytes(*bytes))
        }
    }
}
