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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::metrics::mean::Mean;

    fn interval(rows: &[f64], seed: u64) -> Option<Interval> {
        let draws = Draws {
            seed,
            ..Draws::default()
        };
        intervals(&Mean { name: "mean" }, rows, draws, &Cancel::new()).expect("intervals")[0]
    }

    #[test]
    fn an_interval_is_as_wide_as_theory_has_it_and_follows_from_the_seed() {
        let rows: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let [low, high] = interval(&rows, 1).expect("an interval");
        let wide = 1.96 * (0.25f64 / 400.0).sqrt();
        assert!((low - (0.5 - wide)).abs() < 0.01, "{low}");
        assert!((high - (0.5 + wide)).abs() < 0.01, "{high}");
        assert_eq!(interval(&rows, 1), Some([low, high]));
        assert_ne!(interval(&rows, 2), Some([low, high]));
    }

    #[test]
    fn one_row_has_no_interval_and_equal_rows_have_a_narrow_one() {
        assert_eq!(interval(&[3.0], 1), None);
        assert_eq!(interval(&[3.0, 3.0], 1), Some([3.0, 3.0]));
        assert_eq!(interval(&[f64::NAN, f64::NAN], 1), None);
    }

    #[test]
    fn percentiles_are_numpys() {
        let found = percentile(&[1.0, 2.0, 3.0, 4.0], 0.025).expect("a value");
        assert!((found - 1.075).abs() < 1e-12, "{found}");
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn nothing_is_drawn_after_a_stop() {
        let cancel = Cancel::new();
        cancel.cancel();
        let found = intervals(
            &Mean { name: "mean" },
            &[1.0, 2.0],
            Draws::default(),
            &cancel,
        );
        assert_eq!(found.expect_err("stopped").to_string(), "interrupted");
    }
}
