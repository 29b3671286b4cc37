//! The text of a sequence as it grows, decoded and searched for stop strings.

use super::Request;
use super::stop::Stopper;
use crate::model::tokenizer::Stream;

/// Makes text of a sequence's tokens; none without a tokenizer.
#[derive(Clone)]
pub(super) struct Voice<'a> {
    stream: Option<Stream<'a>>,
    stopper: Stopper<'a>,
}

impl<'a> Voice<'a> {
    /// The text after the prompt.
    pub(super) fn new(request: &Request<'a>) -> Self {
        Self {
            stream: request
                .tokenizer
                .map(|tokenizer| tokenizer.stream(request.prompt, true)),
            stopper: Stopper::new(&request.options.stop_strings),
        }
    }

    /// The text that a token makes certain.
    pub(super) fn push(&mut self, id: u32) -> String {
        let Some(stream) = &mut self.stream else {
            return String::new();
        };
        let text = stream.push(id);
        self.stopper.push(&text);
        text
    }

    /// The rest of the text.
    pub(super) fn finish(&mut self) -> String {
        self.stream.as_mut().map(Stream::finish).unwrap_or_default()
    }

    /// Whether a stop string came.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopper.has_stopped()
    }
}
