//! What the Tune pane's commands do to a run.

use std::sync::Arc;

use super::form::Field;
use super::{Asking, Sight, Tune};
use crate::finetune::run::{Ask, Phase};
use crate::jobs::{Did, RunsRequest, Snapshot, tuning};
use crate::tui::event::Effect;
use crate::tui::history::Kept;
use crate::tui::keymap::{Command, Context};
use crate::tui::pane::Shell;
use crate::tui::picker::{Choice, Picker, Then};

impl Tune {
    /// The run in sight, or the marked one of the list.
    pub(super) fn selected<'a>(&self, shell: &'a Shell) -> Option<&'a Arc<Snapshot>> {
        match &self.sight {
            Sight::List => shell.runs.all().get(self.marked_at(shell)),
            Sight::Board(id) => shell.runs.get(id),
            Sight::Form => None,
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
        let (Asking::End(id) | Asking::Delete(id)) = &asking else {
            return;
        };
        let Some(one) = shell.runs.get(id) else {
            return;
        };
        let run = one.run.clone();
        let request = match asking {
            Asking::End(_) => RunsRequest::Ask(run, Ask::Stop),
            Asking::Delete(_) => RunsRequest::Delete(run),
            Asking::Line => return,
        };
        shell.effect(Effect::Runs(request));
    }

    /// Whether `command` would do something to the plan.
    pub(super) fn can_plan(&self, command: Command) -> bool {
        let typing = self.form.is_editing();
        match command {
            Command::Back => true,
            Command::Open | Command::AllOptions => !typing,
            Command::SetBack => !typing && self.form.differs(self.form.marked()),
            Command::Copy => !typing && self.form.command().is_some(),
            Command::Measure => !typing && self.form.can_measure(),
            _ if typing => command.edits(),
            _ => command.moves(),
        }
    }

    /// Does `command` to the plan.
    pub(super) fn run_plan(&mut self, command: Command, shell: &mut Shell) {
        match command {
            Command::Back if self.form.is_editing() => self.form.leave(),
            // The plan is kept; what is being read for it is not waited for.
            Command::Back if self.form.halt(shell) => {}
            Command::Back => self.sight = Sight::List,
            Command::Send => {
                if let Some(path) = self.form.commit(shell) {
                    shell.keep(Kept::Data, &path);
                }
            }
            Command::Open => self.change(shell),
            Command::SetBack => self.form.set_back(shell),
            Command::AllOptions => self.form.toggle_all(),
            Command::Measure => self.form.measure(shell),
            Command::Copy => {
                if let Some(text) = self.form.command() {
                    let what = "the command".to_owned();
                    shell.effect(Effect::Copy { what, text });
                }
            }
            _ => match self.form.editor() {
                Some(editor) => {
                    editor.run(command);
                }
                None => self.form.run_move(command),
            },
        }
    }

    /// Changes the marked line of the plan, or does what it says.
    fn change(&mut self, shell: &mut Shell) {
        let title = match self.form.marked() {
            Field::Data | Field::Knob(_) => return self.form.edit(),
            Field::Start => return self.begin(false, shell),
            Field::Quick => return self.begin(true, shell),
            Field::Model => "Models on this disk",
            Field::Task => "What is learned",
            Field::Method => "What learns",
        };
        let lines = self.form.choices();
        if lines.is_empty() {
            shell.say("No model is on this disk: 2 lists models, and p fetches one.");
            return;
        }
        let choices = lines.into_iter().enumerate().map(|(n, text)| Choice {
            text,
            key: String::new(),
            names: &[],
            then: Then::Chosen(n),
        });
        shell.list = Some(Picker::new(Context::Choices, title, choices.collect()));
        self.asking = Some(Asking::Line);
    }

    /// Starts the run that is planned, or a few steps of it.
    fn begin(&mut self, is_cut: bool, shell: &mut Shell) {
        let Some(mut plan) = self.form.ready() else {
            shell.say("There is no plan yet: it needs a model and a file of rows that is read.");
            return;
        };
        let name = tuning::name_of(&plan, is_cut);
        if is_cut {
            tuning::cut(&mut plan);
        }
        let plan = Box::new(plan);
        shell.effect(Effect::Runs(RunsRequest::Begin { name, plan }));
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
            format!(
                "Deleted {}; {} are free again.",
                name(id),
                crate::text::bytes(*bytes)
            )
        }
    }
}
