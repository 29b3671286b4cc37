//! The terminal, taken and given back: raw mode, alternate screen, bracketed paste,
//! mouse, cursor.
//!
//! However the desk ends (quit, error, signal, a panic of its own thread) the terminal is given
//! back once. A panic of another thread leaves it alone: that one becomes a message on the screen.

use std::io::{BufWriter, Stdout, Write, stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::style::Print;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};

use crate::error::{Error, Result};

/// Whether the terminal is ours, so that it is given back once and only then.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the terminal reports the mouse while it is ours.
static LISTENS: AtomicBool = AtomicBool::new(false);

/// Buttons and wheel (1000) in a form without limits (1006). Movement is not asked for: each cell
/// that the mouse crosses would wake the desk.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Ends what a program that was killed may have asked of the terminal: the mouse in each form.
const LEFT_BEHIND: &str = "\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l";

/// What the desk draws on. Dropping it gives the terminal back.
pub(super) struct Screen {
    /// Draws frames.
    pub(super) terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal, for the calling thread.
    ///
    /// # Errors
    /// When it cannot be set or written.
    pub(super) fn take() -> Result<Self> {
        give_back_on_panic();
        let taken = take().and_then(|()| {
            Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(
                1 << 16,
                stdout(),
            )))
        });
        match taken {
            Ok(terminal) => Ok(Self { terminal }),
            Err(e) => {
                give_back();
                Err(failed(e))
            }
        }
    }

    /// Gives the terminal back until [`Self::retake`].
    ///
    /// # Errors
    /// When what was drawn cannot be written out.
    pub(super) fn release(&mut self) -> Result<()> {
        let flushed = self.terminal.backend_mut().flush();
        give_back();
        flushed.map_err(failed)
    }

    /// Takes the terminal again, whatever was done to it meanwhile.
    ///
    /// # Errors
    /// When it cannot be set or written.
    pub(super) fn retake(&mut self) -> Result<()> {
        give_back();
        execute!(stdout(), Print(LEFT_BEHIND))
            .and_then(|()| take())
            .map_err(failed)?;
        self.forget()
    }

    /// Draws every cell with the next frame. `Terminal::clear` would ask the terminal where its
    /// cursor is, and wait for an answer that the input thread may have read.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub(super) fn forget(&mut self) -> Result<()> {
        let size = self.terminal.size().map_err(failed)?;
        self.terminal
            .resize(Rect::from((Position::ORIGIN, size)))
            .map_err(failed)
    }

    /// Lets the terminal report the mouse, or use it itself.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub(super) fn listen(&mut self, on: bool) -> Result<()> {
        LISTENS.store(on, Ordering::SeqCst);
        let sequence = if on { MOUSE_ON } else { MOUSE_OFF };
        let out = self.out();
        out.write_all(sequence.as_bytes())
            .and_then(|()| out.flush())
            .map_err(failed)
    }

    /// Where escape sequences of the desk's own go.
    pub(super) fn out(&mut self) -> &mut impl Write {
        self.terminal.backend_mut()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// An error of the terminal, for a person.
pub(super) fn failed(source: std::io::Error) -> Error {
    Error::new("cannot use this terminal")
        .hint("`modeldesk ask \"QUESTION\"` needs no terminal")
        .caused_by(source)
}

fn take() -> std::io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    // Lets Shift+Enter through where the terminal knows how; others ignore it.
    let disambiguate = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES;
    // Old Windows consoles refuse it, and lose nothing.
    let _ = execute!(stdout(), PushKeyboardEnhancementFlags(disambiguate));
    if LISTENS.load(Ordering::SeqCst) {
        execute!(stdout(), Print(MOUSE_ON))?;
    }
    Ok(())
}

/// Gives the terminal back if it is taken. Failing is no reason to stop: there may be none left.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        if LISTENS.load(Ordering::SeqCst) {
            let _ = execute!(stdout(), Print(MOUSE_OFF));
        }
        let _ = execute!(stdout(), PopKeyboardEnhancementFlags);
        let _ = execute!(
            stdout(),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = disable_raw_mode();
    }
}

/// From now on a panic of the calling thread gives the terminal back before it is reported. While
/// the terminal is taken, the panics of other threads are not printed: whoever started them
/// reports them.
fn give_back_on_panic() {
    let owner = thread::current().id();
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == owner {
            give_back();
        }
        if !TAKEN.load(Ordering::SeqCst) {
            report(info);
        }
    }));
}
