//! Processes that are killed while they write: what was acknowledged is there, once, and the
//! index can be trusted.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use modeldesk::index::Library;

use super::{Home, Random, add, card, copy_folder, draft, found, id, jsonl, word};
use crate::counts;

/// Kills `runs` processes that add or import cards, each after a random time.
fn kill_writers(runs: usize, seed: u64) {
    let home = Home::new();
    drop(home.open());
    let mut random = Random::new(seed);
    let mut acknowledged = BTreeSet::new();
    let mut attempted = BTreeSet::new();
    let mut killed = 0;
    for run in 0..runs {
        let import = random.below(3) == 0;
        let numbers = if import {
            run * 1_000..run * 1_000 + 300
        } else {
            run * 1_000..run * 1_000 + 1
        };
        attempted.extend(numbers.clone());
        let file = home
            .path()
            .join(if import { "many.jsonl" } else { "one.md" });
        let body = if import {
            jsonl(numbers.clone())
        } else {
            card(numbers.start)
        };
        modeldesk::files::write(&file, body.as_bytes()).unwrap();
        let file = file.to_str().unwrap();
        let id = id(numbers.start);
        let arguments = if import {
            vec!["cards", "import", file, "--json"]
        } else {
            vec!["cards", "add", file, "--id", &id]
        };
        let mut command = home.command(&arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let after = random.below(if import { 120 } else { 40 });
        std::thread::sleep(Duration::from_millis(after as u64));
        let _ = child.kill();
        let spoke = BufReader::new(child.stdout.take().unwrap()).lines().count() > 0;
        let done = child.wait().unwrap().success();
        if spoke || done {
            acknowledged.extend(numbers);
        }
        killed += usize::from(!done);
        let (library, said) = home.open_with_notices();
        assert!(said.is_empty(), "seed {seed}, run {run}: {said}");
        check(
            &library,
            &acknowledged,
            &attempted,
            &format!("seed {seed}, run {run}"),
        );
    }
    assert!(
        killed > runs / 5,
        "only {killed} of {runs} were killed in time"
    );
}

fn check(
    library: &Library,
    acknowledged: &BTreeSet<usize>,
    attempted: &BTreeSet<usize>,
    when: &str,
) {
    use modeldesk::card::Origin::{Imported, Run, User};
    library.verify().unwrap();
    let filter = modeldesk::index::Filter {
        origins: vec![User, Run, Imported],
        ..Default::default()
    };
    let listed = library.list(&filter).unwrap();
    let ids = listed
        .iter()
        .map(|card| card.id.clone())
        .collect::<BTreeSet<_>>();
    assert_eq!(ids.len(), listed.len(), "{when}: a card is there twice");
    for number in acknowledged {
        assert!(
            ids.contains(&id(*number)),
            "{when}: {} was lost",
            id(*number)
        );
    }
    let known = attempted
        .iter()
        .map(|number| id(*number))
        .collect::<BTreeSet<_>>();
    assert!(ids.is_subset(&known), "{when}: a card came from nowhere");
    if let Some(last) = acknowledged.last() {
        assert_eq!(found(library, &word(*last)), [id(*last)], "{when}");
    }
}

#[test]
fn killed_writers_lose_nothing_that_was_acknowledged() {
    let row = counts::row("I1");
    let rounds = counts::of(1, 10);
    for seed in 0..rounds {
        kill_writers(30, 1 + seed as u64);
    }
    row.held(30 * rounds);
}

#[test]
fn a_stop_in_any_gap_between_store_and_index_is_made_good() {
    let row = counts::row("I4");
    let gaps = ["nothing sealed", "sealed", "not committed", "not marked"];
    let rounds = counts::of(1, 50);
    for gap in gaps.into_iter().cycle().take(gaps.len() * rounds) {
        let home = Home::new();
        add(&home.open(), [1]);
        let before = home.copy();
        add(&home.open(), [2]);
        let (number, sealed) = (
            "00000002.jsonl.zst",
            home.store().join("00000002.jsonl.zst"),
        );
        match gap {
            "nothing sealed" => {
                std::fs::copy(&sealed, before.store().join(".write-AbC")).unwrap();
            }
            "sealed" => {
                std::fs::copy(&sealed, before.store().join(number)).unwrap();
            }
            "not committed" => {
                std::fs::copy(&sealed, before.store().join(number)).unwrap();
                for entry in std::fs::read_dir(home.current()).unwrap() {
                    let entry = entry.unwrap();
                    let target = before.current().join(entry.file_name());
                    if !target.exists() {
                        std::fs::copy(entry.path(), target).unwrap();
                    }
                }
            }
            _ => {
                std::fs::remove_dir_all(before.path().join("data")).unwrap();
                copy_folder(&home.path().join("data"), &before.path().join("data"));
                std::fs::remove_file(before.current().join("verified")).unwrap();
            }
        }
        let library = before.open();
        let there = if gap == "nothing sealed" {
            vec![]
        } else {
            vec![id(2)]
        };
        assert_eq!(found(&library, &word(2)), there, "{gap}");
        add(&library, [2, 3]);
        assert_eq!(found(&library, &word(2)), [id(2)], "{gap}");
        assert_eq!(library.own().len(), 3, "{gap}");
        library.verify().unwrap();
    }
    row.held(gaps.len() * rounds);
}

#[test]
fn an_index_that_is_ahead_of_the_store_is_built_anew() {
    let row = counts::row("I4");
    let home = Home::new();
    add(&home.open(), [1]);
    add(&home.open(), [2]);
    std::fs::remove_file(home.store().join("00000002.jsonl.zst")).unwrap();
    let (library, said) = home.open_with_notices();
    assert!(said.contains("gone"), "{said}");
    assert!(found(&library, &word(2)).is_empty());
    assert_eq!(found(&library, &word(1)), [id(1)]);
    row.held(1);
}

#[test]
fn many_small_batches_are_merged_and_say_the_same() {
    let home = Home::new();
    let library = home.open();
    for number in 0..70 {
        library.add(&[draft(number % 20)], &mut |_| ()).unwrap();
    }
    let batches = std::fs::read_dir(home.store()).unwrap().count();
    assert!(batches < 66, "{batches}");
    assert_eq!(library.own().len(), 20);
    std::fs::remove_dir_all(home.index()).unwrap();
    let (library, _) = home.open_with_notices();
    assert_eq!(library.own().len(), 20);
    assert_eq!(found(&library, &word(19)), [id(19)]);
}
