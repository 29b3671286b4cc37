//! M2: weights that are cut short, written to, replaced or taken away while they are read.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use modeldesk::model::kernels::random::Stream;
use modeldesk::model::weights::Checkpoint;

use super::{Folder, WEIGHTS, failure};
use crate::counts;

/// How many values a tensor has here: several blocks of what is read at a time.
const LENGTH: usize = 300_000;

/// Two tensors that are all of one number, in a file that was written long ago.
fn put(folder: &Folder, value: f32) {
    let values = vec![value; LENGTH];
    let path = folder.put_tensors(WEIGHTS, &[("a", &values), ("b", &values)]);
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let before = SystemTime::now() - Duration::from_mins(1);
    file.set_modified(before).unwrap();
}

/// What is said of a change, and how it is made.
type Change = (&'static str, fn(&Path));

/// What may happen to a file.
const CHANGES: [Change; 6] = [
    ("was cut short", |path| cut(path, 100)),
    ("was cut short", |path| {
        let bytes = path.metadata().unwrap().len();
        cut(path, bytes - 4);
    }),
    ("was written to", |path| {
        let mut file = OpenOptions::new().write(true).open(path).unwrap();
        file.seek(SeekFrom::End(-400_000)).unwrap();
        file.write_all(&[0x3f; 400_000]).unwrap();
    }),
    ("was written to", |path| {
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"more").unwrap();
    }),
    ("was replaced by another", |path| {
        let other = path.with_file_name("other");
        std::fs::copy(path, &other).unwrap();
        std::fs::rename(other, path).unwrap();
    }),
    ("was taken away", |path| std::fs::remove_file(path).unwrap()),
];

fn cut(path: &Path, bytes: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(bytes).unwrap();
}

#[test]
fn a_change_between_two_tensors_is_told() {
    let row = counts::row("M2");
    for (expected, change) in CHANGES {
        let folder = Folder::new();
        put(&folder, 1.0);
        let checkpoint = folder.open().unwrap();
        checkpoint.read("a").unwrap();
        change(&folder.at(WEIGHTS));
        let said = failure(checkpoint.read("b"));
        assert!(said.contains(WEIGHTS), "{said}");
        let expected = format!("{expected} while the tensor `b` was read");
        assert!(said.contains(&expected), "{expected}: {said}");
    }
    row.held(CHANGES.len());
}

/// Reads until a change is seen; each tensor that was read is whole.
fn read_until_changed(checkpoint: &Checkpoint) -> String {
    for name in ["a", "b"].iter().cycle() {
        match checkpoint.read(name) {
            Ok(values) => assert!(values.iter().all(|x| x.to_bits() == 1f32.to_bits())),
            Err(e) => return e.to_string(),
        }
    }
    unreachable!("the names never end")
}

#[test]
fn a_change_at_any_moment_gives_an_error_and_never_a_wrong_value() {
    let row = counts::row("M2");
    let runs = counts::of(3, 20);
    let moments = Stream::new(5, 0);
    for (kind, (expected, change)) in CHANGES.iter().enumerate() {
        for run in 0..runs {
            let folder = Folder::new();
            put(&folder, 1.0);
            let path = folder.at(WEIGHTS);
            let checkpoint = folder.open().unwrap();
            let said = std::thread::scope(|scope| {
                let reader = scope.spawn(|| read_until_changed(&checkpoint));
                let moment = moments.below((kind * runs + run) as u64, 3_000);
                std::thread::sleep(Duration::from_micros(moment as u64));
                change(&path);
                reader.join().unwrap()
            });
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }
    row.held(CHANGES.len() * runs);
}

#[test]
fn a_fingerprint_changes_with_the_file_and_follows_a_blob() {
    let folder = Folder::new();
    put(&folder, 1.0);
    let first = folder.open().unwrap().fingerprint();
    assert_eq!(folder.open().unwrap().fingerprint(), first);
    put(&folder, 2.0);
    let second = folder.open().unwrap().fingerprint();
    assert_ne!(second, first);
    let file = File::options()
        .write(true)
        .open(folder.at(WEIGHTS))
        .unwrap();
    file.set_modified(SystemTime::now()).unwrap();
    assert_ne!(folder.open().unwrap().fingerprint(), second);
    #[cfg(unix)]
    {
        let hash = "0123456789abcdef".repeat(4);
        std::fs::create_dir(folder.at("blobs")).unwrap();
        std::fs::create_dir(folder.at("snapshot")).unwrap();
        let blob = folder.at("blobs").join(&hash);
        std::fs::rename(folder.at(WEIGHTS), &blob).unwrap();
        let link = folder.at("snapshot").join(WEIGHTS);
        std::os::unix::fs::symlink(Path::new("../blobs").join(&hash), link).unwrap();
        let open = || Checkpoint::open(&folder.at("snapshot")).unwrap();
        let named = open().fingerprint();
        assert!(named.starts_with(&hash), "{named}");
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(open().fingerprint(), named);
    }
}
