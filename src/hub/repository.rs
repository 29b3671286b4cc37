//! One model of the cache: its blobs, its snapshots, and whether it is whole.
//!
//! `blobs/` holds the files under the names of their contents, `snapshots/COMMIT/` links to them
//! under their own names (or holds them, where a disk has no links), `refs/main` names a commit.

use std::collections::{BTreeMap, HashMap};
use std::fs::{DirEntry, File, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use super::cache::{Cached, Format};
use super::layout::{CONFIG, INDEX, PICKLES, WEIGHTS, shards};
use crate::text;

/// Most files of all snapshots that are looked at.
const MOST_FILES: usize = 20_000;

/// Reads the model `id` in `folder`; and says the first thing that is wrong with it.
pub(super) fn read(folder: &Path, id: String) -> (Cached, Option<String>) {
    let mut repository = Repository {
        folder,
        blobs: HashMap::new(),
        loose: Vec::new(),
        left: MOST_FILES,
        wrong: None,
    };
    repository.read_blobs();
    let (revision, entries) = repository.revision().unzip();
    let files = repository.files(entries.unwrap_or_default());
    let cached = Cached {
        id,
        bytes: repository.bytes(),
        last_used: repository.last_used(&files),
        whole: repository.is_whole(&files),
        weights: format(&files),
        revision,
    };
    (cached, repository.wrong)
}

/// A regular file, by what its own entry says.
#[derive(Debug, Clone, Copy)]
struct Stat {
    bytes: u64,
    used: Option<SystemTime>,
}

impl Stat {
    fn of(found: &Metadata) -> Self {
        let (read, written) = (found.accessed().ok(), found.modified().ok());
        Self {
            bytes: found.len(),
            used: read.max(written),
        }
    }
}

/// A file, where it really is.
#[derive(Debug, Clone)]
struct Kept {
    path: PathBuf,
    stat: Stat,
}

/// The files at the top of a snapshot, by name; `None` for a name that leads to no file.
type Files = BTreeMap<String, Option<Kept>>;

/// What stands at the top of a snapshot.
enum Top {
    File(Kept),
    Link(PathBuf),
}

struct Repository<'a> {
    folder: &'a Path,
    /// By name.
    blobs: HashMap<String, Stat>,
    /// Files that stand in a snapshot themselves.
    loose: Vec<Kept>,
    /// How many more files of snapshots are looked at.
    left: usize,
    wrong: Option<String>,
}

impl Repository<'_> {
    fn is_wrong(&mut self, what: impl FnOnce() -> String) {
        self.wrong.get_or_insert_with(what);
    }

    /// The entries of `blobs` or `snapshots`, which is none if it is a link.
    fn part(&mut self, name: &str) -> Vec<DirEntry> {
        let path = self.folder.join(name);
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => self.entries(&path),
            Ok(_) => {
                self.is_wrong(|| format!("{name} is a file or a link, and is not followed"));
                Vec::new()
            }
            // A fetch makes it.
            Err(_) => Vec::new(),
        }
    }

    /// The entries of a folder, as far as they can be read.
    fn entries(&mut self, path: &Path) -> Vec<DirEntry> {
        let entries: io::Result<Vec<DirEntry>> = path.read_dir().and_then(Iterator::collect);
        entries.unwrap_or_else(|e| {
            let below = path.strip_prefix(self.folder).unwrap_or(path);
            let name = below.to_string_lossy();
            self.is_wrong(|| format!("{} cannot be read: {e}", text::ident(&name)));
            Vec::new()
        })
    }

    fn read_blobs(&mut self) {
        for entry in self.part("blobs") {
            // The metadata of an entry is its own: links are not followed.
            if let (Ok(name), Ok(found)) = (entry.file_name().into_string(), entry.metadata())
                && found.is_file()
            {
                self.blobs.insert(name, Stat::of(&found));
            }
        }
    }

    /// The commit of `refs/main`, if it has a snapshot, else that of the newest snapshot, and what
    /// is in it. Looks through all snapshots for files of their own on the way.
    fn revision(&mut self) -> Option<(String, Vec<(String, Top)>)> {
        let named = main(self.folder);
        let mut snapshots = Vec::new();
        for entry in self.part("snapshots") {
            let commit = entry.file_name().into_string().unwrap_or_default();
            if is_commit(&commit) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let tops = self.read_snapshot(&entry.path());
                snapshots.push((commit, entry, tops));
            }
        }
        if self.left == 0 {
            self.is_wrong(|| format!("more than {MOST_FILES} files; the rest is not counted"));
        }
        let wanted = snapshots
            .iter()
            .position(|(commit, ..)| Some(commit) == named.as_ref());
        let newest = || {
            let made = |entry: &DirEntry| entry.metadata().and_then(|found| found.modified()).ok();
            let all = snapshots.iter().enumerate();
            all.max_by_key(|(_, (commit, entry, _))| (made(entry), commit))
                .map(|(at, _)| at)
        };
        let at = wanted.or_else(newest)?;
        let (commit, _, tops) = snapshots.swap_remove(at);
        Some((commit, tops))
    }

    /// What stands at the top of a snapshot; files of its own, at any depth, are listed as loose.
    fn read_snapshot(&mut self, snapshot: &Path) -> Vec<(String, Top)> {
        let mut tops = Vec::new();
        let mut open = vec![snapshot.to_owned()];
        while let Some(folder) = open.pop() {
            for entry in self.entries(&folder) {
                if self.left == 0 {
                    return tops;
                }
                self.left -= 1;
                let (path, kind) = (entry.path(), entry.file_type().ok());
                let top = if kind.is_some_and(|kind| kind.is_dir()) {
                    open.push(path);
                    continue;
                } else if kind.is_some_and(|kind| kind.is_symlink()) {
                    Top::Link(path)
                } else if let Some(found) = entry.metadata().ok().filter(Metadata::is_file) {
                    let stat = Stat::of(&found);
                    let kept = Kept { path, stat };
                    self.loose.push(kept.clone());
                    Top::File(kept)
                } else {
                    continue;
                };
                if folder == snapshot
                    && let Ok(name) = entry.file_name().into_string()
                {
                    tops.push((name, top));
                }
            }
        }
        tops
    }

    fn files(&mut self, tops: Vec<(String, Top)>) -> Files {
        tops.into_iter()
            .map(|(name, top)| {
                let kept = match top {
                    Top::File(kept) => Some(kept),
                    Top::Link(link) => self.linked(&link, &name),
                };
                (name, kept)
            })
            .collect()
    }

    /// The blob that a link of a snapshot names: `../../blobs/NAME` and nothing else.
    fn linked(&mut self, link: &Path, name: &str) -> Option<Kept> {
        let target = link.read_link().ok()?;
        let Some(blob) = blob_named(&target) else {
            self.is_wrong(|| {
                let name = text::ident(name);
                format!("the link {name} does not lead to its blobs, and is not followed")
            });
            return None;
        };
        let Some(stat) = self.blobs.get(blob) else {
            self.is_wrong(|| format!("{} is not there: its link is broken", text::ident(name)));
            return None;
        };
        Some(Kept {
            path: self.folder.join("blobs").join(blob),
            stat: *stat,
        })
    }

    fn bytes(&self) -> u64 {
        let blobs = self.blobs.values().map(|stat| stat.bytes);
        let loose = self.loose.iter().map(|kept| kept.stat.bytes);
        blobs.chain(loose).fold(0, u64::saturating_add)
    }

    /// The weights index is left out: looking at the cache reads it.
    fn last_used(&self, files: &Files) -> Option<SystemTime> {
        let index = files.get(INDEX).and_then(Option::as_ref);
        let blob = index.and_then(|index| index.path.file_name()?.to_str());
        let blobs = self
            .blobs
            .iter()
            .filter(|(name, _)| Some(name.as_str()) != blob);
        let loose = self.loose.iter();
        let loose = loose.filter(|kept| index.is_none_or(|index| index.path != kept.path));
        blobs
            .filter_map(|(_, stat)| stat.used)
            .chain(loose.filter_map(|kept| kept.stat.used))
            .max()
    }

    fn is_whole(&mut self, files: &Files) -> bool {
        let has = |name: &str| {
            let kept = files.get(name).and_then(Option::as_ref);
            kept.is_some_and(|kept| kept.stat.bytes > 0)
        };
        if !has(CONFIG) {
            return false;
        }
        let index = files.get(INDEX).and_then(Option::as_ref);
        has(WEIGHTS)
            || index.is_some_and(|index| match shards(&index.path, index.stat.bytes) {
                Ok(names) => !names.is_empty() && names.iter().all(|name| has(name)),
                Err(e) => {
                    self.is_wrong(|| format!("{INDEX} cannot be read: {e}"));
                    false
                }
            })
    }
}

/// What `refs/main` holds, where it is a commit and nothing else, as Python reads it.
fn main(folder: &Path) -> Option<String> {
    let refs = folder.join("refs");
    let path = refs.join("main");
    let is_plain =
        refs.symlink_metadata().ok()?.is_dir() && path.symlink_metadata().ok()?.is_file();
    if !is_plain {
        return None;
    }
    let mut text = String::new();
    let mut start = File::open(path).ok()?.take(64);
    start.read_to_string(&mut text).ok()?;
    is_commit(&text).then_some(text)
}

pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The name in `../../blobs/NAME`; none of a fetch that is not finished.
pub(super) fn blob_named(target: &Path) -> Option<&str> {
    let mut parts = target.components();
    let up = Some(Component::ParentDir);
    let blobs = Some(Component::Normal("blobs".as_ref()));
    if (parts.next(), parts.next(), parts.next()) != (up, up, blobs) {
        return None;
    }
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) => name.to_str(),
        _ => None,
    }
    .filter(|name| !name.ends_with(".incomplete"))
}

fn format(files: &Files) -> Format {
    let ends = |endings: &[&str]| {
        let mut names = files.keys().map(Path::new);
        names.any(|name| {
            let ending = name.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| endings.contains(&ending))
        })
    };
    if files.contains_key(INDEX) || ends(&["safetensors"]) {
        Format::Safetensors
    } else if ends(&PICKLES) {
        Format::Pickle
    } else {
        Format::None
    }
}
