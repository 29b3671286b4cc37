//! Which folder a MODEL on the command line is.

use std::path::{Path, PathBuf};

use super::ask::open_advisor;
use crate::error::{Error, Result, shown};
use crate::files::Folders;
use crate::finetune::run::Run;
use crate::hub::{Cache, Cached, Format};
use crate::model::layers::Precision;
use crate::settings::Settings;
use crate::text;

/// The folder of packed weights, in the cache folder.
pub(super) const PACKED: &str = "packed";

/// A model that was named, and where it is.
pub(super) struct Found {
    /// As it is shown: the hub's id, or the folder.
    pub name: String,
    /// Where its files are.
    pub folder: PathBuf,
    /// Which commit, of a model in the cache.
    pub revision: Option<String>,
}

/// The model that `name` means: a folder, a model in the cache under its hub id, a run by its id, a
/// model in the cache by a name that its card goes by, or by its id in other letter case or without
/// the organization where only one has that name.
///
/// # Errors
/// When there is none, or several; with what there is.
pub(super) fn find(name: &str, settings: &Settings) -> Result<Found> {
    let path = Path::new(name);
    if path.is_dir() {
        return Ok(Found {
            name: shown(path),
            folder: path.to_owned(),
            revision: None,
        });
    }
    let cache = Cache::of_environment(settings);
    let (cached, _) = cache.scan();
    if let Some(one) = cached.iter().find(|one| one.id == name) {
        return open(&cache, one);
    }
    if let Some(run) = run(name) {
        return of_run(&run);
    }
    let card = open_advisor(settings)?.resolve(name).ok();
    if let Some(one) = cached.iter().find(|one| Some(&one.id) == card.as_ref()) {
        return open(&cache, one);
    }
    let short = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let is_called = |id: &str| id.eq_ignore_ascii_case(name);
    let alike = |one: &&Cached| is_called(&one.id) || is_called(&short(&one.id));
    let found: Vec<&Cached> = cached.iter().filter(alike).collect();
    match found[..] {
        [one] => open(&cache, one),
        [] => Err(missing(name, card.as_deref(), &cached)),
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
        revision: None,
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
        revision: one.revision.clone(),
    })
}

/// That `name` is nothing here, or the model of `card`, which is not on this disk.
fn missing(name: &str, card: Option<&str>, cached: &[Cached]) -> Error {
    if let Some(card) = card {
        let card = text::ident(card);
        return Error::new("is not on this disk")
            .at(card.clone())
            .hint(format!("fetch it with `modeldesk pull {card}`"));
    }
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
    Some(Folders::of_user().ok()?.cache.join(PACKED))
}

/// Reads `--precision`.
pub(super) fn precision(name: &str) -> Result<Precision, String> {
    Precision::named(name).ok_or_else(|| "use f32, q8 or q4".to_owned())
}
