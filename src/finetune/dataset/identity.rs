//! What makes two rows the same.

use super::example::{Example, Label};
use crate::digest::Sha256;

/// Hashes of what a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    /// What must not be in two parts: rows about one context, or with one prompt.
    pub group: u64,
    /// What a duplicate has again.
    pub input: u64,
    /// What should then be the same too, for a task that has one right answer.
    pub output: u64,
}

impl Identity {
    /// That of a row.
    pub(super) fn of(example: &Example) -> Self {
        match example {
            Example::Classified { text, pair, label } => {
                let input = hash([text.as_str(), pair.as_deref().unwrap_or("")]);
                Self {
                    group: input,
                    input,
                    output: of_label(label),
                }
            }
            Example::Tagged { words, tags } => {
                let input = hash(words.iter().map(String::as_str));
                let tags = tags.iter().map(u32::to_string).collect::<Vec<_>>();
                Self {
                    group: input,
                    input,
                    output: hash(tags.iter().map(String::as_str)),
                }
            }
            Example::Question {
                question, context, ..
            } => {
                let input = hash([question.as_str(), context]);
                Self {
                    group: hash([context.as_str()]),
                    input,
                    output: 0,
                }
            }
            Example::Plain { text, .. } => {
                let input = hash([text.as_str()]);
                Self {
                    group: input,
                    input,
                    output: 0,
                }
            }
            Example::Dialogue { turns } => {
                let all = turns.iter().map(|turn| turn.content.as_str());
                let asked = turns.split_last().map_or(&[][..], |(_, asked)| asked);
                let group = hash(asked.iter().map(|turn| turn.content.as_str()));
                Self {
                    group,
                    input: hash(all),
                    output: 0,
                }
            }
            Example::Pair { source, target } => Self {
                group: hash([source.as_str()]),
                input: hash([source.as_str(), target]),
                output: 0,
            },
        }
    }
}

fn of_label(label: &Label) -> u64 {
    match label {
        Label::One(id) => u64::from(*id),
        Label::Number(number) => u64::from(number.to_bits()),
        Label::Many(on) => {
            let ids = on
                .iter()
                .zip(0u32..)
                .filter(|(on, _)| **on)
                .map(|(_, id)| id.to_string());
            hash(ids.collect::<Vec<_>>().iter().map(String::as_str))
        }
    }
}

/// A hash of texts that is the same on every machine.
fn hash<'a>(texts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut digest = Sha256::default();
    for text in texts {
        digest.update(&(text.len() as u64).to_le_bytes());
        digest.update(text.as_bytes());
    }
    let mut eight = [0; 8];
    eight.copy_from_slice(&digest.finish()[..8]);
    u64::from_le_bytes(eight)
}
