//! A plan that is being made in the desk: what was chosen so far, as texts under the names of
//! `TrainingArguments` and `LoraConfig`; and what comes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Choices, plan};
use crate::error::{Error, Result};
use crate::files::{Folders, from_home};
use crate::finetune::base::Named;
use crate::finetune::dataset::{Opened, Options, Part, Report, Row, Share, Sources};
use crate::finetune::features::{Maker, Recipe};
use crate::finetune::plan::{Method, Plan};
use crate::finetune::planning;
use crate::finetune::preview::{Shown, shown};
use crate::finetune::training::Training;
use crate::model::lora::LoraConfig;
use crate::model::pipeline::{Stop, Task};
use crate::model::template::{self, Template};
use crate::settings::Settings;

/// Rows that are shown as the model sees them.
const ROWS: usize = 5;

/// What was chosen of a plan so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// The model's id.
    pub model: String,
    /// Where its files are.
    pub folder: PathBuf,
    /// The file or folder of rows, as it was typed.
    pub data: String,
    /// What is learned; found out if it is not chosen.
    pub task: Option<Task>,
    /// What learns; decided if it is not chosen.
    pub method: Option<Method>,
    /// Options by their names, as they were typed.
    pub options: BTreeMap<&'static str, String>,
}

/// What a plan would be.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// The plan.
    pub plan: Plan,
    /// What is understood of the rows, and what is wrong with them.
    pub report: Report,
    /// The first rows as the model sees them.
    pub rows: Vec<Shown>,
    /// What the model can learn.
    pub learns: Vec<Task>,
}

/// Plans what was chosen.
///
/// # Errors
/// As [`plan()`].
pub fn sketch(
    draft: &Draft,
    folders: &Folders,
    settings: &Settings,
    stop: Stop<'_>,
) -> Result<Box<Sketch>> {
    let model = Named::new(draft.model.clone(), &draft.folder, false)?;
    let made = plan(model, draft, folders, settings, stop)?;
    let names = made.dataset.names();
    let (tokenizer, recipe) = (&made.base.tokenizer, made.plan.data.recipe.clone());
    let maker = Maker::new(tokenizer, recipe, names, made.template)?;
    let first: Vec<Row> = made
        .dataset
        .rows(Part::Train)?
        .take(ROWS)
        .collect::<Result<_>>()?;
    let mut rows = Vec::new();
    for row in &first {
        rows.extend(shown(row, &maker, tokenizer, names)?);
    }
    // A long text has a window for every few hundred of its tokens.
    rows.truncate(ROWS);
    Ok(Box::new(Sketch {
        learns: planning::learns(&made.base.config)?,
        report: made.dataset.report().clone(),
        plan: made.plan,
        rows,
    }))
}

/// Options of how rows are read and cut, and of the process.
const OF_DATA: [&str; 4] = ["max_length", "check_size", "test_size", "threads"];

/// Options of `LoraConfig`.
const OF_LORA: [&str; 6] = [
    "r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
    "use_rslora",
    "bias",
];

impl Draft {
    fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let Some(typed) = self.options.get(name) else {
            return Ok(None);
        };
        let read = typed.trim().parse().map_err(|_| {
            Error::usage(format!("`{}` is no number", crate::text::line(typed))).at(name)
        });
        read.map(Some)
    }

    fn of_training(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = self
            .options
            .iter()
            .map(|(name, typed)| (*name, typed.as_str()));
        all.filter(|(name, _)| !OF_DATA.contains(name) && !OF_LORA.contains(name))
    }

    fn of_lora(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = self
            .options
            .iter()
            .map(|(name, typed)| (*name, typed.as_str()));
        all.filter(|(name, _)| OF_LORA.contains(name))
    }

    /// The command that starts the same run.
    pub fn command(&self, is_cut: bool) -> String {
        let mut words = vec![
            "modeldesk tune start --model".to_owned(),
            quoted(&self.model),
        ];
        let mut add = |flag: &str, value: &str| {
            words.push(flag.to_owned());
            words.push(quoted(value));
        };
        add(
            "--train",
            &from_home(Path::new(self.data.trim())).display().to_string(),
        );
        if let Some(task) = self.task {
            add("--task", task.name());
        }
        if let Some(method) = self.method {
            add("--method", method.name());
        }
        for (name, typed) in &self.options {
            let flag = match *name {
                "r" => "--lora-r".to_owned(),
                "bias" => "--lora-bias".to_owned(),
                name => format!("--{}", name.replace('_', "-")),
            };
            match (*name, typed.trim()) {
                ("use_rslora" | "gradient_checkpointing", "true") => words.push(flag),
                ("use_rslora" | "gradient_checkpointing", _) => {}
                (_, typed) => {
                    words.push(flag);
                    words.push(quoted(typed));
                }
            }
        }
        if is_cut {
            words.push("--quick-look".to_owned());
        }
        words.join(" ")
    }
}

impl Choices for Draft {
    fn sources(&self) -> Result<Sources> {
        let path = from_home(Path::new(self.data.trim()));
        let train = path
            .canonicalize()
            .map_err(|e| Error::io("read", &path, e))?;
        Ok(Sources {
            train,
            ..Sources::default()
        })
    }

    fn options(&self, possible: Vec<Task>) -> Result<Options> {
        let mut options = Options {
            task: self.task,
            possible,
            ..Options::default()
        };
        if let Some(share) = self.number("check_size")? {
            options.split.check = Share::new(share, "check_size")?;
        }
        if let Some(share) = self.number("test_size")? {
            options.split.test = Share::new(share, "test_size")?;
        }
        Ok(options)
    }

    fn recipe(&self, task: Task, longest: usize) -> Result<Recipe> {
        let mut recipe = Recipe::of(task, longest);
        if let Some(length) = self.number("max_length")? {
            recipe = recipe.within(length, longest)?;
        }
        Ok(recipe)
    }

    fn template(&self, data: &Opened) -> Result<Option<&'static dyn Template>> {
        let usual = if data.is_instruction() {
            "instruct"
        } else {
            "chat"
        };
        Ok(template::named(usual).filter(|_| data.is_dialogue()))
    }

    fn method(&self) -> Result<Option<Method>> {
        Ok(self.method)
    }

    fn train(&self, training: &mut Training) -> Result<()> {
        self.of_training()
            .try_for_each(|(name, typed)| set(training, name, typed))
    }

    fn adapt(&self, method: Method, lora: &mut LoraConfig) -> Result<()> {
        // What was typed for adapters stays for when they are chosen again.
        if method != Method::Lora {
            return Ok(());
        }
        if !self.options.contains_key("lora_alpha") {
            let rank: Option<usize> = self.number("r")?;
            // Alpha keeps its ratio to the rank, as on the command line.
            lora.lora_alpha *= rank.unwrap_or(lora.r) as f32 / lora.r as f32;
        }
        self.of_lora()
            .try_for_each(|(name, typed)| set(lora, name, typed))
    }

    fn threads(&self) -> Result<Option<usize>> {
        self.number("threads")
    }
}

/// Sets the field `name` of a part of a plan to what was typed.
fn set<T: Serialize + DeserializeOwned>(part: &mut T, name: &str, typed: &str) -> Result<()> {
    let typed = typed.trim();
    let wrong = |_| {
        Error::usage(format!("`{}` cannot be", crate::text::line(typed)))
            .at(name)
            .hint("an empty value sets it back")
    };
    let mut fields = serde_json::to_value(&*part).map_err(wrong)?;
    let several = name == "target_modules" || name == "class_weights";
    let one =
        |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    fields[name] = if several && typed.contains(',') {
        typed.split(',').map(|part| one(part.trim())).collect()
    } else {
        one(typed)
    };
    *part = serde_json::from_value(fields).map_err(wrong)?;
    Ok(())
}

/// A word of a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=+:@,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_set_under_their_own_names() {
        let draft = Draft {
            options: BTreeMap::from([
                ("learning_rate", "3e-4".to_owned()),
                ("max_steps", " 12 ".to_owned()),
                ("lr_scheduler_type", "cosine".to_owned()),
                ("class_weights", "1, 2.5".to_owned()),
                ("r", "4".to_owned()),
                ("max_length", "64".to_owned()),
            ]),
            ..Draft::default()
        };
        let mut training = Training::default();
        draft.train(&mut training).unwrap();
        assert!((training.learning_rate - 3e-4).abs() < 1e-12);
        assert_eq!(training.max_steps, Some(12));
        assert_eq!(
            training.class_weights,
            Some(crate::finetune::training::ClassWeights::Given(vec![
                1.0, 2.5
            ]))
        );
    }

    #[test]
    fn what_cannot_be_names_its_option() {
        for (name, typed) in [
            ("max_steps", "many"),
            ("lr_scheduler_type", "wild"),
            ("gradient_checkpointing", "7"),
        ] {
            let error = set(&mut Training::default(), name, typed).unwrap_err();
            assert_eq!(error.place(), Some(name), "{error}");
        }
    }

    #[test]
    fn the_command_is_one_that_a_shell_reads_back() {
        let draft = Draft {
            model: "openai-community/gpt2".to_owned(),
            data: "my rows; it's.csv".to_owned(),
            method: Some(Method::Lora),
            options: BTreeMap::from([("r", "4".to_owned()), ("use_rslora", "true".to_owned())]),
            ..Draft::default()
        };
        assert_eq!(
            draft.command(true),
            "modeldesk tune start --model openai-community/gpt2 --train 'my rows; it'\\''s.csv' \
             --method lora --lora-r 4 --use-rslora --quick-look"
        );
    }
}
