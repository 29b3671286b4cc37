//! Stand-ins: an advisor that knows one question, its words, and a driver of the desk.

mod answers;
mod driver;
mod engine;
mod library;
mod plans;
mod runs;
mod words;

use modeldesk::advisor::catalogue::Catalogue;
use modeldesk::advisor::{Answer, Reading};
use modeldesk::error::{Error, Result};
use modeldesk::jobs::{Engine, OpenCard};

pub(super) use answers::{legal, side_by_side};
pub(super) use driver::{Driver, reply};
pub(super) use engine::{replies, shelf};
pub(super) use library::{card, catalogue, notice, open_card, opened};
pub(super) use plans::{measured, planned};
pub(super) use runs::{runs, told};
pub(super) use words::Plainly;

/// Tells the child of a test how to fail.
pub(super) const FAULT: &str = "MODELDESK_TEST_FAULT";

/// How this process is to fail.
pub(super) fn fault() -> String {
    std::env::var(FAULT).unwrap_or_default()
}

/// Answers everything with [`legal`]; panics or fails where a question or [`fault`] asks for it.
pub(super) struct Double;

impl Engine for Double {
    fn ask(&self, question: &str, _before: Option<&Reading>) -> Result<Answer> {
        assert!(
            !question.contains("worker panic"),
            "the double was told to panic"
        );
        if question.contains("error") {
            return Err(Error::new("cannot search the index").hint("run `modeldesk doctor`"));
        }
        Ok(legal(question))
    }

    fn answer(&self, reading: Reading) -> Result<Answer> {
        let mut answer = legal(&reading.question);
        answer.reading = reading;
        Ok(answer)
    }

    fn compare(&self, models: &[String]) -> Result<Answer> {
        Ok(side_by_side(models))
    }

    fn try_out(&self, id: &str) -> Result<Answer> {
        if id == "nsi319/legal-pegasus" {
            return Err(Error::new("no card has that id").hint("look at `modeldesk cards list`"));
        }
        Ok(legal(&format!("Try {id}")))
    }

    fn card(&self, id: &str) -> Result<Option<OpenCard>> {
        Ok((id != "nsi319/legal-pegasus").then(|| open_card(id)))
    }

    fn catalogue(&self) -> Result<Catalogue> {
        assert!(fault() != "catalogue", "the double was told to panic");
        Ok(catalogue())
    }

    fn is_current(&self, _catalogue: &Catalogue) -> Result<bool> {
        Ok(true)
    }
}
