//! Fetches that are cut, in every way and at every place, and those that go on from there.

use std::time::{Duration, Instant};

use modeldesk::error::Kind;
use modeldesk::jobs::Cancel;

use super::server::{Act, Then};
use super::{ID, WEIGHTS, World, model, sha256};
use crate::counts;
use crate::index::Home;

const MIB: usize = 1 << 20;

/// The places where a body of so many bytes is cut.
fn cuts(bytes: usize) -> Vec<usize> {
    let mut cuts = vec![0, 1, bytes / 4, bytes / 2, bytes - 1];
    cuts.retain(|cut| *cut < bytes);
    cuts.dedup();
    cuts
}

fn sizes() -> Vec<usize> {
    let full = [1, MIB, 64 * MIB];
    full[..counts::of(2, 3)].to_vec()
}

/// After a failure nothing looks whole, and the next fetch takes what is missing and no more.
#[test]
fn a_body_that_is_cut_is_gone_on_with() {
    let row = counts::row("D1");
    let mut cases = 0;
    for bytes in sizes() {
        for cut in cuts(bytes) {
            for then in [Then::Reset, Then::Close, Then::Stall, Then::Error] {
                let world = World::with(bytes);
                world.server.will(WEIGHTS, 1, Act::Cut(cut, then));
                let patience = match then {
                    Then::Stall => world.hasty(),
                    _ => world.patience,
                };
                let hub = world.hub().with_patience(patience);
                let failed = world.pull_as(&hub, "main", &Cancel::new());
                let when = format!("{bytes} bytes cut at {cut}, {then:?}");
                assert!(!failed.is_done(), "{when}");
                assert!(
                    failed.why().contains("are kept; modeldesk pull org/tiny"),
                    "{}",
                    failed.why()
                );
                world.server.behaves();
                world.check_absent();
                let kept = world.unfinished();
                assert!(kept <= cut as u64, "{when}");
                if matches!(then, Then::Close | Then::Error) {
                    assert_eq!(kept, cut as u64, "{when}");
                }
                world.sent();
                assert!(world.pull().is_done(), "{when}");
                world.check_whole(&model(bytes));
                assert_eq!(world.sent(), bytes as u64 - kept, "{when}");
                cases += 1;
            }
        }
    }
    row.held(cases);
}

/// With patience one fetch does it all.
#[test]
fn a_cut_in_the_middle_is_not_the_end() {
    let mut world = World::with(MIB);
    world.patience.attempts = 3;
    for cut in [MIB / 4, MIB / 2] {
        world.server.will(WEIGHTS, 1, Act::Cut(cut, Then::Close));
    }
    world.server.will("config.json", 2, Act::Status(503, ""));
    assert!(world.pull().is_done());
    world.check_whole(&model(MIB));
    assert_eq!(world.sent(), MIB as u64);
}

/// Without progress it gives up, and says so once.
#[test]
fn what_never_arrives_is_given_up() {
    let mut world = World::with(MIB);
    world.patience.attempts = 3;
    world.server.will(WEIGHTS, 99, Act::Cut(1000, Then::Close));
    let failed = world.pull();
    assert!(failed.why().contains("broke off"), "{}", failed.why());
    assert_eq!(world.unfinished(), 1000);
    // The first attempt and three more that brought nothing.
    assert!(
        world
            .server
            .seen()
            .iter()
            .filter(|seen| seen.path.ends_with(WEIGHTS))
            .count()
            <= 4
    );
}

#[test]
fn a_fetcher_that_is_killed_leaves_what_the_next_one_goes_on_with() {
    let row = counts::row("D1");
    let mut cases = 0;
    for bytes in sizes() {
        for cut in cuts(bytes).into_iter().take(counts::of(2, 5)) {
            let world = World::with(bytes);
            world.server.will(WEIGHTS, 1, Act::Cut(cut, Then::Stall));
            let home = Home::new();
            let mut child = home
                .command(&["pull", ID])
                .env("HF_ENDPOINT", world.server.endpoint())
                .env("HF_HUB_CACHE", world.folder())
                .spawn()
                .unwrap();
            let start = Instant::now();
            while world.unfinished() < cut as u64 || world.server.connections() < 5 {
                assert!(start.elapsed() < super::FOREVER, "{bytes} {cut}");
                std::thread::sleep(Duration::from_millis(5));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            world.check_absent();
            world.sent();
            assert!(world.pull().is_done());
            world.check_whole(&model(bytes));
            assert!(world.sent() <= (bytes - cut) as u64 + MIB as u64);
            cases += 1;
        }
    }
    row.held(cases);
}

/// What is left is resumed if it is the beginning of the file, and never taken for the file.
#[test]
fn what_a_dead_process_left_is_checked_before_it_is_used() {
    let row = counts::row("D5");
    let content = &model(MIB).files[WEIGHTS];
    let name = sha256(content);
    let rounds = counts::of(1, 5);
    for round in 0..rounds {
        let garbage = super::noise(MIB, 99 + round as u64);
        let longer = super::noise(MIB + 1, 3);
        let cases: [(&[u8], u64); 4] = [
            (&content[..MIB / 2], MIB as u64 / 2),
            (content, 0),
            (&garbage[..MIB / 2], (MIB + MIB / 2) as u64),
            (&longer, MIB as u64),
        ];
        for (left, sent) in cases {
            let world = World::with(MIB);
            let path = world.blobs().join(format!("{name}.modeldesk.incomplete"));
            modeldesk::files::write(&path, left).unwrap();
            let lock = world
                .folder()
                .join(".locks/models--org--tiny")
                .join(format!("{name}.lock"));
            modeldesk::files::write(&lock, b"").unwrap();
            let pulled = world.pull();
            assert!(pulled.is_done());
            world.check_whole(&model(MIB));
            assert_eq!(world.sent(), sent);
            assert!(pulled.notes.len() <= 1, "{:?}", pulled.notes);
        }
    }
    row.held(4 * rounds);
}

#[test]
fn a_fetch_that_is_cancelled_keeps_what_it_has() {
    let world = World::with(MIB);
    world
        .server
        .will(WEIGHTS, 1, Act::Cut(MIB / 2, Then::Stall));
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let folder = world.blobs();
    let watcher = modeldesk::jobs::spawn("cancels", move || {
        let half = |folder: &std::path::Path| {
            let entries = folder.read_dir().into_iter().flatten().flatten();
            entries
                .filter_map(|entry| entry.metadata().ok())
                .any(|found| found.len() == MIB as u64 / 2)
        };
        let start = Instant::now();
        while !half(&folder) && start.elapsed() < super::FOREVER {
            std::thread::sleep(Duration::from_millis(2));
        }
        stop.cancel();
    })
    .unwrap();
    let stopped = world.pull_as(&world.hub(), "main", &cancel);
    watcher.join().unwrap();
    assert_eq!(stopped.error.as_ref().unwrap().0, Kind::Interrupted);
    assert_eq!(world.unfinished(), MIB as u64 / 2);
    world.sent();
    assert!(world.pull().is_done());
    assert_eq!(world.sent(), MIB as u64 / 2);
}

#[test]
fn what_of_an_older_commit_was_begun_is_swept_away() {
    let world = World::with(MIB);
    let stale = format!("{}.modeldesk.incomplete", "a".repeat(64));
    modeldesk::files::write(&world.blobs().join(stale), b"x").unwrap();
    assert!(world.pull().is_done());
    assert_eq!(world.unfinished(), 0);
}
