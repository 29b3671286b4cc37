//! What is deleted, and what that frees.

use super::{COMMIT, ID, LATER, World, model, noise};
use modeldesk::hub::Commit;

/// Two revisions that share their weights.
fn two() -> World {
    let world = World::with(5000);
    assert!(world.pull().is_done());
    let mut later = model(5000).with("config.json", r#"{"model_type": "gpt2", "x": 1}"#);
    LATER.clone_into(&mut later.commit);
    world.server.has(later);
    assert!(world.pull().is_done());
    world
}

fn commit(text: &str) -> Commit {
    text.parse().unwrap()
}

#[test]
fn a_blob_that_two_revisions_share_is_counted_once_and_freed_with_the_last() {
    let world = two();
    let cache = world.cache();
    let kept = cache.revisions(ID).unwrap();
    assert_eq!(kept.len(), 2);
    let (first, second) = (&kept[0], &kept[1]);
    assert_eq!(
        (first.commit.as_str(), second.commit.as_str()),
        (COMMIT, LATER)
    );
    assert!(first.names.is_empty() && second.names == ["main"]);
    assert_eq!((first.freed, second.freed), (22, 30));
    assert!(first.bytes > 5000 && second.bytes == first.bytes + 8);
    let all = cache.find(ID).unwrap().bytes;
    assert_eq!(all, second.bytes + first.freed);

    assert_eq!(cache.delete_revision(ID, &commit(COMMIT)).unwrap(), 22);
    world.check();
    let found = cache.find(ID).unwrap();
    assert!(found.whole && found.bytes == all - 22);
    assert!(cache.delete_revision(ID, &commit(COMMIT)).is_err());
    assert_eq!(cache.delete_revision(ID, &commit(LATER)).unwrap(), all - 22);
    assert_eq!(cache.find(ID), None);
}

#[test]
fn deleting_the_named_revision_leaves_no_name_without_a_commit() {
    let world = two();
    assert_eq!(
        world.cache().delete_revision(ID, &commit(LATER)).unwrap(),
        30
    );
    assert!(!world.model().join("refs/main").exists());
    let found = world.cache().find(ID).unwrap();
    assert!(found.whole && found.revision.as_deref() == Some(COMMIT));
    world.check();
}

#[test]
fn a_whole_model_is_deleted_with_what_was_begun_of_it_and_nothing_else_is() {
    let world = two();
    let begun = world
        .blobs()
        .join(format!("{}.modeldesk.incomplete", "a".repeat(64)));
    modeldesk::files::write(&begun, &noise(100, 1)).unwrap();
    let other = world.folder().join("models--other--one/blobs/x");
    modeldesk::files::write(&other, b"x").unwrap();
    let outside = world.root.path().join("outside");
    modeldesk::files::write(&outside.join("x"), b"x").unwrap();
    std::os::unix::fs::symlink(
        &outside,
        world.model().join("snapshots").join(COMMIT).join("out"),
    )
    .unwrap();
    let doomed = world.folder().join(".modeldesk-deleting-x/x");
    modeldesk::files::write(&doomed, b"x").unwrap();
    let bytes = world.cache().find(ID).unwrap().bytes;
    assert_eq!(world.cache().delete(ID).unwrap(), bytes);
    assert!(!world.model().exists() && !doomed.exists());
    assert!(other.exists() && outside.join("x").exists());
    assert!(!world.folder().join(".locks/models--org--tiny").exists());
}

#[test]
fn what_is_not_there_cannot_be_deleted() {
    let world = World::with(10);
    for id in [ID, "../x", "a--b", ""] {
        assert!(world.cache().delete(id).is_err(), "{id}");
    }
    let outside = world.root.path().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::create_dir_all(world.folder()).unwrap();
    std::os::unix::fs::symlink(&outside, world.model()).unwrap();
    assert!(world.cache().delete(ID).is_err());
    assert!(outside.exists());
    assert_eq!(world.server.connections(), 0);
}
