//! Texts that end a generated one: found across tokens, cut off exactly, and never shown in part.

/// Lets text through up to the first stop string.
#[derive(Debug, Clone)]
pub(super) struct Stopper<'a> {
    strings: &'a [String],
    /// Text that may yet become part of a stop string.
    held: String,
    stopped: bool,
}

impl<'a> Stopper<'a> {
    /// A stopper at the strings, none of which is empty.
    pub(super) fn new(strings: &'a [String]) -> Self {
        Self {
            strings,
            held: String::new(),
            stopped: false,
        }
    }

    /// Takes text and returns what is certain to come before a stop string.
    pub(super) fn push(&mut self, text: &str) -> String {
        if self.stopped {
            return String::new();
        }
        self.held.push_str(text);
        if let Some(start) = self
            .strings
            .iter()
            .filter_map(|s| self.held.find(s.as_str()))
            .min()
        {
            self.stopped = true;
            self.held.truncate(start);
            return std::mem::take(&mut self.held);
        }
        let rest = self.held.split_off(self.held.len() - self.begun());
        std::mem::replace(&mut self.held, rest)
    }

    /// How many bytes at the end may be the start of a stop string.
    fn begun(&self) -> usize {
        let longest = |stop: &String| {
            let most = (stop.len() - 1).min(self.held.len());
            (1..=most)
                .rev()
                .find(|n| self.held.as_bytes().ends_with(&stop.as_bytes()[..*n]))
        };
        // What ends with whole characters of a stop string starts at one in the text too.
        self.strings.iter().filter_map(longest).max().unwrap_or(0)
    }

    /// Whether a stop string was there.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped
    }

    /// Returns what was held back, when no more text comes.
    pub(super) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
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
    fn text_is_cut_at_the_first_stop_string_however_it_comes() {
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
            let whole = strings.iter().filter_map(|s| text.find(s.as_str())).min();
            let expected = &text[..whole.unwrap_or(text.len())];
            for case in 0..50 {
                let draw = Stream::new(3, case);
                let mut stopper = Stopper::new(&strings);
                let mut shown = String::new();
                let mut piece = String::new();
                for (i, c) in text.chars().enumerate() {
                    piece.push(c);
                    if draw.below(i as u64, 2) == 0 {
                        shown.push_str(&stopper.push(&piece));
                        piece.clear();
                        assert!(expected.starts_with(&shown), "{text}: {shown}");
                    }
                }
                shown.push_str(&stopper.push(&piece));
                assert_eq!(stopper.has_stopped(), whole.is_some(), "{text}");
                shown.push_str(&stopper.finish());
                assert_eq!(shown, expected);
            }
        }
    }

    #[test]
    fn only_what_may_become_a_stop_string_is_held_back() {
        let strings = stops(&["abab", "ac"]);
        let mut stopper = Stopper::new(&strings);
        assert_eq!(stopper.push("xaba"), "x");
        assert_eq!(stopper.push("x"), "abax");
        assert_eq!(stopper.push("a"), "");
        assert_eq!(stopper.push("c!"), "");
        assert!(stopper.has_stopped());
        assert_eq!(stopper.push("more"), "");
        assert_eq!(stopper.finish(), "");
        assert_eq!(Stopper::new(&[]).push("abc"), "abc");
    }
}
