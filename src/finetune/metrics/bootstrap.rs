//! 95% intervals by the bootstrap (Efron, 1979): the metrics of as many rows drawn with
//! replacement, a thousand times, and the range of the middle 95% of them.

use rayon::prelude::*;

use super::Family;
use crate::error::Result;
use crate::jobs::Cancel;
use crate::model::kernels::random::Stream;

/// How rows are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    /// How often.
    pub resamples: usize,
    /// The same seed draws the same rows.
    pub seed: u64,
}

impl Default for Draws {
    fn default() -> Self {
        Self {
            resamples: 1000,
            seed: 12345,
        }
    }
}

impl Draws {
    /// The rows of one draw of `n`.
    pub(super) fn rows(self, draw: usize, n: usize) -> impl Iterator<Item = usize> {
        let stream = Stream::new(self.seed, draw as u64);
        (0..n as u64).map(move |i| stream.below(i, n))
    }
}

/// From where to where a metric lies.
pub type Interval = [f64; 2];

/// The interval of each metric; of fewer than two rows there is none, nor where a metric is
/// defined for no draw.
///
/// # Errors
/// When it is to stop.
pub fn intervals<F: Family>(
    family: &F,
    rows: &[F::Row],
    draws: Draws,
    cancel: &Cancel,
) -> Result<Vec<Option<Interval>>> {
    let metrics = family.names().len();
    if rows.len() < 2 {
        return Ok(vec![None; metrics]);
    }
    let drawn = (0..draws.resamples).into_par_iter().map(|draw| {
        cancel.check()?;
        Ok(family.values(draws.rows(draw, rows.len()).map(|i| &rows[i])))
    });
    let drawn = drawn.collect::<Result<Vec<_>>>()?;
    Ok((0..metrics)
        .map(|metric| middle(drawn.iter().map(|values| values[metric])))
        .collect())
}

/// The range of the middle 95% of values that are not NaN.
pub(super) fn middle(values: impl Iterator<Item = f64>) -> Option<Interval> {
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    values.sort_unstable_by(f64::total_cmp);
    Some([percentile(&values, 0.025)?, percentile(&values, 0.975)?])
}

/// The value below which that share of sorted values lies, between two of them in proportion, as
/// numpy's `percentile`.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)? as f64);
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}
