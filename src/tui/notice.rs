//! Tells outside the screen, to a user who may look elsewhere, that something long has ended.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use super::event::Event;
use crate::error::Kind;
use crate::jobs::HubReport;

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

/// The fetches whose end is to be told, and when each began.
#[derive(Debug)]
pub(super) struct Fetching {
    notify: bool,
    begun: BTreeMap<u64, Instant>,
}

impl Fetching {
    /// None yet; nothing is told where `notify` is off.
    pub(super) fn new(notify: bool) -> Self {
        Self {
            notify,
            begun: BTreeMap::new(),
        }
    }

    /// The fetch of that ticket begins now.
    pub(super) fn began(&mut self, ticket: u64, now: Instant) {
        self.begun.insert(ticket, now);
    }

    /// What to tell of `event`, which comes now: that a fetch has ended, if it took long.
    pub(super) fn ended(&mut self, event: &Event, now: Instant) -> Option<&'static str> {
        let Event::Hub(HubReport::Fetched { ticket, arrived }) = event else {
            return None;
        };
        let since = self.begun.remove(ticket)?;
        let sentence = match arrived {
            Ok(_) => "modeldesk: the model is on this disk",
            Err(error) if error.kind() == Kind::Interrupted => return None,
            Err(_) => "modeldesk: the model could not be fetched",
        };
        (self.notify && now.duration_since(since) > LONG).then_some(sentence)
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

    #[test]
    fn a_long_fetch_is_told_and_a_short_or_stopped_one_is_not() {
        let begun = Instant::now();
        let failed = |error| {
            Event::Hub(HubReport::Fetched {
                ticket: 7,
                arrived: Err(error),
            })
        };
        let told = |notify, seconds, error| {
            let mut fetching = Fetching::new(notify);
            fetching.began(7, begun);
            fetching.ended(&failed(error), begun + Duration::from_secs(seconds))
        };
        let gone = || Error::new("the network is gone");
        assert!(told(true, 31, gone()).is_some());
        assert_eq!(told(true, 29, gone()), None);
        assert_eq!(told(false, 31, gone()), None);
        assert_eq!(told(true, 31, Error::interrupted()), None);
    }

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
