//! What a model is to read.

use std::io::{IsTerminal, Read};

use super::Arguments;
use crate::error::{Error, Result};

/// The most that is read of a file or of standard input, in bytes.
const MOST: u64 = 64 << 20;

/// The texts of the command line, of standard input, or of a file's lines.
pub(super) fn read(arguments: &Arguments) -> Result<Vec<String>> {
    if let Some(path) = &arguments.file {
        let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
        let text = all(file).map_err(|error| error.at_path(path))?;
        let lines: Vec<String> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect();
        if lines.is_empty() {
            return Err(Error::new("has no line with a text").at_path(path));
        }
        return Ok(lines);
    }
    let stdin = std::io::stdin();
    match arguments.texts.as_slice() {
        [one] if one == "-" => Ok(vec![
            all(stdin).map_err(|error| error.at("standard input"))?,
        ]),
        [] if !stdin.is_terminal() => Ok(vec![
            all(stdin).map_err(|error| error.at("standard input"))?,
        ]),
        [] => Err(Error::usage("there is no text")
            .hint("give one after the model, or `-` for standard input")),
        texts => Ok(texts.to_vec()),
    }
}

fn all(from: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    from.take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::new("cannot be read").caused_by(e))?;
    if bytes.len() as u64 > MOST {
        return Err(Error::new(format!("has more than {} MB", MOST >> 20)).hint("split it"));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&e.as_bytes()[..at]);
        let line = 1 + before.matches('\n').count();
        Error::new(format!("is not UTF-8 in line {line}")).hint("convert it with iconv")
    })
}
