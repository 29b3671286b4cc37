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
#[derive(Debug, Clone, Default, PartialEq)]
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

    /// Adds a row, scaled so that its features have a mean square of one.
    pub(super) fn push(&mut self, features: &[f32], class: u32) {
        assert_eq!(features.len() + 1, self.width);
        let squares: f32 = features.iter().map(|x| x * x).sum();
        let scale = (features.len() as f32 / squares.max(1e-12)).sqrt();
        self.rows.extend(features.iter().map(|x| x * scale));
        self.rows.push(1.0);
        self.classes.push(class);
    }

    fn matrix(&self) -> Mat<'_> {
        Mat::new(&self.rows, self.classes.len(), self.width)
    }
}

/// What tells classes apart: a row of weights for each.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    weight: Vec<f32>,
    classes: usize,
}

impl Probe {
    /// Fits a probe to examples of so many classes.
    pub(super) fn fit(examples: &Examples, classes: usize) -> Self {
        let share = 1.0 / examples.classes.len().max(1) as f32;
        let targets = examples.classes.iter();
        let targets: Vec<Target> = targets
            .map(|id| Target {
                id: *id,
                weight: share,
            })
            .collect();
        let zeros = vec![0.0; classes * examples.width];
        let mut probe = Self {
            weight: zeros.clone(),
            classes,
        };
        let (mut m, mut v, mut gradient) = (zeros.clone(), zeros.clone(), zeros);
        for done in 0..STEPS {
            let mut logits = probe.logits(examples);
            forward_backward(&mut logits, &targets, 0.0);
            let logits = Mat::new(&logits, targets.len(), classes);
            let to = MatMut::new(&mut gradient, classes, examples.width);
            matmul(
                to,
                Write::Set,
                1.0,
                logits.t(),
                examples.matrix(),
                Threads::All,
            );
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

    fn logits(&self, examples: &Examples) -> Vec<f32> {
        let count = examples.classes.len();
        let mut logits = vec![0.0; count * self.classes];
        let to = MatMut::new(&mut logits, count, self.classes);
        let weight = Mat::new(&self.weight, self.classes, examples.width);
        matmul(
            to,
            Write::Set,
            1.0,
            examples.matrix(),
            weight.t(),
            Threads::All,
        );
        logits
    }

    /// Of how many examples in a hundred it knows the class.
    pub(super) fn accuracy(&self, examples: &Examples) -> f64 {
        let logits = self.logits(examples);
        let rows = logits.chunks(self.classes).zip(&examples.classes);
        let right = rows.filter(|(row, class)| row.iter().all(|x| *x <= row[**class as usize]));
        100.0 * right.count() as f64 / examples.classes.len().max(1) as f64
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
