//! Which folder a MODEL on the command line is.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result, shown};
use crate::files::Folders;
use crate::finetune::run::Run;
use crate::hub::{Cache, Cached, Format};
use crate::model::layers::Precision;
use crate::settings::Settings;
use crate::text;

/// A model that was named, and where it is.
pub(super) struct Found {
    /// As it is shown: the hub's id, or the folder.
    pub name: String,
    /// Where its files are.
    pub folder: PathBuf,
}

/// The model that `name` means: a folder, the result of a run, or a model in the cache under its
/// hub id, whole or without the organization where only one has that name.
///
/// # Errors
/// When there is none, or several; with what there is.
pub(super) fn find(name: &str, settings: &Settings) -> Result<Found> {
    let path = Path::new(name);
    if path.is_dir() {
        return Ok(Found {
            name: shown(path),
            folder: path.to_owned(),
        });
    }
    if let Some(run) = run(name) {
        return of_run(&run);
    }
    let cache = Cache::of_environment(settings);
    let (cached, _) = cache.scan();
    let short = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let exact = cached.iter().filter(|one| one.id == name);
    let alike = cached.iter().filter(|one| short(&one.id) == name);
    let found: Vec<&Cached> = if exact.clone().next().is_some() {
        exact.collect()
    } else {
        alike.collect()
    };
    match found[..] {
        [one] => open(&cache, one),
        [] => Err(missing(name, &cached)),
        _ => {
            let ids: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
            Err(
                Error::usage(format!("{} are all called that", ids.join(", ")))
                    .at(shown_name(name))
                    .hint("give the whole id"),
            )
        }
    }
}

/// The run of that name.
fn run(name: &str) -> Option<Run> {
    let all = Run::list(&Folders::of_user().ok()?);
    all.into_iter().find(|run| run.id == name)
}

fn of_run(run: &Run) -> Result<Found> {
    let folder = run.model_path();
    if !folder.is_dir() {
        let hint = format!("`modeldesk tune watch {}` shows how far it is", run.id);
        return Err(Error::new("this run has no result yet")
            .at(run.id.clone())
            .hint(hint));
    }
    Ok(Found {
        name: run.id.clone(),
        folder,
    })
}

fn open(cache: &Cache, one: &Cached) -> Result<Found> {
    let fetch = format!("fetch it with `modeldesk pull {}`", one.id);
    let folder = cache.snapshot(one).ok_or_else(|| {
        Error::new("the cache has no revision of it")
            .at(one.id.clone())
            .hint(fetch.clone())
    })?;
    // A folder of pickles is whole in its way, and reading it says what to do.
    if !one.whole && one.weights != Format::Pickle {
        return Err(Error::new("the cache has only a part of it")
            .at(one.id.clone())
            .hint(fetch));
    }
    Ok(Found {
        name: one.id.clone(),
        folder,
    })
}

fn missing(name: &str, cached: &[Cached]) -> Error {
    let error = Error::new("there is no such folder, no such run, and no such model in the cache")
        .at(shown_name(name));
    let ids: Vec<&str> = cached.iter().map(|one| one.id.as_str()).collect();
    if let Some(near) = text::nearest(name, &ids) {
        return error.hint(format!("did you mean {near}?"));
    }
    if name.starts_with(['.', '/', '~']) {
        return error.hint("check the spelling of that path");
    }
    error.hint(format!(
        "fetch it with `modeldesk pull {}`, or give a model's folder",
        shown_name(name)
    ))
}

fn shown_name(name: &str) -> String {
    text::ident(&text::line(name)).into_owned()
}

/// Where packed weights are kept, if this user has a folder for that.
pub(super) fn packed() -> Option<PathBuf> {
    Some(Folders::of_user().ok()?.cache.join("packed"))
}

/// Reads `--precision`.
pub(super) fn precision(name: &str) -> Result<Precision, String> {
    Precision::named(name).ok_or_else(|| "use f32, q8 or q4".to_owned())
}
