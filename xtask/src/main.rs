//! `cargo xtask soak NAME`: the long runs of the tests of that name, with full counts.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    if let ["soak", name] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return soak(name);
    }
    #[expect(clippy::print_stderr, reason = "a developer's tool")]
    {
        eprintln!("usage: cargo xtask soak NAME      (NAME: a file of tests/it, as index)");
    }
    ExitCode::from(2)
}

/// Runs the ignored tests below `tests/it/<name>`, one after another.
fn soak(name: &str) -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let filter = format!("{name}::");
    let status = Command::new(cargo)
        .args([
            "test",
            "--release",
            "--package",
            "modeldesk",
            "--test",
            "it",
            &filter,
        ])
        .args(["--", "--ignored", "--nocapture", "--test-threads", "1"])
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
