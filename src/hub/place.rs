//! Where one model's files are in the cache, and how they get there: the layout is hf-hub's, every
//! folder is a folder and no link, and every name appears at once and whole.

use std::io;
use std::path::{Path, PathBuf};

use super::names::{Commit, Digest, FileName, Revision};
use crate::error::{Error, Result};
use crate::files;

/// How the name of a file ends that is being fetched here. Python's end in `.incomplete` too, and
/// nobody takes such a file for a blob.
pub(super) const UNFINISHED: &str = ".modeldesk.incomplete";

/// The folders of one model.
#[derive(Debug)]
pub(super) struct Place {
    cache: PathBuf,
    folder: PathBuf,
    layout: hf_hub::CacheRepo,
}

impl Place {
    /// That of the model `id`, which is a valid id, in the cache at `cache`.
    pub(super) fn of(cache: &Path, id: &str) -> Self {
        let repo = hf_hub::Repo::model(id.to_owned());
        Self {
            cache: cache.to_owned(),
            folder: cache.join(repo.folder_name()),
            layout: hf_hub::Cache::new(cache.to_owned()).repo(repo),
        }
    }

    /// The model's folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the content that is known by `digest` is.
    pub(super) fn blob(&self, digest: &Digest) -> PathBuf {
        self.layout.blob_path(digest.as_str())
    }

    /// Where as much as has been fetched of it is.
    pub(super) fn partial(&self, digest: &Digest) -> PathBuf {
        self.layout
            .blob_path(&format!("{}{UNFINISHED}", digest.as_str()))
    }

    /// The folder in which a commit's files have their own names.
    pub(super) fn snapshot(&self, commit: &Commit) -> PathBuf {
        self.layout.pointer_path(commit.as_str())
    }

    /// The folder of its locks.
    pub(super) fn locks(&self) -> PathBuf {
        let name = self.folder.file_name().unwrap_or_default();
        self.cache.join(".locks").join(name)
    }

    /// The lock of who fetches that content.
    pub(super) fn lock(&self, digest: &Digest) -> PathBuf {
        self.locks().join(format!("{}.lock", digest.as_str()))
    }

    /// How many bytes of that content are on this disk.
    pub(super) fn kept(&self, digest: &Digest, size: u64) -> u64 {
        let length = |path: &Path| {
            let found = path
                .symlink_metadata()
                .ok()
                .filter(std::fs::Metadata::is_file);
            found.map(|found| found.len())
        };
        match length(&self.blob(digest)) {
            Some(found) if found == size => size,
            _ => length(&self.partial(digest))
                .filter(|found| *found <= size)
                .unwrap_or(0),
        }
    }

    /// Makes the folders.
    pub(super) fn make(&self) -> Result<()> {
        std::fs::create_dir_all(&self.cache).map_err(|e| cannot_make(&self.cache, e))?;
        for folder in ["blobs", "snapshots", "refs"] {
            self.below(&self.folder.join(folder))?;
        }
        self.below(&self.locks())
    }

    /// Makes a folder of the cache, and those that it is in, none of which may be a link.
    fn below(&self, folder: &Path) -> Result<()> {
        let mut path = self.cache.clone();
        for part in folder
            .strip_prefix(&self.cache)
            .unwrap_or(folder)
            .components()
        {
            path.push(part);
            match path.symlink_metadata() {
                Ok(found) if found.is_dir() => {}
                Ok(_) => {
                    return Err(Error::new("is a file or a link, and not a folder")
                        .at_path(&path)
                        .hint("move it away; the cache has folders of its own"));
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => match std::fs::create_dir(&path) {
                    Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(cannot_make(&path, e));
                    }
                    _ => {}
                },
                Err(e) => return Err(cannot_make(&path, e)),
            }
        }
        Ok(())
    }

    /// Lets `name` at `commit` be the content that is known by `digest`.
    pub(super) fn link(&self, commit: &Commit, name: &FileName, digest: &Digest) -> Result<()> {
        let path = self.snapshot(commit).join(name.as_str());
        let folder = path.parent().unwrap_or(&path);
        self.below(folder)?;
        // Up to the snapshot, and out of it.
        let up = "../".repeat(name.as_str().split('/').count() + 1);
        let target = PathBuf::from(format!("{up}blobs/{}", digest.as_str()));
        if path.read_link().is_ok_and(|found| found == target) {
            return Ok(());
        }
        let made = || {
            let end = format!(".{}{UNFINISHED}", std::process::id());
            let fresh = path.with_file_name(format!(".{}{end}", digest.as_str()));
            let _ = std::fs::remove_file(&fresh);
            make_link(&target, &self.blob(digest), &fresh)?;
            std::fs::rename(&fresh, &path)?;
            files::sync_folder(folder)
        };
        made().map_err(|e| Error::io("link", &path, e))
    }

    /// The commit that `revision` names on this disk.
    pub(super) fn named(&self, revision: &Revision) -> Option<Commit> {
        let text = std::fs::read_to_string(self.reference(revision)).ok()?;
        let commit: Commit = text.parse().ok()?;
        self.snapshot(&commit).is_dir().then_some(commit)
    }

    /// Lets `revision` name `commit`; a commit needs no name.
    pub(super) fn name(&self, revision: &Revision, commit: &Commit) -> Result<()> {
        if revision.commit().is_some() || self.named(revision).as_ref() == Some(commit) {
            return Ok(());
        }
        let path = self.reference(revision);
        self.below(path.parent().unwrap_or(&path))?;
        files::write(&path, commit.as_str().as_bytes())
    }

    fn reference(&self, revision: &Revision) -> PathBuf {
        self.folder.join("refs").join(revision.as_str())
    }

    /// Removes what earlier fetches began and nobody goes on with.
    pub(super) fn sweep(&self) {
        let Ok(entries) = std::fs::read_dir(self.folder.join("blobs")) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let digest = name.to_str().and_then(|name| name.strip_suffix(UNFINISHED));
            let digest = digest.and_then(Digest::of_etag);
            if digest.is_some_and(|digest| !super::lock::is_held(&self.lock(&digest))) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(unix)]
fn make_link(target: &Path, _blob: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Windows lets administrators link; for others it is the same file under two names.
#[cfg(windows)]
fn make_link(target: &Path, blob: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link).or_else(|_| std::fs::hard_link(blob, link))
}

fn cannot_make(path: &Path, e: io::Error) -> Error {
    let denied = matches!(
        e.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    );
    let error = Error::io("make the folder", path, e);
    if denied {
        error.hint("set HF_HUB_CACHE to a folder that can be written")
    } else {
        error
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn digest() -> Digest {
        Digest::git(COMMIT).expect("it has 40 digits")
    }

    #[test]
    fn a_link_leads_to_its_blob_from_any_depth() {
        let cache = tempfile::tempdir().unwrap();
        let place = Place::of(cache.path(), "a/b");
        place.make().unwrap();
        files::write(&place.blob(&digest()), b"x").unwrap();
        let commit: Commit = COMMIT.parse().unwrap();
        for name in ["config.json", "1_Pooling/config.json"] {
            let name: FileName = name.parse().unwrap();
            for _ in 0..2 {
                place.link(&commit, &name, &digest()).unwrap();
            }
            let path = place.snapshot(&commit).join(name.as_str());
            assert_eq!(std::fs::read(path).unwrap(), b"x");
        }
        assert_eq!(place.named(&Revision::default()), None);
        place.name(&Revision::default(), &commit).unwrap();
        place.name(&"refs/pr/1".parse().unwrap(), &commit).unwrap();
        assert_eq!(place.named(&Revision::default()), Some(commit));
    }

    #[test]
    fn a_link_in_place_of_a_folder_is_not_followed() {
        for part in [
            "models--a--b",
            "models--a--b/blobs",
            "models--a--b/snapshots",
        ] {
            let (cache, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let path = cache.path().join(part);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(other.path(), &path).unwrap();
            let place = Place::of(cache.path(), "a/b");
            let error = place.make().unwrap_err().to_string();
            assert!(error.contains("a file or a link"), "{error}");
            assert_eq!(other.path().read_dir().unwrap().count(), 0);
        }
    }
}
