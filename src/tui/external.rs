//! The user's own editor: a text goes out as a file and comes back as it was saved.

use std::io::Write;
use std::process::{Command, ExitStatus};

use crate::error::{Error, Notice, Result};

/// What is read back at most; an input takes no more.
const LONGEST: u64 = 64 << 10;

/// What an editor left.
pub(super) struct Edited {
    /// The text as it was saved last.
    pub(super) text: String,
    /// What the user should know of how the editor ended.
    pub(super) said: Option<Notice>,
}

/// Lets the user write `text` in `$VISUAL`, else `$EDITOR`, and returns what they saved; also where
/// a signal ended the editor after that. The terminal must be given back meanwhile.
///
/// # Errors
/// When neither is set, the editor cannot be run or fails, or the file is no text any more.
pub(super) fn edit(text: &str) -> Result<Edited> {
    let (name, editor) = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| Some((name, std::env::var(name).ok()?)))
        .find(|(_, editor)| !editor.trim().is_empty())
        .ok_or_else(|| {
            Error::new("no editor is set").hint("set VISUAL or EDITOR, such as EDITOR=nano")
        })?;
    let failed = |what: &str| {
        Error::new(format!("{what}; the text is as it was"))
            .at(format!("${name}={}", crate::text::line(&editor)))
    };
    let mut file = tempfile::Builder::new()
        .prefix("modeldesk-")
        .suffix(".md")
        .tempfile()
        .map_err(|e| failed("cannot make a file for the editor").caused_by(e))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.flush())
        .map_err(|e| failed("cannot write the file for the editor").caused_by(e))?;
    let status = command(&editor, file.path())
        .status()
        .map_err(|e| failed("cannot run the editor").caused_by(e))?;
    let saved =
        || read(file.path()).map_err(|e| failed("cannot read what the editor saved").caused_by(e));
    if status.success() {
        let text = saved()?;
        return Ok(Edited { text, said: None });
    }
    let Some(signal) = signal(status) else {
        return Err(failed(&format!("the editor ended with {status}")));
    };
    let ended = format!("the editor was ended by {signal}");
    match saved() {
        Ok(saved) if saved != text && !saved.trim().is_empty() => Ok(Edited {
            text: saved,
            said: Some(Notice(format!("{ended}; Up has the text before it"))),
        }),
        Ok(_) | Err(_) => Err(Error::new(format!("{ended}; the text is as it was"))),
    }
}

/// What ended an editor, where that was a signal, which its shell tells as 128 + its number.
fn signal(status: ExitStatus) -> Option<String> {
    let number = status
        .code()?
        .checked_sub(128)
        .filter(|n| (1..=64).contains(n))?;
    let name = match number {
        6 => "SIGABRT",
        9 => "SIGKILL (out of memory?)",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        _ => return Some(format!("signal {number}")),
    };
    Some(name.to_owned())
}

/// The editor on a file. The variable may hold arguments and quotes, so a shell reads it; the shell
/// also sets the terminal as it was, which an editor that is killed does not.
#[cfg(unix)]
fn command(editor: &str, file: &std::path::Path) -> Command {
    let mut command = Command::new("sh");
    let script = format!(
        "settings=$(stty -g 2>/dev/null)\n{editor} \"$1\"\nended=$?\n\
         [ -z \"$settings\" ] || stty \"$settings\" 2>/dev/null\nexit $ended"
    );
    command.args(["-c", &script, "sh"]).arg(file);
    command
}

/// The editor on a file.
#[cfg(not(unix))]
fn command(editor: &str, file: &std::path::Path) -> Command {
    let mut command = Command::new(editor);
    command.arg(file);
    command
}

/// The text of a file. Editors save to another file and rename it, so it is opened anew.
fn read(path: &std::path::Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(LONGEST)
        .read_to_string(&mut text)?;
    // The last line's end is the editor's, not the user's.
    Ok(text
        .strip_suffix('\n')
        .unwrap_or(&text)
        .trim_end_matches('\r')
        .to_owned())
}
