//! Which files of a repository a model needs, and why some repositories have none.

use std::path::Path;

use super::layout::{CONFIG, INDEX, PICKLES, WEIGHTS};
use super::names::FileName;
use crate::error::{Error, Result};

/// The card.
pub(super) const CARD: &str = "README.md";
/// Says which folders a sentence-transformers model is made of.
const MODULES: &str = "modules.json";
const TOKENIZER: &str = "tokenizer.json";

/// What is taken from the top of a repository, beside the weights.
const TAKEN: [&str; 20] = [
    CARD,
    CONFIG,
    TOKENIZER,
    MODULES,
    "LICENSE",
    "LICENSE.md",
    "LICENSE.txt",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "config_sentence_transformers.json",
    "generation_config.json",
    "merges.txt",
    "sentence_bert_config.json",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// What the files are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Anything small; comes first.
    Small,
    /// Weights.
    Weights,
}

/// The files to take, small ones first.
///
/// # Errors
/// When there are no weights in safetensors, with what there is instead.
pub(super) fn choose<'a>(
    names: impl Iterator<Item = &'a FileName> + Clone,
) -> Result<Vec<(Part, &'a FileName)>> {
    let has = |wanted: &str| names.clone().any(|name| name.as_str() == wanted);
    let in_one = has(WEIGHTS);
    if !in_one && !has(INDEX) {
        return Err(no_weights(&names));
    }
    let modules = has(MODULES);
    let part = |name: &FileName| {
        let text = name.as_str();
        let is_weights = |text: &str| {
            Path::new(text)
                .extension()
                .is_some_and(|end| end == "safetensors")
        };
        match text.split_once('/') {
            None if TAKEN.contains(&text) || (text == INDEX && !in_one) => Some(Part::Small),
            None if in_one => (text == WEIGHTS).then_some(Part::Weights),
            None => is_weights(text).then_some(Part::Weights),
            Some((folder, CONFIG)) => (modules && is_module(folder)).then_some(Part::Small),
            Some((folder, WEIGHTS)) => (modules && is_module(folder)).then_some(Part::Weights),
            Some(_) => None,
        }
    };
    let mut chosen: Vec<(Part, &FileName)> =
        names.filter_map(|name| Some((part(name)?, name))).collect();
    chosen.sort();
    if let Some((_, name)) = chosen.iter().find(|(_, name)| !name.is_plain()) {
        let shown = crate::text::ident(name.as_str()).into_owned();
        return Err(Error::new(format!(
            "has its weights in `{shown}`, which is no usual name"
        )));
    }
    let lower = |name: &FileName| name.as_str().to_ascii_lowercase();
    let alike = chosen.iter().enumerate().find(|(at, (_, name))| {
        chosen[..*at]
            .iter()
            .any(|(_, other)| lower(other) == lower(name))
    });
    if let Some((_, (_, name))) = alike {
        let what = format!(
            "has two files called {name}, told apart by capitals",
            name = name.as_str()
        );
        return Err(Error::new(what));
    }
    Ok(chosen)
}

/// What a model needs to run and the chosen files have not.
pub(super) fn lacking(chosen: &[(Part, &FileName)]) -> Vec<&'static str> {
    let has = |wanted: &str| chosen.iter().any(|(_, name)| name.as_str() == wanted);
    [CONFIG, TOKENIZER]
        .into_iter()
        .filter(|name| !has(name))
        .collect()
}

/// `1_Pooling`, `2_Dense`.
fn is_module(folder: &str) -> bool {
    let Some((number, name)) = folder.split_once('_') else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number && !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn no_weights<'a>(names: &(impl Iterator<Item = &'a FileName> + Clone)) -> Error {
    let ends = |endings: &[&str]| {
        names.clone().any(|name| {
            let ending = Path::new(name.as_str())
                .extension()
                .and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| endings.contains(&ending))
        })
    };
    let has = |wanted: &str| names.clone().any(|name| name.as_str() == wanted);
    if has("adapter_model.safetensors") || has("adapter_config.json") {
        Error::new("is an adapter, without the model that it belongs to")
            .hint("its card names the base model: pull that one")
    } else if ends(&PICKLES) {
        Error::new("has its weights as pickles only, which run code when they are read").hint(
            "look for a pull request with safetensors and take it with --revision refs/pr/N, or \
                 save the model with `save_pretrained` in Python where you trust it",
        )
    } else if ends(&["gguf"]) {
        Error::new("has its weights as GGUF only").hint(
            "llama.cpp runs it; here the model that it was made from runs, if that has safetensors",
        )
    } else if ends(&["safetensors"]) {
        Error::new(format!(
            "has safetensors, but neither {WEIGHTS} nor {INDEX}"
        ))
        .hint("this is the layout of another library")
    } else {
        Error::new("has no weights").hint("its card may say where they are")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> Result<Vec<String>> {
        let names: Vec<FileName> = names.iter().map(|name| name.parse().unwrap()).collect();
        let chosen = choose(names.iter())?;
        Ok(chosen
            .iter()
            .map(|(_, name)| name.as_str().to_owned())
            .collect())
    }

    #[test]
    fn what_runs_is_taken_and_other_formats_are_not() {
        let found = chosen(&[
            "README.md",
            "config.json",
            "flax_model.msgpack",
            "model.safetensors",
            "onnx/model.onnx",
            "pytorch_model.bin",
            "tokenizer.json",
            "1_Pooling/config.json",
            "x.safetensors",
        ]);
        let expected = [
            "README.md",
            "config.json",
            "tokenizer.json",
            "model.safetensors",
        ];
        assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn shards_and_modules_come_along() {
        let found = chosen(&[
            "config.json",
            "model-1.safetensors",
            "model-2.safetensors",
            "model.safetensors.index.json",
        ]);
        let expected = [
            "config.json",
            "model.safetensors.index.json",
            "model-1.safetensors",
            "model-2.safetensors",
        ];
        assert_eq!(found.unwrap(), expected);
        let found = chosen(&[
            "1_Pooling/config.json",
            "2_Dense/config.json",
            "2_Dense/model.safetensors",
            "model.safetensors",
            "modules.json",
            "other/config.json",
        ]);
        let expected = [
            "1_Pooling/config.json",
            "2_Dense/config.json",
            "modules.json",
            "2_Dense/model.safetensors",
            "model.safetensors",
        ];
        assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_taken_is_said_before_anything_is_fetched() {
        let cases: [(&[&str], &str); 7] = [
            (&["config.json", "pytorch_model.bin"], "pickles only"),
            (
                &["adapter_config.json", "adapter_model.safetensors"],
                "is an adapter",
            ),
            (&["model.q8.gguf"], "GGUF only"),
            (&["diffusion.safetensors"], "neither model.safetensors"),
            (&["README.md"], "no weights"),
            (
                &["model.safetensors.index.json", "a b.safetensors"],
                "no usual name",
            ),
            (
                &[
                    "model.safetensors.index.json",
                    "A.safetensors",
                    "a.safetensors",
                ],
                "capitals",
            ),
        ];
        for (names, why) in cases {
            let error = chosen(names).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
