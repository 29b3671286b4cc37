//! `modeldesk tune run DIR`: works on a run, in this process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::super::interrupt::stop_on_signals;
use super::super::{Exit, Result};
use super::show;
use crate::cli::out::{Out, tell};
use crate::finetune::run::{Going, Phase, Run, probe, work};
use crate::jobs::{self, Cancel};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
`tune start` does this in a process of its own. Ctrl+C keeps a checkpoint and ends; `tune resume`
goes on from it.

Examples:
  modeldesk tune run ~/.local/share/modeldesk/runs/support-gpt2")]
pub(in crate::cli) struct Arguments {
    /// The run's folder
    pub folder: PathBuf,
    /// Go on although something that decides the result has changed
    #[arg(long)]
    force: bool,
    /// Leave the terminal: how `tune start` calls it
    #[arg(long, hide = true)]
    detached: bool,
    /// Only measure some steps and say what the run would take: how `tune plan` calls it
    #[arg(long, hide = true)]
    probe: bool,
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    if arguments.detached {
        jobs::runner::detach();
    }
    let cancel = Cancel::new();
    stop_on_signals(&cancel)?;
    let run = Run::at(&arguments.folder);
    if arguments.probe {
        let probe = probe(&run, &cancel)?;
        out.json(&serde_json::to_value(probe).unwrap_or_default());
        out.finish()?;
        return Ok(Exit::Done);
    }
    let going = if arguments.force {
        Going::Anyway
    } else {
        Going::Exactly
    };
    let worked = catch_unwind(AssertUnwindSafe(|| work(&run, going, &cancel)));
    let end = match worked {
        Ok(end) => end?,
        Err(panic) => {
            let error = jobs::panic_error("the run", panic.as_ref());
            run.fail(&error)?;
            return Err(error);
        }
    };
    show::end(&run, &end, &mut |line| tell(line));
    out.finish()?;
    Ok(match end.state {
        Phase::Interrupted => Exit::Interrupted,
        Phase::Failed => Exit::Failed,
        _ => Exit::Done,
    })
}
