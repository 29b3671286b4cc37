//! Which files of a folder are the model's weights, and why those that are there are none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::header::MOST_TENSORS;
use crate::error::{Error, Result, shown};
use crate::hub::layout::{CONFIG, INDEX, MOST_INDEX, PICKLES, WEIGHTS, weight_map};
use crate::model::{diagnosis, json};
use crate::text;

/// Most files that weights are spread over: each stays open.
const MOST_SHARDS: usize = 400;

/// The files that hold a model's weights.
pub(super) enum Layout {
    /// All of them.
    One(PathBuf),
    /// As the index says.
    Shards(Shards),
}

/// What an index says.
#[derive(Default)]
pub(super) struct Shards {
    /// Where the index is.
    pub(super) index: PathBuf,
    /// The names of the files.
    pub(super) files: Vec<String>,
    /// Which of the files each tensor is in.
    pub(super) tensors: BTreeMap<String, usize>,
    places: BTreeMap<String, usize>,
    wrong: Option<String>,
}

impl Extend<(String, String)> for Shards {
    fn extend<I: IntoIterator<Item = (String, String)>>(&mut self, pairs: I) {
        for (tensor, file) in pairs {
            if self.wrong.is_some() {
                return;
            }
            if self.tensors.len() == MOST_TENSORS {
                self.wrong = Some(format!("it has more than {MOST_TENSORS} tensors"));
                return;
            }
            let at = *self.places.entry(file).or_insert_with_key(|file| {
                self.files.push(file.clone());
                self.files.len() - 1
            });
            if let Some(before) = self.tensors.insert(tensor, at) {
                let name = text::ident(&self.files[before]).into_owned();
                self.wrong = Some(format!("a tensor of {name} stands there twice"));
            }
        }
    }
}

/// Finds the weights in `folder`.
pub(super) fn find(folder: &Path) -> Result<Layout> {
    let names = names(folder)?;
    let has = |name: &str| names.iter().any(|known| known == name);
    if has(WEIGHTS) {
        return Ok(Layout::One(there(folder, WEIGHTS)?));
    }
    if has(INDEX) {
        return Ok(Layout::Shards(shards(there(folder, INDEX)?)?));
    }
    Err(without(folder, &names))
}

/// The names in the folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>> {
    let failed = |e| Error::io("open the model in", folder, e);
    if folder.is_file() {
        return Err(Error::new("is a file")
            .at_path(folder)
            .hint("name the folder that the model's files are in"));
    }
    let mut names = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.extend(name.into_string());
    }
    names.sort();
    Ok(names)
}

/// The path of a file that the folder has by name; a link may lead nowhere.
fn there(folder: &Path, name: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    if path.exists() || path.symlink_metadata().is_err() {
        return Ok(path);
    }
    Err(Error::new("is a link to a file that is not there")
        .at_path(&path)
        .hint("fetch the model again: its fetch did not end, or a part of it was deleted"))
}

fn shards(index: PathBuf) -> Result<Shards> {
    let wrong = |what: String| Error::new(what).at_path(&index);
    let bytes = json::load(&index, MOST_INDEX)?;
    let mut shards: Shards = weight_map(&bytes).map_err(|e| json::wrong(&index, &e))?;
    if let Some(what) = shards.wrong.take() {
        return Err(wrong(what));
    }
    if shards.files.is_empty() {
        return Err(wrong("names no file of weights".to_owned()));
    }
    if shards.files.len() > MOST_SHARDS {
        let count = shards.files.len();
        return Err(wrong(format!(
            "spreads the weights over {count} files, more than {MOST_SHARDS}"
        )));
    }
    if let Some(name) = shards.files.iter().find(|name| !is_plain(name)) {
        let name = text::ident(name);
        return Err(wrong(format!(
            "names `{name}`, which is not a safetensors file of this folder"
        )));
    }
    let folder = index.parent().unwrap_or(&index);
    for name in &shards.files {
        let path = there(folder, name)?;
        if !path.exists() {
            return Err(
                wrong(format!("names `{}`, which is missing", text::ident(name)))
                    .hint("fetch the model again: a part of its weights is not there"),
            );
        }
    }
    shards.index = index;
    Ok(shards)
}

/// Whether a name can only be that of a safetensors file in the folder itself, on every system.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':');
    name.len() <= 255
        && name.ends_with(".safetensors")
        && !name.starts_with('.')
        && name.chars().all(plain)
}

/// Why there are no weights to read in a folder of these files, and what to do.
fn without(folder: &Path, names: &[String]) -> Error {
    let ends = |endings: &[&str]| {
        let mut all = names.iter();
        all.find(|name| {
            let ending = Path::new(name)
                .extension()
                .and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| endings.contains(&ending))
        })
    };
    let only = |name: &str, what: &str| {
        let name = text::ident(name);
        Error::new(format!("has its weights only as {what}: {name}")).at_path(folder)
    };
    let other = ends(&["safetensors"]);
    if let Some(name) = other.filter(|name| name.contains("adapter")) {
        return only(name, "an adapter").hint("name the folder of the model that it adapts");
    }
    if let Some(name) = other.filter(|name| name.contains("-of-")) {
        let name = text::ident(name);
        return Error::new(format!(
            "has {name}, and no {INDEX} that says what is in which"
        ))
        .at_path(folder)
        .hint("fetch the model again with its index");
    }
    if let Some(name) = other {
        let name = text::ident(name);
        return Error::new(format!("has {name}, and no {WEIGHTS}"))
            .at_path(folder)
            .hint(format!("if that file is the model's, call it {WEIGHTS}"));
    }
    if let Some(name) = ends(&PICKLES).filter(|name| *name != "training_args.bin") {
        return only(name, "a pickle, which runs code when it is read").hint(convert(folder));
    }
    let formats: [(&[&str], &str, &str); 4] = [
        (&["h5"], "HDF5 of TensorFlow", diagnosis::KERAS),
        (
            &["msgpack"],
            "msgpack of Flax",
            "take the model's safetensors, or load it with `from_flax=True` in Python and save it again",
        ),
        (
            &["onnx"],
            "ONNX",
            "take the safetensors of the model that it was exported from",
        ),
        (&["gguf"], "GGUF", diagnosis::GGUF),
    ];
    for (endings, what, hint) in formats {
        if let Some(name) = ends(endings) {
            return only(name, what).hint(hint);
        }
    }
    Error::new(format!("has no weights: neither {WEIGHTS} nor {INDEX}"))
        .at_path(folder)
        .hint("fetch the model, or name the folder that its files are in")
}

/// How to make safetensors of a pickle: in Python, by whoever trusts it.
fn convert(folder: &Path) -> String {
    let config = json::object(&folder.join(CONFIG), super::super::config::MOST_BYTES).ok();
    let class = config
        .as_ref()
        .and_then(|config| config.get("architectures")?.get(0)?.as_str())
        .filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()))
        .unwrap_or("AutoModel");
    let path = shown(folder);
    format!(
        "take the model's safetensors; or, only if you trust who made the pickle, in Python: \
         from transformers import {class}; \
         {class}.from_pretrained({path:?}).save_pretrained({path:?}, safe_serialization=True)"
    )
}
