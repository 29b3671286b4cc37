//! Token by token: the likeliest, or drawn by chance, for one sequence or several at once.

use std::ops::ControlFlow;

use super::processors::Processors;
use super::sample::{draw, likeliest};
use super::voice::Voice;
use super::{Finish, Observer, Run, Sequence, Step};
use crate::error::Result;
use crate::model::kernels::random::Stream;

/// A sequence that is being generated.
struct Live<'a> {
    /// Which one.
    index: usize,
    /// Prompt and new tokens.
    history: Vec<u32>,
    voice: Voice<'a>,
    text: String,
    finish: Option<Finish>,
}

/// Generates the sequences that the options ask for, in their order.
pub(super) fn run(run: &mut Run<'_>, observe: Observer<'_>) -> Result<Vec<Sequence>> {
    let request = run.request;
    let (options, prompt) = (request.options, request.prompt);
    let wanted = options.num_return_sequences;
    let processors = Processors::new(options, prompt.len());
    let vocab = run.decoder.vocab_size();

    let mut logits = run.prefill()?.repeat(wanted);
    if wanted > 1 {
        run.decoder.reorder(&vec![0; wanted]);
    }
    let mut live: Vec<Live<'_>> = (0..wanted)
        .map(|index| Live {
            index,
            history: prompt.to_vec(),
            voice: Voice::new(&request),
            text: String::new(),
            finish: None,
        })
        .collect();
    let mut done: Vec<Option<Sequence>> = vec![None; wanted];
    let mut count = 0;
    for step in 0u64.. {
        for (sequence, scores) in live.iter_mut().zip(logits.chunks_exact_mut(vocab)) {
            processors.apply(&sequence.history, scores);
            let token = if options.do_sample {
                let stream = Stream::new(options.seed, sequence.index as u64);
                draw(scores, stream, step)?
            } else {
                likeliest(scores)?
            };
            sequence.history.push(token);
        }
        count += live.len();
        run.chose(wanted, count);
        for sequence in &mut live {
            sequence.heed(run, observe);
        }
        let kept: Vec<usize> = (0..live.len())
            .filter(|i| live[*i].finish.is_none())
            .collect();
        if kept.len() < live.len() {
            for sequence in live.extract_if(.., |sequence| sequence.finish.is_some()) {
                let index = sequence.index;
                done[index] = Some(sequence.into_sequence(prompt.len()));
            }
            if live.is_empty() {
                break;
            }
            run.decoder.reorder(&kept);
        }
        let last: Vec<&[u32]> = live
            .iter()
            .map(|s| &s.history[s.history.len() - 1..])
            .collect();
        logits = run.feed(&last)?;
    }
    Ok(done.into_iter().flatten().collect())
}

impl Live<'_> {
    /// Tells the observer of the last token, and decides whether the text ends with it.
    fn heed(&mut self, run: &Run<'_>, observe: &mut dyn FnMut(&Step<'_>) -> ControlFlow<()>) {
        let token = self.history[self.history.len() - 1];
        let tokens = self.history.len() - run.request.prompt.len();
        let text = self.voice.push(token);
        let mut step = Step {
            sequence: self.index,
            tokens,
            token: Some(token),
            text: &text,
        };
        let flow = observe(&step);
        self.text.push_str(&text);
        self.finish = if run.request.options.eos_token_id.contains(&token) {
            Some(Finish::Eos)
        } else if self.voice.has_stopped() {
            Some(Finish::StopString)
        } else if tokens == run.limit {
            Some(run.full)
        } else if flow.is_break() || run.request.cancel.is_cancelled() {
            Some(Finish::Cancelled)
        } else {
            None
        };
        if self.finish.is_some() {
            let rest = self.voice.finish();
            if !rest.is_empty() {
                step.token = None;
                step.text = &rest;
                // It ends here, whatever the observer wants.
                let _ = observe(&step);
                self.text.push_str(&rest);
            }
        }
    }

    fn into_sequence(self, prompt: usize) -> Sequence {
        Sequence {
            ids: self.history[prompt..].to_vec(),
            text: self.text,
            finish: self.finish.unwrap_or(Finish::Cancelled),
            score: None,
        }
    }
}
