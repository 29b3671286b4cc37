//! What the Try pane's commands do: run, stop, choose, hand over.

use super::lane::Lane;
use super::presets::{self, PRESETS};
use super::setup::Field;
use super::stock::Candidate;
use super::{Choosing, Part, TryPane};
use crate::advisor::quantity;
use crate::error::Result;
use crate::jobs::engine::{Input, Order, Weights, Work};
use crate::jobs::{OpenCard, Request, Requester};
use crate::model::layers::Precision;
use crate::model::pipeline::Task;
use crate::tui::event::{Effect, Event};
use crate::tui::history::Kept;
use crate::tui::keymap::{Command, Context};
use crate::tui::pane::{Shell, Wish};
use crate::tui::picker::{Choice, Picker, Then};

/// Who waits: one for each model at work.
const LANES: [Requester; 2] = [Requester("try"), Requester("try beside")];

const PRECISIONS: [Precision; 3] = [Precision::Q8, Precision::F32, Precision::Q4];

impl TryPane {
    /// The model that is chosen.
    pub(super) fn candidate(&self) -> Option<Candidate> {
        self.stock.get(self.setup.model.as_deref()?)
    }

    /// The model that is chosen, if it is on the disk.
    pub(super) fn ready(&self) -> Option<Candidate> {
        self.candidate().filter(|one| one.folder.is_some())
    }

    /// Sends what is typed: a command, or a text to run the model on.
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
        let text = match said.strip_prefix("//") {
            Some(rest) => format!("/{rest}"),
            None => said.to_owned(),
        };
        if self.go(&text, shell) {
            shell.keep(Kept::Texts, said);
            self.input.take();
        }
    }

    /// Runs what is chosen on `text`; false, and the reason is said, when nothing can run.
    fn go(&mut self, text: &str, shell: &mut Shell) -> bool {
        let Some(one) = self.candidate() else {
            shell.say("No model here does this. t chooses another task, outside the input.");
            return false;
        };
        if one.folder.is_none() {
            shell.say(format!(
                "{} p fetches it, outside the input.",
                one.price(&shell.host)
            ));
            return false;
        }
        self.halt(shell);
        let mut models = vec![(one, self.setup.precision)];
        if let Some((id, precision)) = &self.setup.beside {
            let other = self.stock.get(id);
            models.extend(other.map(|other| (other, *precision)));
        }
        let preset = self.setup.preset();
        let options = self.setup.knobs().options(preset);
        let prefix = Some(self.setup.prefix()).filter(|prefix| !prefix.is_empty());
        let work = Work::Run {
            task: preset.task,
            input: Input::Text(text.to_owned()),
            prefix: prefix.map(str::to_owned),
            options,
        };
        let goes_on = preset.task == Task::TextGeneration;
        self.lanes = models
            .into_iter()
            .zip(LANES)
            .filter_map(|((one, precision), by)| {
                let ticket = order(&one, precision, by, work.clone(), shell)?;
                Some(Lane::new(named(&one, precision), ticket, text).going_on(goes_on))
            })
            .collect();
        self.asked = Some(text.to_owned());
        // A text is followed to its end; what is found is read from its beginning.
        (self.scroll, self.follows) = (0, preset.writes());
        true
    }

    /// Tells the engine to stop all that this pane waits for.
    fn halt(&mut self, shell: &mut Shell) {
        for ticket in self.lanes.iter().filter_map(Lane::waits_for) {
            shell.effect(Effect::Halt(ticket));
        }
    }

    /// Stops the models at work; what they have written stays.
    pub(super) fn stop(&mut self, shell: &mut Shell) {
        self.halt(shell);
        for lane in &mut self.lanes {
            lane.stop();
        }
    }

    /// Whether the same text with another seed gives another text.
    pub(super) fn can_again(&self) -> bool {
        let draws = self.setup.preset().writes() && self.setup.knobs().draws();
        self.asked.is_some() && draws && self.ready().is_some()
    }

    /// Runs on the same text with another seed.
    pub(super) fn again(&mut self, shell: &mut Shell) {
        if let Some(text) = self.asked.clone() {
            self.setup.reseed();
            self.go(&text, shell);
        }
    }

    /// Puts the text back into the input.
    pub(super) fn edit(&mut self) {
        if let Some(text) = &self.asked {
            self.input.set(text);
            self.part = Part::Input;
        }
    }

    /// The examples again, in the place of what was tried.
    pub(super) fn show_examples(&mut self, shell: &mut Shell) {
        self.stop(shell);
        self.lanes.clear();
        self.part = Part::Content;
    }

    /// Enter outside the input: an example, or a field.
    pub(super) fn open(&mut self, shell: &mut Shell) {
        if self.part != Part::Setup {
            let examples = &self.setup.preset().examples;
            if let Some(example) = examples.get(self.example) {
                self.fill(example.text);
                self.part = Part::Input;
            }
            return;
        }
        match self.setup.marked() {
            Field::Task => self.choose(Choosing::Task, shell),
            Field::Model => self.choose(Choosing::Model, shell),
            Field::Precision => self.choose(Choosing::Precision, shell),
            Field::Beside => self.choose(Choosing::Beside, shell),
            Field::Prefix | Field::Knob(_) => self.setup.edit(),
        }
    }

    fn fill(&mut self, example: &'static str) {
        self.input.set(example);
        self.filled = Some(example);
    }

    /// Types into what has the focus.
    pub(super) fn run_typing(&mut self, command: Command, shell: &Shell) {
        if let Some(editor) = self.setup.editor() {
            editor.run(command);
        } else {
            self.input
                .run(command, shell.history(Kept::Texts).entries(), &[]);
        }
    }

    /// What can be chosen: what each line says, and a note.
    fn choices(&self, about: &Choosing, host: &str) -> Vec<(String, String)> {
        match about {
            Choosing::Task => {
                let one = |preset: &presets::Preset| {
                    let models = self.stock.of(preset.task);
                    let ready = models.iter().filter(|one| one.folder.is_some()).count();
                    let standing = match (ready, models.len()) {
                        (0, 0) => "no model here".to_owned(),
                        (0, more) => format!("{more} to be fetched"),
                        (ready, _) => format!("{ready} on disk"),
                    };
                    let task = preset.task.name();
                    (preset.name.to_owned(), format!("{task:<22}{standing}"))
                };
                PRESETS.iter().map(one).collect()
            }
            Choosing::Model => {
                let all = self.stock.of(self.setup.preset().task).into_iter();
                all.map(|one| (one.shown(), one.standing())).collect()
            }
            Choosing::Precision => {
                let one = self.candidate();
                let memory = |precision| {
                    let one = one.as_ref();
                    one.map_or(String::new(), |one| self.stock.memory(one, precision))
                };
                let line = |precision: Precision| (precision.name().to_owned(), memory(precision));
                PRECISIONS.into_iter().map(line).collect()
            }
            Choosing::Beside => {
                let mut lines = vec![("none".to_owned(), String::new())];
                let all = self.others().into_iter();
                lines.extend(all.map(|(one, precision)| (named(&one, precision), one.standing())));
                lines
            }
            Choosing::Measure => {
                let line = |one: Candidate| {
                    let precision = self.setup.precision;
                    let takes = quantity::duration(one.measuring(precision));
                    let what = format!("measure {}", named(&one, precision));
                    (what, format!("takes about {takes}, on all cores"))
                };
                self.ready().map(line).into_iter().collect()
            }
            Choosing::Fetch => {
                let line = |one: Candidate| {
                    let memory = self.stock.memory(&one, self.setup.precision);
                    (format!("fetch {}", one.amount(host)), memory)
                };
                self.candidate().map(line).into_iter().collect()
            }
        }
    }

    /// What can run beside the model that is chosen: itself in another form, or another one.
    fn others(&self) -> Vec<(Candidate, Precision)> {
        let all = self.stock.of(self.setup.preset().task).into_iter();
        let ready = all.filter(|one| one.folder.is_some());
        let forms = ready.flat_map(|one| {
            let all = PRECISIONS.into_iter();
            let runs_in: Vec<_> = all.filter(|form| one.at(*form) == *form).collect();
            runs_in.into_iter().map(move |form| (one.clone(), form))
        });
        let own = |(one, form): &(Candidate, Precision)| {
            Some(&one.id) == self.setup.model.as_ref() && *form == one.at(self.setup.precision)
        };
        forms.filter(|one| !own(one)).collect()
    }

    /// Opens a list of choices.
    pub(super) fn choose(&mut self, about: Choosing, shell: &mut Shell) {
        let title = match about {
            Choosing::Task => "What to try",
            Choosing::Model => "Models that do this: on the disk, and to be fetched",
            Choosing::Precision => "What the weights are kept in",
            Choosing::Beside => "What runs on the same text beside it",
            Choosing::Measure | Choosing::Fetch => "Enter begins, Esc does not",
        };
        let lines = self.choices(&about, &shell.host);
        let wide = lines.iter().map(|(text, _)| crate::tui::wrap::width(text));
        let wide = wide.max().unwrap_or(0);
        let choices = lines.into_iter().enumerate().map(|(n, (text, note))| {
            let gap = " ".repeat(wide - crate::tui::wrap::width(&text) + 2);
            Choice {
                text: format!("{text}{gap}{note}").trim_end().to_owned(),
                key: String::new(),
                names: &[],
                then: Then::Chosen(n),
            }
        });
        shell.list = Some(Picker::new(Context::Choices, title, choices.collect()));
        self.setup.leave();
        self.choosing = Some(about);
    }

    /// Takes line `n` of the list that was opened last.
    pub(super) fn take_choice(&mut self, n: usize, shell: &mut Shell) {
        match self.choosing.take() {
            Some(Choosing::Task) => self.turn_to(n, shell),
            Some(Choosing::Model) => {
                let all = self.stock.of(self.setup.preset().task);
                if let Some(one) = all.get(n) {
                    self.setup.model = Some(one.id.clone());
                    self.setup.saved = None;
                }
            }
            Some(Choosing::Precision) => {
                self.setup.precision = PRECISIONS[n.min(PRECISIONS.len() - 1)];
            }
            Some(Choosing::Beside) => {
                let others = self.others();
                let other = n.checked_sub(1).and_then(|n| others.get(n));
                self.setup.beside = other.map(|(one, precision)| (one.id.clone(), *precision));
            }
            Some(Choosing::Measure) => self.measure(shell),
            Some(Choosing::Fetch) => {
                if let Some(one) = self.candidate() {
                    shell.fetch(&one.id, one.bytes);
                    self.part = Part::Content;
                }
            }
            None => {}
        }
    }

    /// Tries something else.
    fn turn_to(&mut self, preset: usize, shell: &mut Shell) {
        if preset == self.setup.preset_at() {
            return;
        }
        self.stop(shell);
        self.setup.turn_to(preset);
        self.setup.settle(&self.stock);
        self.lanes.clear();
        (self.asked, self.example) = (None, 0);
    }

    /// Measures the model that is chosen.
    fn measure(&mut self, shell: &mut Shell) {
        let Some(one) = self.ready() else { return };
        self.halt(shell);
        let precision = self.setup.precision;
        if let Some(ticket) = order(&one, precision, LANES[0], Work::Measure, shell) {
            self.lanes = vec![Lane::measuring(named(&one, precision), ticket)];
            self.part = Part::Content;
            (self.scroll, self.follows) = (0, false);
        }
    }

    /// What `y` copies.
    pub(super) fn copied(&self) -> Option<String> {
        let all: Vec<(&str, String)> = self
            .lanes
            .iter()
            .filter_map(|lane| Some((lane.name.as_str(), lane.copied()?)))
            .collect();
        match &all[..] {
            [] => None,
            [(_, text)] => Some(text.clone()),
            several => {
                let one = |(name, text): &(&str, String)| format!("{name}\n{text}");
                Some(several.iter().map(one).collect::<Vec<_>>().join("\n\n"))
            }
        }
    }

    /// Copies what came of it.
    pub(super) fn copy(&self, shell: &mut Shell) {
        if let Some(text) = self.copied() {
            let what = "the result".to_owned();
            shell.effect(Effect::Copy { what, text });
        }
    }

    /// Takes the card of a model that nothing was known of; gives back any other.
    pub(super) fn learned(
        &mut self,
        ticket: u64,
        card: Result<Option<OpenCard>>,
        shell: &mut Shell,
    ) -> Option<Event> {
        let Some((_, mut wish)) = self.unknown.take_if(|(of, _)| *of == ticket) else {
            return Some(Event::CardRead { ticket, card });
        };
        wish.offer = card.ok().flatten().and_then(|card| card.offer);
        if wish.offer.is_some() {
            self.take_wish(&wish, shell);
        } else {
            let id = crate::text::ident(&wish.id).into_owned();
            shell.say(format!("{id} does not run at this desk."));
            self.restock(shell);
        }
        None
    }

    /// Takes over a model from another pane, with a text to begin with.
    pub(super) fn take_wish(&mut self, wish: &Wish, shell: &mut Shell) {
        self.restock(shell);
        self.stock.offer(wish.offer.clone());
        let known = self.stock.get(&wish.id);
        self.unknown = known.is_none().then(|| {
            let (by, id) = (LANES[0], wish.id.clone());
            let ticket = shell.request(|ticket| Request::Card { ticket, by, id });
            (ticket, wish.clone())
        });
        let tasks = known.map(|one| one.tasks).unwrap_or_default();
        let asked = wish.task.as_deref().and_then(|task| Task::named(task).ok());
        let asked = asked.filter(|task| tasks.is_empty() || tasks.contains(task));
        let preset = asked
            .and_then(presets::of_task)
            .or_else(|| presets::first_of(&tasks));
        let changed = self.setup.model.as_ref() != Some(&wish.id);
        self.turn_to(preset.unwrap_or_else(|| self.setup.preset_at()), shell);
        if changed {
            self.stop(shell);
            self.lanes.clear();
            self.asked = None;
        }
        self.setup.model = Some(wish.id.clone());
        if wish.then.is_some() {
            self.part = Part::Content;
            self.then = wish.then;
            return;
        }
        let preset = self.setup.preset();
        self.example = preset.example_for(wish.domain.as_deref().unwrap_or_default());
        let untouched = self.filled.is_some_and(|text| self.input.text() == text);
        if self.lanes.is_empty() && (untouched || self.input.is_empty()) {
            self.fill(preset.examples[self.example].text);
        }
        self.part = Part::Input;
    }
}

/// `google/flan-t5-small q8`.
fn named(one: &Candidate, precision: Precision) -> String {
    format!("{} {}", one.shown(), one.at(precision).name())
}

/// Asks for work with a model that is on the disk; the order's ticket.
fn order(
    one: &Candidate,
    precision: Precision,
    by: Requester,
    work: Work,
    shell: &mut Shell,
) -> Option<u64> {
    let folder = one.folder.clone()?;
    let model = Weights {
        folder,
        precision: one.at(precision),
    };
    Some(shell.order(|ticket| Order {
        ticket,
        by,
        model,
        work,
    }))
}
