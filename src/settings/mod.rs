//! What the user has set: `config.yaml` in the config folder.
//!
//! Every field may be absent. A value that cannot be used leaves the default in its place and
//! becomes a [`Notice`] with its line; the file itself is only ever read.

mod read;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crate::error::{Notice, shown};
use crate::files::Folders;
use crate::text;

/// The settings of this user, defaults where nothing is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `config.yaml`, whether it is there or not.
    pub file: PathBuf,
    /// Keys of the user's own, in the order of the file. Which commands and keys there are, and
    /// what clashes, is for the keymap to say.
    pub keys: Vec<Keys>,
    /// Which colours are used.
    pub colours: Colours,
    /// Threads that compute; all cores where nothing is set.
    pub threads: Option<NonZeroUsize>,
    /// When a notice is sent out of the terminal.
    pub notify: Notify,
    /// The folder of fetched models, before `HF_HUB_CACHE` and `HF_HOME`.
    pub cache: Option<PathBuf>,
    /// Whether a screen may change in place while something goes on.
    pub animations: bool,
    /// Whether the desk takes wheel and clicks.
    pub mouse: bool,
}

/// The keys of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The command's name, as it stands in the file: `ask-question`.
    pub command: String,
    /// Names of keys, as they stand in the file: `q`, `Ctrl+R`. None unbinds the command.
    pub keys: Vec<String>,
    /// The line of the command.
    pub line: usize,
}

/// Which colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colours {
    /// The 16 of the terminal.
    #[default]
    Terminal,
    /// None.
    None,
}

/// When a notice is sent out of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notify {
    /// When a run or a long fetch ends.
    #[default]
    Auto,
    /// Never.
    Never,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            keys: Vec::new(),
            colours: Colours::default(),
            threads: None,
            notify: Notify::default(),
            cache: None,
            animations: true,
            mouse: false,
        }
    }
}

impl Settings {
    /// Reads the settings of a user, and says what in them is not used, and why.
    pub fn read(folders: &Folders) -> (Self, Vec<Notice>) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        read::read(folders.config.join("config.yaml"), cores)
    }

    /// What is wrong with `field` on that line of the file.
    pub fn notice(&self, line: usize, field: &str, what: &str) -> Notice {
        notice(&self.file, line, field, what)
    }

    /// Whether words are written one after the other, as a screen reader wants them, and nothing
    /// changes in place: `ACCESSIBLE` is set to anything but `0`, or `animations` is off.
    pub fn accessible(&self) -> bool {
        !self.animations || is_on(std::env::var_os("ACCESSIBLE"))
    }

    /// Whether colours are wanted: neither `colours: none` nor a non-empty `NO_COLOR`.
    pub fn in_colour(&self) -> bool {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.colours == Colours::Terminal && !refused
    }
}

fn is_on(variable: Option<OsString>) -> bool {
    variable.is_some_and(|value| !value.is_empty() && value != "0")
}

/// `config.yaml:4: threads: what is wrong`, with the whole path; without a field where it is the
/// file as such.
fn notice(file: &Path, line: usize, field: &str, what: &str) -> Notice {
    let field = if field.is_empty() {
        String::new()
    } else {
        format!("{}: ", text::ident(field))
    };
    Notice(format!(
        "{}:{line}: {field}{}",
        shown(file),
        text::line(what)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_on_unless_it_is_empty_or_zero() {
        for (value, on) in [("1", true), ("yes", true), ("0", false), ("", false)] {
            assert_eq!(is_on(Some(value.into())), on, "{value}");
        }
        assert!(!is_on(None));
    }

    #[test]
    fn nothing_moves_where_animations_are_off() {
        let settings = Settings {
            animations: false,
            ..Settings::default()
        };
        assert!(settings.accessible());
    }

    #[test]
    fn colours_can_be_refused() {
        let settings = Settings {
            colours: Colours::None,
            ..Settings::default()
        };
        assert!(!settings.in_colour());
    }

    #[test]
    fn a_notice_cannot_steer_a_terminal() {
        let Notice(said) = notice(Path::new("/a\u{1b}[2J"), 3, "ke\u{202e}ys", "\u{1b}]0;x");
        assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
    }
}
