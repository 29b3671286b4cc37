//! Several processes that want the same model at once, and locks that hold nobody back.

use std::fs::File;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use modeldesk::jobs;

use super::server::Act;
use super::{ID, WEIGHTS, World, model, sha256};
use crate::counts;
use crate::index::{Home, Random};

/// Eight at once, half of them killed; whether locks are broken all the while.
fn crowd(rounds: usize, broken: bool) {
    let bytes = 256 << 10;
    let mut random = Random::new(11);
    let home = Home::new();
    drop(home.open());
    for round in 0..rounds {
        let world = World::with(bytes);
        world.server.will(WEIGHTS, 999, Act::Slowly);
        let ends = Arc::new(AtomicBool::new(false));
        let (stop, locks) = (
            Arc::clone(&ends),
            world.folder().join(".locks/models--org--tiny"),
        );
        // A lock file that is gone is another file for whoever comes next.
        let breaker = jobs::spawn("breaks-locks", move || {
            while broken && !stop.load(Ordering::SeqCst) {
                for entry in locks.read_dir().into_iter().flatten().flatten() {
                    let _ = std::fs::remove_file(entry.path());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        })
        .unwrap();
        let spawn = |_| -> Child {
            let mut command = home.command(&["pull", ID]);
            command
                .env("HF_ENDPOINT", world.server.endpoint())
                .env("HF_HUB_CACHE", world.folder());
            command
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let mut children: Vec<Child> = (0..8).map(spawn).collect();
        for child in children.iter_mut().step_by(2) {
            std::thread::sleep(Duration::from_millis(random.below(60) as u64));
            child.kill().unwrap();
        }
        for (at, child) in children.into_iter().enumerate() {
            let output = child.wait_with_output().unwrap();
            if at % 2 == 1 {
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "round {round}: {said}");
            }
        }
        ends.store(true, Ordering::SeqCst);
        breaker.join().unwrap();
        world.check();
        assert!(
            world.cache().find(ID).is_some_and(|found| found.whole),
            "round {round}"
        );
    }
}

#[test]
fn processes_that_fetch_the_same_model_all_get_it_whole() {
    let row = counts::row("D4");
    let rounds = counts::of(1, 50);
    crowd(rounds, false);
    row.held(rounds);
}

#[test]
fn locks_that_hold_nobody_back_corrupt_nothing() {
    let row = counts::row("D4");
    let rounds = counts::of(1, 50);
    crowd(rounds, true);
    row.held(rounds);
}

#[test]
fn who_waits_says_so_and_does_not_wait_for_ever() {
    let row = counts::row("D4");
    let mut world = World::with(1000);
    let content = &model(1000).files[WEIGHTS];
    let lock = world
        .folder()
        .join(".locks/models--org--tiny")
        .join(format!("{}.lock", sha256(content)));
    modeldesk::files::write(&lock, b"").unwrap();
    let held = File::options().write(true).open(&lock).unwrap();
    held.lock().unwrap();
    let pulled = world.pull();
    assert!(
        pulled.notes[0].contains("waiting for the lock of another process"),
        "{:?}",
        pulled.notes
    );
    assert!(
        pulled.why().contains("holds this lock and fetches nothing"),
        "{}",
        pulled.why()
    );
    assert!(
        world
            .cache()
            .delete(ID)
            .unwrap_err()
            .to_string()
            .contains("is being fetched")
    );
    world.patience.lock = super::FOREVER;
    let later = jobs::spawn("lets-go", move || {
        std::thread::sleep(Duration::from_millis(1500));
        drop(held);
    });
    let pulled = world.pull();
    later.unwrap().join().unwrap();
    assert!(pulled.is_done() && pulled.notes.len() == 1, "{pulled:?}");
    row.held(2);
}
