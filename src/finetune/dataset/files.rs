//! Which file is for which part.

use std::path::{Path, PathBuf};

use super::options::Sources;
use super::split::Part;
use crate::error::{Error, Result, shown};

/// What files of a part are called.
const NAMES: [(Part, &[&str]); 3] = [
    (Part::Train, &["train", "training"]),
    (
        Part::Check,
        &["validation", "valid", "val", "dev", "eval", "check"],
    ),
    (Part::Test, &["test", "testing"]),
];

/// The files of a dataset with what they are for, those to learn from first.
///
/// A validation file chooses the checkpoint and a test file judges, each whole; a part without a
/// file is split off from the training rows.
///
/// # Errors
/// When there is no file to learn from, or several are for one part.
pub(super) fn find(sources: &Sources) -> Result<Vec<(Part, PathBuf)>> {
    if !sources.train.is_dir() {
        let parts = [
            (Part::Train, Some(&sources.train)),
            (Part::Check, sources.validation.as_ref()),
            (Part::Test, sources.test.as_ref()),
        ];
        let found = parts
            .into_iter()
            .filter_map(|(part, path)| Some((part, path?.clone())));
        return Ok(found.collect());
    }
    let mut found = in_folder(&sources.train)?;
    for (part, path) in [
        (Part::Check, &sources.validation),
        (Part::Test, &sources.test),
    ] {
        if let Some(path) = path {
            found.retain(|(other, _)| *other != part);
            found.push((part, path.clone()));
        }
    }
    found.sort_by_key(|(part, _)| *part);
    Ok(found)
}

/// The files of a folder that are named for a part; a lone file is to learn from.
fn in_folder(folder: &Path) -> Result<Vec<(Part, PathBuf)>> {
    let failed = |e| Error::io("read", folder, e);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if entry.path().is_file() && !is_hidden {
            files.push(entry.path());
        }
    }
    files.sort();
    let mut found: Vec<(Part, PathBuf)> = Vec::new();
    for file in &files {
        let Some(part) = part_of(file) else { continue };
        if let Some((_, other)) = found.iter().find(|(known, _)| *known == part) {
            return Err(Error::new(format!(
                "{} and {} are both {} rows",
                shown(other.strip_prefix(folder).unwrap_or(other)),
                shown(file.strip_prefix(folder).unwrap_or(file)),
                part.name()
            ))
            .at_path(folder)
            .hint("name the files: --train, --validation, --test"));
        }
        found.push((part, file.clone()));
    }
    if found.is_empty()
        && let [only] = &files[..]
    {
        found.push((Part::Train, only.clone()));
    }
    if !found.iter().any(|(part, _)| *part == Part::Train) {
        return Err(Error::new("has no file that is called train")
            .at_path(folder)
            .hint("name the file: --train"));
    }
    Ok(found)
}

/// The part that a file is named for: by one of the words of its name.
fn part_of(file: &Path) -> Option<Part> {
    let name = file.file_name()?.to_string_lossy().to_lowercase();
    let words = || name.split(|c: char| !c.is_alphanumeric());
    // `wnut17train` ends with the word without a mark before it.
    let is_word = |known: &&str| {
        words().any(|word| word == *known || word.ends_with(known) && known.len() > 3)
    };
    let named = NAMES.iter().find(|(_, names)| names.iter().any(&is_word));
    named.map(|(part, _)| *part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_for_their_part_in_many_ways() {
        let cases = [
            ("train.csv", Some(Part::Train)),
            ("wnut17train.conll", Some(Part::Train)),
            ("emerging.dev.conll", Some(Part::Check)),
            ("data-00000-validation.parquet", Some(Part::Check)),
            ("VAL.jsonl.gz", Some(Part::Check)),
            ("emerging.test.annotated", Some(Part::Test)),
            ("README.md", None),
            ("interval.csv", None),
            ("device.csv", None),
        ];
        for (name, part) in cases {
            assert_eq!(part_of(Path::new(name)), part, "{name}");
        }
    }

    #[test]
    fn a_folder_needs_one_file_to_learn_from() {
        let folder = tempfile::tempdir().expect("folder");
        let add =
            |name: &str| crate::files::write(&folder.path().join(name), b"x").expect("written");
        let parts = || {
            find(&Sources {
                train: folder.path().to_owned(),
                ..Sources::default()
            })
        };
        add("rows.csv");
        assert_eq!(parts().expect("one file")[0].0, Part::Train);
        add("test.csv");
        assert!(
            parts()
                .expect_err("no train")
                .to_string()
                .ends_with("called train")
        );
        add("train.csv");
        add("dev.csv");
        let found: Vec<Part> = parts()
            .expect("three files")
            .into_iter()
            .map(|(part, _)| part)
            .collect();
        assert_eq!(found, Part::ALL);
        add("valid.csv");
        assert!(
            parts()
                .expect_err("two")
                .to_string()
                .contains("dev.csv and valid.csv are both check")
        );
    }
}
