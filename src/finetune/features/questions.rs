//! Questions with their answers, as `run_qa` prepares them to be trained on.

use std::ops::Range;

use super::make::{Made, Maker};
use super::{Features, Target};
use crate::error::Result;
use crate::finetune::dataset::Answer;
use crate::model::tokenizer::{Cut, Encoding, Limit};

/// Windows over the context, each with the question; in one that does not hold the whole answer
/// the answer is the first token.
pub(super) fn make(
    maker: &Maker<'_>,
    question: &str,
    context: &str,
    answer: Option<&Answer>,
) -> Result<Made> {
    let question = question.trim_start();
    let most = maker.recipe.max_length;
    let limit = |stride| {
        let limit = Limit {
            tokens: most,
            cut: Cut::OnlySecond,
            stride,
        };
        maker
            .tokenizer
            .windows(question, Some(context), true, Some(limit))
    };
    // A long question leaves less room than windows are to share.
    let windows = match limit(maker.recipe.stride) {
        Err(_) if maker.recipe.stride > 0 => limit(0)?,
        windows => windows?,
    };
    let tokens = windows.iter().map(Encoding::len).sum();
    let features = windows.into_iter().map(|window| {
        let target = span(&window, answer.map(|answer| &answer.bytes));
        Features::of(window, target)
    });
    Ok(Made {
        features: features.collect(),
        tokens,
        ..Made::default()
    })
}

/// The tokens of the answer in a window.
///
/// `run_qa` runs past the context where the answer is its last word, and learns the token after it;
/// here the answer's own last token is learned.
fn span(window: &Encoding, answer: Option<&Range<usize>>) -> Target {
    let none = Target::Span { start: 0, end: 0 };
    let mut context = (0..window.len()).filter(|i| window.sequences[*i] == Some(1));
    let (Some(first), Some(answer)) = (context.next(), answer) else {
        return none;
    };
    let last = context.next_back().unwrap_or(first);
    let bytes = &window.bytes;
    if bytes[first].start > answer.start || bytes[last].end < answer.end {
        return none;
    }
    let start = (first..=last)
        .take_while(|i| bytes[*i].start <= answer.start)
        .last();
    let end = (first..=last)
        .rev()
        .take_while(|i| bytes[*i].end >= answer.end)
        .last();
    let (Some(start), Some(end)) = (start, end) else {
        return none;
    };
    Target::Span {
        start: start as u32,
        end: end as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Encoding {
        Encoding {
            ids: vec![1, 5, 2, 6, 7, 8, 2],
            sequences: vec![None, Some(0), None, Some(1), Some(1), Some(1), None],
            bytes: vec![0..0, 0..3, 0..0, 10..13, 14..17, 17..20, 0..0],
            ..Encoding::default()
        }
    }

    #[test]
    fn an_answer_is_the_tokens_that_hold_it() {
        let found = |range: Range<usize>| match span(&window(), Some(&range)) {
            Target::Span { start, end } => (start, end),
            target => panic!("{target:?}"),
        };
        assert_eq!(found(10..13), (3, 3));
        assert_eq!(found(14..20), (4, 5));
        assert_eq!(found(15..16), (4, 4));
        assert_eq!(found(17..20), (5, 5));
        assert_eq!(found(5..12), (0, 0));
        assert_eq!(found(17..25), (0, 0));
        assert_eq!(span(&window(), None), Target::Span { start: 0, end: 0 });
    }
}
