//! Tells outside the screen, to a user who may look elsewhere, that something long has ended.

use std::io::Write;
use std::time::{Duration, Instant};

use super::event::Event;

/// What takes longer is told when it ends.
const LONG: Duration = Duration::from_secs(30);

/// The opening of the library, while its end is to be told.
#[derive(Debug)]
pub(super) struct Opening(Option<Instant>);

impl Opening {
    /// It begins now; nothing is told where `notify` is off.
    pub(super) fn began(notify: bool, now: Instant) -> Self {
        Self(notify.then_some(now))
    }

    /// What to tell of `event`, which comes now: that the opening has ended, if it took long.
    pub(super) fn ended(&mut self, event: &Event, now: Instant) -> Option<&'static str> {
        let Event::Opened(opened) = event else {
            return None;
        };
        let since = self.0.take()?;
        let sentence = match opened {
            Ok(_) => "modeldesk: the cards are open",
            Err(_) => "modeldesk: the cards cannot be opened",
        };
        (now.duration_since(since) > LONG).then_some(sentence)
    }
}

/// Sends a sentence of the program's own as a notice of the terminal (OSC 9), which rings where it
/// knows none.
///
/// # Errors
/// When the terminal cannot be written.
pub(super) fn send(out: &mut impl Write, sentence: &'static str) -> std::io::Result<()> {
    write!(out, "\x1b]9;{sentence}\x07").and_then(|()| out.flush())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::files::Folders;
    use crate::settings::Settings;
    use crate::tui::Look;

    /// What a terminal gets while the library opens for `seconds`, and once more, under `config`.
    fn sent(config: &str, seconds: u64, opened: Event) -> String {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::below(folder.path());
        crate::files::write(&folders.config.join("config.yaml"), config.as_bytes()).unwrap();
        let (settings, said) = Settings::read(&folders);
        assert_eq!(said, []);
        let begun = Instant::now();
        let mut opening = Opening::began(Look::of(&settings).0.notify, begun);
        let mut out = Vec::new();
        let again = Event::Opened(Err(Error::new("once more")));
        for event in [Event::Lapsed, opened, again] {
            let now = begun + Duration::from_secs(seconds);
            if let Some(sentence) = opening.ended(&event, now) {
                send(&mut out, sentence).unwrap();
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_took_long_is_told_once_in_our_own_words_and_never_where_notices_are_off() {
        let open = || Event::Opened(Ok(crate::jobs::Opened::default()));
        let failed = || Event::Opened(Err(Error::new("\x1b]9;theirs\x07")));
        assert_eq!(
            sent("", 31, open()),
            "\x1b]9;modeldesk: the cards are open\x07"
        );
        assert_eq!(
            sent("notify: auto\n", 31, failed()),
            "\x1b]9;modeldesk: the cards cannot be opened\x07"
        );
        assert_eq!(sent("", 30, open()), "", "no more than 30 s");
        assert_eq!(sent("notify: never\n", 3_600, open()), "");
    }
}
