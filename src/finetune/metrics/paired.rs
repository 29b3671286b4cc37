//! Whether two models differ on the same rows: approximate randomization (Noreen, 1989; Riezler and
//! Maxwell, 2005), as sacreBLEU's `--paired-ar`, and the bootstrap's interval of the difference.
//!
//! If the models were equally good, it would not matter which of them gave which row. So each row
//! is given to the other model or not, at random and many times, and p is the share of times that
//! give a difference as large as the real one. Where sacreBLEU counts only larger ones, equal ones
//! count here too: metrics like accuracy take few values, and leaving those out makes p too small.

use rayon::prelude::*;

use super::Family;
use super::bootstrap::{Draws, Interval, middle};
use crate::error::Result;
use crate::jobs::Cancel;
use crate::model::kernels::random::Stream;

/// How much two differences may differ by rounding.
const ROUNDING: f64 = 1e-12;

/// How two models differ in one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The first model's metric less the second's.
    pub value: f64,
    /// The 95% interval of that.
    pub ci95: Option<Interval>,
    /// How likely a difference at least as large is where there is none; NaN if there is no value.
    pub p: f64,
}

/// The difference of each metric between the rows of two models, in `trials` shuffles.
///
/// # Panics
/// If there are not as many rows of one as of the other.
///
/// # Errors
/// When it is to stop.
pub fn compare<F: Family>(
    family: &F,
    a: &[F::Row],
    b: &[F::Row],
    trials: usize,
    draws: Draws,
    cancel: &Cancel,
) -> Result<Vec<Difference>> {
    assert_eq!(a.len(), b.len(), "rows in pairs");
    let real = minus(&family.values(a.iter()), &family.values(b.iter()));
    let shuffled = (0..trials).into_par_iter().map(|trial| {
        cancel.check()?;
        let stream = Stream::new(draws.seed, trial as u64).at(1);
        Ok(shuffled(family, a, b, |row| {
            stream.bits(row as u64) & 1 == 1
        }))
    });
    let shuffled = shuffled.collect::<Result<Vec<_>>>()?;
    let drawn = (0..draws.resamples).into_par_iter().map(|draw| {
        cancel.check()?;
        let of = |rows: &[F::Row]| family.values(draws.rows(draw, rows.len()).map(|i| &rows[i]));
        Ok(minus(&of(a), &of(b)))
    });
    let drawn = drawn.collect::<Result<Vec<_>>>()?;
    let differences = real.iter().enumerate().map(|(metric, real)| {
        let as_large = |found: &&Vec<f64>| found[metric].abs() >= real.abs() - ROUNDING;
        let count = shuffled.iter().filter(as_large).count();
        let p = (count + 1) as f64 / (trials + 1) as f64;
        Difference {
            value: *real,
            ci95: middle(drawn.iter().map(|found| found[metric])).filter(|_| a.len() > 1),
            p: if real.is_nan() { f64::NAN } else { p },
        }
    });
    Ok(differences.collect())
}

/// The differences once the rows that `swap` names have changed sides.
pub fn shuffled<F: Family>(
    family: &F,
    a: &[F::Row],
    b: &[F::Row],
    swap: impl Fn(usize) -> bool,
) -> Vec<f64> {
    let side = |first: &'_ [F::Row], second: &'_ [F::Row]| {
        let rows = first.iter().zip(second).enumerate();
        family.values(rows.map(|(i, (one, other))| if swap(i) { other } else { one }))
    };
    minus(&side(a, b), &side(b, a))
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::metrics::mean::Mean;

    fn difference(a: &[f64], b: &[f64]) -> Difference {
        let family = Mean { name: "mean" };
        let cancel = Cancel::new();
        compare(&family, a, b, 10_000, Draws::default(), &cancel).expect("differences")[0]
    }

    #[test]
    fn p_is_that_of_all_shuffles() {
        // Of 2^5 shuffles two have all five on one side.
        let found = difference(&[1.0; 5], &[0.0; 5]);
        assert_eq!((found.value, found.ci95), (1.0, Some([1.0, 1.0])));
        assert!((found.p - 2.0 / 32.0).abs() < 0.01, "{}", found.p);
        // A difference in one of five rows is there in every shuffle.
        let found = difference(&[1.0, 0.0, 1.0, 0.0, 1.0], &[0.0, 0.0, 1.0, 0.0, 1.0]);
        assert!((found.value - 0.2).abs() < 1e-12);
        assert_eq!(found.p, 1.0);
    }

    #[test]
    fn a_large_difference_is_not_by_chance_and_has_a_sign() {
        let (a, b) = (vec![0.0; 60], vec![1.0; 60]);
        let found = difference(&a, &b);
        assert_eq!(found.value, -1.0);
        assert!(found.p < 0.001, "{}", found.p);
    }
}
