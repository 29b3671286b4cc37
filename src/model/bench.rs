//! How fast a model is on this machine, at one precision.

use std::path::Path;
use std::time::Instant;

use super::batch::Batch;
use super::config::Config;
use super::generate::{Decoder, Options, Request, generate};
use super::heads::{Body, CausalDecoder, CausalLm};
use super::kernels::pooled;
use super::layers::{Precision, Source};
use super::t5::{Seq2SeqDecoder, T5};
use super::tape::Tape;
use super::weights::Checkpoint;
use crate::error::Result;
use crate::jobs::Cancel;

/// Tokens that a writing model reads, and writes.
const READS: usize = 32;
const WRITES: usize = 128;
/// Texts and tokens of each that an encoder reads.
const SHAPES: [(usize, usize); 3] = [(1, 16), (1, 128), (8, 128)];
/// How often each figure is taken.
const RUNS: usize = 3;

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Seconds from the folder to a model that is ready.
    pub load_s: f64,
    /// Bytes of the weights as they are kept.
    pub weight_bytes: u64,
    /// Of a model that writes.
    pub writing: Option<Writing>,
    /// Milliseconds of one pass of an encoder, by `texts x tokens`.
    pub forward_ms: Vec<(String, f64)>,
}

/// How fast a model writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Writing {
    /// Until the first token was there.
    pub first_token_ms: f64,
    /// Tokens a second that it reads.
    pub prefill_tok_s: f64,
    /// Tokens a second that it writes after the first.
    pub decode_tok_s: f64,
}

/// Measures the model in `folder`, with packed weights kept in `packed`; `started` is when its
/// loading began.
///
/// # Errors
/// A folder that cannot be read, or a request to stop.
pub fn measure(
    folder: &Path,
    precision: Precision,
    packed: Option<&Path>,
    started: Instant,
    cancel: &Cancel,
) -> Result<Figures> {
    let config = Config::read(folder)?;
    let checkpoint = Checkpoint::open(folder)?;
    let source = Source::of(&checkpoint, &config, precision).kept_in(packed);
    let writing = |source: &Source, load_s: f64, one: &mut dyn FnMut() -> Result<Writing>| {
        let runs: Vec<Writing> = (0..=RUNS).map(|_| one()).collect::<Result<_>>()?;
        let by = |f: fn(&Writing) -> f64| median(runs[1..].iter().map(f));
        let writing = Writing {
            first_token_ms: by(|one| one.first_token_ms),
            prefill_tok_s: by(|one| one.prefill_tok_s),
            decode_tok_s: by(|one| one.decode_tok_s),
        };
        let weight_bytes = source.bytes();
        source.keep()?;
        Ok(Figures {
            load_s,
            weight_bytes,
            writing: Some(writing),
            forward_ms: Vec::new(),
        })
    };
    match &config {
        Config::Gpt2(_) => {
            let model = CausalLm::load(&source, &config)?;
            let load_s = started.elapsed().as_secs_f64();
            let prompt = ids(READS, config.vocab_size());
            writing(&source, load_s, &mut || {
                let mut decoder = CausalDecoder::new(&model, READS + WRITES);
                write(&mut decoder, &prompt, READS, cancel)
            })
        }
        Config::T5(config) => {
            let model = T5::load(&source, config)?;
            let load_s = started.elapsed().as_secs_f64();
            let input = ids(READS, config.vocab_size);
            writing(&source, load_s, &mut || {
                let mut decoder = Seq2SeqDecoder::new(&model, &input, 1 + WRITES);
                write(
                    &mut decoder,
                    &[config.decoder_start_token_id],
                    READS,
                    cancel,
                )
            })
        }
        Config::Bert(_) | Config::DistilBert(_) => {
            let body = Body::load(&source, &config)?;
            let load_s = started.elapsed().as_secs_f64();
            let mut forward_ms = Vec::new();
            for (texts, tokens) in SHAPES {
                if config.positions().is_some_and(|most| most < tokens) {
                    continue;
                }
                let all = ids(texts * tokens, config.vocab_size());
                let batch = Batch::new(all.chunks(tokens));
                let mut times = Vec::new();
                for _ in 0..=RUNS {
                    cancel.check()?;
                    let start = Instant::now();
                    pooled(|| body.forward(&mut Tape::off(), &batch, |_| ()));
                    times.push(start.elapsed().as_secs_f64() * 1e3);
                }
                forward_ms.push((
                    format!("{texts}x{tokens}"),
                    median(times[1..].iter().copied()),
                ));
            }
            source.keep()?;
            Ok(Figures {
                load_s,
                weight_bytes: source.bytes(),
                writing: None,
                forward_ms,
            })
        }
    }
}

/// One text of `WRITES` tokens.
fn write(
    decoder: &mut dyn Decoder,
    prompt: &[u32],
    reads: usize,
    cancel: &Cancel,
) -> Result<Writing> {
    cancel.check()?;
    let options = Options {
        max_new_tokens: WRITES,
        eos_token_id: Vec::new(),
        ..Options::default()
    };
    let request = Request {
        prompt,
        options: &options,
        tokenizer: None,
        cancel,
    };
    let made = generate(decoder, &request, &mut |_| {
        std::ops::ControlFlow::Continue(())
    })?;
    cancel.check()?;
    let prefill = made.timing.prefill.as_secs_f64();
    Ok(Writing {
        first_token_ms: made.timing.first_token_ms(),
        prefill_tok_s: if prefill > 0.0 {
            reads as f64 / prefill
        } else {
            0.0
        },
        decode_tok_s: made.timing.decode_tok_s(),
    })
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
