//! Numbers: mean squared and absolute error as scikit-learn has them, Pearson's and Spearman's
//! correlation as scipy has them.

use super::Family;

/// A number that is true, and the one that was predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numbers {
    /// The number that is true.
    pub truth: f64,
    /// The number that was predicted.
    pub predicted: f64,
}

/// The metrics of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regression {
    /// Whether predictions are on the scale of what is true, and errors mean something.
    pub same_scale: bool,
}

impl Family for Regression {
    type Row = Numbers;

    fn names(&self) -> Vec<&'static str> {
        let mut names = vec!["pearson", "spearman"];
        if self.same_scale {
            names.extend(["mse", "mae"]);
        }
        names
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a Numbers>) -> Vec<f64> {
        let (truth, predicted): (Vec<f64>, Vec<f64>) =
            rows.map(|row| (row.truth, row.predicted)).unzip();
        let mut values = vec![
            pearson(&truth, &predicted),
            pearson(&ranks(&truth), &ranks(&predicted)),
        ];
        if self.same_scale {
            let errors = || truth.iter().zip(&predicted).map(|(t, p)| t - p);
            let rows = truth.len() as f64;
            values.push(errors().map(|error| error * error).sum::<f64>() / rows);
            values.push(errors().map(f64::abs).sum::<f64>() / rows);
        }
        values
    }
}

/// Pearson's correlation; NaN where one side is constant.
pub fn pearson(a: &[f64], b: &[f64]) -> f64 {
    if a.len() < 2 || constant(a) || constant(b) {
        return f64::NAN;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        both += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    (both / (of_a.sqrt() * of_b.sqrt())).clamp(-1.0, 1.0)
}

fn constant(values: &[f64]) -> bool {
    values.iter().all(|value| *value == values[0])
}

/// The rank of each value from 1 on; equal values share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = f64::midpoint(before as f64 + 1.0, (before + equal.len()) as f64);
        equal.iter().for_each(|i| ranks[*i] = rank);
        before += equal.len();
    }
    ranks
}
