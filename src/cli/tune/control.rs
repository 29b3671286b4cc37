//! `modeldesk tune list`, `pause`, `stop`, `resume`, `extend` and `delete`.

use std::io::IsTerminal;

use serde_json::json;

use super::super::{Exit, Result};
use super::watch;
use crate::advisor::quantity;
use crate::cli::out::{Out, tell};
use crate::error::{Error, shown};
use crate::files::Folders;
use crate::finetune::run::{Ask, Phase, Run, Tail, size};
use crate::jobs::runner;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk tune list
  modeldesk tune list --json")]
pub(in crate::cli) struct List {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk tune pause support-gpt2
  modeldesk tune stop support-gpt2")]
pub(in crate::cli) struct Named {
    /// The run
    run: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A run goes on from its newest whole checkpoint, and ends in the same bytes as if it had never
stopped. If something that decides the result has changed, it says what, and does not go on.

Examples:
  modeldesk tune resume support-gpt2
  modeldesk tune resume support-gpt2 --wait")]
pub(in crate::cli) struct Resume {
    /// The run
    run: String,
    /// Go on although something that decides the result has changed; that is written down
    #[arg(long)]
    force: bool,
    /// Follow it to its end
    #[arg(long)]
    wait: bool,
    /// With --wait print the run's events, one JSON object a line; else the process
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The learning rate goes on as in a run that was planned with so many steps.

Examples:
  modeldesk tune extend support-gpt2 --num-train-epochs 5
  modeldesk tune extend support-gpt2 --max-steps 1000 --wait")]
pub(in crate::cli) struct Extend {
    /// Epochs in all
    #[arg(long, value_name = "N", required_unless_present = "max_steps")]
    num_train_epochs: Option<f64>,
    /// Steps in all
    #[arg(long, value_name = "N")]
    max_steps: Option<u64>,
    #[command(flatten)]
    resume: Resume,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk tune delete support-gpt2 --yes")]
pub(in crate::cli) struct Delete {
    /// The run
    run: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn list(arguments: &List, out: &mut Out) -> Result<Exit> {
    let mut rows = Vec::new();
    for run in Run::list(&Folders::of_user()?) {
        let (Ok(state), Ok(plan)) = (run.state(), run.plan()) else {
            tell(&format!("{}: its state or its plan cannot be read", run.id));
            continue;
        };
        if arguments.json {
            rows.push(json!({
                "id": run.id, "state": state.state, "step": state.step,
                "total_steps": state.total_steps, "pid": state.pid,
                "model": plan.model.name, "dir": run.folder,
            }));
        } else {
            out.line(format!(
                "{:<28} {:<12} {:>12}  {}",
                run.id,
                state.state.name(),
                format!("{}/{}", state.step, state.total_steps),
                crate::text::line(&plan.model.name),
            ));
            rows.push(json!(null));
        }
    }
    if arguments.json {
        out.json(&json!(rows));
    } else if rows.is_empty() {
        tell("No runs yet. `modeldesk tune start --model MODEL --train FILE` makes one.");
    }
    out.finish()?;
    Ok(Exit::Done)
}

pub(super) fn ask(arguments: &Named, ask: Ask, out: &mut Out) -> Result<Exit> {
    let run = Run::find(&Folders::of_user()?, &arguments.run)?;
    if ask == Ask::Stop && !run.works()? {
        let state = run.state()?.state;
        let next = if state.can_go_on() {
            format!("; `modeldesk tune resume {}` goes on", run.id)
        } else {
            String::new()
        };
        return Err(Error::new("no process works on this run")
            .at(run.id.clone())
            .hint(format!("it is {}{next}", state.name())));
    }
    run.ask(ask)?;
    out.line(match ask {
        Ask::Stop => format!("{} ends after this step, with a result", run.id),
        _ => format!("{} rests after this step, at a checkpoint", run.id),
    });
    out.finish()?;
    Ok(Exit::Done)
}

pub(super) fn resume(arguments: &Resume, out: &mut Out) -> Result<Exit> {
    let run = Run::find(&Folders::of_user()?, &arguments.run)?;
    let state = run.state()?;
    if !state.state.can_go_on() && !run.works()? {
        return Err(Error::new(format!("this run is {}", state.state.name()))
            .at(run.id.clone())
            .hint("`modeldesk tune extend` makes it longer"));
    }
    go_on(&run, arguments.force, arguments.wait, arguments.json, out)
}

pub(super) fn extend(arguments: &Extend, out: &mut Out) -> Result<Exit> {
    let run = Run::find(&Folders::of_user()?, &arguments.resume.run)?;
    let state = run.state()?;
    if run.works()? {
        return Err(Error::new("a process works on this run")
            .at(run.id.clone())
            .hint(format!("`modeldesk tune pause {}` first", run.id)));
    }
    let mut plan = run.plan()?;
    plan.training.max_steps = arguments.max_steps;
    if let Some(epochs) = arguments.num_train_epochs {
        plan.training.num_train_epochs = epochs;
    }
    plan.check()?;
    if let Some(steps) = arguments.max_steps.filter(|steps| *steps <= state.step) {
        return Err(Error::usage(format!(
            "{steps} steps are no more than the {} it took",
            state.step
        ))
        .at("--max-steps"));
    }
    plan.write(&run.plan_path())?;
    // A longer run has another schedule: that much has changed on purpose.
    go_on(
        &run,
        true,
        arguments.resume.wait,
        arguments.resume.json,
        out,
    )
}

/// Starts the process of a run that exists.
pub(super) fn go_on(run: &Run, force: bool, wait: bool, json: bool, out: &mut Out) -> Result<Exit> {
    let mut tail = Tail::new(&run.events_path());
    // What happened before is not told again.
    tail.read()?;
    let child = runner::start(run, force)?;
    if !(wait && json) {
        let (id, pid) = (&run.id, child.id());
        if json {
            out.json(&json!({ "id": id, "dir": run.folder, "pid": pid }));
        } else {
            out.line(format!(
                "{id} runs as process {pid}, in {}",
                shown(&run.folder)
            ));
            if !wait {
                out.line(format!("  modeldesk tune watch {id}     or open the desk"));
            }
        }
        out.finish()?;
    }
    if wait {
        return watch::wait(run, json, tail, out);
    }
    Ok(Exit::Done)
}

pub(super) fn delete(arguments: &Delete, out: &mut Out) -> Result<Exit> {
    let run = Run::find(&Folders::of_user()?, &arguments.run)?;
    let frees = quantity::bytes(size(&run.folder));
    if !arguments.yes {
        let result = run.model_path().is_dir() && run.state()?.state == Phase::Done;
        let with = if result {
            " with the model that it ended in"
        } else {
            ""
        };
        tell(&format!("{}{with} takes {frees}.", run.id));
        if !std::io::stdin().is_terminal() || !confirmed()? {
            return Err(Error::usage("nothing was removed")
                .at(run.id.clone())
                .hint("say --yes to remove it"));
        }
    }
    run.delete()?;
    out.line(format!("{} is gone, {frees} are free", run.id));
    out.finish()?;
    Ok(Exit::Done)
}

fn confirmed() -> Result<bool> {
    tell("Remove it for good? y or n");
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|e| Error::new("cannot read standard input").caused_by(e))?;
    Ok(line.trim().eq_ignore_ascii_case("y"))
}
