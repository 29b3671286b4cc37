//! Texts that end a generated one, found wherever tokens meet.
//!
//! The token that completes one belongs to the text, as in transformers: nothing is held back, and
//! what is shown is what the ids say.

/// Looks for stop strings in a text as it comes.
#[derive(Debug, Clone)]
pub(super) struct Stopper<'a> {
    strings: &'a [String],
    /// The end of the text, in which a stop string may have begun.
    tail: String,
    stopped: bool,
}

impl<'a> Stopper<'a> {
    /// A stopper at the strings, none of which is empty.
    pub(super) fn new(strings: &'a [String]) -> Self {
        Self {
            strings,
            tail: String::new(),
            stopped: false,
        }
    }

    /// Takes more of the text.
    pub(super) fn push(&mut self, text: &str) {
        self.tail.push_str(text);
        let comes = |stop: &String| self.tail.contains(stop.as_str());
        self.stopped |= self.strings.iter().any(comes);
        let longest = self.strings.iter().map(String::len).max().unwrap_or(1);
        let from = self.tail.len().saturating_sub(longest - 1);
        self.tail.drain(..self.tail.floor_char_boundary(from));
    }

    /// Whether a stop string came.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kernels::random::Stream;

    fn stops(strings: &[&str]) -> Vec<String> {
        strings.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn a_stop_string_is_found_when_it_is_complete_however_it_comes() {
        let strings = stops(&["STOP", "\n\nUser:", "模型", "OPEN"]);
        for text in [
            "a STOP b",
            "aSTOPEN",
            "STSTOP",
            "x\n\n\nUser: y",
            "x\n\nUse",
            "用模型",
            "模 型",
            "ST",
            "STOPEN 模型",
            "éSTOé",
            "OPSTOPEN",
        ] {
            for case in 0..50 {
                let draw = Stream::new(3, case);
                let mut stopper = Stopper::new(&strings);
                let (mut said, mut piece) = (String::new(), String::new());
                for (i, c) in text.chars().enumerate() {
                    piece.push(c);
                    said.push(c);
                    if draw.below(i as u64, 2) == 0 {
                        stopper.push(&std::mem::take(&mut piece));
                        let complete = strings.iter().any(|stop| said.contains(stop));
                        assert_eq!(stopper.has_stopped(), complete, "{text}: {said}");
                        assert!(stopper.tail.len() < "\n\nUser:".len() + 3);
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_stops_a_text_without_stop_strings() {
        let mut stopper = Stopper::new(&[]);
        stopper.push("abc");
        assert!(!stopper.has_stopped() && stopper.tail.is_empty());
    }
}
