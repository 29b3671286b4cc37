//! What is typed, line by line, and Ctrl+C: heard on threads of their own, so that an answer can
//! be stopped while it comes.

use std::io::{BufRead, Read};
use std::sync::mpsc::{Receiver, Sender, channel};

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

use crate::error::{Error, Result};
use crate::jobs::engine::Report;
use crate::jobs::spawn;

/// The longest line, in bytes.
const MOST: u64 = 1 << 20;

/// What a chat hears.
pub(super) enum Said {
    /// A line; nothing after the last.
    Line(Result<Option<String>>),
    /// Ctrl+C.
    Interrupt,
    /// What the engine tells.
    Report(Report),
}

/// Brings lines when they are asked for: what waits in a pipe stays there.
pub(super) struct Lines {
    wanted: Sender<()>,
}

impl Lines {
    /// Listens to standard input and to Ctrl+C.
    ///
    /// # Errors
    /// When no thread can be started, or signals cannot be heard.
    pub(super) fn start(to: Sender<Said>) -> Result<Self> {
        let mut signals = Signals::new([SIGINT])
            .map_err(|error| Error::new("cannot listen for Ctrl+C").caused_by(error))?;
        let interrupts = to.clone();
        spawn("interrupts", move || {
            for _ in signals.forever() {
                if interrupts.send(Said::Interrupt).is_err() {
                    return;
                }
            }
        })?;
        let (wanted, asked) = channel();
        spawn("lines", move || serve(&asked, &to))?;
        Ok(Self { wanted })
    }

    /// Asks for the next line.
    pub(super) fn next(&self) {
        // The thread ends after the last line, which was heard then.
        let _ = self.wanted.send(());
    }
}

fn serve(asked: &Receiver<()>, to: &Sender<Said>) {
    let mut stdin = std::io::stdin().lock();
    while asked.recv().is_ok() {
        if to.send(Said::Line(line(&mut stdin))).is_err() {
            return;
        }
    }
}

fn line(from: &mut impl BufRead) -> Result<Option<String>> {
    let failed = |what: &str| Error::new(what).at("standard input");
    let mut bytes = Vec::new();
    from.take(MOST + 1)
        .read_until(b'\n', &mut bytes)
        .map_err(|e| failed("cannot be read").caused_by(e))?;
    if bytes.len() as u64 > MOST {
        return Err(failed("has a line of more than 1 MB"));
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8(bytes);
    text.map(Some)
        .map_err(|_| failed("is not UTF-8").hint("convert it with iconv"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_input_does() {
        let mut input = &b"one\ntwo"[..];
        assert_eq!(line(&mut input).expect("a line").as_deref(), Some("one\n"));
        assert_eq!(line(&mut input).expect("a line").as_deref(), Some("two"));
        assert_eq!(line(&mut input).expect("the end"), None);
        assert!(line(&mut &b"\xff\n"[..]).is_err());
        assert!(line(&mut std::io::BufReader::new(std::io::repeat(b'x'))).is_err());
    }
}
