//! What changes the scores of the next token, in transformers' order.

use super::options::Options;
use super::warpers;

/// The processors that the options ask for.
#[derive(Debug)]
pub(super) struct Processors<'a> {
    options: &'a Options,
    /// How many tokens the prompt has.
    prompt: usize,
}

impl<'a> Processors<'a> {
    /// The processors for a prompt of `prompt` tokens.
    pub(super) fn new(options: &'a Options, prompt: usize) -> Self {
        Self { options, prompt }
    }

    /// Changes the scores `[vocabulary]` of the token after `history`, which starts with the
    /// prompt: logits, or their logarithmic probabilities in a beam search.
    pub(super) fn apply(&self, history: &[u32], scores: &mut [f32]) {
        let options = self.options;
        repetition(scores, history, options.repetition_penalty as f32);
        if options.presence_penalty != 0.0 {
            presence(scores, history, options.presence_penalty as f32);
        }
        if options.no_repeat_ngram_size > 0 {
            no_repeat(scores, history, options.no_repeat_ngram_size);
        }
        if history.len() - self.prompt < options.min_new_tokens {
            for id in &options.eos_token_id {
                bar(scores, *id);
            }
        }
        if options.do_sample {
            self.warp(scores);
        }
    }

    /// The changes that only draws need.
    fn warp(&self, scores: &mut [f32]) {
        let options = self.options;
        // A beam search needs a token to go on with beside every one that ends the text.
        let keep = match options.num_beams {
            1 => 1,
            _ => 1 + options.eos_token_id.len().max(1),
        };
        let temperature = options.temperature as f32;
        for score in scores.iter_mut() {
            *score /= temperature;
        }
        if options.top_k > 0 {
            warpers::top_k(scores, options.top_k.max(keep));
        }
        if options.top_p < 1.0 {
            warpers::top_p(scores, options.top_p, keep);
        }
        if let Some(min_p) = options.min_p {
            warpers::min_p(scores, min_p as f32, keep);
        }
        if options.typical_p < 1.0 {
            warpers::typical_p(scores, options.typical_p as f32, keep);
        }
    }
}

/// Bars a token; one beyond the vocabulary cannot come anyway.
fn bar(scores: &mut [f32], id: u32) {
    if let Some(score) = scores.get_mut(id as usize) {
        *score = f32::NEG_INFINITY;
    }
}

/// Each token of `history` once, in no order.
fn distinct(history: &[u32]) -> Vec<u32> {
    let mut seen = history.to_vec();
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// Makes tokens that occurred less likely, whatever the sign of their logits.
fn repetition(scores: &mut [f32], history: &[u32], penalty: f32) {
    for id in distinct(history) {
        if let Some(score) = scores.get_mut(id as usize) {
            *score = if *score < 0.0 {
                *score * penalty
            } else {
                *score / penalty
            };
        }
    }
}

/// Takes the same from each token that occurred.
fn presence(scores: &mut [f32], history: &[u32], penalty: f32) {
    for id in distinct(history) {
        if let Some(score) = scores.get_mut(id as usize) {
            *score -= penalty;
        }
    }
}

/// Bars the tokens that would complete a run of `size` tokens that occurred before.
fn no_repeat(scores: &mut [f32], history: &[u32], size: usize) {
    if history.len() < size {
        return;
    }
    let prefix = &history[history.len() + 1 - size..];
    for window in history.windows(size) {
        if window.starts_with(prefix) {
            bar(scores, window[size - 1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::generate::sample::softmax;
    use serde_json::Value;

    /// The options of a case: what it does not name is off.
    fn options(json: &Value) -> Options {
        let mut options = Options {
            do_sample: true,
            top_k: 0,
            ..Options::default()
        };
        options.update(json).expect("options");
        options
    }

    #[test]
    fn probabilities_are_those_of_transformers() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/parity/models/processors.json"
        );
        let text = std::fs::read_to_string(path).expect("processors.json");
        let cases: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        assert!(cases.len() > 30);
        for case in &cases {
            let floats = |name: &str| -> Vec<f32> {
                let values = case[name].as_array().expect("values");
                let value = |v: &Value| v.as_f64().map_or(f32::NEG_INFINITY, |x| x as f32);
                values.iter().map(value).collect()
            };
            let history: Vec<u32> =
                serde_json::from_value(case["history"].clone()).expect("history");
            let prompt = case["prompt_length"].as_u64().expect("length") as usize;
            let options = options(&case["options"]);
            let mut scores = floats("logits");
            Processors::new(&options, prompt).apply(&history, &mut scores);
            softmax(&mut scores);
            let expected = floats("probabilities");
            for (i, (ours, theirs)) in scores.iter().zip(&expected).enumerate() {
                let name = &case["name"];
                assert!((ours - theirs).abs() < 1e-5, "{name}, {i}: {ours} {theirs}");
            }
        }
    }

    #[test]
    fn a_run_of_tokens_comes_only_once() {
        let mut scores = vec![0.0; 6];
        no_repeat(&mut scores, &[1, 2, 3, 1, 2, 4, 1, 2], 3);
        let barred: Vec<usize> = (0..6).filter(|i| scores[*i] < 0.0).collect();
        assert_eq!(barred, [3, 4]);
    }

    #[test]
    fn tokens_beyond_the_output_layer_are_left_alone() {
        let options = Options {
            repetition_penalty: 2.0,
            presence_penalty: 1.0,
            no_repeat_ngram_size: 1,
            min_new_tokens: 9,
            eos_token_id: vec![77],
            ..Options::default()
        };
        let mut scores = vec![1.0; 4];
        Processors::new(&options, 0).apply(&[2, 99], &mut scores);
        assert_eq!(scores, [1.0, 1.0, f32::NEG_INFINITY, 1.0]);
    }

    #[test]
    fn a_beam_search_that_draws_keeps_a_token_beside_the_ends_of_text() {
        let options = Options {
            do_sample: true,
            num_beams: 2,
            top_k: 1,
            top_p: 0.0,
            min_p: Some(1.0),
            typical_p: 0.01,
            eos_token_id: vec![0, 1],
            ..Options::default()
        };
        let mut scores = vec![9.0, 5.0, 3.0, 1.0, 0.0];
        Processors::new(&options, 0).apply(&[], &mut scores);
        assert_eq!(scores.iter().filter(|x| x.is_finite()).count(), 3);
    }
}
