//! What makes one vector of a text's hidden states, as the folder of a sentence-transformers model
//! declares it.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::loading::settings;
use crate::error::{Error, Result};
use crate::text;

/// Lists what a sentence-transformers model is made of.
pub(super) const MODULES: &str = "modules.json";

/// What makes one vector of a text's hidden states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pooling {
    /// What is taken of the tokens; the vectors of several one after the other.
    pub modes: Vec<Mode>,
    /// Whether the vector is divided by its length.
    pub normalize: bool,
    /// Whether the folder says so.
    pub declared: bool,
    /// The most tokens, if that is said.
    pub(super) longest: Option<usize>,
    /// Whether texts are in small letters.
    pub(super) lowercase: bool,
    /// What every text starts with.
    pub(super) prompt: String,
}

/// What is taken of the tokens' hidden states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The first.
    Cls,
    /// The largest of each value.
    Max,
    /// The mean.
    Mean,
    /// The sum, divided by the root of how many there are.
    MeanSqrtLen,
    /// The mean in which the second counts twice, the third three times, and so on.
    WeightedMean,
    /// The last.
    LastToken,
}

/// The modes in the order in which their vectors stand, by the fields that switch them on and by
/// the names of newer files.
const MODES: [(&str, &str, Mode); 6] = [
    ("pooling_mode_cls_token", "cls", Mode::Cls),
    ("pooling_mode_max_tokens", "max", Mode::Max),
    ("pooling_mode_mean_tokens", "mean", Mode::Mean),
    (
        "pooling_mode_mean_sqrt_len_tokens",
        "mean_sqrt_len_tokens",
        Mode::MeanSqrtLen,
    ),
    (
        "pooling_mode_weightedmean_tokens",
        "weightedmean",
        Mode::WeightedMean,
    ),
    ("pooling_mode_lasttoken", "lasttoken", Mode::LastToken),
];

impl Default for Pooling {
    fn default() -> Self {
        Self {
            modes: vec![Mode::Mean],
            normalize: true,
            declared: false,
            longest: None,
            lowercase: false,
            prompt: String::new(),
        }
    }
}

impl Pooling {
    /// What the folder declares for hidden states of `width`; the mean, normalized, if it declares
    /// nothing.
    ///
    /// # Errors
    /// A file that is damaged, or declares what does not run here.
    pub fn read(folder: &Path, width: usize) -> Result<Self> {
        let path = folder.join(MODULES);
        let Some(modules) = settings(&path)? else {
            return Ok(Self::default());
        };
        let wrong = |what: String| Error::new(what).at_path(&path);
        let modules = modules
            .as_array()
            .ok_or_else(|| wrong("is not a list".to_owned()))?;
        let mut pooling = Self {
            modes: Vec::new(),
            normalize: false,
            declared: true,
            ..Self::default()
        };
        for module in modules {
            pooling.add(folder, module, width)?;
        }
        if pooling.modes.is_empty() {
            return Err(wrong(
                "has no module Pooling, which makes one vector of a text".to_owned(),
            ));
        }
        Ok(pooling)
    }

    /// Takes over what a module does.
    fn add(&mut self, folder: &Path, module: &Value, width: usize) -> Result<()> {
        let wrong = |what: String| Error::new(what).at_path(&folder.join(MODULES));
        let shown = |name: &str| text::ident(&text::line(name)).into_owned();
        let kind = module["type"].as_str().unwrap_or_default();
        match kind.rsplit('.').next().unwrap_or_default() {
            "Transformer" => self.read_texts(folder)?,
            "Normalize" => self.normalize = true,
            "Pooling" => {
                let at = module["path"].as_str().unwrap_or_default();
                if !is_plain(at) {
                    let at = shown(at);
                    return Err(wrong(format!(
                        "names `{at}`, which is no folder in this one"
                    )));
                }
                self.modes = modes(&folder.join(at).join("config.json"), width)?;
            }
            _ => {
                let kind = shown(kind);
                return Err(
                    wrong(format!("has the module `{kind}`, which does not run here"))
                        .hint("choose a model of the modules Transformer, Pooling and Normalize"),
                );
            }
        }
        Ok(())
    }

    /// How texts are prepared.
    fn read_texts(&mut self, folder: &Path) -> Result<()> {
        if let Some(json) = settings(&folder.join("sentence_bert_config.json"))? {
            let longest = json["max_seq_length"]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok());
            self.longest = longest.filter(|n| *n > 0);
            self.lowercase = json["do_lower_case"].as_bool().unwrap_or(false);
        }
        if let Some(json) = settings(&folder.join("config_sentence_transformers.json"))? {
            let name = json["default_prompt_name"].as_str();
            let prompt = name.and_then(|name| json["prompts"][name].as_str());
            prompt.unwrap_or_default().clone_into(&mut self.prompt);
        }
        Ok(())
    }

    /// The vector of a text, of the rows of its tokens' hidden states.
    pub fn pool(&self, width: usize, states: &[f32]) -> Vec<f32> {
        let mut vector = Vec::with_capacity(self.modes.len() * width);
        for mode in &self.modes {
            vector.extend(mode.pool(width, states));
        }
        if self.normalize {
            super::similarity::normalize(&mut vector);
        }
        vector
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modes: Vec<&str> = self.modes.iter().map(|mode| mode.name()).collect();
        f.write_str(&modes.join(" and "))?;
        if self.normalize {
            f.write_str(", normalized")?;
        }
        if !self.declared {
            f.write_str(" (assumed: the folder has no modules.json)")?;
        }
        Ok(())
    }
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Cls => "the first token",
            Self::Max => "the largest values",
            Self::Mean => "the mean",
            Self::MeanSqrtLen => "the sum over the root of the length",
            Self::WeightedMean => "the mean with later tokens counting more",
            Self::LastToken => "the last token",
        }
    }

    fn pool(self, width: usize, states: &[f32]) -> Vec<f32> {
        let rows = || states.chunks_exact(width);
        let count = rows().len() as f32;
        let nothing = || vec![0.0; width];
        match self {
            Self::Cls => rows().next().map_or_else(nothing, <[f32]>::to_vec),
            Self::LastToken => rows().next_back().map_or_else(nothing, <[f32]>::to_vec),
            Self::Max => {
                let larger =
                    |a: Vec<f32>, b: &[f32]| a.iter().zip(b).map(|(a, b)| a.max(*b)).collect();
                rows().fold(vec![f32::NEG_INFINITY; width], larger)
            }
            Self::Mean => weighted(width, rows().map(|row| (row, 1.0)), count),
            Self::MeanSqrtLen => weighted(width, rows().map(|row| (row, 1.0)), count.sqrt()),
            Self::WeightedMean => {
                let counted = rows().enumerate().map(|(i, row)| (row, (i + 1) as f32));
                weighted(width, counted, count * (count + 1.0) / 2.0)
            }
        }
    }
}

/// The sum of rows, each so many times, divided by `by`.
fn weighted<'a>(width: usize, rows: impl Iterator<Item = (&'a [f32], f32)>, by: f32) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for (row, weight) in rows {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += weight * x;
        }
    }
    if by > 0.0 {
        for sum in &mut sums {
            *sum /= by;
        }
    }
    sums
}

/// The modes that a file switches on.
fn modes(path: &Path, width: usize) -> Result<Vec<Mode>> {
    let wrong = |what: String| Error::new(what).at_path(path);
    let json = settings(path)?
        .ok_or_else(|| wrong("is missing".to_owned()).hint("fetch the folder again"))?;
    for name in ["word_embedding_dimension", "embedding_dimension"] {
        if let Some(said) = json[name].as_u64().filter(|said| *said != width as u64) {
            return Err(wrong(format!(
                "says `{name}` {said}, and the model has {width}"
            )));
        }
    }
    if json["include_prompt"].as_bool() == Some(false) {
        return Err(wrong(
            "leaves the prompt out of the pooling, which does not run here".to_owned(),
        ));
    }
    let named: Vec<&str> = match &json["pooling_mode"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_on =
        |field: &str, name: &str| named.contains(&name) || json[field].as_bool().unwrap_or(false);
    let on = MODES.iter().filter(|(field, name, _)| is_on(field, name));
    let modes: Vec<Mode> = on.map(|(_, _, mode)| *mode).collect();
    if modes.is_empty() {
        return Err(wrong(
            "switches on no mode of pooling that runs here".to_owned(),
        ));
    }
    Ok(modes)
}

/// Whether a path from a file is a folder's name and nothing else.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    name.len() <= 255 && !name.starts_with('.') && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [f32; 6] = [1.0, -4.0, 3.0, 2.0, 5.0, 8.0];

    #[test]
    fn every_mode_makes_its_vector() {
        for (mode, vector) in [
            (Mode::Cls, [1.0, -4.0]),
            (Mode::Max, [5.0, 8.0]),
            (Mode::Mean, [3.0, 2.0]),
            (Mode::MeanSqrtLen, [9.0 / 3f32.sqrt(), 6.0 / 3f32.sqrt()]),
            (Mode::WeightedMean, [22.0 / 6.0, 4.0]),
            (Mode::LastToken, [5.0, 8.0]),
        ] {
            assert_eq!(mode.pool(2, &STATES), vector, "{mode:?}");
        }
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            crate::files::write(&path, text.as_bytes()).expect("written");
        }
        folder
    }

    const MODULES: &str = r#"[
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}
    ]"#;

    #[test]
    fn a_folder_that_declares_nothing_gives_the_mean_and_says_so() {
        let pooling = Pooling::read(folder(&[]).path(), 2).expect("pooling");
        assert_eq!(
            pooling.to_string(),
            "the mean, normalized (assumed: the folder has no modules.json)"
        );
        let vector = pooling.pool(2, &[6.0, 0.0, 0.0, 8.0]);
        assert!((vector[0] - 0.6).abs() < 1e-6 && (vector[1] - 0.8).abs() < 1e-6);
    }

    #[test]
    fn several_modes_stand_one_after_the_other() {
        let config = r#"{"word_embedding_dimension": 2, "pooling_mode_mean_tokens": true,
            "pooling_mode_cls_token": true, "pooling_mode_max_tokens": false}"#;
        let texts = r#"{"max_seq_length": 9, "do_lower_case": true}"#;
        let folder = folder(&[
            ("modules.json", MODULES),
            ("1_Pooling/config.json", config),
            ("sentence_bert_config.json", texts),
        ]);
        let pooling = Pooling::read(folder.path(), 2).expect("pooling");
        assert_eq!(pooling.to_string(), "the first token and the mean");
        assert_eq!((pooling.longest, pooling.lowercase), (Some(9), true));
        assert_eq!(pooling.pool(2, &STATES), [1.0, -4.0, 3.0, 2.0]);
    }

    #[test]
    fn what_does_not_run_here_is_refused() {
        let on = r#"{"word_embedding_dimension": 3, "pooling_mode_mean_tokens": true}"#;
        let outside = MODULES.replace("1_Pooling", "../x");
        let dense = MODULES.replace("models.Pooling", "models.Dense");
        for (modules, config, what) in [
            (
                MODULES,
                on,
                "says `word_embedding_dimension` 3, and the model has 2",
            ),
            (MODULES, "{}", "switches on no mode"),
            (outside.as_str(), on, "no folder in this one"),
            (dense.as_str(), on, "sentence_transformers.models.Dense"),
            ("[]", on, "has no module Pooling"),
            ("{", on, "is truncated"),
        ] {
            let folder = folder(&[("modules.json", modules), ("1_Pooling/config.json", config)]);
            let error = Pooling::read(folder.path(), 2).expect_err(what).to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
