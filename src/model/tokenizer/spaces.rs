//! Spaces before punctuation, taken out of decoded text as transformers does
//! (`clean_up_tokenization_spaces`).

/// What becomes of what, one after the other.
const RULES: [(&str, &str); 10] = [
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
];
/// The longest text that a rule looks for, in bytes.
const LONGEST: usize = 4;
/// Most that is held back, in bytes: spaces and nothing else.
const MOST_HELD: usize = 4096;

/// The text without spaces before punctuation.
pub(super) fn tidy(text: &str) -> String {
    let mut text = text.to_owned();
    for (from, to) in RULES {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    text
}

/// Tidies text that comes in pieces as [`tidy`] does a whole one.
#[derive(Debug, Clone, Default)]
pub(super) struct Tidier {
    /// What a rule may yet change: from a space on.
    held: String,
}

impl Tidier {
    /// Takes a piece and returns the text that no rule can change any more.
    pub(super) fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let cut = self.cut();
        let rest = self.held.split_off(cut);
        tidy(&std::mem::replace(&mut self.held, rest))
    }

    /// The last of the text.
    pub(super) fn finish(&mut self) -> String {
        tidy(&std::mem::take(&mut self.held))
    }

    /// Up to where no rule can reach from what comes next: each starts with a space, one ends with
    /// it, and what that one leaves may be what another looks for.
    fn cut(&self) -> usize {
        let held = &self.held;
        if held.len() > MOST_HELD {
            return held.len();
        }
        let Some(mut cut) = held.rfind(' ') else {
            return held.len();
        };
        if held.len() - cut >= LONGEST {
            return held.len();
        }
        while [" ", " '", " n"]
            .iter()
            .any(|end| held[..cut].ends_with(end))
        {
            cut = held[..cut].rfind(' ').unwrap_or(0);
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kernels::random::Stream;

    #[test]
    fn spaces_before_punctuation_go() {
        assert_eq!(
            tidy("Yes , it is n't , it 's \" a ' b \" . I 'm"),
            "Yes, it isn't, it's \" a'b \". I'm"
        );
    }

    #[test]
    fn pieces_are_tidied_as_the_whole() {
        let parts = [
            " ", " ", "'", ".", "n", "t", "n't", "a", "s", "ve", "re", "模", ",", " ' ",
        ];
        for case in 0..100_000 {
            let stream = Stream::new(1, case);
            let pieces: Vec<&str> = (0..12)
                .map(|i| parts[stream.below(i, parts.len())])
                .collect();
            let mut tidier = Tidier::default();
            let mut streamed: String = pieces.iter().map(|piece| tidier.push(piece)).collect();
            streamed.push_str(&tidier.finish());
            assert_eq!(streamed, tidy(&pieces.concat()), "{pieces:?}");
        }
    }

    #[test]
    fn words_are_not_held_back_for_long() {
        let mut tidier = Tidier::default();
        assert_eq!(tidier.push("Hello"), "Hello");
        assert_eq!(tidier.push(" world"), " world");
        assert_eq!(tidier.push(" a"), "");
        assert_eq!(tidier.push(" b"), " a");
    }
}
