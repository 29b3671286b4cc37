//! What a pipeline gives for an input, and what the user should know about it.

use std::fmt;

use serde::Serialize;

use crate::text;

/// What a pipeline made of one input. In JSON it is the output alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Outcome<T> {
    /// As transformers' pipeline gives it.
    pub output: T,
    /// What the user should know.
    #[serde(skip)]
    pub notes: Vec<Note>,
}

/// Something about an input that makes its output worth less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// There was no text.
    Empty,
    /// The text was longer than the model's input.
    LeftOut {
        /// How many tokens the model did not see.
        tokens: usize,
        /// How many there were.
        of: usize,
    },
    /// The text is longer than those that the model was trained on, and was read whole.
    BeyondTraining {
        /// How many tokens it has.
        tokens: usize,
        /// How many the model was trained on.
        of: usize,
    },
    /// The vocabulary lacks characters of the text.
    Unknown {
        /// How many.
        characters: usize,
        /// How many there were.
        of: usize,
    },
    /// A target is not one token.
    Replaced {
        /// What was asked for.
        target: String,
        /// Its first token, which was scored.
        token: String,
    },
    /// A target is no token.
    Ignored {
        /// What was asked for.
        target: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |word: &str| text::ident(&text::line(word)).into_owned();
        match self {
            Self::Empty => f.write_str("the text is empty"),
            Self::LeftOut { tokens, of } => write!(
                f,
                "the text has {of} tokens; the last {tokens} were left out, for the model reads {}",
                of - tokens
            ),
            Self::BeyondTraining { tokens, of } => write!(
                f,
                "the text has {tokens} tokens; the model was trained on texts of up to {of}"
            ),
            Self::Unknown { characters, of } => write!(
                f,
                "{characters} of {of} characters are not in the model's vocabulary"
            ),
            Self::Replaced { target, token } => write!(
                f,
                "`{}` is not one token of the model; its first, `{}`, was scored",
                shown(target),
                shown(token)
            ),
            Self::Ignored { target } => {
                write!(f, "`{}` is no token of the model", shown(target))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_its_output_in_json() {
        let outcome = Outcome {
            output: vec![1, 2],
            notes: vec![Note::Empty],
        };
        assert_eq!(serde_json::to_string(&outcome).expect("JSON"), "[1,2]");
    }

    #[test]
    fn notes_are_sentences_that_a_terminal_can_show() {
        let left_out = Note::LeftOut { tokens: 3, of: 10 };
        assert_eq!(
            left_out.to_string(),
            "the text has 10 tokens; the last 3 were left out, for the model reads 7"
        );
        let ignored = Note::Ignored {
            target: "a\u{1b}[31m".to_owned(),
        };
        assert!(!ignored.to_string().contains('\u{1b}'));
    }
}
