//! The thread that keeps the catalogue of models, finds in it, and makes it anew when the library
//! has changed. It is apart from the advisor's: no question waits for a hundred thousand cards.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::advisor::{Engine, Report, guarded, tell_notices};
use super::spawn;
use crate::advisor::catalogue::{Catalogue, Wanted};
use crate::error::Result;

/// What is to be found.
pub(super) struct Find {
    /// Names the request.
    pub(super) ticket: u64,
    /// What is wanted.
    pub(super) wanted: Wanted,
}

/// Starts the thread; it ends after the work at hand once the sender is dropped. Of what has
/// arrived it finds the newest only.
///
/// # Errors
/// When no thread can be started.
pub(super) fn start<E: Engine>(
    engine: Arc<E>,
    report: Arc<impl Fn(Report) + Send + Sync + 'static>,
) -> Result<Sender<Find>> {
    let (finds, inbox) = channel();
    spawn("catalogue", move || serve(&inbox, &*engine, &*report))?;
    Ok(finds)
}

/// Answers from the catalogue at hand at once; where the library has changed, again from a new one.
fn serve(inbox: &Receiver<Find>, engine: &impl Engine, report: &impl Fn(Report)) {
    let mut kept: Option<Arc<Catalogue>> = None;
    while let Ok(first) = inbox.recv() {
        let find = newest(inbox, first);
        let current = kept.as_ref().is_some_and(|catalogue| {
            report(found(&find, catalogue));
            // What cannot be read now is told by whoever makes the catalogue anew.
            guarded("looking at the library", || engine.is_current(catalogue)).unwrap_or(false)
        });
        if current {
            continue;
        }
        let made = guarded("listing the models", || engine.catalogue());
        let find = newest(inbox, find);
        match made {
            Ok(made) => {
                let made = kept.insert(Arc::new(made));
                report(found(&find, made));
            }
            Err(error) => report(Report::Found {
                ticket: find.ticket,
                found: Err(error),
            }),
        }
        tell_notices(engine, report);
    }
}

fn newest(inbox: &Receiver<Find>, find: Find) -> Find {
    inbox.try_iter().last().unwrap_or(find)
}

fn found(find: &Find, catalogue: &Arc<Catalogue>) -> Report {
    let found = guarded("finding models", || Ok(catalogue.find(&find.wanted)));
    Report::Found {
        ticket: find.ticket,
        found: found.map(|found| (Arc::clone(catalogue), found)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::super::{AdvisorWorker, OpenCard, Opened, Request, Requester};
    use super::*;
    use crate::advisor::{Answer, Machine, Reading};
    use crate::error::Error;

    /// So long nothing here takes, unless it never ends.
    const FOREVER: Duration = Duration::from_mins(1);

    /// Makes a catalogue only once a question has been asked; it is never current.
    struct Patient {
        asked: Sender<()>,
        asks: Mutex<Receiver<()>>,
    }

    impl Engine for Patient {
        fn ask(&self, _: &str, _: Option<&Reading>) -> Result<Answer> {
            self.asked.send(()).unwrap();
            Err(Error::new("no answer"))
        }

        fn answer(&self, _: Reading) -> Result<Answer> {
            Err(Error::new("no answer"))
        }

        fn compare(&self, _: &[String]) -> Result<Answer> {
            Err(Error::new("no answer"))
        }

        fn try_out(&self, _: &str) -> Result<Answer> {
            Err(Error::new("no answer"))
        }

        fn card(&self, _: &str) -> Result<Option<OpenCard>> {
            Ok(None)
        }

        fn catalogue(&self) -> Result<Catalogue> {
            let asks = self.asks.lock().unwrap();
            asks.recv_timeout(FOREVER).expect("a question is answered");
            Ok(Catalogue::new([], &[], &Machine::of(1, 0, 0, 1.0)))
        }

        fn is_current(&self, _: &Catalogue) -> Result<bool> {
            Ok(false)
        }
    }

    #[test]
    fn a_question_does_not_wait_for_the_catalogue_and_a_change_is_told_afterwards() {
        let (asked, asks) = channel();
        let asks = Mutex::new(asks);
        let (reports, inbox) = channel();
        let worker = AdvisorWorker::start(
            move || Ok((Patient { asked, asks }, Opened::default())),
            move |report| reports.send(report).unwrap(),
        )
        .unwrap();
        let find = |ticket| Request::Find {
            ticket,
            wanted: Wanted::default(),
        };
        let ask = |ticket| Request::Ask {
            ticket,
            question: "?".to_owned(),
            before: None,
        };
        let next = || inbox.recv_timeout(FOREVER).expect("a report");
        assert!(matches!(next(), Report::Opened(Ok(_))));
        worker.send(find(1));
        worker.send(ask(2));
        let mut first = Vec::new();
        for _ in 0..2 {
            match next() {
                Report::Answered { ticket, .. } => first.push((ticket, None)),
                Report::Found { ticket, found } => first.push((ticket, Some(found.unwrap().0))),
                other => panic!("{other:?}"),
            }
        }
        first.sort_by_key(|(ticket, _)| *ticket);
        let made = first[0].1.take().expect("the models");
        assert_eq!((first[0].0, first[1].0), (1, 2));
        worker.send(find(3));
        let Report::Found { ticket: 3, found } = next() else {
            panic!("the models as they were come at once");
        };
        assert!(Arc::ptr_eq(&found.unwrap().0, &made));
        worker.send(ask(4));
        let mut anew = None;
        while anew.is_none() {
            if let Report::Found { ticket, found } = next() {
                assert_eq!(ticket, 3);
                anew = Some(found.unwrap().0);
            }
        }
        assert!(!Arc::ptr_eq(&anew.unwrap(), &made));
    }

    /// Panics in one place of each call that the catalogue's thread makes, one after the other.
    struct Fragile(Mutex<Vec<&'static str>>);

    impl Fragile {
        fn at(&self, place: &str) {
            let mut due = self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if due.first() == Some(&place) {
                due.remove(0);
                drop(due);
                panic!("told to panic at {place}");
            }
        }
    }

    impl Engine for Fragile {
        fn ask(&self, _: &str, _: Option<&Reading>) -> Result<Answer> {
            Err(Error::new("no answer"))
        }

        fn answer(&self, _: Reading) -> Result<Answer> {
            Err(Error::new("no answer"))
        }

        fn compare(&self, _: &[String]) -> Result<Answer> {
            Err(Error::new("no answer"))
        }

        fn try_out(&self, _: &str) -> Result<Answer> {
            Err(Error::new("no answer"))
        }

        fn card(&self, _: &str) -> Result<Option<OpenCard>> {
            self.at("card");
            Ok(None)
        }

        fn catalogue(&self) -> Result<Catalogue> {
            self.at("make");
            Ok(Catalogue::new([], &[], &Machine::of(1, 0, 0, 1.0)))
        }

        fn is_current(&self, _: &Catalogue) -> Result<bool> {
            self.at("current");
            Ok(true)
        }

        fn take_notices(&self) -> Vec<crate::error::Notice> {
            self.at("notices");
            Vec::new()
        }
    }

    #[test]
    fn a_panic_anywhere_is_a_report_and_the_next_request_is_answered() {
        let due = Mutex::new(vec!["make", "notices", "current", "card", "notices"]);
        let (reports, inbox) = channel();
        let worker = AdvisorWorker::start(
            move || Ok((Fragile(due), Opened::default())),
            move |report| reports.send(report).unwrap(),
        )
        .unwrap();
        let next = || inbox.recv_timeout(FOREVER).expect("a report");
        assert!(matches!(next(), Report::Opened(Ok(_))));
        let find = |ticket| {
            let wanted = Wanted::default();
            worker.send(Request::Find { ticket, wanted });
            match next() {
                Report::Found { ticket: of, found } if of == ticket => found,
                other => panic!("{other:?}"),
            }
        };
        let failed = find(1).unwrap_err().to_string();
        assert!(failed.contains("told to panic at make"), "{failed}");
        find(2).unwrap();
        // The library cannot be looked at: as it was, and then made anew.
        find(3).unwrap();
        assert!(matches!(
            next(),
            Report::Found {
                ticket: 3,
                found: Ok(_)
            }
        ));
        for (ticket, fails) in [(4, true), (5, false)] {
            let id = "a/b".to_owned();
            let by = Requester::default();
            worker.send(Request::Card { ticket, by, id });
            let Report::CardRead { ticket: of, card } = next() else {
                panic!("a card");
            };
            assert_eq!((of, card.is_err()), (ticket, fails));
        }
        find(6).unwrap();
    }
}
