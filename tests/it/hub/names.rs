//! Names that try to leave the cache: of files, hashes, commits and revisions.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::server::{Act, Repository};
use super::{COMMIT, ID, WEIGHTS, World, model};
use crate::counts;

const UNSAFE: [&str; 13] = [
    "../evil.safetensors",
    "../../../evil.safetensors",
    "a/../../evil.safetensors",
    "/tmp/evil.safetensors",
    "..",
    "./evil.safetensors",
    "a//evil.safetensors",
    "..\\evil.safetensors",
    "C:\\evil.safetensors",
    "\\\\host\\share\\evil.safetensors",
    "evil\0.safetensors",
    "CON.safetensors",
    "evil.safetensors ",
];

/// Everything below a folder but the cache itself.
fn outside(world: &World) -> BTreeSet<PathBuf> {
    fn take(folder: &Path, but: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            if entry.path() == *but {
                continue;
            }
            found.insert(entry.path());
            if entry.file_type().unwrap().is_dir() {
                take(&entry.path(), but, found);
            }
        }
    }
    let mut found = BTreeSet::new();
    take(world.root.path(), &world.folder(), &mut found);
    found
}

/// The repository is refused, and nothing that it names is written.
fn refused(
    make: impl FnOnce(Repository) -> Repository,
    act: Option<Act>,
    revision: &str,
) -> String {
    let world = World::with(1000);
    world.server.has(make(model(1000)));
    if let Some(act) = act {
        world.server.will("/resolve/", 99, act);
    }
    let before = outside(&world);
    let pulled = match revision.parse::<modeldesk::hub::Revision>() {
        Ok(_) => world.pull_as(&world.hub(), revision, &modeldesk::jobs::Cancel::new()),
        Err(error) => super::Pulled::failed(&error),
    };
    assert!(!pulled.is_done(), "{pulled:?}");
    assert_eq!(outside(&world), before);
    assert!(!world.cache().find(ID).is_some_and(|found| found.whole));
    let why = pulled.why();
    assert!(!why.contains(['\0', '\n', '\u{1b}']), "{why:?}");
    why.to_owned()
}

#[test]
fn names_that_leave_the_cache_are_refused() {
    let row = counts::row("D3");
    let mut cases = 0;
    for name in UNSAFE {
        let why = refused(|model| model.with(name, "x"), None, "main");
        assert!(why.contains("lists a file that is not taken"), "{why}");
        let index = json!({"weight_map": {"a": name}}).to_string();
        let why = refused(|model| sharded(model, &index), None, "main");
        assert!(why.contains("its index names"), "{why}");
        cases += 2;
    }
    let index = json!({"weight_map": {"a": "pytorch_model.bin"}}).to_string();
    refused(
        |model| sharded(model, &index).with("pytorch_model.bin", "x"),
        None,
        "main",
    );
    let long = format!("{}.safetensors", "a".repeat(250));
    refused(|model| model.with(&long, "x"), None, "main");
    let alike = |model| {
        sharded(model, "{}")
            .with("A.safetensors", "x")
            .with("a.safetensors", "y")
    };
    let why = refused(alike, None, "main");
    assert!(why.contains("told apart by capitals"), "{why}");
    row.held(cases + 3);
}

/// As `model`, with its weights in files that this index names.
fn sharded(mut model: Repository, index: &str) -> Repository {
    let content = model.files.remove(WEIGHTS).unwrap();
    model
        .with("model.safetensors.index.json", index)
        .with("model-1.safetensors", content)
}

#[test]
fn hashes_and_commits_that_are_none_are_refused() {
    let row = counts::row("D3");
    let sha = "a".repeat(64);
    let bad = [
        "../../x".to_owned(),
        "/abs".to_owned(),
        sha[1..].to_owned(),
        format!("{sha}a"),
        "a".repeat(300),
        "%2e%2e%2f".to_owned(),
        "\u{7f}\u{80}".to_owned(),
    ];
    for etag in &bad[..6] {
        let silent = |mut model: Repository| {
            model.states = false;
            model
        };
        let why = refused(silent, Some(Act::Etag(format!("\"{etag}\""))), "main");
        assert!(why.contains("states no hash"), "{why}");
    }
    for hash in &bad {
        let lying = |mut model: Repository| {
            let file = json!({"rfilename": WEIGHTS, "size": 1, "lfs": {"sha256": hash, "size": 1}});
            model.more = json!({"siblings": [file]});
            model
        };
        let why = refused(lying, None, "main");
        assert!(why.contains("a hash that is none"), "{why}");
        let lost = |mut model: Repository| {
            model.more = json!({"sha": hash});
            model
        };
        let why = refused(lost, None, "main");
        assert!(why.contains("is no commit"), "{why}");
    }
    row.held(6 + 2 * bad.len());
}

#[test]
fn revisions_and_ids_that_leave_the_cache_are_refused() {
    let row = counts::row("D3");
    let revisions = ["../x", "a/../../x", "/abs", "a\\b", "a\0", ".git"];
    for revision in revisions {
        let why = refused(|model| model, None, revision);
        assert!(why.contains("is no revision"), "{why}");
    }
    let ids = [
        "../x",
        "a/b/c",
        "a--b",
        "org/x.git",
        "org/..",
        "\u{1b}[2J",
        "оrg/tiny",
    ];
    for id in ids {
        let world = World::with(1000);
        let talk = super::Talk::with(&world.hub(), world.root.path());
        let error = talk.offer(id, "main".parse().unwrap(), &modeldesk::jobs::Cancel::new());
        let said = error.unwrap_err().to_string();
        assert!(
            said.contains("is no model's id") && !said.contains('\u{1b}'),
            "{said}"
        );
        assert_eq!(world.server.connections(), 0);
    }
    row.held(revisions.len() + ids.len());
}

/// A hub that only answers HEAD for sizes and hashes is as good: the control of the above.
#[test]
fn sizes_and_hashes_are_asked_for_where_the_listing_has_none() {
    let world = World::with(1000);
    let mut silent = model(1000);
    silent.states = false;
    world.server.has(silent);
    assert!(world.pull().is_done());
    world.check_whole(&model(1000));
    let other = "b".repeat(40);
    let world = World::with(1000);
    let mut wrong = model(1000);
    wrong.more = json!({"sha": other});
    world.server.has(wrong);
    let why = world.pull_as(&world.hub(), COMMIT, &modeldesk::jobs::Cancel::new());
    assert!(why.why().contains("another commit"), "{}", why.why());
}
