//! `modeldesk tune export --merge`: a model that stands alone, of an adapter and its base.

use std::path::PathBuf;

use crate::cli::out::{Out, tell};
use crate::cli::{Exit, Result, model};
use crate::error::{Error, shown};
use crate::files;
use crate::finetune::result;
use crate::hub::Cache;
use crate::model::pipeline::Parts;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The folder is one that transformers opens: all weights in f32, with the adapter folded in.

Examples:
  modeldesk tune export support-gpt2 --merge --out support-gpt2-merged
  modeldesk try ./support-gpt2-merged \"Do you ship to Norway?\"")]
pub(in crate::cli) struct Arguments {
    /// The run, or the folder of an adapter
    model: String,
    /// Fold the adapter into the weights of its base
    #[arg(long, required = true)]
    merge: bool,
    /// The folder to make
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let place = &arguments.out;
    if place.exists() {
        return Err(Error::usage(format!("{} is there already", shown(place)))
            .at("--out")
            .hint("name a folder that is not there yet"));
    }
    let found = model::find(&arguments.model, settings)?;
    let parts = Parts::read_with(&found.folder, &Cache::of_environment(settings))?;
    if parts.base.is_none() {
        return Err(Error::usage("is no adapter: its weights are whole")
            .at(shown(&found.folder))
            .hint("copy the folder as it is"));
    }
    tell("folding the adapter into its base");
    let beside = files::parent(place);
    let failed = |e| Error::io("write", place, e);
    let draft = tempfile::Builder::new()
        .prefix(".export-")
        .tempdir_in(beside)
        .map_err(failed)?;
    result::merge(draft.path(), &parts, parts.task(None)?)?;
    std::fs::rename(draft.path(), place)
        .and_then(|()| files::sync_folder(beside))
        .map_err(failed)?;
    out.line(format!("{} holds the whole model", shown(place)));
    out.finish()?;
    Ok(Exit::Done)
}
