//! What the files beside tokenizer.json say: which tokens are special, the longest input, the
//! chat template.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result};

/// The largest of these files that is read.
const MOST_BYTES: u64 = 8 << 20;
/// Above this, a longest input means that there is none.
const NO_LIMIT: f64 = 1e9;

/// The special tokens, as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Starts a text.
    pub bos: Option<String>,
    /// Ends a text.
    pub eos: Option<String>,
    /// Fills up short rows.
    pub pad: Option<String>,
    /// Stands for what the vocabulary lacks.
    pub unk: Option<String>,
    /// Stands between texts.
    pub sep: Option<String>,
    /// Stands for the whole text.
    pub cls: Option<String>,
    /// Is to be filled.
    pub mask: Option<String>,
    /// Others.
    pub more: Vec<String>,
}

/// What the files say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The special tokens.
    pub names: Names,
    /// The longest input in tokens.
    pub model_max_length: Option<usize>,
    /// How a conversation becomes a text, in Jinja.
    pub chat_template: Option<String>,
    /// Whether spaces before punctuation are taken out of decoded text.
    pub clean_up: bool,
}

impl Settings {
    /// What a model's folder says; nothing where a file is not there.
    ///
    /// # Errors
    /// A file that cannot be read, or is too large.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut settings = Self::default();
        for name in ["special_tokens_map.json", "tokenizer_config.json"] {
            let path = folder.join(name);
            if let Some(text) = read_small(&path)? {
                let json: Value = serde_json::from_str(&text)
                    .map_err(|e| Error::new("cannot read it").at_path(&path).caused_by(e))?;
                settings.update(&json);
            }
        }
        if let Some(template) = read_small(&folder.join("chat_template.jinja"))? {
            settings.chat_template = Some(template);
        }
        Ok(settings)
    }

    /// Takes over what one of the files says.
    pub fn update(&mut self, json: &Value) {
        let names = &mut self.names;
        for (name, slot) in [
            ("bos_token", &mut names.bos),
            ("eos_token", &mut names.eos),
            ("pad_token", &mut names.pad),
            ("unk_token", &mut names.unk),
            ("sep_token", &mut names.sep),
            ("cls_token", &mut names.cls),
            ("mask_token", &mut names.mask),
        ] {
            if let Some(token) = token(&json[name]) {
                *slot = Some(token);
            }
        }
        for name in ["additional_special_tokens", "extra_special_tokens"] {
            let tokens = json[name].as_array().into_iter().flatten();
            names.more.extend(tokens.filter_map(token));
        }
        if let Some(length) = json["model_max_length"].as_f64() {
            self.model_max_length = (1.0..NO_LIMIT).contains(&length).then_some(length as usize);
        }
        if let Some(template) = template(&json["chat_template"]) {
            self.chat_template = Some(template);
        }
        if let Some(clean_up) = json["clean_up_tokenization_spaces"].as_bool() {
            self.clean_up = clean_up;
        }
    }
}

/// A token, as a text or as an object with its content.
fn token(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value["content"].as_str())?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The template, or the default one of several.
fn template(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let named = value
        .as_array()?
        .iter()
        .find(|entry| entry["name"] == "default")?;
    Some(named["template"].as_str()?.to_owned())
}

/// The text of a small file; nothing if there is none.
fn read_small(path: &Path) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = read_bounded(path, MOST_BYTES)?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| Error::new("it is not text (UTF-8)").at_path(path))
}

/// The bytes of a file of at most `most`.
///
/// # Errors
/// A file that is larger, or cannot be read.
pub(super) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|e| Error::io("open it", path, e))?;
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io("read it", path, e))?;
    if bytes.len() as u64 > most {
        return Err(Error::new(format!("it is larger than {} MB", most >> 20)).at_path(path));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_are_texts_or_objects() {
        let mut settings = Settings::default();
        settings.update(&json!({
            "eos_token": "</s>",
            "pad_token": {"content": "<pad>", "lstrip": false},
            "bos_token": null,
            "additional_special_tokens": ["<x>", {"content": "<y>"}, 3],
            "model_max_length": 512,
        }));
        assert_eq!(settings.names.eos.as_deref(), Some("</s>"));
        assert_eq!(settings.names.pad.as_deref(), Some("<pad>"));
        assert_eq!(settings.names.bos, None);
        assert_eq!(settings.names.more, ["<x>", "<y>"]);
        assert_eq!(settings.model_max_length, Some(512));
    }

    #[test]
    fn a_huge_longest_input_is_none_and_templates_may_be_several() {
        let mut settings = Settings::default();
        settings.update(&json!({
            "model_max_length": 1_000_000_000_000_000_019_884_624_838_656u128 as f64,
            "chat_template": [
                {"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}
            ],
        }));
        assert_eq!(settings.model_max_length, None);
        assert_eq!(settings.chat_template.as_deref(), Some("d"));
    }

    #[test]
    fn files_are_read_with_a_limit() {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(
            Settings::read(folder.path()).expect("nothing"),
            Settings::default()
        );
        let path = folder.path().join("tokenizer_config.json");
        crate::files::write(&path, b"{\"eos_token\": \"</s>\"").expect("written");
        let error = Settings::read(folder.path()).expect_err("cut off");
        assert!(
            error.to_string().contains("tokenizer_config.json"),
            "{error}"
        );
        assert!(read_bounded(&path, 5).is_err());
    }
}
