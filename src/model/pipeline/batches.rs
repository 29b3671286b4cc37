//! Runs sequences in batches of like length.

use super::Stop;
use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::kernels::pooled;
use crate::model::tokenizer::Encoding;

/// The most tokens of a batch; one longer sequence is a batch of its own.
const MOST_TOKENS: usize = 2048;

/// Gives each encoding to `forward` once, in batches of like length, and returns what it makes of
/// them in the order of the encodings. `forward` is told which encodings are in the batch, and
/// returns one result for each.
///
/// # Errors
/// When `stop` says so.
pub(super) fn run<T: Send>(
    encodings: &[Encoding],
    stop: Stop<'_>,
    mut forward: impl FnMut(&Batch, &[usize]) -> Vec<T> + Send,
) -> Result<Vec<T>> {
    let mut order: Vec<usize> = (0..encodings.len()).collect();
    order.sort_by_key(|i| encodings[*i].len());
    let mut results = Vec::with_capacity(encodings.len());
    let mut rest = order.as_slice();
    while !rest.is_empty() {
        if stop() {
            return Err(Error::interrupted());
        }
        let (members, later) = rest.split_at(fitting(encodings, rest));
        let mut batch = Batch::default();
        for i in members {
            batch.push(&encodings[*i].ids, Some(&encodings[*i].type_ids));
        }
        let found = pooled(|| forward(&batch, members));
        results.extend(members.iter().copied().zip(found));
        rest = later;
    }
    results.sort_by_key(|(i, _)| *i);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// How many of the first of `rest` are within the most tokens, at least one.
fn fitting(encodings: &[Encoding], rest: &[usize]) -> usize {
    let mut tokens = 0;
    let within = rest.iter().take_while(|i| {
        tokens += encodings[**i].len();
        tokens <= MOST_TOKENS
    });
    within.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lengths: &[usize]) -> Vec<Encoding> {
        let encoding = |n: &usize| Encoding {
            ids: vec![7; *n],
            type_ids: vec![0; *n],
            ..Encoding::default()
        };
        lengths.iter().map(encoding).collect()
    }

    #[test]
    fn results_have_the_order_of_the_inputs_and_batches_have_bounds() {
        let lengths = [500, 3, 4000, 700, 900, 1, 600];
        let mut sizes = Vec::new();
        let found = run(&of(&lengths), &mut || false, |batch, members| {
            sizes.push(batch.ids.len());
            assert_eq!(batch.len(), members.len());
            batch
                .starts
                .windows(2)
                .map(|ends| ends[1] - ends[0])
                .collect()
        });
        assert_eq!(found.expect("run"), lengths);
        assert_eq!(sizes, [1804, 900, 4000]);
    }

    #[test]
    fn nothing_runs_after_a_stop() {
        let mut asked = 0;
        let mut ran = 0;
        let mut stop = || {
            asked += 1;
            asked == 2
        };
        let found = run(&of(&[2000, 2000, 2000]), &mut stop, |_, members| {
            ran += 1;
            members.to_vec()
        });
        assert_eq!(found.expect_err("stopped").to_string(), "interrupted");
        assert_eq!(ran, 1);
    }
}
