//! What changes weights, with a state that can be kept and read again.

use super::training::{Optim, Training};
use crate::error::Result;
use crate::model::kernels::{adafactor, adamw};
use crate::model::tape::buffer::Buffer;
use crate::model::tape::{Gradients, Param};
use crate::model::weights::{Checkpoint, Stored};

/// Changes weights by their gradients.
pub struct Optimizer {
    kind: Optim,
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    state: Vec<State>,
    done: u64,
}

/// What is remembered of one parameter.
struct State {
    param: Param,
    decays: bool,
    moments: Vec<Moment>,
}

/// Values that go with a parameter.
struct Moment {
    /// Its name with the parameter's: `m.bert.pooler.dense.weight`.
    name: String,
    shape: Vec<usize>,
    values: Buffer,
}

/// How one step changes weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The learning rate.
    pub learning_rate: f64,
    /// The factor of every gradient.
    pub scale: f32,
}

impl Optimizer {
    /// An optimizer that has not seen a gradient yet.
    pub fn new(training: &Training, params: &[Param]) -> Self {
        let state = params.iter().filter(|param| param.trainable());
        Self {
            kind: training.optim,
            betas: (training.adam_beta1, training.adam_beta2),
            eps: training.adam_epsilon,
            weight_decay: training.weight_decay,
            state: state
                .map(|param| State::new(param, training.optim))
                .collect(),
            done: 0,
        }
    }

    /// Steps that were taken.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Takes one step. A parameter without a gradient stays as it is.
    pub fn step(&mut self, gradients: &Gradients, change: Change) {
        for State {
            param,
            decays,
            moments,
        } in &mut self.state
        {
            let Some(gradient) = gradients.of(param) else {
                continue;
            };
            let decay = if *decays { self.weight_decay } else { 0.0 };
            let weight = &mut param.write();
            match (self.kind, &mut moments[..]) {
                (Optim::AdamwTorch, [m, v]) => {
                    let with = adamw::Step {
                        learning_rate: change.learning_rate,
                        betas: self.betas,
                        eps: self.eps,
                        weight_decay: decay,
                        scale: change.scale,
                        done: self.done,
                    };
                    adamw::step(weight, gradient, &mut m.values, &mut v.values, &with);
                }
                (_, moments) => {
                    let with = adafactor::Step {
                        learning_rate: change.learning_rate,
                        weight_decay: decay,
                        scale: change.scale,
                        done: self.done,
                    };
                    let mut values = moments.iter_mut().map(|moment| &mut *moment.values);
                    match (values.next(), values.next()) {
                        (Some(rows), Some(cols)) => {
                            adafactor::matrix(weight, gradient, rows, cols, &with);
                        }
                        (Some(all), None) => adafactor::vector(weight, gradient, all, &with),
                        _ => {}
                    }
                }
            }
        }
        self.done += 1;
    }

    /// What is to be kept of the state, but for the steps that were taken.
    pub fn stored(&self) -> Vec<Stored<'_>> {
        let moments = self.state.iter().flat_map(|state| &state.moments);
        moments
            .map(|moment| Stored {
                name: &moment.name,
                shape: &moment.shape,
                values: &moment.values,
            })
            .collect()
    }

    /// Goes on from a state that was kept after `done` steps.
    ///
    /// # Errors
    /// When it is not the state of these parameters, or cannot be read.
    pub fn restore(&mut self, from: &Checkpoint, done: u64) -> Result<()> {
        for moment in self.state.iter_mut().flat_map(|state| &mut state.moments) {
            from.expect(&moment.name, &moment.shape)?;
            moment.values = from.read(&moment.name)?;
        }
        self.done = done;
        Ok(())
    }
}

impl State {
    fn new(param: &Param, kind: Optim) -> Self {
        let moment = |kind: &str, shape: &[usize]| Moment {
            name: format!("{kind}.{}", param.name()),
            shape: shape.to_vec(),
            values: Buffer::zeros(shape.iter().product()),
        };
        let shape = param.shape();
        let moments = match (kind, shape) {
            (Optim::AdamwTorch, _) => vec![moment("m", shape), moment("v", shape)],
            (Optim::Adafactor, [rows, cols]) => {
                vec![moment("rows", &[*rows]), moment("cols", &[*cols])]
            }
            (Optim::Adafactor, _) => vec![moment("v", shape)],
        };
        Self {
            // As the Trainer has it: neither biases nor norms, which are vectors here.
            decays: shape.len() > 1 && !param.name().contains("bias"),
            param: param.clone(),
            moments,
        }
    }
}
