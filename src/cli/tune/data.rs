//! The options of every command that reads data to learn from.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::finetune::dataset::{
    Columns, Format, Opened, Options, Share, Sources, Split, problem_named,
};
use crate::finetune::features::Recipe;
use crate::model::pipeline::Task;
use crate::model::template::{self, Template};
use crate::text;

/// What data is read, and how.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Data")]
pub(in crate::cli) struct Data {
    /// The rows to learn from: a file, or a folder with files that are called train, validation, test
    #[arg(long, value_name = "FILE")]
    pub train: Option<PathBuf>,
    /// Rows that choose the checkpoint; split off from the training rows by default
    #[arg(long, value_name = "FILE")]
    validation: Option<PathBuf>,
    /// Rows that judge the result, once; split off from the training rows by default
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// csv, tsv, json, jsonl, parquet, conll, squad or text, packed by gzip or zstd or not
    #[arg(long)]
    format: Option<String>,
    /// What to learn, by the hub's name
    #[arg(long)]
    pub task: Option<String>,
    /// Which column is what: text, pair, label, words, tags, id, question, context, answers,
    /// messages, instruction, input, output, source, target
    #[arg(long, value_name = "WHAT=NAME,...")]
    columns: Option<String>,
    /// How labels are read: `single_label_classification`, `multi_label_classification`, `regression`
    #[arg(long, value_name = "TYPE")]
    problem_type: Option<String>,
    /// The labels in the order of their ids; a row with another is left out
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    labels: Vec<String>,
    /// What stands between the fields of a table
    #[arg(long, value_name = "C")]
    delimiter: Option<char>,
    /// Whether the first row of a table names the columns
    #[arg(long, value_name = "BOOL")]
    header: Option<bool>,
    /// Whether fields of a table may stand in quotes
    #[arg(long, value_name = "BOOL")]
    quotes: Option<bool>,
    /// How many check rows are split off: a share below 1, or a number of rows
    #[arg(long, value_name = "N", default_value_t = 0.05)]
    check_size: f64,
    /// How many test rows are split off
    #[arg(long, value_name = "N", default_value_t = 0.05)]
    test_size: f64,
    /// What decides which rows are split off
    #[arg(long, value_name = "N", default_value_t = 42)]
    split_seed: u64,
    /// A bad row is an error, and not left out
    #[arg(long)]
    strict: bool,
    /// Most tokens of a row, a block or a window
    #[arg(long, value_name = "N", alias = "block-size", alias = "max-seq-length")]
    max_length: Option<usize>,
    /// Most tokens that the model learns to write
    #[arg(long, value_name = "N")]
    max_target_length: Option<usize>,
    /// question-answering: tokens that windows share
    #[arg(long, value_name = "N")]
    doc_stride: Option<usize>,
    /// token-classification: label all tokens of a word, not only the first
    #[arg(long)]
    label_all_tokens: bool,
    /// Learn from each text by itself instead of from blocks of joined texts
    #[arg(long)]
    line_by_line: bool,
    /// Stands before every text of which another is made: `summarize: `
    #[arg(long, value_name = "TEXT")]
    source_prefix: Option<String>,
    /// How conversations become text: chat or instruct
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
}

impl Data {
    /// The files, wherever the program is started next.
    ///
    /// # Errors
    /// When none is given, or one is not there.
    pub(in crate::cli) fn sources(&self) -> Result<Sources> {
        let absolute = |path: &PathBuf| path.canonicalize().map_err(|e| Error::io("read", path, e));
        let Some(train) = &self.train else {
            return Err(Error::usage("no data is given")
                .at("--train")
                .hint("name a file with rows to learn from"));
        };
        Ok(Sources {
            train: absolute(train)?,
            validation: self.validation.as_ref().map(absolute).transpose()?,
            test: self.test.as_ref().map(absolute).transpose()?,
        })
    }

    /// How they are read, for a model that can learn the `possible` tasks.
    ///
    /// # Errors
    /// When an option has a word that is not known.
    pub(in crate::cli) fn options(&self, possible: Vec<Task>) -> Result<Options> {
        let columns = self.columns.as_deref().map(Columns::parse).transpose()?;
        Ok(Options {
            format: self.format.as_deref().map(Format::named).transpose()?,
            task: self.task.as_deref().map(Task::named).transpose()?,
            possible,
            problem: self
                .problem_type
                .as_deref()
                .map(problem_named)
                .transpose()?,
            columns: columns.unwrap_or_default(),
            delimiter: self.delimiter,
            header: self.header,
            quotes: self.quotes,
            labels: (!self.labels.is_empty()).then(|| self.labels.clone()),
            split: Split {
                seed: self.split_seed,
                check: Share::new(self.check_size, "--check-size")?,
                test: Share::new(self.test_size, "--test-size")?,
            },
            strict: self.strict,
        })
    }

    /// How features are made for a model that reads `longest` tokens.
    ///
    /// # Errors
    /// When a length is impossible.
    pub(in crate::cli) fn recipe(&self, task: Task, longest: usize) -> Result<Recipe> {
        let mut recipe = Recipe::of(task, longest);
        if let Some(length) = self.max_length {
            recipe = recipe.within(length, longest)?;
        }
        recipe.max_target_length = self.max_target_length.unwrap_or(recipe.max_target_length);
        recipe.stride = self.doc_stride.unwrap_or(recipe.stride);
        if recipe.stride >= recipe.max_length {
            return Err(Error::usage(format!(
                "windows of {} tokens cannot share {}",
                recipe.max_length, recipe.stride
            ))
            .at("--doc-stride"));
        }
        recipe.label_all_tokens = self.label_all_tokens;
        recipe.blocks &= !self.line_by_line;
        recipe.source_prefix = self.source_prefix.clone().unwrap_or_default();
        Ok(recipe)
    }

    /// How conversations become text, if rows are some.
    ///
    /// # Errors
    /// When no template has that name.
    pub(in crate::cli) fn template(&self, data: &Opened) -> Result<Option<&'static dyn Template>> {
        let usual = if data.is_instruction() {
            "instruct"
        } else {
            "chat"
        };
        let name = self.template.as_deref().unwrap_or(usual);
        let found = template::named(name).ok_or_else(|| {
            Error::usage(format!(
                "there is no template `{}`",
                text::ident(&text::line(name))
            ))
            .at("--template")
            .hint("use chat or instruct")
        })?;
        Ok(data.is_dialogue().then_some(found))
    }
}
