//! Twenty steps beside `PyTorch`, transformers and PEFT: loss, gradient norm and learning rate of
//! each, and the weights at the end.

use std::fmt::Write as _;

use super::cases::{Case, bits};

/// The most that losses and norms may differ by, relative to themselves, and weights.
const TOLERANCE: f64 = 1e-4;

/// The largest differences of one case.
#[derive(Default)]
struct Worst {
    loss: f64,
    norm: f64,
    rate: f64,
    weight: (f64, String),
}

/// 1 or -1 for the value at a place, as training.py has it.
fn sign(at: usize) -> f64 {
    if ((at as u64 * 2_654_435_761) % (1 << 32)) >> 31 == 0 {
        1.0
    } else {
        -1.0
    }
}

fn train(case: &Case) -> Worst {
    let mut trainer = case.trainer(case.learner(&case.learning(), 0.0), &case.training());
    let before = bits(&trainer.learner);
    let mut worst = Worst::default();
    let relative = |a: f64, b: f64| (a - b).abs() / b.abs().max(1e-12);
    for (batches, [loss, norm, rate]) in case.steps().iter().zip(case.done()) {
        let step = trainer.step_on(batches).expect("a step");
        worst.loss = worst.loss.max(relative(step.loss, loss));
        worst.norm = worst.norm.max(relative(step.grad_norm, norm));
        worst.rate = worst.rate.max((step.learning_rate - rate).abs());
    }
    let expected = case.values("final.");
    let learned: Vec<&str> = trainer
        .learner
        .trainable()
        .map(modeldesk::model::tape::Param::name)
        .collect();
    let mut sorted = learned.clone();
    sorted.sort_unstable();
    let theirs: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(sorted, theirs, "{}: what learns", case.name);
    for (name, expected) in &expected {
        let param = trainer
            .learner
            .trainable()
            .find(|param| param.name() == name)
            .unwrap();
        let values = param.read();
        let len = values.len();
        let every = len.div_ceil(64).max(1);
        let sampled = (0..len).step_by(every).zip(&expected[1..]);
        let mut off: f64 = sampled
            .filter(|(at, _)| case.has_gradient(name, len, *at))
            .map(|(at, theirs)| f64::from((values[at] - theirs).abs()))
            .fold(0.0, f64::max);
        if (0..len).all(|at| case.has_gradient(name, len, at)) {
            let sum: f64 = (0..len).map(|at| f64::from(values[at]) * sign(at)).sum();
            off = off.max((sum / (len as f64).sqrt() - f64::from(expected[0])).abs());
        }
        if off > worst.weight.0 {
            worst.weight = (off, name.clone());
        }
    }
    for (param, (before, after)) in trainer
        .learner
        .params
        .iter()
        .zip(before.iter().zip(bits(&trainer.learner)))
    {
        let moved = *before != after;
        assert_eq!(moved, param.trainable(), "{}: {}", case.name, param.name());
    }
    worst
}

#[test]
fn twenty_steps_are_those_of_pytorch() {
    let mut table = String::new();
    let mut right = true;
    for case in Case::all() {
        let Worst {
            loss,
            norm,
            rate,
            weight: (weight, name),
        } = train(&case);
        right &=
            loss <= TOLERANCE && norm <= 10.0 * TOLERANCE && weight <= TOLERANCE && rate < 1e-12;
        let case = &case.name;
        writeln!(
            table,
            "{case:20} loss {loss:.1e}  norm {norm:.1e}  rate {rate:.1e}  weight {weight:.1e} {name}"
        )
        .unwrap();
    }
    assert!(right, "\n{table}");
}
