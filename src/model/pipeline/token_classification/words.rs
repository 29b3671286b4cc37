//! The labels of words that somebody else has told apart.

use super::TokenClassification;
use crate::error::Result;
use crate::model::pipeline::{Stop, batches};
use crate::model::tape::Tape;
use crate::model::tokenizer::Encoding;

/// A piece of a sentence: which one, the place of each word's first token, and the tokens.
struct Piece {
    sentence: usize,
    firsts: Vec<usize>,
    encoding: Encoding,
}

impl TokenClassification {
    /// The logits of each word, which are those of its first token. A sentence that is longer than
    /// the model reads is read in pieces; a word that leaves no token has no logits.
    ///
    /// # Errors
    /// A word that cannot be taken apart, or a stop.
    pub fn words(&self, sentences: &[&[String]], stop: Stop<'_>) -> Result<Vec<Vec<Vec<f32>>>> {
        let mut pieces = Vec::new();
        let mut found: Vec<Vec<Vec<f32>>> = Vec::with_capacity(sentences.len());
        // Which word each of the first tokens is of.
        let mut places: Vec<Vec<usize>> = Vec::new();
        for (sentence, words) in sentences.iter().enumerate() {
            found.push(vec![Vec::new(); words.len()]);
            self.cut(sentence, words, &mut pieces, &mut places)?;
        }
        let encodings: Vec<Encoding> = pieces
            .iter_mut()
            .map(|piece| std::mem::take(&mut piece.encoding))
            .collect();
        let logits = batches::run(&encodings, stop, |batch, members| {
            let logits = self.model.logits(&mut Tape::off(), batch);
            let starts = members.iter().zip(&batch.starts);
            let of = |(piece, start): (&usize, &usize)| -> Vec<Vec<f32>> {
                let firsts = pieces[*piece].firsts.iter();
                firsts
                    .map(|first| logits.row(start + first).to_vec())
                    .collect()
            };
            starts.map(of).collect()
        })?;
        for ((piece, places), logits) in pieces.iter().zip(places).zip(logits) {
            for (place, logits) in places.into_iter().zip(logits) {
                found[piece.sentence][place] = logits;
            }
        }
        Ok(found)
    }

    /// Cuts a sentence into pieces that the model can read.
    fn cut(
        &self,
        sentence: usize,
        words: &[String],
        pieces: &mut Vec<Piece>,
        places: &mut Vec<Vec<usize>>,
    ) -> Result<()> {
        let mut start = 0;
        while start < words.len() {
            let (encoding, _) = self
                .texts
                .tokenizer
                .of_words(&words[start..], self.texts.longest)?;
            let (mut firsts, mut own) = (Vec::new(), Vec::new());
            let mut before = None;
            for (place, word) in encoding.words.iter().enumerate() {
                if let (Some(word), true) = (*word, *word != before) {
                    firsts.push(place);
                    own.push(start + word as usize);
                }
                before = *word;
            }
            let Some(last) = own.last().copied() else {
                return Ok(());
            };
            pieces.push(Piece {
                sentence,
                firsts,
                encoding,
            });
            places.push(own);
            start = last + 1;
        }
        Ok(())
    }
}
