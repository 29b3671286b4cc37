//! Which key does what, where: the one table from which dispatch, footer, help and palette are
//! made, so that none of them can say what another does not do.
//!
//! `table` is what ships; [`Keymap::new`] lays the user's `keys` over it.

mod command;
mod context;
mod key;
mod table;

use std::borrow::Cow;

use crossterm::event::KeyEvent;

use crate::settings::Keys;

pub use command::Command;
pub use context::Context;
use context::Contexts;
pub use key::{Key, typed};
pub use table::KEYLESS;

/// Keys that do a command in some contexts.
#[derive(Debug, Clone)]
pub struct Binding {
    contexts: Contexts,
    keys: Cow<'static, [Key]>,
    /// What it does.
    pub command: Command,
    /// How footer, help and palette write the keys.
    pub shown: Cow<'static, str>,
    /// What the footer says; empty keeps it out of the footer.
    pub short: &'static str,
    /// What help and palette say; empty means that another row speaks for this one.
    pub help: &'static str,
}

impl Binding {
    /// Whether it counts in `context`.
    pub fn is_in(&self, context: Context) -> bool {
        self.contexts.contains(context)
    }

    /// Whether `event` is one of its keys in `context`. A plain character is text where people
    /// type, but for the few that are commands in an empty input.
    pub fn takes(&self, event: KeyEvent, context: Context) -> bool {
        let as_text = context.is_typing() && typed(event).is_some() && !self.is_for_empty_input();
        !as_text && self.keys.contains(&Key::of(event))
    }

    /// Whether it has a key that works in `context`; the user may have taken them away.
    pub fn is_bound(&self, context: Context) -> bool {
        self.events().any(|event| self.takes(event, context))
    }

    /// Whether its plain characters are commands only while an input is empty.
    pub fn is_for_empty_input(&self) -> bool {
        matches!(self.command, Command::Slash | Command::Help)
    }

    /// The keys, as events that a terminal would send.
    pub fn events(&self) -> impl Iterator<Item = KeyEvent> {
        self.keys.iter().map(|key| key.event())
    }
}

/// An entry of the user's keys that cannot be followed, or that takes a key from another command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The command's name, as the user wrote it.
    pub command: String,
    /// The line of `config.yaml`.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Every binding. The first that counts in a context, takes the key and can be done is done; the
/// order is also that of footer, help and palette.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self {
            bindings: table::bindings(),
        }
    }
}

impl Keymap {
    /// The keys that ship, with the user's own laid over them, and what of these does not fit.
    pub fn new(own: &[Keys]) -> (Self, Vec<Misfit>) {
        let mut keymap = Self::default();
        let (mut misfits, mut changed) = (Vec::new(), Vec::new());
        for entry in own {
            let misfit = |what: String| Misfit {
                command: crate::text::line(&entry.command).into_owned(),
                line: entry.line,
                what,
            };
            let Some(command) = Command::of_id(&entry.command) else {
                let near = Command::nearest(&entry.command);
                misfits.push(misfit(format!(
                    "there is no such command; did you mean `{near}`?"
                )));
                continue;
            };
            let read: Vec<_> = entry.keys.iter().map(|text| Key::parse(text)).collect();
            let keys: Vec<Key> = read.iter().flatten().copied().collect();
            misfits.extend(read.into_iter().filter_map(Result::err).map(misfit));
            // Entries that are all wrong leave the command as it was; an empty list unbinds it.
            if !keys.is_empty() || entry.keys.is_empty() {
                keymap.rebind(command, &keys);
                changed.push((command, entry.line));
            }
        }
        for (command, line) in changed {
            misfits.extend(keymap.clashes(command).into_iter().map(|what| Misfit {
                command: command.id().to_owned(),
                line,
                what,
            }));
        }
        (keymap, misfits)
    }

    /// The bindings, in order.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Every key of `command`, as they are written in `config.yaml`.
    pub fn keys(&self, command: Command) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        let own = self.bindings.iter().filter(|b| b.command == command);
        for key in own.flat_map(|b| b.keys.iter().map(ToString::to_string)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// What `command` does, in the words of help.
    pub fn help(&self, command: Command) -> Option<&'static str> {
        let mut told = self
            .bindings
            .iter()
            .filter(|b| b.command == command)
            .map(|b| b.help);
        let keyless = KEYLESS
            .iter()
            .find(|(known, _)| *known == command)
            .map(|(_, help)| *help);
        told.find(|help| !help.is_empty()).or(keyless)
    }

    fn rebind(&mut self, command: Command, keys: &[Key]) {
        let groups: Vec<(Cow<'static, str>, Contexts)> = self
            .bindings
            .iter()
            .filter(|b| b.command == command)
            .map(|b| (b.shown.clone(), b.contexts))
            .collect();
        for binding in self.bindings.iter_mut().filter(|b| b.command == command) {
            binding.keys = Cow::Owned(keys.to_vec());
        }
        for (shown, contexts) in groups {
            self.write_anew(&shown, contexts);
        }
    }

    /// Rows that are written together (`j k`) are written with the keys that they have now.
    fn write_anew(&mut self, shown: &str, contexts: Contexts) {
        let is_in = |b: &Binding| b.shown == shown && b.contexts == contexts;
        let keys: Vec<String> = self
            .bindings
            .iter()
            .filter(|b| is_in(b))
            .flat_map(|b| b.keys.iter().map(ToString::to_string))
            .collect();
        let written = keys.join(" ");
        for binding in self.bindings.iter_mut().filter(|b| is_in(b)) {
            binding.shown = Cow::Owned(written.clone());
        }
    }

    /// Where a key of `command` is one of another command too: who has it now.
    fn clashes(&self, command: Command) -> Vec<String> {
        let mut told: Vec<String> = Vec::new();
        for (at, own) in self
            .bindings
            .iter()
            .enumerate()
            .filter(|(_, b)| b.command == command)
        {
            for (of, other) in self
                .bindings
                .iter()
                .enumerate()
                .filter(|(_, b)| b.command != command)
            {
                let both = |context: Context| {
                    let taken = |key: &&Key| {
                        own.takes(key.event(), context) && other.takes(key.event(), context)
                    };
                    let key = own.keys.iter().find(taken)?;
                    other.is_in(context).then_some((context, *key))
                };
                let Some((context, key)) = own.contexts.iter().find_map(both) else {
                    continue;
                };
                let first = if at < of { command } else { other.command };
                let sentence = format!(
                    "`{key}` is both `{}` and `{}` in {}; `{}` has it",
                    command.id(),
                    other.command.id(),
                    context.name(),
                    first.id()
                );
                if !told.contains(&sentence) {
                    told.push(sentence);
                }
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    fn rebound(command: &str, keys: &[&str]) -> (Keymap, Vec<String>) {
        let keys = Keys {
            command: command.to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            line: 2,
        };
        let (keymap, misfits) = Keymap::new(&[keys]);
        (
            keymap,
            misfits.into_iter().map(|misfit| misfit.what).collect(),
        )
    }

    fn found(keymap: &Keymap, context: Context, key: &str) -> Vec<Command> {
        let event = Key::parse(key).unwrap().event();
        let found = keymap
            .bindings()
            .iter()
            .filter(|b| b.is_in(context) && b.takes(event, context));
        found.map(|b| b.command).collect()
    }

    #[test]
    fn no_key_is_bound_that_a_terminal_takes_for_another() {
        // Ctrl+H is Backspace, which is what it does here.
        for c in ['s', 'q', 'i', 'm', '[', 'b'] {
            let event = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
            let keymap = Keymap::default();
            let takes = |b: &Binding| b.contexts.iter().any(|context| b.takes(event, context));
            assert!(!keymap.bindings().iter().any(takes), "Ctrl+{c} is bound");
        }
    }

    #[test]
    fn plain_characters_are_text_while_typing() {
        for binding in Keymap::default().bindings() {
            let typing = binding.contexts.iter().any(Context::is_typing);
            let plain = binding.events().any(|e| typed(e).is_some());
            assert!(
                !(typing && plain) || binding.is_for_empty_input(),
                "{:?}",
                binding.command
            );
        }
    }

    #[test]
    fn shift_is_part_of_a_character() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        let keymap = Keymap::default();
        let found = keymap
            .bindings()
            .iter()
            .find(|b| b.is_in(Context::Answer) && b.takes(event, Context::Answer));
        assert_eq!(found.map(|b| b.command), Some(Command::Bottom));
    }

    #[test]
    fn names_of_commands_differ() {
        let mut ids: Vec<&str> = Command::ALL.iter().map(|command| command.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Command::ALL.len());
    }

    #[test]
    fn a_rebound_command_has_its_new_keys_only() {
        let (keymap, told) = rebound("why", &["x", "Ctrl+W"]);
        assert_eq!(told, Vec::<String>::new());
        assert_eq!(found(&keymap, Context::Answer, "x"), [Command::Why]);
        assert!(!found(&keymap, Context::Answer, "w").contains(&Command::Why));
        assert_eq!(keymap.keys(Command::Why), ["x", "Ctrl+W"]);
    }

    #[test]
    fn keys_that_are_written_together_are_written_anew() {
        let (keymap, _) = rebound("down", &["e", "Ctrl+N"]);
        let shown = keymap
            .bindings()
            .iter()
            .find(|b| b.short == "move" && b.is_in(Context::Text));
        assert_eq!(shown.unwrap().shown, "k e Ctrl+N");
        assert_eq!(found(&keymap, Context::Input, "Ctrl+N"), [Command::Down]);
    }

    #[test]
    fn an_empty_list_unbinds() {
        let (keymap, told) = rebound("quit", &[]);
        assert!(told.is_empty());
        assert!(found(&keymap, Context::Answer, "q").is_empty());
    }

    #[test]
    fn a_clash_names_both_commands_and_who_has_the_key() {
        let (_, told) = rebound("why", &["v"]);
        assert_eq!(
            told,
            ["`v` is both `why` and `compare` in an answer; `compare` has it"]
        );
    }

    #[test]
    fn what_cannot_be_followed_is_told_and_changes_nothing() {
        let (keymap, told) = rebound("compere", &["x"]);
        assert_eq!(told, ["there is no such command; did you mean `compare`?"]);
        assert!(found(&keymap, Context::Answer, "x").is_empty());
        let (keymap, told) = rebound("quit", &["Ctrl+I"]);
        assert!(told[0].contains("terminals send it as Tab"), "{told:?}");
        assert_eq!(found(&keymap, Context::Answer, "q"), [Command::Quit]);
    }

    #[test]
    fn a_plain_character_stays_text_in_an_input() {
        let (keymap, _) = rebound("redraw", &["x"]);
        assert!(found(&keymap, Context::Input, "x").is_empty());
        assert_eq!(found(&keymap, Context::Text, "x"), [Command::Redraw]);
    }
}
