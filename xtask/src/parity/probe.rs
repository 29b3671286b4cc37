//! Logistic regression on what a model makes of texts: how much it knows of their classes.

use modeldesk::model::kernels::Write;
use modeldesk::model::kernels::adamw::{self, Step};
use modeldesk::model::kernels::cross_entropy::{Target, forward_backward};
use modeldesk::model::kernels::matmul::{Mat, MatMut, Threads, matmul};

/// Steps over all rows; the loss has one minimum, and this is near it.
const STEPS: u64 = 400;
const LEARNING_RATE: f64 = 0.02;
/// Keeps weights small where classes can be told apart without error.
const DECAY: f64 = 0.01;

/// Rows of features, each beside its class.
#[derive(Debug, Clone, Default)]
pub(super) struct Examples {
    width: usize,
    rows: Vec<f32>,
    classes: Vec<u32>,
}

impl Examples {
    /// None yet, of features of this width.
    pub(super) fn new(width: usize) -> Self {
        Self {
            // The last feature is 1: its weights are the bias.
            width: width + 1,
            ..Self::default()
        }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, features: &[f32], class: u32) {
        assert_eq!(features.len() + 1, self.width);
        self.rows.extend(features);
        self.rows.push(1.0);
        self.classes.push(class);
    }

    /// The mean of each feature, and the inverse of its deviation.
    fn spread(&self) -> Vec<(f32, f32)> {
        let count = self.classes.len().max(1) as f64;
        let of = |column: usize| {
            let values = self.rows.iter().skip(column).step_by(self.width);
            let values = values.map(|x| f64::from(*x));
            let mean = values.clone().sum::<f64>() / count;
            let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
            (mean as f32, 1.0 / variance.sqrt().max(1e-6) as f32)
        };
        let features = (0..self.width - 1).map(of);
        features.chain([(0.0, 1.0)]).collect()
    }

    /// The rows with each feature less its mean, by its deviation.
    fn scaled(&self, spread: &[(f32, f32)]) -> Vec<f32> {
        let rows = self.rows.chunks(self.width);
        rows.flat_map(|row| {
            row.iter()
                .zip(spread)
                .map(|(x, (mean, by))| (x - mean) * by)
        })
        .collect()
    }
}

/// What tells classes apart: a row of weights for each, on features of this spread.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    spread: Vec<(f32, f32)>,
    weight: Vec<f32>,
    classes: usize,
}

impl Probe {
    /// Fits a probe to examples of so many classes.
    pub(super) fn fit(examples: &Examples, classes: usize) -> Self {
        let share = 1.0 / examples.classes.len().max(1) as f32;
        let target = |id: &u32| Target {
            id: *id,
            weight: share,
        };
        let targets: Vec<Target> = examples.classes.iter().map(target).collect();
        let spread = examples.spread();
        let rows = examples.scaled(&spread);
        let (count, width) = (targets.len(), examples.width);
        let zeros = vec![0.0; classes * width];
        let mut probe = Self {
            spread,
            weight: zeros.clone(),
            classes,
        };
        let (mut m, mut v, mut gradient) = (zeros.clone(), zeros.clone(), zeros);
        for done in 0..STEPS {
            let mut logits = probe.logits(&rows, count);
            forward_backward(&mut logits, &targets, 0.0);
            let logits = Mat::new(&logits, count, classes);
            let to = MatMut::new(&mut gradient, classes, width);
            let rows = Mat::new(&rows, count, width);
            matmul(to, Write::Set, 1.0, logits.t(), rows, Threads::All);
            let step = Step {
                learning_rate: LEARNING_RATE * (1.0 - done as f64 / STEPS as f64),
                betas: (0.9, 0.99),
                eps: 1e-8,
                weight_decay: DECAY,
                scale: 1.0,
                done,
            };
            adamw::step(&mut probe.weight, &gradient, &mut m, &mut v, &step);
        }
        probe
    }

    /// The logits of scaled rows.
    fn logits(&self, rows: &[f32], count: usize) -> Vec<f32> {
        let mut logits = vec![0.0; count * self.classes];
        let to = MatMut::new(&mut logits, count, self.classes);
        let rows = Mat::new(rows, count, self.spread.len());
        let weight = Mat::new(&self.weight, self.classes, self.spread.len());
        matmul(to, Write::Set, 1.0, rows, weight.t(), Threads::All);
        logits
    }

    /// Of how many examples in a hundred it knows the class.
    pub(super) fn accuracy(&self, examples: &Examples) -> f64 {
        let count = examples.classes.len();
        let logits = self.logits(&examples.scaled(&self.spread), count);
        let rows = logits.chunks(self.classes).zip(&examples.classes);
        let right = rows.filter(|(row, class)| row.iter().all(|x| *x <= row[**class as usize]));
        100.0 * right.count() as f64 / count.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_divides_is_told_apart() {
        let mut examples = Examples::new(3);
        for i in 0..60u16 {
            let x = f32::from(i % 10) - 4.5;
            examples.push(&[x, 2.0 * f32::from(i % 7), 1.0], u32::from(x > 0.0));
        }
        let probe = Probe::fit(&examples, 2);
        assert!(probe.accuracy(&examples) > 95.0);
        examples
            .classes
            .iter_mut()
            .for_each(|class| *class = 1 - *class);
        assert!(probe.accuracy(&examples) < 5.0);
    }
}
