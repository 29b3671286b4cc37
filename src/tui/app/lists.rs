//! The lists that lie over a pane: the palette, the keys that work, earlier inputs.

use super::{App, Overlay};
use crate::tui::keymap::{Context, KEYLESS};
use crate::tui::pane::Library;
use crate::tui::picker::{Choice, Picker, Then};

impl App {
    /// Every command by name, and the models.
    pub(super) fn open_palette(&mut self) {
        let mut choices: Vec<Choice> = Vec::new();
        // The words of the context that has the focus come before those of any other.
        let contexts = [
            self.context(),
            Context::Answer,
            Context::Outcome,
            Context::Dialogue,
            Context::Input,
        ];
        let bindings = self.shell.keymap.bindings();
        let rows = contexts.iter().flat_map(|context| {
            let own = bindings.iter().filter(|b| b.is_in(*context));
            own.map(|b| (b.command, b.shown.as_ref(), b.help))
        });
        for (command, key, help) in rows.chain(KEYLESS.iter().map(|(c, help)| (*c, "", *help))) {
            let then = Then::Do(command);
            let known = command.names().is_empty() || choices.iter().any(|c| c.then == then);
            if known || help.is_empty() || !self.can(command) {
                continue;
            }
            choices.push(Choice {
                text: help.to_owned(),
                key: key.to_owned(),
                names: command.names(),
                then,
            });
        }
        choices.extend(self.models());
        let picker = Picker::new(Context::Palette, "Commands, and models by name", choices);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    /// The models that the palette opens: built-in and the user's own. Imported ones are many, and
    /// found in the Models pane.
    fn models(&self) -> Vec<Choice> {
        let Library::Open(opened) = &self.shell.library else {
            return Vec::new();
        };
        let ids = opened.names.iter().filter(|name| name.contains('/'));
        ids.map(|id| Choice {
            text: crate::text::ident(id).into_owned(),
            key: String::new(),
            names: &[],
            then: Then::Card(id.clone()),
        })
        .collect()
    }

    pub(super) fn open_help(&mut self) {
        let bindings = self.shell.keymap.bindings().iter();
        let choices = bindings
            .filter(|binding| !binding.help.is_empty() && self.offers(binding))
            .map(|binding| Choice {
                text: binding.help.to_owned(),
                key: binding.shown.to_string(),
                names: &[],
                then: Then::Do(binding.command),
            })
            .collect();
        let picker = Picker::new(Context::Help, "Keys that work here", choices);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    pub(super) fn open_search(&mut self) {
        let mut choices: Vec<Choice> = Vec::new();
        let kept = self.pane().kept();
        for entry in self.shell.history(kept).entries().iter().rev() {
            let text = crate::text::line(entry).into_owned();
            if choices.iter().all(|choice| choice.text != text) {
                let then = Then::Put(entry.clone());
                choices.push(Choice {
                    text,
                    key: String::new(),
                    names: &[],
                    then,
                });
            }
        }
        let picker = Picker::new(Context::Search, "Typed here earlier, newest first", choices);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }
}
