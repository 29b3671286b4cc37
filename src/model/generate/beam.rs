//! Beam search, as transformers does it: several sequences are followed, and those that end are
//! kept by their score.

use rayon::prelude::*;

use super::processors::Processors;
use super::sample::{log_softmax, nothing_left, uniform};
use super::voice::Voice;
use super::{EarlyStopping, Options};
use super::{Finish, Observer, Run, Sequence, Step};
use crate::error::Result;
use crate::model::kernels::math::max;
use crate::model::kernels::random::Stream;
use crate::model::kernels::simd;

/// What a score loses that is out of the running: large, and finite as in transformers.
const OUT: f32 = -1e9;

/// A sequence that is followed.
#[derive(Clone)]
struct Beam<'a> {
    /// Prompt and new tokens.
    history: Vec<u32>,
    /// The sum of the logarithmic probabilities of its new tokens.
    score: f32,
    /// Finds stop strings, if there are any.
    voice: Option<Voice<'a>>,
}

/// A beam with one token more.
struct Candidate<'a> {
    beam: usize,
    token: u32,
    score: f32,
    voice: Option<Voice<'a>>,
    /// Why it ends, if it does.
    finish: Option<Finish>,
}

/// A place for a sequence that ended.
#[derive(Clone)]
struct Place {
    history: Vec<u32>,
    score: f32,
    /// None while nothing has ended that scores more than nothing.
    finish: Option<Finish>,
}

/// The state of a search.
struct Search<'a> {
    options: &'a Options,
    /// How many tokens the prompt has.
    prompt: usize,
    /// Most new tokens.
    limit: usize,
    beams: Vec<Beam<'a>>,
    places: Vec<Place>,
    /// Whether a running beam may yet score more than the worst that ended.
    improves: bool,
}

/// Searches for the likeliest sequences, the best first.
pub(super) fn run(run: &mut Run<'_>, observe: Observer<'_>) -> Result<Vec<Sequence>> {
    let request = run.request;
    let (options, prompt) = (request.options, request.prompt);
    let processors = Processors::new(options, prompt.len());
    let vocab = run.decoder.vocab_size();
    let mut search = Search::new(run);
    let mut logits = run.prefill()?.repeat(options.num_beams);
    run.decoder.reorder(&vec![0; options.num_beams]);
    let cancelled = loop {
        let rows = logits.par_chunks_exact_mut(vocab);
        search
            .beams
            .par_iter()
            .zip(rows)
            .for_each(|(beam, scores)| {
                log_softmax(scores);
                processors.apply(&beam.history, scores);
                for score in scores {
                    *score += beam.score;
                }
            });
        let mut candidates = search.candidates(&logits)?;
        search.judge(&mut candidates, run);
        let (from, goes_on) = search.advance(&candidates);
        let tokens = search.beams[0].history.len() - prompt.len();
        run.chose(1, tokens);
        let step = Step {
            sequence: 0,
            tokens,
            token: None,
            text: "",
        };
        let stops = observe(&step).is_break() || request.cancel.is_cancelled();
        if !goes_on || stops {
            break goes_on;
        }
        run.decoder.reorder(&from);
        let last: Vec<&[u32]> = search
            .beams
            .iter()
            .map(|b| &b.history[b.history.len() - 1..])
            .collect();
        logits = run.feed(&last)?;
    };
    let sequences = search.sequences(run, cancelled);
    for (sequence, found) in sequences.iter().enumerate() {
        let step = Step {
            sequence,
            tokens: found.ids.len(),
            token: None,
            text: &found.text,
        };
        // The search is over, whatever the observer wants.
        let _ = observe(&step);
    }
    Ok(sequences)
}

impl<'a> Search<'a> {
    fn new(run: &Run<'a>) -> Self {
        let options = run.request.options;
        let history = run.request.prompt;
        let stops = !options.stop_strings.is_empty();
        let beams = (0..options.num_beams).map(|i| Beam {
            history: history.to_vec(),
            // All are the same at first: only one may be continued.
            score: if i == 0 { 0.0 } else { OUT },
            voice: stops.then(|| Voice::new(&run.request)),
        });
        let place = Place {
            history: history.to_vec(),
            score: OUT,
            finish: None,
        };
        Self {
            options,
            prompt: history.len(),
            limit: run.limit,
            beams: beams.collect(),
            places: vec![place; options.num_beams],
            improves: true,
        }
    }

    /// The best continuations by `scores` `[beams, vocab]`, or drawn by them: enough that as many
    /// as there are beams go on, even if all others end.
    fn candidates(&self, scores: &[f32]) -> Result<Vec<Candidate<'a>>> {
        let beams = self.options.num_beams;
        let vocab = scores.len() / beams;
        let count = beams * (1 + self.options.eos_token_id.len()).max(2);
        let found = if self.options.do_sample {
            let step = (self.beams[0].history.len() - self.prompt) as u64;
            let stream = Stream::new(self.options.seed, step);
            // The largest of logarithmic probabilities with Gumbel's noise are a draw without
            // putting back (Kool, van Hoof and Welling, 2019).
            let gumbel = |i: u64| -(-uniform(stream, i).max(1e-300).ln()).ln() as f32;
            let noisy: Vec<f32> = scores.iter().zip(0..).map(|(x, i)| x + gumbel(i)).collect();
            let mut drawn = largest(&noisy, count);
            drawn.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
            drawn
        } else {
            largest(scores, count)
        };
        if found.first().is_none_or(|best| !scores[*best].is_finite()) {
            return Err(nothing_left());
        }
        let candidate = |i: usize| Candidate {
            beam: i / vocab,
            token: (i % vocab) as u32,
            score: scores[i],
            voice: self.beams[i / vocab].voice.clone(),
            finish: None,
        };
        Ok(found.into_iter().map(candidate).collect())
    }

    /// Says of each candidate whether it ends, and why.
    fn judge(&self, candidates: &mut [Candidate<'a>], run: &Run<'_>) {
        let tokens = self.beams[0].history.len() + 1 - self.prompt;
        for candidate in candidates {
            let stopped = candidate.voice.as_mut().is_some_and(|voice| {
                voice.push(candidate.token);
                voice.has_stopped()
            });
            candidate.finish = if self.options.eos_token_id.contains(&candidate.token) {
                Some(Finish::Eos)
            } else if stopped {
                Some(Finish::StopString)
            } else {
                (tokens == self.limit).then_some(run.full)
            };
        }
    }

    /// Takes the candidates over: which beam each new one continues, and whether the search goes
    /// on.
    fn advance(&mut self, candidates: &[Candidate<'a>]) -> (Vec<usize>, bool) {
        let next = self.next_beams(candidates);
        self.keep_ended(candidates);
        let from: Vec<usize> = next.iter().map(|i| candidates[*i].beam).collect();
        self.beams = next
            .iter()
            .map(|i| {
                let candidate = &candidates[*i];
                Beam {
                    history: self.extended(candidate),
                    score: running_score(candidate),
                    voice: candidate.voice.clone(),
                }
            })
            .collect();
        self.improves = self.improves && self.may_improve();
        let open = self.options.early_stopping != EarlyStopping::Yes
            || self.places.iter().any(|place| place.finish.is_none());
        let continues = candidates
            .iter()
            .any(|candidate| candidate.finish.is_none());
        (from, self.improves && open && continues)
    }

    fn extended(&self, candidate: &Candidate<'_>) -> Vec<u32> {
        let mut history = self.beams[candidate.beam].history.clone();
        history.push(candidate.token);
        history
    }

    /// The best candidates that go on.
    fn next_beams(&self, candidates: &[Candidate<'_>]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        let score = |i: usize| running_score(&candidates[i]);
        order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
        // A vocabulary smaller than the number of beams has not enough of them.
        let mut beams: Vec<usize> = order.iter().copied().take(self.options.num_beams).collect();
        beams.resize(self.options.num_beams, order[order.len() - 1]);
        beams
    }

    /// Keeps the best of those that ended before and end now. Only the first candidates count:
    /// the others are there to go on.
    fn keep_ended(&mut self, candidates: &[Candidate<'a>]) {
        let beams = self.options.num_beams;
        let length = self.beams[0].history.len() + 1 - self.prompt;
        let divisor = power(length, self.options.length_penalty);
        let ending = candidates.iter().take(beams).filter(|c| c.finish.is_some());
        let mut places = std::mem::take(&mut self.places);
        places.extend(ending.map(|candidate| Place {
            history: self.extended(candidate),
            score: candidate.score / divisor,
            finish: candidate.finish,
        }));
        places.sort_by(|a, b| b.score.total_cmp(&a.score));
        places.truncate(beams);
        self.places = places;
    }

    /// Whether the best beam, at the length where it scores best, scores more than the worst that
    /// ended.
    fn may_improve(&self) -> bool {
        let now = self.beams[0].history.len() - self.prompt;
        let penalty = self.options.length_penalty;
        let longest = self.options.early_stopping == EarlyStopping::Never && penalty > 0.0;
        let length = if longest { self.limit } else { now };
        let best = self.beams[0].score / power(length, penalty);
        let worst = self
            .places
            .iter()
            .map(|place| place.score)
            .fold(f32::INFINITY, f32::min);
        self.places
            .iter()
            .any(|place| best > if place.finish.is_some() { worst } else { OUT })
    }

    /// The sequences that are wanted: those that ended, or what there is of them when the search
    /// was cancelled.
    fn sequences(self, run: &Run<'_>, cancelled: bool) -> Vec<Sequence> {
        let sequence = |history: &[u32], score, finish| {
            let ids = history[self.prompt..].to_vec();
            let mut voice = Voice::new(&run.request);
            let mut text: String = ids.iter().map(|id| voice.push(*id)).collect();
            text.push_str(&voice.finish());
            Sequence {
                ids,
                text,
                finish,
                score: Some(score),
            }
        };
        let ended = self.places.iter().filter_map(|p| Some((p, p.finish?)));
        let mut found: Vec<Sequence> = ended
            .take(self.options.num_return_sequences)
            .map(|(place, finish)| sequence(&place.history, place.score, finish))
            .collect();
        if found.is_empty() || cancelled {
            let missing = self.options.num_return_sequences - found.len();
            found.extend(self.beams.iter().take(missing).map(|beam| {
                let length = beam.history.len() - self.prompt;
                let score = beam.score / power(length, self.options.length_penalty);
                sequence(&beam.history, score, Finish::Cancelled)
            }));
        }
        found
    }
}

/// A candidate's score if it could go on: far behind if it ends.
fn running_score(candidate: &Candidate<'_>) -> f32 {
    match candidate.finish {
        Some(_) => candidate.score + OUT,
        None => candidate.score,
    }
}

/// `length` to the power of `penalty`, as transformers rounds it.
fn power(length: usize, penalty: f64) -> f32 {
    (length as f64).powf(penalty) as f32
}

/// The places of the `count` largest of the values, the largest first and the first of equals
/// before the others.
fn largest(values: &[f32], count: usize) -> Vec<usize> {
    const BLOCK: usize = 1024;
    let mut found: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
    for (block, start) in values.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
        let least = |found: &[(f32, usize)]| match found.last() {
            Some((least, _)) if found.len() == count => *least,
            _ => f32::NEG_INFINITY,
        };
        if found.len() == count && simd(|| max(block)) <= least(&found) {
            continue;
        }
        for (value, i) in block.iter().zip(start..) {
            // Not a number is never among them.
            let fits = found.len() < count || *value > least(&found);
            if fits && !value.is_nan() {
                let place = found.partition_point(|(other, _)| other >= value);
                found.insert(place, (*value, i));
                found.truncate(count);
            }
        }
    }
    found.into_iter().map(|(_, i)| i).collect()
}
