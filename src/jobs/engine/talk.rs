//! The next answer of a conversation.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::model::generate::Options;
use crate::model::pipeline::generation::Generation;
use crate::model::template::{Form, Laid, Turn, lay};

use super::News;

/// A conversation whose next answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    /// What was said, the last by the user.
    pub turns: Vec<Turn>,
    /// How it becomes a text.
    pub form: Form,
}

/// How an answer is drawn where nobody says otherwise: the likeliest text repeats itself, and is
/// the same each time.
pub fn usual() -> Map<String, Value> {
    let Value::Object(options) = json!({
        "do_sample": true,
        "temperature": 0.7,
        "max_new_tokens": 200,
    }) else {
        return Map::new();
    };
    options
}

/// What is sent, which leaves room for an answer; `options` learn where the answer ends.
pub(super) fn send(
    model: &Generation,
    talk: &Talk,
    options: &mut Options,
    tell: &mut dyn FnMut(News),
) -> Result<Laid> {
    let of = model.context();
    let answer = options.max_new_tokens.min(of / 4).max(1);
    let laid = lay(model.tokenizer(), &talk.form, &talk.turns, of - answer)?;
    options.stop_strings.extend(talk.form.stops());
    tell(News::Sent {
        text: laid.text.clone(),
        tokens: laid.ids.len(),
        of,
        dropped: laid.dropped,
    });
    Ok(laid)
}

/// An answer as it comes, without the text that ends it.
pub(super) struct Answer {
    stops: Vec<String>,
    /// Whether the space around it belongs to the template.
    trims: bool,
    /// What may yet turn out to be the beginning of an end.
    held: String,
    begun: bool,
    ended: bool,
}

impl Answer {
    pub(super) fn new(form: &Form, stops: &[String]) -> Self {
        Self {
            stops: stops.to_vec(),
            trims: *form != Form::Plain,
            held: String::new(),
            begun: false,
            ended: false,
        }
    }

    /// Takes more of the text and gives what is certain of the answer.
    pub(super) fn push(&mut self, text: &str) -> String {
        if self.ended {
            return String::new();
        }
        self.held.push_str(text);
        let found = self.stops.iter().filter_map(|stop| self.held.find(stop));
        let out = if let Some(at) = found.min() {
            self.ended = true;
            self.held.truncate(at);
            std::mem::take(&mut self.held)
        } else {
            let rest = self.held.split_off(self.certain());
            std::mem::replace(&mut self.held, rest)
        };
        let out = if self.trims && !self.begun {
            out.trim_start().to_owned()
        } else {
            out
        };
        self.begun |= !out.is_empty();
        out
    }

    /// Where the longest beginning of an end begins.
    fn certain(&self) -> usize {
        let begins = |at: &usize| {
            let tail = &self.held[*at..];
            self.stops.iter().any(|stop| stop.starts_with(tail))
        };
        let mut places = self.held.char_indices().map(|(at, _)| at);
        places.find(begins).unwrap_or(self.held.len())
    }

    /// The whole answer, of the whole text.
    pub(super) fn whole(&self, text: &str) -> String {
        let found = self.stops.iter().filter_map(|stop| text.find(stop));
        let answer = &text[..found.min().unwrap_or(text.len())];
        if self.trims { answer.trim() } else { answer }.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_an_answer_is_not_shown_however_it_comes() {
        let form = Form::Named("chat");
        let stops = form.stops();
        for (text, answer) in [
            (" Yes.\n\nUser: and", "Yes."),
            (" Yes.\n\nUseful.", "Yes.\n\nUseful."),
            ("\n\n é\n\n\nUser:", "é"),
            ("\n\nUser:", ""),
        ] {
            for size in 1..6 {
                let mut said = Answer::new(&form, &stops);
                let chars: Vec<char> = text.chars().collect();
                let pieces = chars.chunks(size).map(String::from_iter);
                let shown: String = pieces.map(|piece| said.push(&piece)).collect();
                let whole = said.whole(text);
                assert_eq!(whole, answer);
                assert!(whole.starts_with(shown.trim_end()), "{text:?} {shown:?}");
            }
        }
    }
}
