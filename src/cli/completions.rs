//! `modeldesk completions SHELL`.

use clap::CommandFactory;

use super::out::Out;
use super::{Exit, Result};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk completions bash > ~/.local/share/bash-completion/completions/modeldesk
  modeldesk completions fish > ~/.config/fish/completions/modeldesk.fish")]
pub(super) struct Arguments {
    /// Whose completions
    shell: clap_complete::Shell,
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    let mut script = Vec::new();
    let mut command = super::Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "modeldesk", &mut script);
    out.line(String::from_utf8_lossy(&script).trim_end());
    out.finish()?;
    Ok(Exit::Done)
}
