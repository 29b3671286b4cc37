//! `modeldesk`: parses the command line, runs it, and ends with its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(modeldesk::cli::run(std::env::args_os()))
}
