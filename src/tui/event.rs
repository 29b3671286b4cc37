//! What reaches the desk, and what the desk asks for: facts in, effects out.

use std::sync::Arc;
use std::time::SystemTime;

use crossterm::event::KeyEvent;

use crate::advisor::Answer;
use crate::advisor::catalogue::{Catalogue, Found};
use crate::error::Result;
use crate::finetune::plan::Plan;
use crate::finetune::run::Probe;
use crate::index::Notice;
use crate::jobs::engine::{self, Order, Shelf};
use crate::jobs::tuning::{Draft, Sketch};
use crate::jobs::{
    HubReport, HubRequest, OpenCard, Opened, Report, Request, RunsReport, RunsRequest,
};

use super::clipboard::Outcome;
use super::history::Kept;

/// A fact. [`super::App::update`] takes one at a time.
#[derive(Debug)]
pub enum Event {
    /// A key went down, or repeats. Releases are dropped by the desk.
    Key(KeyEvent),
    /// Text was pasted as a whole; it is data, so no character of it is a command.
    Paste(String),
    /// The terminal has another size now: columns, rows.
    Resize(u16, u16),
    /// The library is open: counts and names can be shown. Until then questions wait.
    Opened(Result<Opened>),
    /// Something happened that stopped nothing, such as an index that was built anew.
    Noticed(Vec<Notice>),
    /// The answer to the question that carried this ticket; dropped when a later one was asked.
    Answered {
        /// The request's.
        ticket: u64,
        /// The answer, or why there is none.
        answer: Result<Box<Answer>>,
    },
    /// The comparison that a pane asked for; dropped when the pane has moved on.
    Compared {
        /// The request's.
        ticket: u64,
        /// The answer that holds it, or why there is none.
        answer: Result<Box<Answer>>,
    },
    /// What to do with a model that a pane asked about; dropped when the pane has moved on.
    Tried {
        /// The request's.
        ticket: u64,
        /// What to do, or why nothing can be said.
        answer: Result<Box<Answer>>,
    },
    /// A card that a pane asked for; dropped when the pane has moved on.
    CardRead {
        /// The request's.
        ticket: u64,
        /// The card; none when no card has that id.
        card: Result<Option<OpenCard>>,
    },
    /// The models that a pane asked for; dropped when the pane has moved on.
    Found {
        /// The request's.
        ticket: u64,
        /// When they were found.
        at: SystemTime,
        /// The models, and which of them are wanted; or why there are none.
        found: Result<(Arc<Catalogue>, Found)>,
    },
    /// What the engine tells of an order; dropped when nobody waits for it any more.
    Engine(engine::Report),
    /// The models on this disk that can be run.
    Shelf(Shelf),
    /// What a plan would be; dropped when the pane has moved on.
    Planned {
        /// The ticket of [`Effect::Plan`].
        ticket: u64,
        /// The plan and its rows, or why there is none.
        planned: Result<Box<Sketch>>,
    },
    /// What a planned run would take; dropped when the plan is another one now.
    Measured {
        /// The ticket of [`Effect::Measure`].
        ticket: u64,
        /// What some of its steps took, or why they could not be taken.
        measured: Result<Probe>,
    },
    /// What the hub's thread says of a fetch.
    Hub(HubReport),
    /// What the thread that watches the runs tells.
    Runs(RunsReport),
    /// What became of [`Effect::Delete`]: the bytes that are free now.
    Deleted(String, Result<u64>),
    /// Earlier inputs, oldest first, as the history file has them.
    Remembered(Kept, Vec<String>),
    /// A button or the wheel of the mouse, while the desk listens to it.
    Mouse(Mouse),
    /// What became of [`Effect::Edit`]: the text as the user's editor left it.
    Edited(Result<String>),
    /// What became of [`Effect::Copy`]: only the loop knows which clipboard there is.
    Copied {
        /// What was copied, in a few words.
        what: String,
        /// The text itself, to be shown where no clipboard took it.
        text: String,
        /// Where it went.
        outcome: Outcome,
    },
    /// The time that [`Effect::Remind`] asked for has passed.
    Lapsed,
    /// The system asks the program to end, with this signal.
    Signal(i32),
    /// The system asks the program to stop until it is continued; as Ctrl+Z, from outside.
    Suspend,
    /// The program was continued: the terminal may not be as the desk left it.
    Continued,
    /// The terminal can be read no more; the reason, if there is one.
    InputLost(String),
}

impl From<Report> for Event {
    fn from(report: Report) -> Self {
        match report {
            Report::Opened(opened) => Self::Opened(opened),
            Report::Noticed(notices) => Self::Noticed(notices),
            Report::Answered { ticket, answer } => Self::Answered { ticket, answer },
            Report::CardRead { ticket, card } => Self::CardRead { ticket, card },
            Report::Compared { ticket, answer } => Self::Compared { ticket, answer },
            Report::Tried { ticket, answer } => Self::Tried { ticket, answer },
            Report::Found { ticket, found } => Self::Found {
                ticket,
                at: SystemTime::now(),
                found,
            },
        }
    }
}

/// What the mouse did, at a cell: column, row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    /// The left button went down.
    Click(u16, u16),
    /// The wheel turned; down when true.
    Wheel(u16, u16, bool),
}

/// What the loop does for the desk, which does no input or output itself.
#[derive(Debug)]
pub enum Effect {
    /// Hand this to the advisor's thread.
    Request(Request),
    /// Hand this to the engine's thread, which reports with [`Event::Engine`].
    Order(Order),
    /// Stop the order of this ticket.
    Halt(u64),
    /// Look which models are on this disk, and report with [`Event::Shelf`].
    LookAtShelf,
    /// Hand this to the hub's thread, which reports with [`Event::Hub`].
    Hub(HubRequest),
    /// Stop the request of this ticket to the hub's thread.
    StopHub(u64),
    /// Plan what was chosen, on a thread of its own, and report with [`Event::Planned`].
    Plan {
        /// Comes back in the report.
        ticket: u64,
        /// What was chosen.
        draft: Box<Draft>,
    },
    /// Take some steps of this plan, and report with [`Event::Measured`].
    Measure {
        /// Comes back in the report.
        ticket: u64,
        /// The plan.
        plan: Box<Plan>,
    },
    /// Stop the planning of this ticket.
    StopPlan(u64),
    /// Hand this to the thread that watches the runs, which reports with [`Event::Runs`].
    Runs(RunsRequest),
    /// Delete the model of this id from the disk, and report with [`Event::Deleted`].
    Delete(String),
    /// Put text on a clipboard and report with [`Event::Copied`].
    Copy {
        /// What it is, in a few words.
        what: String,
        /// The text.
        text: String,
    },
    /// Append this input to its history file.
    Keep(Kept, String),
    /// Let the user write this text in their own editor, and report with [`Event::Edited`].
    Edit(String),
    /// Listen to the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Send [`Event::Lapsed`] in two seconds; a later one replaces it.
    Remind,
    /// Draw every cell anew: something else wrote to the terminal.
    Redraw,
    /// Give the terminal back and stop until the shell continues the program.
    Suspend,
    /// Take the terminal again after the program was stopped.
    Retake,
    /// Leave, for the reason.
    Quit(Leave),
}

/// Why the desk closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// The user asked.
    Asked,
    /// A signal asked.
    Signal(i32),
    /// The terminal is gone.
    InputLost(String),
}
