//! Rows as the model sees them: token by token, with what is learned marked.

use super::dataset::Row;
use super::features::{Features, Maker, Masking, Target};
use crate::error::Result;
use crate::model::pipeline::Task;
use crate::model::tokenizer::{Kind, Tokenizer};
use crate::text;

/// What masks hide in a preview.
const MASKED: f32 = 0.15;

/// The features of a row, to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Where the row stands: `file:line`, safe to show.
    pub place: String,
    /// Which of its features these are, from 1 on, and how many it has.
    pub which: (usize, usize),
    /// How many tokens the whole row has.
    pub tokens: usize,
    /// Whether tokens of it were left out.
    pub cut: bool,
    /// The tokens that are read.
    pub pieces: Vec<Piece>,
    /// What is learned beside them: the label of a text, or the tokens that are written.
    pub answer: Option<Vec<Piece>>,
    /// The features themselves.
    pub features: Features,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its text, safe to show; line ends as `\n`.
    pub text: String,
    /// Whether it goes on in a word without a space.
    pub joins: bool,
    /// Whether it is learned.
    pub learned: bool,
    /// What is learned of it, where that is not the token itself: a tag, or what a mask hides.
    pub label: Option<String>,
}

/// The features of a row; none if nothing of it is left.
///
/// # Errors
/// When its text cannot be taken apart.
pub fn shown(
    row: &Row,
    maker: &Maker<'_>,
    tokenizer: &Tokenizer,
    names: &[String],
) -> Result<Vec<Shown>> {
    let made = maker.make(&row.example)?;
    let of = made.features.len();
    let masking = match maker.recipe().task {
        Task::FillMask => Some(Masking::new(tokenizer, MASKED)?),
        _ => None,
    };
    let each = made.features.into_iter().enumerate().map(|(at, features)| {
        let writer = Marker {
            tokenizer,
            names,
            masking: masking.as_ref(),
        };
        let pieces = writer.pieces(&features, row.place.line);
        Shown {
            place: row.place.to_string(),
            which: (at + 1, of),
            tokens: made.tokens,
            cut: made.cut,
            pieces,
            answer: writer.answer(&features.target),
            features,
        }
    });
    Ok(each.collect())
}

struct Marker<'a> {
    tokenizer: &'a Tokenizer,
    names: &'a [String],
    masking: Option<&'a Masking>,
}

impl Marker<'_> {
    /// The tokens that are read.
    fn pieces(&self, features: &Features, row: u64) -> Vec<Piece> {
        let mut pieces = self.all(&features.ids);
        match &features.target {
            Target::Tokens(labels) => {
                for ((piece, label), id) in pieces.iter_mut().zip(labels).zip(&features.ids) {
                    piece.learned = label.is_some();
                    // A causal model learns the token itself, which needs no label.
                    let is_self = *label == Some(*id) && self.names.is_empty();
                    piece.label = label.filter(|_| !is_self).map(|label| self.name(label));
                }
                // The first token follows nothing, so it cannot be predicted.
                if let Some(first) = pieces.first_mut().filter(|_| self.names.is_empty()) {
                    first.learned = false;
                }
            }
            Target::Span { start, end } => {
                let answer = *start as usize..=*end as usize;
                for (at, piece) in pieces.iter_mut().enumerate() {
                    piece.learned = answer.contains(&at);
                }
            }
            Target::Masked => {
                if let Some(masking) = self.masking {
                    let (ids, hidden) = masking.apply(&features.ids, 0, row, 0);
                    let before = pieces;
                    pieces = self.all(&ids);
                    for ((piece, hidden), before) in pieces.iter_mut().zip(hidden).zip(before) {
                        piece.joins = before.joins;
                        piece.learned = hidden.is_some();
                        piece.label = hidden.map(|_| before.text);
                    }
                }
            }
            _ => {}
        }
        pieces
    }

    /// What is learned beside the tokens that are read.
    fn answer(&self, target: &Target) -> Option<Vec<Piece>> {
        let said = |text: String| Piece {
            text,
            joins: false,
            learned: true,
            label: None,
        };
        match target {
            Target::Class(class) => Some(vec![said(self.name(*class))]),
            Target::Classes(on) => {
                let on = (0..).zip(on).filter(|(_, on)| **on > 0.0);
                let labels: Vec<Piece> = on.map(|(class, _)| said(self.name(class))).collect();
                Some(if labels.is_empty() {
                    vec![said("none".to_owned())]
                } else {
                    labels
                })
            }
            Target::Number(number) => Some(vec![said(number.to_string())]),
            Target::Text(ids) => {
                let mut pieces = self.all(ids);
                pieces.iter_mut().for_each(|piece| piece.learned = true);
                Some(pieces)
            }
            Target::Tokens(_) | Target::Span { .. } | Target::Masked => None,
        }
    }

    fn name(&self, id: u32) -> String {
        let name = self
            .names
            .get(id as usize)
            .map_or_else(|| id.to_string(), Clone::clone);
        text::line(&name).into_owned()
    }

    fn all(&self, ids: &[u32]) -> Vec<Piece> {
        ids.iter().map(|id| self.piece(*id)).collect()
    }

    /// A token as it is shown: as the text that it stands for, where that can be told.
    fn piece(&self, id: u32) -> Piece {
        let written = self
            .tokenizer
            .token(id)
            .unwrap_or_else(|| format!("<{id}>"));
        let (text, joins) = match self.tokenizer.kind() {
            Kind::WordPiece => match written.strip_prefix("##") {
                Some(rest) => (rest.to_owned(), true),
                None => (written, false),
            },
            Kind::Unigram => match written.strip_prefix('▁') {
                Some(rest) => (rest.to_owned(), false),
                None => (written, true),
            },
            Kind::Bpe | Kind::WordLevel => {
                let text = self.tokenizer.decode(&[id], false).unwrap_or(written);
                match text.strip_prefix(' ') {
                    Some(rest) => (rest.to_owned(), false),
                    None => (text, true),
                }
            }
        };
        let text = text.replace('\n', "\\n").replace('\t', "\\t");
        Piece {
            text: text::line(&text).into_owned(),
            joins,
            learned: false,
            label: None,
        }
    }
}
