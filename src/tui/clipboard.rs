//! Copying: over SSH through the terminal (OSC 52), else to the desktop's clipboard.

use std::io::Write;

use crossterm::clipboard::CopyToClipboard;

/// Where a copied text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The clipboard of this desktop.
    Desktop,
    /// Sent to the terminal, which sits on another machine.
    Terminal,
    /// Nowhere: there is no clipboard.
    Nowhere,
}

/// The clipboard of this session.
#[derive(Default)]
pub(super) struct Clipboard {
    /// Kept while the desk runs: under X11 the owner serves what it copied.
    desktop: Option<arboard::Clipboard>,
}

/// Whether the terminal sits on another machine.
fn over_ssh() -> bool {
    ["SSH_TTY", "SSH_CONNECTION"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
}

impl Clipboard {
    /// Copies `text`; what goes to the terminal is written to `out`.
    pub(super) fn copy(&mut self, text: &str, out: &mut impl Write) -> Outcome {
        if over_ssh() {
            let sent = crossterm::execute!(out, CopyToClipboard::to_clipboard_from(text));
            return if sent.is_ok() {
                Outcome::Terminal
            } else {
                Outcome::Nowhere
            };
        }
        if self.desktop.is_none() {
            self.desktop = arboard::Clipboard::new().ok();
        }
        match self.desktop.as_mut().map(|desktop| desktop.set_text(text)) {
            Some(Ok(())) => Outcome::Desktop,
            _ => Outcome::Nowhere,
        }
    }
}
