//! Tokens with scores to words, and words to entities, as transformers does.

use std::ops::Range;

use super::{Aggregation, Entity, Label};
use crate::error::Result;
use crate::model::pipeline::scores::highest;

/// A token with the probability of each label.
pub(super) struct Token<'a> {
    /// As the vocabulary writes it; as the text does if the vocabulary lacks it.
    pub word: String,
    /// The probability of each label.
    pub scores: &'a [f32],
    /// Which of its window it is.
    pub index: usize,
    /// Where it is in characters.
    pub chars: Range<usize>,
    /// Where it is in bytes.
    pub bytes: Range<usize>,
    /// Whether it belongs to the word of the token before.
    pub continues: bool,
}

/// How tokens become entities.
pub(super) struct Grouping<'a> {
    /// The names of the labels.
    pub labels: &'a [String],
    /// What becomes of the labels of single tokens.
    pub aggregation: Aggregation,
    /// Makes text of tokens as the vocabulary writes them.
    pub join: &'a dyn Fn(&[&str]) -> Result<String>,
}

impl Grouping<'_> {
    /// The entities of a window's tokens.
    pub(super) fn entities(&self, tokens: &[Token<'_>]) -> Result<Vec<Entity>> {
        if self.aggregation == Aggregation::None {
            return Ok(tokens.iter().map(|token| self.single(token)).collect());
        }
        let words: Vec<Entity> = if self.aggregation == Aggregation::Simple {
            tokens.iter().map(|token| self.single(token)).collect()
        } else {
            let words = tokens.chunk_by(|_, next| next.continues);
            words
                .map(|tokens| self.word(tokens))
                .collect::<Result<_>>()?
        };
        let groups = words.chunk_by(|word, next| continues(word.label.name(), next.label.name()));
        groups.map(|words| self.group(words)).collect()
    }

    fn single(&self, token: &Token<'_>) -> Entity {
        let best = highest(token.scores);
        Entity {
            label: Label::Token(self.labels[best].clone()),
            score: token.scores.get(best).copied().unwrap_or(0.0),
            index: Some(token.index),
            word: token.word.clone(),
            start: token.chars.start,
            end: token.chars.end,
            bytes: token.bytes.clone(),
        }
    }

    /// The tokens of one word, under one label.
    fn word(&self, tokens: &[Token<'_>]) -> Result<Entity> {
        let of_all = tokens.iter().map(|token| token.scores);
        let scores = match self.aggregation {
            Aggregation::Average => mean(of_all),
            Aggregation::Max => {
                let top = |scores: &[f32]| scores[highest(scores)];
                // Of equals the first.
                let surest = of_all.reduce(|a, b| if top(b) > top(a) { b } else { a });
                surest.unwrap_or_default().to_vec()
            }
            Aggregation::First | Aggregation::None | Aggregation::Simple => {
                tokens[0].scores.to_vec()
            }
        };
        let best = highest(&scores);
        let (first, last) = (&tokens[0], &tokens[tokens.len() - 1]);
        let words: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
        Ok(Entity {
            label: Label::Token(self.labels[best].clone()),
            score: scores.get(best).copied().unwrap_or(0.0),
            index: None,
            word: (self.join)(&words)?,
            start: first.chars.start,
            end: last.chars.end,
            bytes: first.bytes.start..last.bytes.end,
        })
    }

    /// Neighbours of one label, as one.
    fn group(&self, entities: &[Entity]) -> Result<Entity> {
        let (first, last) = (&entities[0], &entities[entities.len() - 1]);
        let name = first.label.name();
        let name = name.split_once('-').map_or(name, |(_, rest)| rest);
        let sum: f64 = entities.iter().map(|entity| f64::from(entity.score)).sum();
        let words: Vec<&str> = entities.iter().map(|entity| entity.word.as_str()).collect();
        Ok(Entity {
            label: Label::Group(name.to_owned()),
            score: (sum / entities.len() as f64) as f32,
            index: None,
            word: (self.join)(&words)?,
            start: first.start,
            end: last.end,
            bytes: first.bytes.start..last.bytes.end,
        })
    }
}

/// Whether a label goes on with what the one before names.
fn continues(before: &str, label: &str) -> bool {
    !label.starts_with("B-") && tag(before) == tag(label)
}

/// A label without its `B-` or `I-`.
fn tag(label: &str) -> &str {
    label
        .strip_prefix("B-")
        .or_else(|| label.strip_prefix("I-"))
        .unwrap_or(label)
}

/// The mean of each label's scores.
fn mean<'a>(all: impl ExactSizeIterator<Item = &'a [f32]>) -> Vec<f32> {
    let count = all.len() as f32;
    let mut sums: Vec<f32> = Vec::new();
    for scores in all {
        sums.resize(scores.len(), 0.0);
        for (sum, score) in sums.iter_mut().zip(scores) {
            *sum += score;
        }
    }
    sums.iter().map(|sum| sum / count).collect()
}

/// Of entities that windows share the longest, of equally long ones the surest.
pub(super) fn without_overlaps(mut entities: Vec<Entity>) -> Vec<Entity> {
    entities.sort_by_key(|entity| entity.start);
    let mut kept: Vec<Entity> = Vec::with_capacity(entities.len());
    for entity in entities {
        let length = |entity: &Entity| entity.end.saturating_sub(entity.start);
        match kept.last_mut() {
            Some(last) if entity.start < last.end => {
                let longer = length(&entity) > length(last);
                if longer || length(&entity) == length(last) && entity.score > last.score {
                    *last = entity;
                }
            }
            _ => kept.push(entity),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [&str; 4] = ["O", "B-PER", "I-PER", "I-ORG"];

    /// Tokens of a text without spaces: each with how it goes on, and its scores.
    fn entities(aggregation: Aggregation, tokens: &[(&str, bool, [f32; 4])]) -> Vec<String> {
        let labels = LABELS.map(str::to_owned);
        let join = |words: &[&str]| Ok(words.join("+"));
        let grouping = Grouping {
            labels: &labels,
            aggregation,
            join: &join,
        };
        let tokens: Vec<Token> = tokens
            .iter()
            .enumerate()
            .map(|(index, (word, continues, scores))| Token {
                word: (*word).to_owned(),
                scores,
                index,
                chars: index..index + 1,
                bytes: index..index + 1,
                continues: *continues,
            })
            .collect();
        let found = grouping.entities(&tokens).expect("entities");
        let shown = |e: &Entity| format!("{} {} {:.2}", e.label.name(), e.word, e.score);
        found.iter().map(shown).collect()
    }

    const TOKENS: [(&str, bool, [f32; 4]); 4] = [
        ("a", false, [0.1, 0.6, 0.2, 0.1]),
        ("b", true, [0.0, 0.0, 0.1, 0.9]),
        ("c", false, [0.1, 0.2, 0.6, 0.1]),
        ("d", false, [0.0, 0.9, 0.1, 0.0]),
    ];

    #[test]
    fn neighbours_of_one_label_are_a_group_and_b_starts_another() {
        assert_eq!(
            entities(Aggregation::None, &TOKENS),
            [
                "B-PER a 0.60",
                "I-ORG b 0.90",
                "I-PER c 0.60",
                "B-PER d 0.90"
            ]
        );
        assert_eq!(
            entities(Aggregation::Simple, &TOKENS),
            ["PER a 0.60", "ORG b 0.90", "PER c 0.60", "PER d 0.90"]
        );
    }

    #[test]
    fn words_have_one_label() {
        assert_eq!(
            entities(Aggregation::First, &TOKENS),
            ["PER a+b+c 0.60", "PER d 0.90"]
        );
        assert_eq!(
            entities(Aggregation::Max, &TOKENS),
            ["ORG a+b 0.90", "PER c 0.60", "PER d 0.90"]
        );
        assert_eq!(
            entities(Aggregation::Average, &TOKENS),
            ["ORG a+b 0.50", "PER c 0.60", "PER d 0.90"]
        );
        assert!(entities(Aggregation::First, &[]).is_empty());
    }

    #[test]
    fn of_overlapping_entities_the_longest_stays() {
        let entity = |start, end, score| Entity {
            label: Label::Group("PER".to_owned()),
            score,
            index: None,
            word: String::new(),
            start,
            end,
            bytes: start..end,
        };
        let kept = without_overlaps(vec![
            entity(8, 12, 0.5),
            entity(0, 3, 0.9),
            entity(1, 6, 0.2),
            entity(8, 12, 0.7),
            entity(12, 13, 0.1),
        ]);
        let places: Vec<_> = kept.iter().map(|e| (e.start, e.end, e.score)).collect();
        assert_eq!(places, [(1, 6, 0.2), (8, 12, 0.7), (12, 13, 0.1)]);
    }
}
