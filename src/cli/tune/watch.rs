//! `modeldesk tune watch RUN`: what happens in a run, as it happens.

use std::time::Duration;

use super::super::interrupt::stop_on_interrupt;
use super::super::{Exit, Result};
use super::show;
use crate::cli::out::{Out, tell};
use crate::error::Error;
use crate::files::Folders;
use crate::finetune::run::{Ask, End, Event, Phase, Run, Tail, settled};
use crate::jobs::Cancel;

/// How often the run's folder is looked at.
const BETWEEN: Duration = Duration::from_millis(100);

/// How long a process may take to begin.
const BEGINS: Duration = Duration::from_secs(20);

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Ctrl+C leaves the run alone.

Examples:
  modeldesk tune watch support-gpt2
  modeldesk tune watch support-gpt2 --json")]
pub(in crate::cli) struct Arguments {
    /// The run
    run: String,
    /// Print the run's events, one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    let run = Run::find(&Folders::of_user()?, &arguments.run)?;
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let mut watch = Watch::new(&run, arguments.json);
    while !watch.look(out)? {
        if cancel.is_cancelled() {
            tell(&format!("{} goes on: modeldesk tune watch {0}", run.id));
            return Ok(Exit::Interrupted);
        }
        std::thread::sleep(BETWEEN);
    }
    Ok(Exit::Done)
}

/// Follows a run to its end. Ctrl+C asks it to rest at a checkpoint.
pub(super) fn wait(run: &Run, json: bool, from: Tail, out: &mut Out) -> Result<Exit> {
    let cancel = Cancel::new();
    stop_on_interrupt(&cancel)?;
    let mut watch = Watch {
        tail: from,
        history: false,
        ..Watch::new(run, json)
    };
    let mut asked = false;
    while !watch.look(out)? {
        if cancel.is_cancelled() && !asked {
            asked = true;
            // It may have ended in the meantime.
            if run.ask(Ask::Pause).is_ok() {
                tell("asked the run to rest after a checkpoint");
            }
        }
        std::thread::sleep(BETWEEN);
    }
    Ok(match watch.end.map(|end| end.state) {
        Some(Phase::Done | Phase::Stopped) => Exit::Done,
        Some(Phase::Paused | Phase::Interrupted) => Exit::Interrupted,
        _ => Exit::Failed,
    })
}

struct Watch<'a> {
    run: &'a Run,
    json: bool,
    tail: Tail,
    /// Whether the first look finds what happened earlier.
    history: bool,
    total: u64,
    end: Option<End>,
    waited: Duration,
}

impl<'a> Watch<'a> {
    fn new(run: &'a Run, json: bool) -> Self {
        Self {
            run,
            json,
            tail: Tail::new(&run.events_path()),
            history: true,
            total: 0,
            end: None,
            waited: Duration::ZERO,
        }
    }

    /// Shows what is new; says whether there is nothing more to come.
    fn look(&mut self, out: &mut Out) -> Result<bool> {
        // Before the events are read: what a process wrote before it let go is among them.
        let works = self.run.works()?;
        let mut events = self.tail.read()?;
        if std::mem::take(&mut self.history) {
            events = settled(events);
        }
        for event in events {
            self.show(event, out);
        }
        out.finish()?;
        if works || out.is_closed() {
            self.waited = Duration::ZERO;
            return Ok(out.is_closed());
        }
        let state = self.run.state()?;
        match state.state {
            // Its process has not taken the lock yet.
            Phase::Queued | Phase::Running if self.waited < BEGINS => {
                self.waited += BETWEEN;
                Ok(false)
            }
            Phase::Failed => {
                let said = state.message.unwrap_or_else(|| "it failed".to_owned());
                let error = Error::new(said).at(self.run.id.clone());
                let hint = state.hint.unwrap_or_else(|| {
                    format!("{} has more", crate::error::shown(&self.run.log_path()))
                });
                Err(error.hint(hint))
            }
            _ => Ok(true),
        }
    }

    fn show(&mut self, event: Event, out: &mut Out) {
        if let Event::Start { total_steps, .. } = &event {
            self.total = *total_steps;
            self.end = None;
        }
        if self.json {
            out.json(&serde_json::to_value(&event).unwrap_or_default());
        } else if let Some(line) = show::event(&event, self.total) {
            out.line(line);
        }
        if let Event::End(end) = event {
            if !self.json {
                show::end(self.run, &end, &mut |line| out.line(line));
            }
            self.end = Some(*end);
        }
    }
}
