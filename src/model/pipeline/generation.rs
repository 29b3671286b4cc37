//! Texts that a model writes: it continues one, or makes one of another.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::loading::Parts;
use super::note::Note;
use super::parts;
use super::task::Task;
use super::texts::Texts;
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::model::config::{Config, GENERATION, Generation as Defaults};
use crate::model::generate::{Finish, Generated, Options, Request, Timing, generate};
use crate::model::layers::Precision;
use crate::model::tokenizer::Tokenizer;
use crate::model::writer::Writer;

/// How many tokens are written when neither the user nor the model says how many.
const NEW_TOKENS: usize = 128;
/// How many tokens T5 was trained to read, where its tokenizer does not say.
const T5_TOKENS: usize = 512;

/// A model that writes.
pub struct Generation {
    model: Writer,
    texts: Texts,
    task: Task,
    config: Config,
    /// As saved, for any task.
    saved: Defaults,
    /// For the task.
    defaults: Defaults,
}

/// What is asked of a model.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// What it reads.
    pub text: &'a str,
    /// What is put before the text; what the model was saved with where nothing is said.
    pub prefix: Option<&'a str>,
    /// How it writes.
    pub options: &'a Options,
    /// Whether a continued text is given with its beginning.
    pub return_full_text: bool,
    /// Polled between tokens.
    pub cancel: &'a Cancel,
}

/// What there is to show while a model writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// One token more.
    Token {
        /// What is certain of the text since the last time; may be empty.
        text: &'a str,
        /// How many tokens there are.
        tokens: usize,
    },
    /// Part `at` of `of` of a long document is being read.
    Reading {
        /// Which, from 1 on.
        at: usize,
        /// How many.
        of: usize,
        /// The part itself.
        text: &'a str,
    },
    /// Part `at` of `of` of a long document has this summary.
    Part {
        /// Which, from 1 on.
        at: usize,
        /// How many.
        of: usize,
        /// Its summary.
        summary: &'a str,
    },
}

/// What a model wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The texts, as transformers' pipeline gives them.
    pub output: Vec<Text>,
    /// The summaries of the parts of a document that was too long to be read at once.
    pub parts: Vec<String>,
    /// Why the first text ended.
    pub finish: Finish,
    /// What the user should know.
    pub notes: Vec<Note>,
    /// How long it took, of the last text.
    pub timing: Timing,
}

/// One text, in JSON under the name that the task has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    task: Task,
    /// The text.
    pub text: String,
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let name = match self.task {
            Task::Summarization => "summary_text",
            Task::Translation => "translation_text",
            _ => "generated_text",
        };
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(name, &self.text)?;
        map.end()
    }
}

impl Generation {
    /// Reads the model for a task that writes.
    ///
    /// # Errors
    /// When the model does another task, or a file of it is damaged.
    pub fn load(parts: Parts, task: Task, precision: Precision) -> Result<Self> {
        let saved = Defaults::read(parts.folder_with(GENERATION), &parts.config)?;
        let (model, texts, config) = parts.model(task, precision, Writer::load)?;
        Ok(Self {
            model,
            texts,
            task,
            defaults: saved.clone().for_task(&config, task.name()),
            saved,
            config,
        })
    }

    /// The pipeline of a model that is in memory already; clones share their weights. `defaults`
    /// are those of its folder.
    pub fn around(
        model: Writer,
        task: Task,
        tokenizer: Arc<Tokenizer>,
        config: &Config,
        defaults: &Defaults,
    ) -> Self {
        Self {
            model,
            texts: Texts::new(tokenizer, config),
            task,
            defaults: defaults.clone().for_task(config, task.name()),
            saved: defaults.clone(),
            config: config.clone(),
        }
    }

    /// What it is asked for.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Does another task that this model does, with the same weights.
    ///
    /// # Errors
    /// When it does not do it.
    pub fn turn_to(&mut self, task: Task) -> Result<()> {
        let task = Task::choose(Some(task), &self.config)?;
        self.defaults = self.saved.clone().for_task(&self.config, task.name());
        self.task = task;
        Ok(())
    }

    /// What is put before every text, if the model was saved with something for its task.
    pub fn prefix(&self) -> Option<&str> {
        self.defaults.prefix.as_deref()
    }

    /// The options that the model was saved with, and `NEW_TOKENS` where it says no length.
    pub fn options(&self) -> Options {
        let mut options = Options::of(&self.defaults);
        if self.defaults.max_new_tokens.is_none() && self.defaults.max_length.is_none() {
            options.max_new_tokens = NEW_TOKENS;
        }
        options
    }

    /// Writes one text, or as many as the options ask for.
    ///
    /// # Errors
    /// Options that are impossible, and a text that is empty or longer than the model reads.
    pub fn run(
        &self,
        ask: &Ask,
        observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Written> {
        let encoding = self.texts.tokenizer.encode(&self.prefixed(ask.text, ask))?;
        let mut notes = Texts::notes(&encoding, &[ask.text]);
        let limit = self.longest();
        if self.task == Task::Summarization && encoding.len() > limit {
            return self.in_parts(ask, limit, notes, observe);
        }
        if self.model.begins_anew() && encoding.len() > limit {
            notes.push(Note::BeyondTraining {
                tokens: encoding.len(),
                of: limit,
            });
        }
        let generated = self.write(&encoding.ids, ask, observe)?;
        Ok(self.written(generated, Vec::new(), notes, ask))
    }

    /// Goes on from ids that stand for the text, such as those of a conversation.
    ///
    /// # Errors
    /// As for [`Self::run`].
    pub fn run_ids(
        &self,
        ids: &[u32],
        ask: &Ask,
        observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Written> {
        let generated = self.write(ids, ask, observe)?;
        Ok(self.written(generated, Vec::new(), Vec::new(), ask))
    }

    /// Texts to tokens and back.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.texts.tokenizer
    }

    /// How many tokens the model reads and writes in all.
    pub fn context(&self) -> usize {
        self.longest()
    }

    /// How many tokens the model reads well.
    fn longest(&self) -> usize {
        match self.texts.longest {
            usize::MAX if self.model.begins_anew() => T5_TOKENS,
            longest => longest,
        }
    }

    /// Summarizes a document part by part, and then the summaries.
    fn in_parts(
        &self,
        ask: &Ask,
        limit: usize,
        notes: Vec<Note>,
        observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Written> {
        let mut text = ask.text.to_owned();
        let mut all = Vec::new();
        loop {
            let pieces = parts::split(&text, limit, |text| self.count(text, ask))?;
            if pieces.len() < 2 {
                break;
            }
            let mut summaries = Vec::new();
            for (i, piece) in pieces.iter().enumerate() {
                let reading = Progress::Reading {
                    at: i + 1,
                    of: pieces.len(),
                    text: piece,
                };
                if observe(reading).is_break() {
                    all.extend(summaries);
                    return Ok(cancelled(all, notes));
                }
                let ids = self.texts.tokenizer.encode(&self.prefixed(piece, ask))?.ids;
                let generated = self.write(&ids, ask, &mut |_| ControlFlow::Continue(()))?;
                let summary = first(&generated).trim().to_owned();
                let part = Progress::Part {
                    at: i + 1,
                    of: pieces.len(),
                    summary: &summary,
                };
                let stop = observe(part).is_break() || ask.cancel.is_cancelled();
                summaries.push(summary);
                if stop {
                    all.extend(summaries);
                    return Ok(cancelled(all, notes));
                }
            }
            let joined = summaries.join("\n");
            all.extend(summaries);
            // Summaries that are no shorter would go round for ever.
            if self.count(&joined, ask)? >= self.count(&text, ask)? {
                return Err(
                    Error::new("the summaries of the parts are as long as the document")
                        .hint("ask for fewer tokens with --max-new-tokens"),
                );
            }
            text = joined;
        }
        let ids = self.texts.tokenizer.encode(&self.prefixed(&text, ask))?.ids;
        let generated = self.write(&ids, ask, observe)?;
        Ok(self.written(generated, all, notes, ask))
    }

    fn prefixed(&self, text: &str, ask: &Ask) -> String {
        let prefix = ask.prefix.or_else(|| self.prefix()).unwrap_or_default();
        format!("{prefix}{text}")
    }

    fn count(&self, text: &str, ask: &Ask) -> Result<usize> {
        let encoding = self.texts.tokenizer.encode(&self.prefixed(text, ask))?;
        Ok(encoding.len())
    }

    /// Generates from ids.
    fn write(
        &self,
        ids: &[u32],
        ask: &Ask,
        observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Generated> {
        let options = ask.options;
        let mut show = |step: &crate::model::generate::Step<'_>| match step {
            step if step.sequence == 0 => observe(Progress::Token {
                text: step.text,
                tokens: step.tokens,
            }),
            _ => ControlFlow::Continue(()),
        };
        let anew = self.model.begins_anew();
        if anew && ids.is_empty() {
            return Err(Error::new("the text has no token, and the model needs one")
                .hint("give a text that is not empty"));
        }
        let start = anew.then(|| options.decoder_start()).transpose()?;
        let request = Request {
            prompt: start.as_ref().map_or(ids, std::slice::from_ref),
            options,
            tokenizer: Some(&self.texts.tokenizer),
            cancel: ask.cancel,
        };
        let mut decoder = self.model.decoder(ids, options.max_new_tokens);
        let mut generated = generate(&mut *decoder, &request, &mut show)?;
        if start.is_some() {
            generated.timing.prompt_tokens = ids.len();
        }
        Ok(generated)
    }

    fn written(
        &self,
        generated: Generated,
        parts: Vec<String>,
        notes: Vec<Note>,
        ask: &Ask,
    ) -> Written {
        let before = if ask.return_full_text && !self.model.begins_anew() {
            ask.text
        } else {
            ""
        };
        let finish = generated
            .sequences
            .first()
            .map_or(Finish::Length, |one| one.finish);
        let text = |text: String| Text {
            task: self.task,
            text: format!("{before}{text}"),
        };
        Written {
            output: generated
                .sequences
                .into_iter()
                .map(|one| text(one.text))
                .collect(),
            parts,
            finish,
            notes,
            timing: generated.timing,
        }
    }
}

/// What there is when the user stopped between parts.
fn cancelled(parts: Vec<String>, notes: Vec<Note>) -> Written {
    let timing = Timing::default();
    Written {
        output: Vec::new(),
        parts,
        finish: Finish::Cancelled,
        notes,
        timing,
    }
}

/// The text of the best sequence.
fn first(generated: &Generated) -> &str {
    generated.sequences.first().map_or("", |one| &one.text)
}
