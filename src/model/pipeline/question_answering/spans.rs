//! Which tokens an answer may start and end with.

/// A window's tokens.
pub(super) struct Window<'a> {
    /// The logit of each to start the answer.
    pub starts: &'a [f32],
    /// The logit of each to end it.
    pub ends: &'a [f32],
    /// Which have a share in the probabilities: the text's, and the one that stands for no answer.
    pub counted: Vec<bool>,
    /// Which are of the text.
    pub in_context: Vec<bool>,
}

/// Tokens of an answer.
#[derive(Debug, PartialEq)]
pub(super) struct Span {
    /// The first and the last.
    pub tokens: (usize, usize),
    /// The product of their probabilities.
    pub score: f32,
}

/// What a window has to offer.
#[derive(Debug, PartialEq)]
pub(super) struct Spans {
    /// The probability that the answer is not in it.
    pub none: f32,
    /// The most probable answers, the best first.
    pub spans: Vec<Span>,
}

/// The `count` most probable answers of at most `longest` tokens. The first token of a window
/// stands for no answer.
pub(super) fn spans(window: &Window<'_>, longest: usize, count: usize) -> Spans {
    let mut starts = shares(window.starts, &window.counted);
    let mut ends = shares(window.ends, &window.counted);
    let mut none = 0.0;
    if let (Some(start), Some(end)) = (starts.first_mut(), ends.first_mut()) {
        none = *start * *end;
        (*start, *end) = (0.0, 0.0);
    }
    let mut spans = Vec::new();
    for start in (0..starts.len()).filter(|i| window.in_context[*i] && starts[*i] > 0.0) {
        let last = ends.len().min(start.saturating_add(longest));
        for end in (start..last).filter(|i| window.in_context[*i]) {
            let score = starts[start] * ends[end];
            if score > 0.0 {
                spans.push(Span {
                    tokens: (start, end),
                    score,
                });
            }
        }
    }
    spans.sort_by(|a, b| b.score.total_cmp(&a.score));
    spans.truncate(count);
    Spans { none, spans }
}

/// The probability of each counted token; 0 of the others.
fn shares(logits: &[f32], counted: &[bool]) -> Vec<f32> {
    let pairs = || logits.iter().zip(counted);
    let most = pairs().filter(|(_, counted)| **counted);
    let most = most.fold(f32::NEG_INFINITY, |most, (x, _)| most.max(*x));
    let each = pairs().map(|(x, counted)| if *counted { (x - most).exp() } else { 0.0 });
    let mut shares: Vec<f32> = each.collect();
    let sum: f32 = shares.iter().sum();
    if sum > 0.0 {
        for share in &mut shares {
            *share /= sum;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ln(shares: [f32; 5]) -> Vec<f32> {
        shares.map(f32::ln).to_vec()
    }

    /// `[CLS] question a b c` with shares of a sum of 1 but for the question's.
    fn found(longest: usize, count: usize) -> Spans {
        let starts = ln([0.1, 7.0, 0.2, 0.3, 0.4]);
        let ends = ln([0.2, 9.0, 0.5, 0.25, 0.05]);
        let counted = vec![true, false, true, true, true];
        let in_context = vec![false, false, true, true, true];
        spans(
            &Window {
                starts: &starts,
                ends: &ends,
                counted,
                in_context,
            },
            longest,
            count,
        )
    }

    #[test]
    fn answers_end_after_they_start_and_are_not_too_long() {
        let places = |found: Spans| found.spans.iter().map(|s| s.tokens).collect::<Vec<_>>();
        assert_eq!(
            places(found(9, 9)),
            [(2, 2), (3, 3), (2, 3), (4, 4), (3, 4), (2, 4)]
        );
        assert_eq!(places(found(1, 9)), [(2, 2), (3, 3), (4, 4)]);
        assert_eq!(places(found(9, 2)), [(2, 2), (3, 3)]);
    }

    #[test]
    fn the_question_has_no_share_and_no_answer_has_one() {
        let found = found(9, 1);
        assert!((found.none - 0.02).abs() < 1e-6);
        assert!((found.spans[0].score - 0.1).abs() < 1e-6);
    }

    #[test]
    fn a_window_without_text_has_no_answers() {
        let window = Window {
            starts: &[1.0, 2.0],
            ends: &[1.0, 2.0],
            counted: vec![false, false],
            in_context: vec![false, false],
        };
        assert_eq!(
            spans(&window, 5, 5),
            Spans {
                none: 0.0,
                spans: Vec::new()
            }
        );
    }
}
