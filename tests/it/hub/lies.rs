//! Servers that answer with something else than they state.

use super::server::{Act, Then};
use super::{COMMIT, Repository, WEIGHTS, World, model, noise, sha256};
use crate::counts;

const MIB: usize = 1 << 20;

/// Half of the file is there before the server does this.
fn with_half(bytes: usize, act: Act) -> (World, super::Pulled) {
    let mut world = World::with(bytes);
    world
        .server
        .will(WEIGHTS, 1, Act::Cut(bytes / 2, Then::Close));
    assert!(!world.pull().is_done());
    world.server.behaves();
    world.patience.attempts = 3;
    world.server.will(WEIGHTS, 1, act);
    world.sent();
    let pulled = world.pull();
    (world, pulled)
}

#[test]
fn a_range_that_is_not_kept_to_is_never_spliced() {
    let row = counts::row("D1");
    let mut cases = 0;
    for bytes in [1000, MIB, 64 * MIB].into_iter().take(counts::of(2, 3)) {
        for (act, fits) in [
            (Act::NoRanges, true),
            (Act::Shifted(1), true),
            (Act::OtherTotal, true),
            (Act::Status(416, ""), true),
            (Act::Gzip, false),
        ] {
            let (world, pulled) = with_half(bytes, act.clone());
            assert_eq!(pulled.is_done(), fits, "{act:?} {pulled:?}");
            if fits {
                world.check_whole(&model(bytes));
            } else {
                assert!(
                    pulled.why().contains("packs model.safetensors by gzip"),
                    "{}",
                    pulled.why()
                );
                world.check_absent();
                world.server.behaves();
                assert!(world.pull().is_done());
                world.check_whole(&model(bytes));
            }
            cases += 1;
        }
    }
    row.held(cases);
}

/// Another file under the same name is another hash, and what was begun of the first is not used.
#[test]
fn a_file_that_changes_between_attempts_is_not_spliced() {
    let world = World::with(MIB);
    world
        .server
        .will(WEIGHTS, 1, Act::Cut(MIB / 2, Then::Close));
    assert!(!world.pull().is_done());
    let changed = model(MIB).with(WEIGHTS, noise(MIB, 8));
    world.server.has(changed.clone());
    world.sent();
    assert!(world.pull().is_done());
    world.check_whole(&changed);
    assert_eq!(world.sent(), MIB as u64);
}

#[test]
fn a_bit_that_is_flipped_on_the_way_is_caught() {
    let row = counts::row("D2");
    let cases = counts::of(5, 100);
    for case in 0..cases {
        let place = (case * 7919) % MIB;
        let world = World::with(MIB);
        world.server.will(WEIGHTS, 1, Act::Flip(place));
        let pulled = world.pull();
        assert!(pulled.is_done(), "{pulled:?}");
        assert!(
            pulled.notes[0].contains("are fetched again"),
            "{:?}",
            pulled.notes
        );
        assert_eq!(pulled.last.again, MIB as u64);
        world.check_whole(&model(MIB));
        let world = World::with(MIB);
        world.server.will(WEIGHTS, 9, Act::Flip(place));
        let pulled = world.pull();
        assert!(
            pulled.why().contains("arrived twice with another content"),
            "{}",
            pulled.why()
        );
        world.check_absent();
        assert_eq!(world.unfinished(), 0);
    }
    // The control: what the listing states is what is held against, and nothing else.
    let world = World::with(MIB);
    let mut flipped = noise(MIB, 7);
    flipped[9] ^= 1;
    let lying = Repository::new(super::ID, COMMIT).with(WEIGHTS, &flipped);
    world.server.has(lying);
    assert!(world.pull().is_done());
    row.held(cases);
}

#[test]
fn a_bit_that_is_flipped_on_this_disk_is_caught() {
    let row = counts::row("D2");
    let cases = counts::of(5, 100);
    let world = World::with(MIB);
    assert!(world.pull().is_done());
    let blob = world.blobs().join(sha256(&noise(MIB, 7)));
    world.sent();
    for case in 0..cases {
        let mut content = std::fs::read(&blob).unwrap();
        content[(case * 104_729) % MIB] ^= 1;
        modeldesk::files::write(&blob, &content).unwrap();
        let pulled = world.pull();
        assert!(pulled.is_done());
        assert!(
            pulled.notes[0].contains("was damaged"),
            "{:?}",
            pulled.notes
        );
        world.check_whole(&model(MIB));
        assert_eq!(world.sent(), MIB as u64);
    }
    // The control: what is not damaged is not fetched.
    assert!(world.pull().is_done());
    assert_eq!(world.sent(), 0);
    row.held(cases);
}

#[test]
fn something_else_in_the_place_of_a_file_is_named() {
    let row = counts::row("D9");
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 9\n",
        "a".repeat(64)
    );
    let bodies: [&[u8]; 6] = [
        pointer.as_bytes(),
        b"<!DOCTYPE html><title>Sign in</title>",
        b"",
        b"\x1f\x8b\x08\0\0\0\0\0",
        br#"{"error": "gone"}"#,
        &noise(MIB, 7)[..MIB - 1],
    ];
    for file in [WEIGHTS, "config.json", "tokenizer.json"] {
        for body in bodies {
            let world = World::with(MIB);
            world
                .server
                .will(&format!("/{file}"), 9, Act::Instead(body.to_vec()));
            let pulled = world.pull();
            let expected = format!("sends {} bytes as {file}, which has", body.len());
            assert!(pulled.why().contains(&expected), "{}", pulled.why());
            world.check_absent();
        }
    }
    let world = World::with(MIB);
    world.server.will(WEIGHTS, 9, Act::Endless);
    assert!(
        world
            .pull()
            .why()
            .contains("sends more of model.safetensors")
    );
    world.check_absent();
    row.held(18);
}

#[test]
fn torn_names_of_revisions_are_as_good_as_none() {
    let row = counts::row("D7");
    let half = &COMMIT[..20];
    let crlf = format!("{COMMIT}\r\n");
    let contents: [&[u8]; 5] = [
        b"",
        half.as_bytes(),
        b"\xff\0garbage",
        crlf.as_bytes(),
        b"../../x",
    ];
    for content in contents {
        let world = World::with(1000);
        modeldesk::files::write(&world.model().join("refs/main"), content).unwrap();
        let absent = world.model().join("snapshots").join(super::LATER);
        std::fs::create_dir_all(&absent).unwrap();
        std::os::unix::fs::symlink("../../blobs/nowhere", absent.join("config.json")).unwrap();
        world.check_absent_but_for(&absent);
        assert!(world.pull().is_done());
        let found = world.cache().find(super::ID).unwrap();
        assert!(found.whole && found.revision.as_deref() == Some(COMMIT));
    }
    row.held(contents.len());
}

impl World {
    /// As [`World::check_absent`], with a broken snapshot about.
    fn check_absent_but_for(&self, broken: &std::path::Path) {
        assert!(broken.is_dir());
        assert!(!self.cache().find(super::ID).unwrap().whole);
    }
}
