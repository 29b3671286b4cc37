//! What q8 and q4 cost: how well probes do on what a model makes of real texts, at each precision.
//!
//! A probe is fitted to the training part in f32 and, apart from it, to that at each precision; all
//! are scored on the same other part. Paragraphs are found by the questions that they answer without
//! any probe.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use modeldesk::error::{Error, Result};
use modeldesk::model::batch::Batch;
use modeldesk::model::config::Config;
use modeldesk::model::heads::Body;
use modeldesk::model::kernels::random::Stream;
use modeldesk::model::layers::{Precision, Source};
use modeldesk::model::pipeline::{SentenceEmbedding, similarity};
use modeldesk::model::tape::Tape;
use modeldesk::model::tokenizer::Tokenizer;
use modeldesk::model::weights::Checkpoint;
use serde_json::Value;

use super::probe::{Examples, Probe};
use super::text;
use crate::project;

/// The precisions, the one that the others are held against first, and by how many points in a
/// hundred they may do worse or better.
const PRECISIONS: [(Precision, f64); 3] = [
    (Precision::F32, 0.0),
    (Precision::Q8, 0.5),
    (Precision::Q4, 3.0),
];
/// How many labelled texts are kept for scoring.
const KEPT: usize = 1000;

/// What is read, with which model.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder of a model that makes vectors of texts
    model: PathBuf,
    /// Texts after their labels and a tab, one a line; a thousand of them are kept for scoring
    #[arg(long, value_name = "FILE")]
    labelled: Option<PathBuf>,
    /// Words before their tags and a tab, one a line, with a blank line after each sentence: a file
    /// to fit to and one for scoring
    #[arg(long, num_args = 2, value_names = ["FILE", "FILE"])]
    tagged: Option<Vec<PathBuf>>,
    /// Paragraphs and questions, in the JSON of `SQuAD`
    #[arg(long, value_name = "FILE")]
    squad: Option<PathBuf>,
}

/// Scores each part; whether all are within what they may lose.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let mut rows = Vec::new();
    if let Some(file) = &arguments.labelled {
        let texts = Labelled::read(file)?;
        rows.extend(probed(
            "labels of texts",
            texts.labels.len(),
            |precision| texts.examples(&arguments.model, precision),
        )?);
    }
    if let Some([train, test]) = arguments.tagged.as_deref() {
        let tagged = Tagged::read(train, test)?;
        rows.extend(probed("tags of words", tagged.tags.len(), |precision| {
            tagged.examples(&arguments.model, precision)
        })?);
    }
    if let Some(file) = &arguments.squad {
        let pairs = Pairs::read(file)?;
        let name = format!("paragraphs found among {}", pairs.paragraphs.len());
        let found = PRECISIONS.map(|(precision, _)| pairs.found(&arguments.model, precision));
        rows.push((name, found.into_iter().collect::<Result<_>>()?));
    }
    if rows.is_empty() {
        return Err(Error::usage("there is nothing to read")
            .hint("name texts with --labelled, --tagged or --squad"));
    }
    let mut held = true;
    for (name, scores) in rows {
        let of = |(score, (precision, most)): (&f64, &(Precision, f64))| {
            let change = score - scores[0];
            held &= change.abs() <= *most;
            format!("{} {score:.2} ({change:+.2})", precision.name())
        };
        let shown: Vec<String> = scores.iter().zip(&PRECISIONS).map(of).collect();
        project::say(&format!("{name}: {}", shown.join(", ")));
    }
    Ok(held)
}

/// A line of the table: what was scored, and the score at each precision.
type Scored = (String, Vec<f64>);

/// The scores of the probe of f32, and of those of each precision.
fn probed(
    name: &str,
    classes: usize,
    examples: impl Fn(Precision) -> Result<[Examples; 2]>,
) -> Result<[Scored; 2]> {
    let (mut first, mut scores) = (None, [Vec::new(), Vec::new()]);
    for (precision, _) in PRECISIONS {
        let [train, test] = examples(precision)?;
        let own = Probe::fit(&train, classes);
        scores[1].push(own.accuracy(&test));
        scores[0].push(first.get_or_insert(own).accuracy(&test));
    }
    let [of_f32, own] = scores;
    Ok([
        (format!("{name}, by the probe of f32"), of_f32),
        (format!("{name}, by probes of their own"), own),
    ])
}

/// The vectors of texts.
fn vectors(model: &Path, precision: Precision, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
    let model = SentenceEmbedding::open(model, precision)?;
    let found = model.run(texts, &mut || false)?;
    Ok(found.into_iter().map(|found| found.output).collect())
}

/// The number of a name, new ones in turn.
fn number(names: &mut BTreeMap<String, u32>, name: &str) -> u32 {
    let next = names.len() as u32;
    *names.entry(name.to_owned()).or_insert(next)
}

/// Texts with labels, in an order that does not depend on the file's.
struct Labelled {
    texts: Vec<(u32, String)>,
    labels: BTreeMap<String, u32>,
}

impl Labelled {
    fn read(path: &Path) -> Result<Self> {
        let mut labels = BTreeMap::new();
        let mut texts = Vec::new();
        for (label, line) in text(path)?.lines().filter_map(|line| line.split_once('\t')) {
            texts.push((number(&mut labels, label), line.trim().to_owned()));
        }
        if texts.len() <= KEPT {
            return Err(
                Error::usage(format!("has no more than {KEPT} labelled texts")).at_path(path),
            );
        }
        let stream = Stream::new(1, 0);
        for i in (1..texts.len()).rev() {
            texts.swap(i, stream.below(i as u64, i + 1));
        }
        Ok(Self { texts, labels })
    }

    fn examples(&self, model: &Path, precision: Precision) -> Result<[Examples; 2]> {
        let texts: Vec<&str> = self.texts.iter().map(|(_, text)| text.as_str()).collect();
        let vectors = vectors(model, precision, &texts)?;
        let mut parts = [(); 2].map(|()| Examples::new(vectors[0].len()));
        for (i, (vector, (label, _))) in vectors.iter().zip(&self.texts).enumerate() {
            parts[usize::from(i < KEPT)].push(vector, *label);
        }
        Ok(parts)
    }
}

/// A sentence's words, each with its tag.
type Sentence = Vec<(String, u32)>;

/// Sentences to fit to, and others for scoring.
struct Tagged {
    parts: [Vec<Sentence>; 2],
    tags: BTreeMap<String, u32>,
}

impl Tagged {
    fn read(train: &Path, test: &Path) -> Result<Self> {
        let mut tags = BTreeMap::new();
        let mut part = |path| -> Result<Vec<Sentence>> {
            let mut sentences = vec![Sentence::new()];
            for line in text(path)?.lines() {
                match (line.trim().split_once('\t'), sentences.last_mut()) {
                    (Some((word, tag)), Some(last)) => {
                        last.push((word.to_owned(), number(&mut tags, tag.trim())));
                    }
                    _ => sentences.push(Sentence::new()),
                }
            }
            sentences.retain(|sentence| !sentence.is_empty());
            Ok(sentences)
        };
        Ok(Self {
            parts: [part(train)?, part(test)?],
            tags,
        })
    }

    /// The states of the first token of each word.
    fn examples(&self, folder: &Path, precision: Precision) -> Result<[Examples; 2]> {
        let config = Config::read(folder)?;
        let checkpoint = Checkpoint::open(folder)?;
        let body = Body::load(&Source::of(&checkpoint, &config, precision), &config)?;
        let tokenizer = Tokenizer::read(folder, Some(config.vocab_size()))?;
        let [train, test] = &self.parts;
        let longest = config.positions().unwrap_or(usize::MAX);
        Ok([
            of_words(&body, &tokenizer, longest, train)?,
            of_words(&body, &tokenizer, longest, test)?,
        ])
    }
}

fn of_words(
    body: &Body,
    tokenizer: &Tokenizer,
    longest: usize,
    sentences: &[Sentence],
) -> Result<Examples> {
    let around = tokenizer.encode("")?.ids;
    let (first, last) = around.split_at(around.len() / 2);
    let mut examples = None;
    for sentence in sentences {
        let (mut ids, mut places) = (first.to_vec(), Vec::new());
        for (word, tag) in sentence {
            let word = tokenizer.ids(word)?;
            if word.is_empty() || ids.len() + word.len() + last.len() > longest {
                continue;
            }
            places.push((ids.len(), *tag));
            ids.extend(word);
        }
        ids.extend(last);
        let states = body.forward(&mut Tape::off(), &Batch::new([ids.as_slice()]), |_| ());
        let examples = examples.get_or_insert_with(|| Examples::new(states.cols()));
        for (place, tag) in places {
            examples.push(
                &states.values()[place * states.cols()..][..states.cols()],
                tag,
            );
        }
    }
    examples.ok_or_else(|| Error::usage("there are no tagged words"))
}

/// Questions, each with the number of the paragraph that answers it.
struct Pairs {
    paragraphs: Vec<String>,
    questions: Vec<(usize, String)>,
}

impl Pairs {
    fn read(path: &Path) -> Result<Self> {
        let json: Value = serde_json::from_str(&text(path)?)
            .map_err(|e| Error::new("is not JSON").at_path(path).caused_by(e))?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let (mut paragraphs, mut questions) = (Vec::new(), Vec::new());
        let articles = list(&json["data"]);
        for paragraph in articles
            .iter()
            .flat_map(|article| list(&article["paragraphs"]))
        {
            for question in list(&paragraph["qas"]) {
                let question = question["question"].as_str().unwrap_or_default();
                questions.push((paragraphs.len(), question.to_owned()));
            }
            paragraphs.push(paragraph["context"].as_str().unwrap_or_default().to_owned());
        }
        if questions.is_empty() {
            return Err(Error::usage("has no questions").at_path(path));
        }
        Ok(Self {
            paragraphs,
            questions,
        })
    }

    /// For how many questions in a hundred the closest paragraph is the one that answers.
    fn found(&self, model: &Path, precision: Precision) -> Result<f64> {
        let paragraphs: Vec<&str> = self.paragraphs.iter().map(String::as_str).collect();
        let questions: Vec<&str> = self
            .questions
            .iter()
            .map(|(_, text)| text.as_str())
            .collect();
        let paragraphs = vectors(model, precision, &paragraphs)?;
        let questions = vectors(model, precision, &questions)?;
        let cosines = similarity::cosines(&questions, &paragraphs)?;
        let rows = cosines.iter().zip(&self.questions);
        let right = rows.filter(|(row, (answer, _))| row.iter().all(|x| *x <= row[*answer]));
        Ok(100.0 * right.count() as f64 / questions.len() as f64)
    }
}
