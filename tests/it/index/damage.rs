//! Damaged, foreign and stale indexes: nobody sees a panic, the index is built anew from the
//! store, and the same is found as in a fresh one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use modeldesk::index::Library;

use super::{Home, Random, add, found, id, queries, word};
use crate::counts;

/// A library with several segments, deletions and an index that was built in one go.
fn prepared() -> Home {
    let home = Home::new();
    let library = home.open();
    add(&library, 0..20);
    add(&library, 10..25);
    library.remove(&[id(3), id(12)], &mut |_| ()).unwrap();
    drop(library);
    std::fs::remove_dir_all(home.index()).unwrap();
    home.open_with_notices();
    home.open();
    home
}

fn answers(library: &Library) -> Vec<Vec<String>> {
    queries()
        .iter()
        .map(|query| found(library, query))
        .collect()
}

/// The files of the index, those that hold locks left out.
fn files(home: &Home) -> Vec<PathBuf> {
    let all = std::fs::read_dir(home.current())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut all = all
        .filter(|path| path.metadata().unwrap().len() > 0)
        .collect::<Vec<_>>();
    all.push(home.index().join("current"));
    all.sort();
    all
}

fn flip(path: &Path, random: &mut Random) {
    let mut file = File::options().read(true).write(true).open(path).unwrap();
    let at = random.below(file.metadata().unwrap().len() as usize) as u64;
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ (1 << random.below(8))]).unwrap();
}

/// Opens a damaged home and asks it everything.
fn ask(home: &Home, expected: &[Vec<String>], what: &str) {
    let (library, _) = home.open_with_notices();
    assert!(!library.is_in_memory(), "{what}");
    assert_eq!(answers(&library), expected, "{what}");
    library.verify().unwrap();
    drop(library);
    home.open();
}

fn flips(count: usize, seed: u64) {
    let home = prepared();
    let expected = answers(&home.open());
    let files = files(&home);
    let mut random = Random::new(seed);
    for round in 0..count {
        let copy = home.copy();
        let name = files[round % files.len()]
            .strip_prefix(home.path())
            .unwrap();
        flip(&copy.path().join(name), &mut random);
        ask(
            &copy,
            &expected,
            &format!("seed {seed}, round {round}, flip in {}", name.display()),
        );
    }
}

#[test]
fn a_flipped_bit_is_found_and_made_good() {
    let row = counts::row("I3");
    let count = counts::of(30, 200);
    flips(count, 7);
    row.held(count);
}

#[test]
fn a_deleted_or_shortened_file_is_made_good() {
    let row = counts::row("I3");
    let mut cases = 0;
    let home = prepared();
    let expected = answers(&home.open());
    for file in files(&home) {
        let name = file.strip_prefix(home.path()).unwrap();
        let deleted = home.copy();
        std::fs::remove_file(deleted.path().join(name)).unwrap();
        ask(&deleted, &expected, &format!("deleted {}", name.display()));
        let length = file.metadata().unwrap().len();
        for kept in [0, length - 1] {
            let shortened = home.copy();
            let path = shortened.path().join(name);
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(kept)
                .unwrap();
            ask(
                &shortened,
                &expected,
                &format!("{} cut to {kept}", name.display()),
            );
            cases += 1;
        }
        cases += 1;
    }
    row.held(cases);
}

#[test]
fn without_the_check_a_flipped_bit_goes_unnoticed() {
    let home = prepared();
    let mut unnoticed = 0;
    for (seed, file) in files(&home).iter().enumerate() {
        // The list of files is always checked, and without it nothing is.
        let list = file.ends_with("meta.json") || file.ends_with(".managed.json");
        if list || !file.starts_with(home.current()) || file.ends_with("verified") {
            continue;
        }
        let copy = home.copy();
        let path = copy.path().join(file.strip_prefix(home.path()).unwrap());
        let changed = path.metadata().unwrap().modified().unwrap();
        flip(&path, &mut Random::new(seed as u64));
        // The note of the last check holds as long as a file has its length and time.
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(changed)
            .unwrap();
        let (library, said) = copy.open_with_notices();
        if said.is_empty() && library.verify().is_err() {
            unnoticed += 1;
        }
    }
    assert!(unnoticed > 0, "the check is not what finds flipped bits");
}

#[test]
fn damage_that_shows_only_in_a_search_is_made_good() {
    let row = counts::row("I3");
    let home = prepared();
    let expected = answers(&home.open());
    for end in ["term", "idx", "fast", "store"] {
        let copy = home.copy();
        let library = copy.open();
        for file in files(&copy)
            .iter()
            .filter(|file| file.extension().is_some_and(|e| e == end))
        {
            let length = file.metadata().unwrap().len();
            File::options()
                .write(true)
                .open(file)
                .unwrap()
                .set_len(length / 2)
                .unwrap();
        }
        // As after a commit: the desk reads its files again at the next search.
        let meta = copy.current().join("meta.json");
        let bytes = std::fs::read(&meta).unwrap();
        modeldesk::files::write(&meta, &bytes).unwrap();
        assert_eq!(answers(&library), expected, "{end}");
        assert!(library.take_notices()[0].0.contains("built anew"), "{end}");
    }
    row.held(1);
}

#[test]
fn an_index_of_other_settings_or_another_program_is_built_anew() {
    let row = counts::row("I3");
    let home = prepared();
    let expected = answers(&home.open());

    let stale = home.copy();
    let (old, new) = (stale.current(), stale.index().join("0123456789abcdef-1-1"));
    std::fs::rename(&old, &new).unwrap();
    modeldesk::files::write(&stale.index().join("current"), b"0123456789abcdef-1-1\n").unwrap();
    let (library, said) = stale.open_with_notices();
    assert!(said.contains("other cards or settings"), "{said}");
    assert_eq!(answers(&library), expected);
    assert!(!new.exists(), "the stale folder is gone");

    let foreign = home.copy();
    let folder = foreign.current();
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    let mut schema = tantivy::schema::Schema::builder();
    schema.add_text_field("title", tantivy::schema::TEXT);
    tantivy::Index::create_in_dir(&folder, schema.build()).unwrap();
    let (library, said) = foreign.open_with_notices();
    assert!(said.contains("built anew"), "{said}");
    assert_eq!(answers(&library), expected);

    for pointer in ["", "../../etc", "no-such-folder", "\u{0}\u{ff}"] {
        let lost = home.copy();
        modeldesk::files::write(&lost.index().join("current"), pointer.as_bytes()).unwrap();
        ask(&lost, &expected, pointer);
    }
    row.held(6);
}

#[test]
fn a_damaged_batch_is_set_aside_and_the_rest_is_kept() {
    let row = counts::row("I3");
    let home = Home::new();
    add(&home.open(), [1]);
    add(&home.open(), [2]);
    add(&home.open(), [3]);
    let batch = home.store().join("00000002.jsonl.zst");
    flip(&batch, &mut Random::new(3));
    // The index has its cards still.
    assert_eq!(found(&home.open(), &word(2)), [id(2)]);
    std::fs::remove_dir_all(home.index()).unwrap();
    let (library, said) = home.open_with_notices();
    assert!(said.contains("set aside as"), "{said}");
    assert!(home.store().join("00000002.jsonl.zst.corrupt").exists());
    assert_eq!(found(&library, &word(1)), [id(1)]);
    assert_eq!(found(&library, &word(3)), [id(3)]);
    drop(library);
    home.open();
    row.held(1);
}
