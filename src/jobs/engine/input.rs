//! What a model is given: a text, in which a line `@FILE` stands for what is in that file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::files;

/// The most that is read of a file, in bytes: a long book has 2 MB.
const MOST: u64 = 8 << 20;

/// The text with the files that it names in their places. `@@` begins a line with `@`.
///
/// # Errors
/// A file that cannot be read, is too long, or is no text.
pub(super) fn whole(text: &str) -> Result<String> {
    if !text.lines().any(|line| line.starts_with('@')) {
        return Ok(text.to_owned());
    }
    let lines = text.lines().map(|line| match line.strip_prefix('@') {
        Some(rest) if rest.starts_with('@') => Ok(rest.to_owned()),
        Some(name) if !name.is_empty() && !name.starts_with(char::is_whitespace) => {
            read(&files::from_home(Path::new(name.trim_end())))
        }
        _ => Ok(line.to_owned()),
    });
    Ok(lines.collect::<Result<Vec<_>>>()?.join("\n"))
}

fn read(path: &Path) -> Result<String> {
    let failed = |e| {
        let error = Error::io("read", path, e);
        if path.exists() {
            return error;
        }
        error.hint("a line that begins with @ names a file; @@ begins it with an @")
    };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Error::new("is a folder")
            .at_path(path)
            .hint("name a file of text"));
    }
    let mut bytes = Vec::new();
    file.take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MOST {
        let what = format!("has more than {} MB", MOST >> 20);
        return Err(Error::new(what).at_path(path).hint("split it"));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = 1 + String::from_utf8_lossy(before).matches('\n').count();
        Error::new("is not UTF-8")
            .at_line(path, line)
            .hint("convert it with iconv")
    })?;
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_names_a_file_stands_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lease.txt");
        files::write(&path, b"The lease\nends in May.\n").expect("written");
        let text = format!("When?\n@{}", path.display());
        assert_eq!(
            whole(&text).expect("read"),
            "When?\nThe lease\nends in May."
        );
        assert_eq!(
            whole("@@anna wrote\n@ five").expect("text"),
            "@anna wrote\n@ five"
        );
    }

    #[test]
    fn what_cannot_be_read_says_which_file_and_where() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("latin");
        files::write(&path, b"one\ntw\xe9").expect("written");
        let error = whole(&format!("@{}", path.display())).expect_err("no text");
        assert!(
            error.to_string().contains("latin:2: is not UTF-8"),
            "{error}"
        );
        let error = whole("@/no/such/file").expect_err("no file");
        assert!(
            error.hint_text().is_some_and(|hint| hint.contains("@@")),
            "{error}"
        );
        let error = whole(&format!("@{}", folder.path().display())).expect_err("a folder");
        assert!(error.to_string().ends_with("is a folder"), "{error}");
    }
}
