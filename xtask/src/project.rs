//! Where the project is, and what is built from it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use modeldesk::error::{Error, Result};
use serde_json::Value;

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder of the project")
}

/// Prints a line.
#[allow(clippy::print_stdout, reason = "the one place where these tools print")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// What builds the program and the integration tests: together, so that their dependencies are
/// compiled once and not again for another set of features.
const BUILD: [&str; 5] = ["test", "--release", "--no-run", "--test", "it"];

/// Builds the program; returns where cargo put it.
pub(crate) fn program() -> Result<PathBuf> {
    built(&BUILD, "modeldesk")
}

/// Builds the integration tests; returns where cargo put them.
pub(crate) fn tests() -> Result<PathBuf> {
    built(&BUILD, "it")
}

/// Runs cargo and returns the executable of that target.
fn built(arguments: &[&str], target: &str) -> Result<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--package", "modeldesk", "--message-format", "json"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| Error::new("cannot run cargo").caused_by(e))?;
    let what = format!("cargo {}", arguments.join(" "));
    if !output.status.success() {
        return Err(Error::new(format!("{what} failed")));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let messages = said.lines().filter_map(|l| serde_json::from_str(l).ok());
    messages
        .filter(|message: &Value| message["target"]["name"] == target)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Error::new(format!("{what} made no `{target}`")))
}
