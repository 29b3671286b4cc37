//! A fine-tune is a process of its own: the same binary, in a session of its own, which outlives
//! whoever started it.

use std::fs::OpenOptions;
use std::process::{Child, Command, Stdio};

use crate::advisor::Machine;
use crate::error::{Error, Result};
use crate::finetune::plan::{Method, Plan};
use crate::finetune::run::{Probe, Run, State};

/// How much lower than the desk's the priority of a run is.
const NICE: i32 = 10;

/// Starts the process that works on `run`. It has no standard input, writes to the run's
/// `log.txt`, and goes on when its parent ends.
///
/// # Errors
/// When another process works on it, when it takes more memory than is free, or when the system
/// starts none.
pub fn start(run: &Run, anyway: bool) -> Result<Child> {
    // Said here, and not only in the log of a process that ends at once.
    drop(run.lock()?);
    fits(&run.plan()?)?;
    // Who looks before the process has begun sees that it is to begin.
    run.queue()?;
    let path = run.log_path();
    let failed = |e| Error::io("write", &path, e);
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    let again = log.try_clone().map_err(failed)?;
    let program = std::env::current_exe()
        .map_err(|e| Error::new("cannot find this program's own file").caused_by(e))?;
    let mut command = Command::new(program);
    command.args(["tune", "run", "--detached"]);
    if anyway {
        command.arg("--force");
    }
    command
        .arg(&run.folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(again)
        .spawn()
        .map_err(|e| {
            Error::new("cannot start a process for this run")
                .at(run.id.clone())
                .hint("close some programs, or raise the limit that `ulimit -u` shows")
                .caused_by(e)
        })
}

/// Refuses a run for which memory certainly does not suffice.
///
/// # Errors
/// When it takes more than is free; with what would take less.
pub fn fits(plan: &Plan) -> Result<()> {
    // What is wrong with the model's files, the process says.
    let least = plan.least_memory().unwrap_or_default();
    match Machine::memory_now() {
        (all, free) if all > 0 && least > free => {
            let (least, free) = (crate::text::bytes(least), crate::text::bytes(free));
            let hint = if plan.method == Method::Full {
                "--method lora learns few weights, --optim adafactor keeps less of each"
            } else {
                "close some programs, or take a smaller model"
            };
            Err(Error::new(format!(
                "takes at least {least} of memory, and {free} are free"
            ))
            .at(crate::text::line(&plan.model.name).into_owned())
            .hint(hint))
        }
        _ => Ok(()),
    }
}

/// Measures some steps of a run that `plan` describes, in a process of its own, so that what it
/// needs at most is told apart from what this one has.
///
/// # Errors
/// When the run could not begin; with what it said.
pub fn probe(plan: &Plan) -> Result<Probe> {
    let failed = |e| Error::new("cannot measure some steps of this run").caused_by(e);
    let folder = tempfile::tempdir().map_err(failed)?;
    let run = Run::at(folder.path());
    plan.write(&run.plan_path())?;
    State::queued().write(&run.state_path())?;
    let program = std::env::current_exe().map_err(failed)?;
    let output = Command::new(program)
        .args(["tune", "run", "--probe"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    if let Ok(probe) = serde_json::from_slice(&output.stdout) {
        return Ok(probe);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.strip_prefix("error: "));
    Err(
        Error::new(crate::text::line(line.unwrap_or("its process ended")).into_owned())
            .hint("`modeldesk tune preview` shows the data; `--no-probe` plans without measuring"),
    )
}

/// Leaves the terminal and the session of whoever started this process, and lets others go first.
/// A process that cannot works all the same.
pub fn detach() {
    #[cfg(unix)]
    {
        let _ = rustix::process::setsid();
        let _ = rustix::process::nice(NICE);
    }
}
