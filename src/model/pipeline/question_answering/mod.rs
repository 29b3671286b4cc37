//! Finds the answer to a question in a text.

mod spans;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use self::spans::{Window, spans};
use super::note::{Note, Outcome};
use super::texts::{Read, Texts};
use super::{Parts, Stop, Task, batches};
use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::model::heads;
use crate::model::layers::Precision;
use crate::model::tape::Tape;
use crate::model::tokenizer::{Cut, Encoding, Limit, Tokenizer};

/// The most tokens of a window where nothing is said.
const WINDOW: usize = 384;
/// The most tokens that windows share where nothing is said.
const STRIDE: usize = 128;

/// Finds the answer to a question in a text.
pub struct QuestionAnswering {
    model: heads::QuestionAnswering,
    texts: Texts,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input<'a> {
    /// The question.
    pub question: &'a str,
    /// The text that the answer is in.
    pub context: &'a str,
}

/// How answers are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many answers.
    pub top_k: usize,
    /// How many tokens each window of a longer text repeats of the one before.
    pub doc_stride: Option<usize>,
    /// The most tokens of an answer.
    pub max_answer_len: usize,
    /// The most tokens of a window, with the question.
    pub max_seq_len: Option<usize>,
    /// Whether no answer is an answer.
    pub handle_impossible_answer: bool,
    /// Whether answers are whole words.
    pub align_to_words: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            top_k: 1,
            doc_stride: None,
            max_answer_len: 15,
            max_seq_len: None,
            handle_impossible_answer: false,
            align_to_words: true,
        }
    }
}

/// The answers to one question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answers {
    /// There is one.
    One(Answer),
    /// There are several, the best first; or none.
    Several(Vec<Answer>),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Its probability, summed over the places of the same words.
    pub score: f32,
    /// Its first character in the text.
    pub start: usize,
    /// The character after its last.
    pub end: usize,
    /// The answer; empty if there is none.
    pub answer: String,
    /// Where it is in the text in bytes.
    #[serde(skip)]
    pub bytes: Range<usize>,
}

/// The logits of a window's tokens: to start, and to end.
type Logits = (Vec<f32>, Vec<f32>);

impl QuestionAnswering {
    /// Reads the model in a folder.
    ///
    /// # Errors
    /// As for [`Parts::read`] and [`QuestionAnswering::load`].
    pub fn open(folder: &Path, precision: Precision) -> Result<Self> {
        Self::load(Parts::read(folder)?, precision)
    }

    /// Reads the model.
    ///
    /// # Errors
    /// When it was not trained for this.
    pub fn load(parts: Parts, precision: Precision) -> Result<Self> {
        let load = heads::QuestionAnswering::load;
        let (model, texts, _) = parts.model(Task::QuestionAnswering, precision, load)?;
        Ok(Self { model, texts })
    }

    /// The pipeline of a model that is in memory already; clones share their weights.
    pub fn around(
        model: heads::QuestionAnswering,
        tokenizer: Arc<Tokenizer>,
        config: &Config,
    ) -> Self {
        let texts = Texts::new(tokenizer, config);
        Self { model, texts }
    }

    /// Answers each question.
    ///
    /// # Errors
    /// A question or a text that is empty, options that do not fit, or a stop.
    pub fn run(
        &self,
        inputs: &[Input<'_>],
        options: &Options,
        stop: Stop<'_>,
    ) -> Result<Vec<Outcome<Answers>>> {
        self.check(options)?;
        let read = Read::each(inputs, |input| self.windows(input, options))?;
        let logits = batches::run(&read.windows, stop, |batch, _| {
            let logits = self.model.logits(&mut Tape::off(), batch);
            let sequences = batch.starts.windows(2).map(|ends| ends[0]..ends[1]);
            let sides = |rows: Range<usize>| -> Logits {
                rows.map(|row| (logits.row(row)[0], logits.row(row)[1]))
                    .unzip()
            };
            sequences.map(sides).collect()
        })?;
        let all = inputs.iter().zip(read.by_input(&logits)).zip(&read.notes);
        let outcomes = all.map(|((input, windows), notes)| {
            let output = self.answers(input, &windows, options);
            let notes = notes.clone();
            Outcome { output, notes }
        });
        Ok(outcomes.collect())
    }

    fn check(&self, options: &Options) -> Result<()> {
        if options.top_k == 0 {
            return Err(Error::usage("must be at least 1").at("top_k"));
        }
        if options.max_answer_len == 0 {
            return Err(Error::usage("must be at least 1").at("max_answer_len"));
        }
        let (longest, window) = (self.texts.longest, self.window(options));
        if window > longest {
            return Err(
                Error::usage(format!("is {window}, and the model reads {longest} tokens"))
                    .at("max_seq_len"),
            );
        }
        match options.doc_stride {
            Some(stride) if stride > window => {
                let what = format!("is {stride}, and a window has {window} tokens");
                Err(Error::usage(what).at("doc_stride"))
            }
            _ => Ok(()),
        }
    }

    /// The most tokens of a window.
    fn window(&self, options: &Options) -> usize {
        options
            .max_seq_len
            .unwrap_or_else(|| WINDOW.min(self.texts.longest))
    }

    /// The question with each stretch of the text.
    fn windows(&self, input: &Input<'_>, options: &Options) -> Result<(Vec<Encoding>, Vec<Note>)> {
        let tokenizer = &self.texts.tokenizer;
        for (text, name) in [(input.question, "question"), (input.context, "context")] {
            if text.is_empty() {
                return Err(Error::usage("is empty").at(name));
            }
        }
        let tokens = self.window(options);
        let stride = options
            .doc_stride
            .map_or_else(|| self.stride(input, tokens), Ok)?;
        let limit = Limit {
            tokens,
            cut: Cut::OnlySecond,
            stride,
        };
        let windows = tokenizer.windows(input.question, Some(input.context), true, Some(limit))?;
        self.texts.check(&windows[0])?;
        let notes = Texts::notes(&windows[0], &[input.question, input.context]);
        Ok((windows, notes))
    }

    /// How many tokens windows share where nothing is said: fewer beside a long question, which
    /// leaves less room than that.
    fn stride(&self, input: &Input<'_>, tokens: usize) -> Result<usize> {
        let tokenizer = &self.texts.tokenizer;
        let question = tokenizer.windows(input.question, Some(""), true, None)?;
        let room = tokens.saturating_sub(question[0].len());
        Ok(STRIDE.min(tokens / 2).min(room.saturating_sub(1)))
    }

    fn answers(
        &self,
        input: &Input<'_>,
        windows: &[(&Encoding, &Logits)],
        options: &Options,
    ) -> Answers {
        // Some of them become the same words.
        let align = options.align_to_words;
        let count = options.top_k.saturating_mul(1 + usize::from(align));
        let count = count.saturating_add(10 * usize::from(align));
        let mut answers = Distinct::default();
        let mut none = f32::INFINITY;
        for (encoding, (starts, ends)) in windows {
            let window = self.tokens(encoding, starts, ends);
            let found = spans(&window, options.max_answer_len, count);
            none = none.min(found.none);
            for span in found.spans {
                let (chars, bytes) = place(encoding, span.tokens, align);
                answers.add(input.context, chars, bytes, span.score);
            }
        }
        let mut answers = answers.answers;
        if options.handle_impossible_answer {
            answers.push(Answer {
                score: none,
                start: 0,
                end: 0,
                answer: String::new(),
                bytes: 0..0,
            });
        }
        answers.sort_by(|a, b| b.score.total_cmp(&a.score));
        answers.truncate(options.top_k);
        if answers.len() == 1 {
            Answers::One(answers.swap_remove(0))
        } else {
            Answers::Several(answers)
        }
    }

    fn tokens<'a>(&self, encoding: &Encoding, starts: &'a [f32], ends: &'a [f32]) -> Window<'a> {
        let in_context: Vec<bool> = encoding
            .sequences
            .iter()
            .map(|sequence| *sequence == Some(1))
            .collect();
        let cls = self.texts.tokenizer.special().cls;
        let counted = in_context.iter().zip(&encoding.ids);
        let counted = counted
            .map(|(inside, id)| *inside || Some(*id) == cls)
            .collect();
        Window {
            starts,
            ends,
            counted,
            in_context,
        }
    }
}

/// Answers of which no two have the same words, whatever their case.
#[derive(Default)]
struct Distinct {
    answers: Vec<Answer>,
    places: HashMap<String, usize>,
}

impl Distinct {
    /// Adds an answer, or its score to that of the one with the same words.
    fn add(&mut self, context: &str, chars: Range<usize>, bytes: Range<usize>, score: f32) {
        let answer = context.get(bytes.clone()).unwrap_or_default();
        match self.places.entry(answer.to_lowercase()) {
            Entry::Occupied(place) => self.answers[*place.get()].score += score,
            Entry::Vacant(place) => {
                place.insert(self.answers.len());
                let (start, end, answer) = (chars.start, chars.end, answer.to_owned());
                self.answers.push(Answer {
                    score,
                    start,
                    end,
                    answer,
                    bytes,
                });
            }
        }
    }
}

/// Where tokens are in the text, or the words that they are of.
fn place(
    encoding: &Encoding,
    (mut start, mut end): (usize, usize),
    align_to_words: bool,
) -> (Range<usize>, Range<usize>) {
    if align_to_words && encoding.words[start].is_some() && encoding.words[end].is_some() {
        let same = |a: usize, b: usize| {
            encoding.words[a] == encoding.words[b] && encoding.sequences[a] == encoding.sequences[b]
        };
        while start > 0 && same(start, start - 1) {
            start -= 1;
        }
        while end + 1 < encoding.len() && same(end, end + 1) {
            end += 1;
        }
    }
    let over = |ranges: &[Range<usize>]| ranges[start].start..ranges[end].end;
    (over(&encoding.chars), over(&encoding.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding() -> Encoding {
        Encoding {
            ids: vec![1, 2, 3, 4],
            words: vec![None, Some(0), Some(0), Some(1)],
            sequences: vec![None, Some(1), Some(1), Some(1)],
            bytes: vec![0..0, 0..3, 3..4, 5..6],
            chars: vec![0..0, 0..2, 2..3, 4..5],
            ..Encoding::default()
        }
    }

    #[test]
    fn answers_are_whole_words_if_they_are_to_be() {
        assert_eq!(place(&encoding(), (2, 2), true), (0..3, 0..4));
        assert_eq!(place(&encoding(), (2, 2), false), (2..3, 3..4));
        assert_eq!(place(&encoding(), (1, 3), true), (0..5, 0..6));
    }

    #[test]
    fn the_same_words_are_one_answer() {
        let text = "in Vienna, vienna, Cork";
        let mut answers = Distinct::default();
        for (bytes, score) in [(3..9, 0.5), (19..23, 0.125), (11..17, 0.25)] {
            answers.add(text, bytes.clone(), bytes, score);
        }
        let found: Vec<_> = answers
            .answers
            .iter()
            .map(|a| (a.answer.as_str(), a.score, a.start))
            .collect();
        assert_eq!(found, [("Vienna", 0.75, 3), ("Cork", 0.125, 19)]);
    }
}
