//! The cache of models, as Python leaves it and as nobody should.
#![cfg(unix)]

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use modeldesk::files;
use modeldesk::hub::{Cache, Cached, Format};
use tempfile::TempDir;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const LATER: &str = "89abcdef0123456789abcdef0123456789abcdef";

/// A cache below a temporary folder.
pub(crate) struct Models {
    root: TempDir,
}

impl Models {
    pub(crate) fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("hub")
    }

    fn model(&self, id: &str) -> PathBuf {
        let name = format!("models--{}", id.replace('/', "--"));
        self.folder().join(name)
    }

    /// Puts a file into the snapshot `commit` of a model: a blob, and a link to it.
    fn put(&self, id: &str, commit: &str, name: &str, content: &[u8]) {
        let blob = format!("{commit}-{name}");
        files::write(&self.model(id).join("blobs").join(&blob), content).unwrap();
        self.link(id, commit, name, &format!("../../blobs/{blob}"));
    }

    fn link(&self, id: &str, commit: &str, name: &str, target: &str) {
        let snapshot = self.model(id).join("snapshots").join(commit);
        std::fs::create_dir_all(&snapshot).unwrap();
        symlink(target, snapshot.join(name)).unwrap();
    }

    fn main(&self, id: &str, content: &str) {
        files::write(&self.model(id).join("refs/main"), content.as_bytes()).unwrap();
    }

    /// A model with all that it needs, in one file of weights.
    pub(crate) fn whole(&self, id: &str) {
        self.put(id, COMMIT, "config.json", b"{}");
        self.put(id, COMMIT, "model.safetensors", b"weights");
        self.main(id, COMMIT);
    }

    /// A model with the files of a folder.
    pub(crate) fn copied(&self, id: &str, folder: &Path) {
        self.copy(id, folder, "");
        self.main(id, COMMIT);
    }

    fn copy(&self, id: &str, folder: &Path, below: &str) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let name = format!("{below}{name}");
            if path.is_dir() {
                self.copy(id, &path, &format!("{name}/"));
            } else {
                self.place(id, COMMIT, &name, &std::fs::read(&path).unwrap());
            }
        }
    }

    /// Puts a file below the snapshot itself, as where a disk has no links.
    fn place(&self, id: &str, commit: &str, name: &str, content: &[u8]) {
        let snapshot = self.model(id).join("snapshots").join(commit);
        files::write(&snapshot.join(name), content).unwrap();
    }

    fn scan(&self) -> (Vec<Cached>, Vec<String>) {
        let (models, notices) = Cache::at(self.folder()).scan();
        (models, notices.into_iter().map(|n| n.0).collect())
    }

    /// The one model that there is, about which there is nothing to say.
    fn only(&self) -> Cached {
        let (mut models, said) = self.scan();
        assert_eq!((models.len(), said), (1, Vec::new()));
        models.remove(0)
    }

    /// What is said of the one model that there is, which is not whole.
    fn broken(&self) -> String {
        let (models, mut said) = self.scan();
        assert_eq!((models.len(), said.len()), (1, 1), "{said:?}");
        assert!(!models[0].whole);
        said.remove(0)
    }
}

#[test]
fn a_model_in_one_file_is_whole() {
    let models = Models::new();
    models.whole("openai-community/gpt2");
    let found = models.only();
    assert_eq!(found.id, "openai-community/gpt2");
    assert_eq!(found.bytes, 9);
    assert_eq!(found.revision.as_deref(), Some(COMMIT));
    assert_eq!((found.whole, found.weights), (true, Format::Safetensors));
}

#[test]
fn a_bare_name_is_an_id_and_other_folders_are_not_models() {
    let models = Models::new();
    models.whole("gpt2");
    for other in ["datasets--a--b", ".locks", "models"] {
        std::fs::create_dir_all(models.folder().join(other)).unwrap();
    }
    files::write(&models.folder().join("version.txt"), b"1").unwrap();
    assert_eq!(models.only().id, "gpt2");
}

#[test]
fn a_model_in_shards_is_whole_when_each_is_there() {
    let models = Models::new();
    let index = br#"{"metadata": {"total_size": 2},
        "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}}"#;
    models.put("a/b", COMMIT, "config.json", b"{}");
    models.put("a/b", COMMIT, "model.safetensors.index.json", index);
    models.put("a/b", COMMIT, "model-1.safetensors", b"1");
    assert!(!models.only().whole, "a shard is missing");
    models.put("a/b", COMMIT, "model-2.safetensors", b"");
    assert!(!models.only().whole, "a shard is empty");
    models.put("a/b", LATER, "model-2.safetensors", b"2");
    models.main("a/b", COMMIT);
    assert!(!models.only().whole, "the shard is of another revision");
    let blob = models.model("a/b").join("blobs");
    files::write(&blob.join(format!("{COMMIT}-model-2.safetensors")), b"2").unwrap();
    assert!(models.only().whole);
}

#[test]
fn an_index_cannot_name_files_elsewhere_and_must_name_some() {
    for map in [
        r#"{"a": "../../../secret"}"#,
        r#"{"a": "/etc/hostname"}"#,
        "{}",
    ] {
        let models = Models::new();
        files::write(&models.model("a/b").join("secret"), b"x").unwrap();
        models.put("a/b", COMMIT, "config.json", b"{}");
        let index = format!(r#"{{"weight_map": {map}}}"#);
        models.put(
            "a/b",
            COMMIT,
            "model.safetensors.index.json",
            index.as_bytes(),
        );
        assert!(!models.only().whole, "{map}");
    }
    let models = Models::new();
    models.put("a/b", COMMIT, "config.json", b"{}");
    models.put(
        "a/b",
        COMMIT,
        "model.safetensors.index.json",
        b"{\"weight_map\": [",
    );
    assert!(models.broken().contains("index.json cannot be read"));
}

#[test]
fn without_a_configuration_or_with_pickle_alone_a_model_is_not_whole() {
    let models = Models::new();
    models.put("a/b", COMMIT, "model.safetensors", b"x");
    assert!(!models.only().whole);
    models.put("a/b", COMMIT, "config.json", b"");
    assert!(!models.only().whole);
    let models = Models::new();
    models.put("a/b", COMMIT, "config.json", b"{}");
    assert_eq!(models.only().weights, Format::None);
    models.put("a/b", COMMIT, "pytorch_model.bin", b"x");
    let found = models.only();
    assert_eq!((found.whole, found.weights), (false, Format::Pickle));
}

#[test]
fn blobs_count_once_and_unfinished_ones_are_no_files() {
    let models = Models::new();
    models.whole("a/b");
    let link = format!("../../blobs/{COMMIT}-model.safetensors");
    models.link("a/b", LATER, "model.safetensors", &link);
    models.link("a/b", COMMIT, "copy.safetensors", &link);
    assert_eq!(models.only().bytes, 9);
    let models = Models::new();
    models.put("a/b", COMMIT, "config.json", b"{}");
    let blob = models.model("a/b").join("blobs/77.incomplete");
    files::write(&blob, b"half").unwrap();
    assert_eq!(models.only().bytes, 6);
    models.link(
        "a/b",
        COMMIT,
        "model.safetensors",
        "../../blobs/77.incomplete",
    );
    assert!(models.broken().contains("is not followed"));
}

#[test]
fn files_in_the_snapshot_itself_count_too() {
    let models = Models::new();
    let snapshot = models.model("a/b").join("snapshots").join(COMMIT);
    files::write(&snapshot.join("config.json"), b"{}").unwrap();
    files::write(&snapshot.join("model.safetensors"), b"123").unwrap();
    files::write(&snapshot.join("onnx/model.onnx"), b"12345").unwrap();
    let found = models.only();
    assert_eq!((found.bytes, found.whole), (10, true));
}

#[test]
fn a_ref_that_is_no_commit_is_as_good_as_none() {
    let crlf = format!("{COMMIT}\r\n");
    let newline = format!("{COMMIT}\n");
    let long = COMMIT.repeat(1000);
    let upper = COMMIT.to_uppercase();
    let absent = "f".repeat(40);
    for content in [
        "", "main", "../../x", "\0", &crlf, &newline, &long, &upper, &absent,
    ] {
        let models = Models::new();
        models.put("a/b", LATER, "config.json", b"{}");
        models.put("a/b", COMMIT, "config.json", b"{}");
        let newest = File::open(models.model("a/b").join("snapshots").join(LATER)).unwrap();
        let soon = SystemTime::now() + Duration::from_mins(1);
        newest.set_modified(soon).unwrap();
        models.main("a/b", COMMIT);
        assert_eq!(models.only().revision.as_deref(), Some(COMMIT));
        models.main("a/b", content);
        assert_eq!(
            models.only().revision.as_deref(),
            Some(LATER),
            "{content:?}"
        );
    }
    let models = Models::new();
    models.main("a/b", COMMIT);
    assert_eq!(models.only().revision, None);
}

#[test]
fn the_last_use_is_that_of_the_newest_file_and_not_our_own() {
    let models = Models::new();
    models.whole("a/b");
    let touch = |name: &str, age: u64| {
        let blob = models.model("a/b").join(format!("blobs/{COMMIT}-{name}"));
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(age);
        let times = std::fs::FileTimes::new().set_modified(at).set_accessed(at);
        File::options()
            .write(true)
            .open(blob)
            .unwrap()
            .set_times(times)
            .unwrap();
        at
    };
    touch("config.json", 1_000);
    let newest = touch("model.safetensors", 2_000);
    let index = br#"{"weight_map": {"a": "model.safetensors"}}"#;
    models.put("a/b", COMMIT, "model.safetensors.index.json", index);
    assert_eq!(models.only().last_used, Some(newest));
}

#[test]
fn links_out_of_a_model_are_not_followed() {
    for target in [
        "/etc/hostname",
        "../../../outside",
        "../../blobs/../../../outside",
        "../../../models--c--d/blobs/x",
        "../../blobs",
        "../blobs/x",
        ".",
    ] {
        let models = Models::new();
        models.put("a/b", COMMIT, "config.json", b"{}");
        files::write(&models.folder().join("outside"), b"x").unwrap();
        models.link("a/b", COMMIT, "model.safetensors", target);
        assert!(models.broken().contains("is not followed"), "{target}");
    }
}

#[test]
fn a_link_among_the_blobs_or_in_place_of_a_folder_is_nothing() {
    let models = Models::new();
    models.put("a/b", COMMIT, "config.json", b"{}");
    let outside = models.root.path().join("outside");
    files::write(&outside.join("x"), b"secret").unwrap();
    symlink(outside.join("x"), models.model("a/b").join("blobs/x")).unwrap();
    models.link("a/b", COMMIT, "model.safetensors", "../../blobs/x");
    assert!(models.broken().contains("its link is broken"));
    for folder in ["blobs", "snapshots", "refs"] {
        let models = Models::new();
        models.whole("a/b");
        let path = models.model("a/b").join(folder);
        let moved = models.root.path().join("moved");
        std::fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        let (found, _) = models.scan();
        assert_eq!(found[0].whole, folder == "refs", "{folder}");
    }
    let models = Models::new();
    models.whole("a/b");
    symlink(models.model("a/b"), models.model("c/d")).unwrap();
    let (found, said) = models.scan();
    assert_eq!(found.len(), 1);
    assert!(
        said[0].contains("models--c--d is a file or a link"),
        "{said:?}"
    );
}

#[test]
fn a_broken_link_is_named() {
    let models = Models::new();
    models.whole("a/b");
    std::fs::remove_file(
        models
            .model("a/b")
            .join(format!("blobs/{COMMIT}-model.safetensors")),
    )
    .unwrap();
    let said = models.broken();
    assert!(
        said.contains("models--a--b: model.safetensors is not there"),
        "{said}"
    );
}

#[test]
fn names_that_are_no_ids_are_skipped_and_shown_safely() {
    let models = Models::new();
    models.whole("good/one");
    for name in [
        "models--",
        "models--a--b--c",
        "models--a--",
        "models--..--x",
        "models--a----b",
        "models--\u{1b}[2J--x",
        "models--g\u{43e}\u{43e}gle--x",
    ] {
        std::fs::create_dir_all(models.folder().join(name)).unwrap();
    }
    files::write(&models.folder().join("models--a--file"), b"").unwrap();
    let (found, said) = models.scan();
    assert_eq!((found.len(), said.len()), (1, 8), "{said:?}");
    let all = said.join("\n");
    assert!(
        !all.contains('\u{1b}') && all.contains("g<U+043E><U+043E>gle"),
        "{all}"
    );
}

#[test]
fn a_cache_that_is_not_there_or_no_folder_holds_nothing() {
    let models = Models::new();
    let (found, said) = models.scan();
    assert_eq!((found.len(), said.len()), (0, 1));
    assert!(said[0].ends_with("there are no models yet"), "{said:?}");
    files::write(&models.folder(), b"x").unwrap();
    let (found, said) = models.scan();
    assert_eq!(found, []);
    assert!(said[0].contains("cannot be read"), "{said:?}");
}

#[test]
fn folders_that_cannot_be_read_stop_nothing() {
    let models = Models::new();
    models.whole("a/b");
    models.whole("c/d");
    let snapshots = models.model("a/b").join("snapshots");
    let mode = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&snapshots, mode).unwrap();
    };
    mode(0o000);
    // Root reads everything.
    let is_closed = std::fs::read_dir(&snapshots).is_err();
    let (found, said) = models.scan();
    mode(0o755);
    assert_eq!(found.len(), 2);
    assert!(found[1].whole);
    if is_closed {
        assert!(!found[0].whole);
        assert!(
            said[0].contains("models--a--b: snapshots cannot be read"),
            "{said:?}"
        );
    }
}

#[test]
fn hundreds_of_broken_models_are_named_up_to_a_number() {
    let models = Models::new();
    for n in 0..300 {
        models.link(&format!("org/model-{n}"), COMMIT, "config.json", "nowhere");
    }
    let (found, said) = models.scan();
    assert_eq!((found.len(), said.len()), (300, 21));
    assert!(
        said[20].ends_with("280 more are not listed"),
        "{}",
        said[20]
    );
    let ids: Vec<&String> = found.iter().map(|m| &m.id).collect();
    assert!(ids.is_sorted());
}

/// Nothing in the folder changes by being looked at.
#[test]
fn a_scan_writes_nothing() {
    fn listing(folder: &Path, all: &mut Vec<(PathBuf, u64)>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let found = entry.path().symlink_metadata().unwrap();
            all.push((entry.path(), found.len()));
            if found.is_dir() {
                listing(&entry.path(), all);
            }
        }
    }
    let models = Models::new();
    models.whole("a/b");
    let (mut before, mut after) = (Vec::new(), Vec::new());
    listing(&models.folder(), &mut before);
    models.only();
    listing(&models.folder(), &mut after);
    assert_eq!(before, after);
}
