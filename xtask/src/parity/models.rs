//! Models of any size, beside transformers: `tests/parity/reference.py` reads texts with each, this
//! program reads the same in f32, and the largest difference of each output is printed.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use modeldesk::error::{Error, Result};
use modeldesk::jobs::Cancel;
use modeldesk::model::batch::Batch;
use modeldesk::model::config::Config;
use modeldesk::model::generate::{Decoder, Options, Request, generate};
use modeldesk::model::heads::{Body, CausalDecoder, CausalLm};
use modeldesk::model::layers::{Precision, Sight, Source};
use modeldesk::model::pipeline::SentenceEmbedding;
use modeldesk::model::t5::{Encoded, Seq2SeqDecoder, T5};
use modeldesk::model::tape::{Tape, Tensor};
use modeldesk::model::tokenizer::Tokenizer;
use modeldesk::model::weights::Checkpoint;
use serde_json::Value;

use super::text;
use crate::project;

const SCRIPT: &str = "tests/parity/reference.py";
/// The most that a value may differ by, relative to the larger of both and of 1.
const TOLERANCE: f32 = 1e-4;
/// How many texts are read at a time.
const TOGETHER: usize = 16;

/// What is compared, on what.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A Python that has what tests/parity/models-requirements.txt lists
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,
    /// Texts, one a line
    #[arg(long, value_name = "FILE")]
    texts: PathBuf,
    /// How many of them are read
    #[arg(long, value_name = "N", default_value_t = 1000)]
    count: usize,
    /// Folders of models
    #[arg(required = true)]
    folders: Vec<PathBuf>,
}

/// Compares each folder; whether all agree.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let mut agree = true;
    for folder in &arguments.folders {
        let reference = Reference::make(arguments, folder)?;
        for finding in compare(arguments, folder, &reference)? {
            agree &= finding.agrees;
            project::say(&format!("{}: {}", folder.display(), finding.text));
        }
    }
    Ok(agree)
}

/// What transformers made of the texts.
struct Reference {
    _out: tempfile::TempDir,
    tensors: Checkpoint,
    /// The ids of each text.
    texts: Vec<Vec<u32>>,
    /// What was written after the first of them.
    written: Vec<Vec<u32>>,
}

impl Reference {
    fn make(arguments: &Arguments, folder: &Path) -> Result<Self> {
        let failed = || {
            Error::new(format!("{SCRIPT} failed"))
                .at_path(folder)
                .hint("name a Python that has tests/parity/models-requirements.txt with --python")
        };
        let out = tempfile::tempdir().map_err(|e| failed().caused_by(e))?;
        let status = Command::new(&arguments.python)
            .arg(project::root().join(SCRIPT))
            .args([folder, &arguments.texts])
            .arg(arguments.count.to_string())
            .arg(out.path())
            .stdout(Stdio::null())
            .status()
            .map_err(|e| failed().caused_by(e))?;
        if !status.success() {
            return Err(failed());
        }
        let ids = text(&out.path().join("ids.json"))?;
        let ids: Value = serde_json::from_str(&ids).map_err(|e| failed().caused_by(e))?;
        let lists = |name| serde_json::from_value(ids[name].clone());
        Ok(Self {
            tensors: Checkpoint::open(out.path())?,
            texts: lists("texts").map_err(|e| failed().caused_by(e))?,
            written: lists("written").map_err(|e| failed().caused_by(e))?,
            _out: out,
        })
    }

    /// How much values differ from the tensor `name`.
    fn off(&self, name: &str, ours: &[f32]) -> Result<Finding> {
        let theirs = self.tensors.read(name)?;
        let mut off = Off::default();
        for (a, b) in ours.iter().zip(theirs.iter()) {
            off.take(*a, *b);
        }
        let (count, same) = (ours.len(), ours.len() == theirs.len());
        let text = if same {
            format!("{count} values of {name}: {off}")
        } else {
            format!(
                "{count} values of {name}, and transformers has {}",
                theirs.len()
            )
        };
        let agrees = same && off.relative <= TOLERANCE;
        Ok(Finding { text, agrees })
    }
}

/// What was found of one output.
struct Finding {
    text: String,
    agrees: bool,
}

impl Finding {
    /// How many of two lists are the same.
    fn same<T: PartialEq>(what: &str, ours: &[T], theirs: &[T]) -> Self {
        let same = ours.iter().zip(theirs).filter(|(a, b)| a == b).count();
        Self {
            text: format!("{what}: {same} of {} are the same", theirs.len()),
            agrees: same == theirs.len() && ours.len() == theirs.len(),
        }
    }
}

/// The largest differences of pairs of values.
#[derive(Debug, Default, Clone, Copy)]
struct Off {
    absolute: f32,
    relative: f32,
}

impl Off {
    fn take(&mut self, a: f32, b: f32) {
        // A value that is no number differs by more than anything.
        let off = if a.is_finite() && b.is_finite() {
            (a - b).abs()
        } else {
            f32::INFINITY
        };
        self.absolute = self.absolute.max(off);
        self.relative = self.relative.max(off / 1f32.max(a.abs()).max(b.abs()));
    }
}

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { absolute, relative } = self;
        write!(
            f,
            "at most {absolute:.1e} apart, {relative:.1e} relative to the larger of them and 1"
        )
    }
}

/// Every output of a model, beside the reference.
fn compare(arguments: &Arguments, folder: &Path, reference: &Reference) -> Result<Vec<Finding>> {
    let config = Config::read(folder)?;
    let checkpoint = Checkpoint::open(folder)?;
    let source = Source::of(&checkpoint, &config, Precision::F32);
    let lines = text(&arguments.texts)?;
    let lines = lines
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.take(arguments.count).collect();

    let tokenizer = Tokenizer::read(folder, Some(config.vocab_size()))?;
    let ids: Result<Vec<_>> = lines
        .iter()
        .map(|line| Ok(tokenizer.encode(line)?.ids))
        .collect();
    let mut found = vec![Finding::same("ids of texts", &ids?, &reference.texts)];
    if let Config::T5(t5) = &config {
        let model = T5::load(&source, t5)?;
        let read = |batch: &Batch| model.encode(&mut Tape::off(), batch, |_| ());
        found.push(reference.off("states", &states(reference, read))?);
        found.extend(writes_anew(&model, t5.decoder_start_token_id, reference)?);
    } else {
        let body = Body::load(&source, &config)?;
        let read = |batch: &Batch| body.forward(&mut Tape::off(), batch, |_| ());
        found.push(reference.off("states", &states(reference, read))?);
    }
    if matches!(config, Config::Gpt2(_)) {
        found.extend(writes_on(&CausalLm::load(&source, &config)?, reference)?);
    }
    if reference.tensors.contains("vectors") {
        let model = SentenceEmbedding::open(folder, Precision::F32)?;
        let vectors = model.run(&lines, &mut || false)?;
        let vectors: Vec<f32> = vectors
            .into_iter()
            .flat_map(|vector| vector.output)
            .collect();
        found.push(reference.off("vectors", &vectors)?);
    }
    Ok(found)
}

/// What `read` makes of all texts.
fn states(reference: &Reference, read: impl Fn(&Batch) -> Tensor) -> Vec<f32> {
    let batches = reference.texts.chunks(TOGETHER);
    let batches = batches.map(|texts| Batch::new(texts.iter().map(Vec::as_slice)));
    batches
        .flat_map(|batch| read(&batch).values().to_vec())
        .collect()
}

/// What a model that continues texts writes, and its logits where the reference wrote.
fn writes_on(model: &CausalLm, reference: &Reference) -> Result<Vec<Finding>> {
    let (mut written, mut logits) = (Vec::new(), Vec::new());
    for (text, theirs) in reference.texts.iter().zip(&reference.written) {
        let mut decoder = CausalDecoder::new(model, text.len() + theirs.len());
        written.push(greedy(&mut decoder, text, theirs.len())?);
        let whole = [text.as_slice(), &theirs[..theirs.len() - 1]].concat();
        let rows: Vec<u32> = (text.len() as u32 - 1..whole.len() as u32).collect();
        let starts = [0, whole.len()];
        let made = model.logits(&mut Tape::off(), &whole, &mut Sight::Whole(&starts), &rows);
        logits.extend_from_slice(made.values());
    }
    Ok(vec![
        Finding::same(
            "texts written on, token for token",
            &written,
            &reference.written,
        ),
        reference.off("logits", &logits)?,
    ])
}

/// The same for a model that makes other texts, which begin with `start`.
fn writes_anew(model: &T5, start: u32, reference: &Reference) -> Result<Vec<Finding>> {
    let (mut written, mut logits) = (Vec::new(), Vec::new());
    for (text, theirs) in reference.texts.iter().zip(&reference.written) {
        let mut decoder = Seq2SeqDecoder::new(model, text, 1 + theirs.len());
        written.push(greedy(&mut decoder, &[start], theirs.len())?);
        let (tape, batch) = (&mut Tape::off(), Batch::new([text.as_slice()]));
        let mut encoded = Encoded::new(model.encode(tape, &batch, |_| ()), &batch);
        let fed = [&[start], &theirs[..theirs.len() - 1]].concat();
        let starts = [0, fed.len()];
        let made = model.decode(tape, &fed, &mut Sight::Whole(&starts), &mut encoded, |_| ());
        logits.extend_from_slice(model.logits(tape, &made).values());
    }
    Ok(vec![
        Finding::same(
            "texts written, token for token",
            &written,
            &reference.written,
        ),
        reference.off("logits", &logits)?,
    ])
}

/// The likeliest tokens after a prompt.
fn greedy(decoder: &mut dyn Decoder, prompt: &[u32], count: usize) -> Result<Vec<u32>> {
    let options = Options {
        max_new_tokens: count,
        eos_token_id: Vec::new(),
        ..Options::default()
    };
    let request = Request {
        prompt,
        options: &options,
        tokenizer: None,
        cancel: &Cancel::new(),
    };
    let made = generate(decoder, &request, &mut |_| ControlFlow::Continue(()))?;
    Ok(made.sequences.into_iter().flat_map(|one| one.ids).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_never_agrees() {
        let mut off = Off::default();
        off.take(1000.0, 1000.5);
        assert!((off.relative - 0.0005).abs() < 1e-6, "{off}");
        off.take(f32::NAN, 1.0);
        assert_eq!(off.relative, f32::INFINITY);
    }
}
