//! Order and rescue, with a stand-in for the models.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::*;
use crate::error::{Error, Kind};

/// So long nothing here takes, unless it never ends.
const FOREVER: Duration = Duration::from_mins(1);

/// Does what the name of the folder says.
struct Double {
    /// Told that an order was begun.
    begun: Sender<()>,
    resets: usize,
}

impl Runner for Double {
    fn work(
        &mut self,
        model: &Weights,
        _: &Work,
        cancel: &Cancel,
        tell: &mut dyn FnMut(News),
    ) -> Result<Done> {
        self.begun.send(()).unwrap();
        match model.folder.to_str() {
            Some("panics") => panic!("told to panic"),
            Some("fails") => return Err(Error::new("told to fail")),
            Some("waits") => {
                while !cancel.is_cancelled() {
                    std::thread::yield_now();
                }
                cancel.check()?;
            }
            _ => tell(News::Loading(7)),
        }
        Ok(Done {
            output: Output::Texts(vec![self.resets.to_string()]),
            notes: Vec::new(),
            pace: None,
            finish: None,
            took: Duration::ZERO,
        })
    }

    fn reset(&mut self) {
        self.resets += 1;
    }
}

fn started() -> (EngineWorker, Receiver<Report>, Receiver<()>) {
    let (begun, begins) = channel();
    let (reports, inbox) = channel();
    let worker = EngineWorker::start(Double { begun, resets: 0 }, move |report| {
        // A test that is over listens no more.
        let _ = reports.send(report);
    });
    (worker.unwrap(), inbox, begins)
}

fn order(ticket: u64, by: &'static str, folder: &str) -> Order {
    Order {
        ticket,
        by: Requester(by),
        model: Weights {
            folder: folder.into(),
            precision: Precision::Q8,
        },
        work: Work::Measure,
    }
}

/// The end of order `ticket`, which is the next that comes.
fn end(inbox: &Receiver<Report>, ticket: u64) -> Result<Box<Done>> {
    loop {
        let report = inbox.recv_timeout(FOREVER).expect("a report");
        assert_eq!(report.ticket, ticket);
        if let News::Ended(ended) = report.news {
            return ended;
        }
    }
}

#[test]
fn a_newer_order_stops_the_one_before_and_no_other() {
    let (engine, inbox, begins) = started();
    engine.send(order(1, "a", "waits"));
    begins.recv_timeout(FOREVER).unwrap();
    engine.send(order(2, "b", "works"));
    engine.send(order(3, "a", "waits"));
    engine.send(order(4, "a", "works"));
    assert_eq!(end(&inbox, 1).unwrap_err().kind(), Kind::Interrupted);
    end(&inbox, 2).unwrap();
    assert_eq!(end(&inbox, 3).unwrap_err().kind(), Kind::Interrupted);
    let done = end(&inbox, 4).unwrap();
    // What is loaded stays when an order is stopped.
    assert_eq!(done.output, Output::Texts(vec!["0".to_owned()]));
    // The third was stopped before it began.
    assert_eq!(begins.try_iter().count(), 2);
}

#[test]
fn an_order_is_stopped_by_its_ticket() {
    let (engine, inbox, begins) = started();
    engine.send(order(1, "a", "waits"));
    begins.recv_timeout(FOREVER).unwrap();
    engine.stop(7);
    engine.stop(1);
    assert_eq!(end(&inbox, 1).unwrap_err().kind(), Kind::Interrupted);
}

#[test]
fn a_failure_and_a_panic_are_told_and_the_next_order_is_done() {
    let (engine, inbox, _begins) = started();
    engine.send(order(1, "a", "fails"));
    let failed = end(&inbox, 1).unwrap_err();
    assert_eq!(failed.to_string(), "told to fail");
    engine.send(order(2, "a", "panics"));
    let failed = end(&inbox, 2).unwrap_err();
    assert!(failed.to_string().contains("told to panic"), "{failed}");
    engine.send(order(3, "a", "works"));
    let done = end(&inbox, 3).unwrap();
    assert_eq!(done.output, Output::Texts(vec!["1".to_owned()]));
}

#[test]
fn leaving_stops_what_is_at_work() {
    let (engine, inbox, begins) = started();
    engine.send(order(1, "a", "waits"));
    begins.recv_timeout(FOREVER).unwrap();
    drop(engine);
    assert_eq!(end(&inbox, 1).unwrap_err().kind(), Kind::Interrupted);
}
