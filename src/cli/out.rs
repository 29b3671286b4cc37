//! Where output goes: data to standard output, words for people to standard error.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::text;

/// Standard output. After its reader is gone nothing is written and nothing fails.
#[derive(Debug)]
pub struct Out {
    inner: BufWriter<Stdout>,
    failed: Option<io::Error>,
}

impl Default for Out {
    fn default() -> Self {
        Self::new()
    }
}

impl Out {
    /// Standard output, written in blocks.
    pub fn new() -> Self {
        Self {
            inner: BufWriter::new(io::stdout()),
            failed: None,
        }
    }

    /// Writes a line as it is: what is untrusted in it has gone through [`text`].
    pub fn line(&mut self, line: impl Display) {
        if self.failed.is_none()
            && let Err(error) = writeln!(self.inner, "{line}")
        {
            self.failed = Some(error);
        }
    }

    /// Writes a part of a line, at once, for text that comes as somebody reads: what is untrusted in
    /// it has gone through [`text`].
    pub fn piece(&mut self, piece: &str) {
        if self.failed.is_none()
            && let Err(error) = write!(self.inner, "{piece}")
        {
            self.failed = Some(error);
        }
        self.flush();
    }

    /// Writes out what is buffered, while there is more to come.
    pub fn flush(&mut self) {
        if self.failed.is_none()
            && let Err(error) = self.inner.flush()
        {
            self.failed = Some(error);
        }
    }

    /// Writes one JSON value and a line end.
    pub fn json(&mut self, value: &serde_json::Value) {
        self.line(text::json(value));
    }

    /// Whether nobody reads any more.
    pub fn is_closed(&self) -> bool {
        self.failed.is_some()
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// When something could not be written, unless the reader closed the pipe.
    pub fn finish(&mut self) -> Result<()> {
        let failed = self.failed.take().map_or_else(|| self.inner.flush(), Err);
        match failed {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::new("cannot write the output").caused_by(error))
            }
            _ => Ok(()),
        }
    }
}

/// Says `words` on standard error after a label (`error`, `hint`, `note`), as one safe line.
pub fn say(label: &str, words: &str) {
    let code = match label {
        "error" => "1;31",
        "hint" => "1;36",
        _ => "1",
    };
    let label = painted(io::stderr().is_terminal(), code, label);
    // With standard error gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "{label}: {}", text::line(words));
}

/// Says what failed, and what to do about it, on standard error.
pub fn report(error: &Error) {
    say("error", &error.to_string());
    if let Some(hint) = error.hint_text() {
        say("hint", hint);
    }
}

/// Says a line without a label on standard error.
pub fn tell(words: &str) {
    let _ = writeln!(io::stderr(), "{}", text::line(words));
}

/// Whether colours are wanted, which is known once the settings are read.
static PAINTED: AtomicBool = AtomicBool::new(true);

/// Says whether colours are wanted.
pub fn paint(wanted: bool) {
    PAINTED.store(wanted, Ordering::Relaxed);
}

/// `words` in a colour, where colours are shown and wanted.
pub fn painted<'a>(terminal: bool, code: &str, words: &'a str) -> Cow<'a, str> {
    let wanted = PAINTED.load(Ordering::Relaxed);
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    if terminal && wanted && !dumb {
        Cow::Owned(format!("\x1b[{code}m{words}\x1b[0m"))
    } else {
        Cow::Borrowed(words)
    }
}

/// The columns of the terminal that standard output is; `None` where it is none.
pub fn width() -> Option<usize> {
    let size = crossterm::terminal::size()
        .ok()
        .filter(|_| io::stdout().is_terminal());
    // A terminal that was never given a size says 0.
    size.map(|(columns, _)| usize::from(columns))
        .filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals() {
        assert_eq!(painted(false, "1", "x"), "x");
    }
}
