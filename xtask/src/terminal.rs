//! A program on a terminal of its own, with keys to send it and its screen to read.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use modeldesk::error::{Error, Result};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a screen may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that runs on a pseudo-terminal.
pub(crate) struct Session {
    /// Held so that the terminal stays until the session ends.
    _master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    parser: vt100::Parser,
}

impl Session {
    /// Starts `program` on a terminal of `size` (columns, rows), with all its folders below `home`.
    ///
    /// # Errors
    /// When there is no terminal to be had, or the program does not start.
    pub(crate) fn start(program: &Path, home: &Path, (columns, rows): (u16, u16)) -> Result<Self> {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).map_err(failed)?;
        let mut command = CommandBuilder::new(program);
        command.env("TERM", "xterm-256color");
        command.env("HOME", home);
        for variable in ["NO_COLOR", "HF_HUB_CACHE", "HF_HOME"] {
            command.env_remove(variable);
        }
        for (variable, name) in [
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_STATE_HOME", "state"),
        ] {
            command.env(variable, home.join(name));
        }
        command.cwd(home);
        let mut reader = pair.master.try_clone_reader().map_err(failed)?;
        let (sender, output) = channel();
        modeldesk::jobs::spawn("terminal", move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                if sender.send((Instant::now(), bytes[..n].to_vec())).is_err() {
                    break;
                }
            }
        })?;
        let child = pair.slave.spawn_command(command).map_err(failed)?;
        let keys = pair.master.take_writer().map_err(failed)?;
        Ok(Self {
            _master: pair.master,
            child,
            keys,
            output,
            parser: vt100::Parser::new(rows, columns, 0),
        })
    }

    /// Types `keys`, as the terminal sends them.
    ///
    /// # Errors
    /// When the program has gone.
    pub(crate) fn send(&mut self, keys: &str) -> Result<()> {
        let sent = self.keys.write_all(keys.as_bytes());
        sent.and_then(|()| self.keys.flush())
            .map_err(|e| Error::new("the program takes no keys").caused_by(e))
    }

    /// Waits until the screen shows `text`; returns when the bytes that showed it came.
    ///
    /// # Errors
    /// When it never does; the error holds the screen.
    pub(crate) fn until(&mut self, text: &str) -> Result<Instant> {
        let end = Instant::now() + PATIENCE;
        let mut came = Instant::now();
        while !self.screen().contains(text) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok((at, bytes)) = self.output.recv_timeout(left) else {
                let what = format!("the screen never showed `{text}`:\n{}", self.screen());
                return Err(Error::new(what));
            };
            self.parser.process(&bytes);
            came = at;
        }
        Ok(came)
    }

    /// Waits until nothing was written for `quiet`.
    pub(crate) fn settle(&mut self, quiet: Duration) {
        loop {
            match self.output.recv_timeout(quiet) {
                Ok((_, bytes)) => self.parser.process(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The screen as text, without the spaces at the ends of its rows.
    pub(crate) fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// The program's number.
    pub(crate) fn process(&self) -> Option<u32> {
        self.child.process_id()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(cause: impl std::fmt::Display) -> Error {
    Error::new("no program on a pseudo-terminal")
        .hint("check that /dev/ptmx can be opened")
        .caused_by(cause.to_string())
}
