//! The cache as a whole: where it is, and which models are in it.

use std::ffi::OsString;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{environment, repository};
use crate::error::{Notice, shown};
use crate::settings::Settings;
use crate::{files, index, text};

/// What the name of a model's folder begins with; data sets and spaces have others.
const MODELS: &str = "models--";

/// Most notices on one cache; the rest is counted.
const MOST: usize = 20;

/// The folder of fetched models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
}

/// A model that is in the cache, in part at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// The hub's id: ASCII letters, digits, `.`, `_`, `-`, one `/` at most.
    pub id: String,
    /// Bytes of all its files, of every revision and of unfinished fetches; each counted once.
    pub bytes: u64,
    /// The commit that `refs/main` names, else the snapshot that was made last.
    pub revision: Option<String>,
    /// When one of its files was last read or written, as far as the disk keeps that.
    pub last_used: Option<SystemTime>,
    /// Whether `config.json` and every file of its safetensors weights are there.
    pub whole: bool,
    /// What its weights are in.
    pub weights: Format,
}

/// What the weights of a revision are in, by the names of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Safetensors, beside others or not.
    Safetensors,
    /// Pickle alone, which can run code when it is read.
    Pickle,
    /// Neither of the two.
    None,
}

impl Cache {
    /// The cache of this user: as set, else where `HF_HUB_CACHE`, `HF_HOME` or `XDG_CACHE_HOME`
    /// puts it, else `~/.cache/huggingface/hub`.
    pub fn of_environment(settings: &Settings) -> Self {
        settings.cache.clone().map_or_else(Self::usual, Self::at)
    }

    /// The cache of this user where nothing else is set.
    pub fn usual() -> Self {
        Self::at(place(|name| std::env::var_os(name)))
    }

    /// The cache in `folder`.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The models in it, in the order of ids, and what was skipped, and why.
    pub fn scan(&self) -> (Vec<Cached>, Vec<Notice>) {
        let mut found = Vec::new();
        let mut said = Vec::new();
        match std::fs::read_dir(&self.folder) {
            Ok(entries) => {
                for entry in entries {
                    if let Err(what) = take(entry, &mut found, &mut said) {
                        said.push(what);
                    }
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                said.push("there are no models yet".to_owned());
            }
            Err(e) => said.push(format!("cannot be read: {e}")),
        }
        found.sort_by(|a: &Cached, b| a.id.cmp(&b.id));
        (found, self.notices(said))
    }

    /// The model `id`, if anything of it is here.
    pub fn find(&self, id: &str) -> Option<Cached> {
        index::check_id(id).ok()?;
        let folder = self.folder_of(id);
        let found = folder.symlink_metadata().ok()?;
        found
            .is_dir()
            .then(|| repository::read(&folder, id.to_owned()).0)
    }

    /// The folder of a model's files, as they are at the revision that is kept.
    pub fn snapshot(&self, cached: &Cached) -> Option<PathBuf> {
        let revision = cached.revision.as_ref()?;
        Some(self.folder_of(&cached.id).join("snapshots").join(revision))
    }

    fn folder_of(&self, id: &str) -> PathBuf {
        self.folder
            .join(format!("{MODELS}{}", id.replace('/', "--")))
    }

    /// The folder of the files of the model `id` at `commit`, else at the revision that is kept;
    /// none if they are not all there.
    pub fn files_of(&self, id: &str, commit: Option<&str>) -> Option<PathBuf> {
        let mut cached = self.find(id)?;
        if let Some(commit) = commit.filter(|commit| repository::is_commit(commit)) {
            cached.revision = Some(commit.to_owned());
            return self.snapshot(&cached).filter(|folder| folder.is_dir());
        }
        self.snapshot(&cached).filter(|_| cached.whole)
    }

    fn notices(&self, mut said: Vec<String>) -> Vec<Notice> {
        said.sort();
        if said.len() > MOST {
            let more = said.len() - MOST;
            said.truncate(MOST);
            said.push(format!("{more} more are not listed"));
        }
        let folder = shown(&self.folder);
        let notice = |what: String| Notice(format!("{folder}: {}", text::line(&what)));
        said.into_iter().map(notice).collect()
    }
}

/// Takes an entry of the cache if it is a model's. The error says why it is not taken; what is
/// wrong inside it joins `said`.
fn take(
    entry: io::Result<DirEntry>,
    found: &mut Vec<Cached>,
    said: &mut Vec<String>,
) -> Result<(), String> {
    let entry = entry.map_err(|e| format!("cannot be read to the end: {e}"))?;
    let name = entry.file_name();
    let name = name.to_string_lossy();
    let Some(parts) = name.strip_prefix(MODELS) else {
        return Ok(());
    };
    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
    let name = text::ident(&name);
    if !is_folder {
        return Err(format!("{name} is a file or a link, and is skipped"));
    }
    let id = parts.replace("--", "/");
    index::check_id(&id).map_err(|_| format!("{name} is named after no model, and is skipped"))?;
    let (cached, wrong) = repository::read(&entry.path(), id);
    said.extend(wrong.map(|wrong| format!("{name}: {wrong}")));
    found.push(cached);
    Ok(())
}

/// Where the environment puts the cache, by the rules of `huggingface_hub`.
fn place(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let set = |name: &str| {
        let value = variable(name).filter(|value| !value.is_empty())?;
        Some(files::from_home(Path::new(&value)))
    };
    set("HF_HUB_CACHE").unwrap_or_else(|| environment::home(&set).join("hub"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_wins_and_then_the_nearest_variable() {
        let of = |set: &[(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into());
            place(value)
        };
        let all = [
            ("HF_HUB_CACHE", "/a"),
            ("HF_HOME", "/b"),
            ("XDG_CACHE_HOME", "/c"),
        ];
        assert_eq!(of(&all), Path::new("/a"));
        assert_eq!(of(&all[1..]), Path::new("/b/hub"));
        assert_eq!(of(&all[2..]), Path::new("/c/huggingface/hub"));
        assert_eq!(
            of(&[("HF_HUB_CACHE", ""), ("HF_HOME", "/b")]),
            Path::new("/b/hub")
        );
        assert!(of(&[]).ends_with(".cache/huggingface/hub"));
        let settings = Settings {
            cache: Some("/mine".into()),
            ..Settings::default()
        };
        assert_eq!(
            Cache::of_environment(&settings).folder(),
            Path::new("/mine")
        );
    }
}
