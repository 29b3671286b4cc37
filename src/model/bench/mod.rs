//! How fast a model is on this machine, and what it takes, at one precision.

mod memory;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::config::Config;
use super::generate::{Options, Request, Timing, generate};
use super::heads::Body;
use super::kernels::pooled;
use super::layers::{Precision, Source};
use super::tape::{Tape, buffer};
use super::tokenizer::Tokenizer;
use super::weights::Checkpoint;
use super::writer::Writer;
use crate::error::Result;
use crate::jobs::Cancel;
use memory::Peak;

/// Tokens that a writing model reads, and writes.
const READS: usize = 32;
const WRITES: usize = 128;
/// Tokens of a long text that it reads, where its context has room for so many.
const READS_LONG: usize = 512;
/// Texts and tokens of each that an encoder reads.
const SHAPES: [(usize, usize); 3] = [(1, 16), (1, 128), (8, 128)];
/// How often each figure is taken.
const RUNS: usize = 3;

/// What was measured in one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Seconds from the folder to a model that is ready.
    pub load_s: f64,
    /// Bytes of the weights as they are kept.
    pub weight_bytes: u64,
    /// Bytes of the keys and values of a text of the longest length that was measured.
    pub cache_bytes: u64,
    /// Most bytes of memory that no file stands behind, from before the model was read until it
    /// had read and written once; all memory of the process where the system tells no more.
    pub peak_bytes: u64,
    /// Of a model that writes.
    pub writing: Option<Writing>,
    /// Milliseconds of one pass of an encoder, by `texts x tokens`.
    pub forward_ms: BTreeMap<String, f64>,
}

/// How fast a model writes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Writing {
    /// Until the first token after a short text was there.
    pub first_token_ms: f64,
    /// Tokens of the long text.
    pub prefill_tokens: usize,
    /// Tokens a second of the long text that it reads.
    pub prefill_tok_s: f64,
    /// Tokens a second that it writes after the first.
    pub decode_tok_s: f64,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Loading and memory.
    Loading,
    /// Loading, memory and speed.
    All,
}

/// Measures the model in `folder`, with packed weights kept in `packed`.
///
/// Memory is the whole process's: nothing else may have used much of it before.
///
/// # Errors
/// A folder that cannot be read, or a request to stop.
pub fn measure(
    folder: &Path,
    precision: Precision,
    packed: Option<&Path>,
    extent: Extent,
    cancel: &Cancel,
) -> Result<Figures> {
    let peak = Peak::watch()?;
    let started = Instant::now();
    let config = Config::read(folder)?;
    // Whoever runs the model holds it too; a model may be measured without.
    let _tokenizer = Tokenizer::read(folder, Some(config.vocab_size())).ok();
    let checkpoint = Checkpoint::open(folder)?;
    let source = Source::of(&checkpoint, &config, precision).kept_in(packed);
    let mut figures = if Writer::is_for(&config) {
        let model = Writer::load(&source, &config)?;
        let load_s = ready(&source, started)?;
        writing(&model, &config, peak, extent, cancel, load_s)?
    } else {
        let body = Body::load(&source, &config)?;
        let load_s = ready(&source, started)?;
        reading(&body, &config, peak, extent, cancel, load_s)?
    };
    figures.weight_bytes = source.bytes();
    Ok(figures)
}

/// What is done with a model that was read before it is used; the seconds until then.
fn ready(source: &Source, started: Instant) -> Result<f64> {
    source.keep()?;
    buffer::release();
    Ok(started.elapsed().as_secs_f64())
}

/// The figures of a model that writes.
fn writing(
    model: &Writer,
    config: &Config,
    peak: Peak,
    extent: Extent,
    cancel: &Cancel,
    load_s: f64,
) -> Result<Figures> {
    let context = config.positions().unwrap_or(usize::MAX);
    let long = READS_LONG.min(context.saturating_sub(1)).max(1);
    let reads = READS.min(long);
    let writes = WRITES.min(context - reads).max(1);
    let one = |reads: usize, writes: usize| write(model, config, reads, writes, cancel);
    let cache = [(long, 1), (reads, writes)].map(|(r, w)| model.cache_bytes(r, w));
    one(long, 1)?;
    one(reads, writes)?;
    let mut figures = Figures {
        load_s,
        weight_bytes: 0,
        cache_bytes: cache.into_iter().fold(0, u64::max),
        peak_bytes: peak.end(),
        writing: None,
        forward_ms: BTreeMap::new(),
    };
    if extent == Extent::All {
        let of = |_| Ok((one(long, 1)?, one(reads, writes)?));
        let runs: Vec<(Timing, Timing)> = (0..RUNS).map(of).collect::<Result<_>>()?;
        let by = |f: fn(&(Timing, Timing)) -> f64| median(runs.iter().map(f));
        figures.writing = Some(Writing {
            first_token_ms: by(|run| run.1.first_token_ms()),
            prefill_tokens: long,
            prefill_tok_s: by(|run| run.0.prefill_tok_s()),
            decode_tok_s: by(|run| run.1.decode_tok_s()),
        });
    }
    Ok(figures)
}

/// One text of `writes` tokens after one of `reads`.
fn write(
    model: &Writer,
    config: &Config,
    reads: usize,
    writes: usize,
    cancel: &Cancel,
) -> Result<Timing> {
    cancel.check()?;
    let options = Options {
        max_new_tokens: writes,
        eos_token_id: Vec::new(),
        ..Options::default()
    };
    let input = ids(reads, config.vocab_size());
    let start = match config {
        Config::T5(config) => vec![config.decoder_start_token_id],
        _ => input.clone(),
    };
    let mut decoder = model.decoder(&input, writes);
    let request = Request {
        prompt: &start,
        options: &options,
        tokenizer: None,
        cancel,
    };
    let made = generate(&mut *decoder, &request, &mut |_| ControlFlow::Continue(()))?;
    cancel.check()?;
    Ok(Timing {
        prompt_tokens: reads,
        ..made.timing
    })
}

/// The figures of an encoder.
fn reading(
    body: &Body,
    config: &Config,
    peak: Peak,
    extent: Extent,
    cancel: &Cancel,
    load_s: f64,
) -> Result<Figures> {
    let fits = |tokens: usize| config.positions().is_none_or(|most| tokens <= most);
    let shapes = || SHAPES.into_iter().filter(|(_, tokens)| fits(*tokens));
    let pass = |texts: usize, tokens: usize| -> Result<f64> {
        cancel.check()?;
        let all = ids(texts * tokens, config.vocab_size());
        let batch = Batch::new(all.chunks(tokens));
        let start = Instant::now();
        pooled(|| body.forward(&mut Tape::off(), &batch, |_| ()));
        Ok(start.elapsed().as_secs_f64() * 1e3)
    };
    for (texts, tokens) in shapes() {
        pass(texts, tokens)?;
    }
    let mut figures = Figures {
        load_s,
        weight_bytes: 0,
        cache_bytes: 0,
        peak_bytes: peak.end(),
        writing: None,
        forward_ms: BTreeMap::new(),
    };
    if extent == Extent::All {
        for (texts, tokens) in shapes() {
            let times = (0..RUNS).map(|_| pass(texts, tokens));
            let times = times.collect::<Result<Vec<_>>>()?;
            let shape = format!("{texts}x{tokens}");
            figures.forward_ms.insert(shape, median(times.into_iter()));
        }
    }
    Ok(figures)
}

/// Ids of any kind: what they are does not change how long it takes.
fn ids(count: usize, vocab: usize) -> Vec<u32> {
    (0..count).map(|i| (i * 7919 % vocab) as u32).collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
