//! The gradient of each operation of the tape, against differences of what it computes.

use modeldesk::model::kernels::activation::Activation::{Gelu, GeluTanh, Relu, Silu, Tanh};
use modeldesk::model::kernels::cross_entropy::Target;
use modeldesk::model::kernels::norm::Kind;
use modeldesk::model::tape::{
    Attention, Gradients, Layout, Loss, Norm, Param, Qkv, RelativeBias, Tape, Tensor,
};

/// By how much a value is changed.
const STEP: f32 = 8e-3;

/// The most that a gradient may differ by, absolutely or relative to itself.
const TOLERANCE: f64 = 4e-3;

/// Values from -1 to 1, none of them near 0, where some functions have a corner.
fn values(len: usize, seed: u64) -> Vec<f32> {
    let stream = modeldesk::model::kernels::random::Stream::new(seed, 1);
    let each = (0..len as u64).map(|i| 2.0 * stream.uniform(i) - 1.0);
    each.map(|x: f32| if x.abs() < 0.05 { x + 0.1 } else { x })
        .collect()
}

fn param(name: &str, shape: &[usize]) -> Param {
    let seed = name
        .bytes()
        .fold(5, |seed, byte| seed * 31 + u64::from(byte));
    Param::new(name, shape, values(shape.iter().product(), seed), true)
}

/// The values of `param` as a tensor whose gradient is wanted.
fn input(tape: &mut Tape, param: &Param) -> Tensor {
    let rows: Vec<u32> = (0..param.shape()[0] as u32).collect();
    tape.embedding(param, &rows)
}

enum Output {
    Tensor(Tensor),
    Loss(Loss),
}

impl Output {
    /// A number that each value of a tensor counts for differently.
    fn number(&self) -> f64 {
        match self {
            Self::Loss(loss) => loss.value,
            Self::Tensor(tensor) => {
                let weights = values(tensor.values().len(), 3);
                let each = tensor.values().iter().zip(weights);
                each.map(|(x, w)| f64::from(*x) * f64::from(w)).sum()
            }
        }
    }
}

/// The gradients that `f` gives for `params` are those of what it computes.
fn agree(what: &str, params: &[&Param], f: impl Fn(&mut Tape) -> Output) {
    for frugal in [false, true] {
        let tape = || Tape::training(Gradients::default(), 11).checkpointing(frugal);
        let mut first = tape();
        let gradients = match f(&mut first) {
            Output::Loss(loss) => first.descend(&loss),
            Output::Tensor(y) => first.backward(&y, &values(y.values().len(), 3)),
        };
        for param in params {
            let ours = gradients
                .of(param)
                .unwrap_or_else(|| panic!("{what}: {}", param.name()));
            for (i, ours) in ours.iter().enumerate() {
                let old = param.read()[i];
                let at = |x: f32| {
                    param.write()[i] = x;
                    let number = f(&mut tape()).number();
                    param.write()[i] = old;
                    number
                };
                let slope = (at(old + STEP) - at(old - STEP)) / (2.0 * f64::from(STEP));
                let off = (slope - f64::from(*ours)).abs() / slope.abs().max(1.0);
                assert!(
                    off < TOLERANCE,
                    "{what}: {} {i}: {ours}, not {slope}",
                    param.name()
                );
            }
        }
    }
}

/// As [`agree`], for operations on one matrix `x`.
fn of_one(what: &str, x: &Param, others: &[&Param], f: impl Fn(&mut Tape, &Tensor) -> Tensor) {
    let params: Vec<&Param> = [x].into_iter().chain(others.iter().copied()).collect();
    agree(what, &params, |tape| {
        let x = input(tape, x);
        Output::Tensor(f(tape, &x))
    });
}

#[test]
fn products() {
    let (x, bias) = (param("x", &[5, 4]), param("bias", &[3]));
    for (layout, shape) in [(Layout::OutIn, [3, 4]), (Layout::InOut, [4, 3])] {
        let w = param("w", &shape);
        of_one("linear", &x, &[&w, &bias], |tape, x| {
            tape.linear(x, &w, layout, Some(&bias))
        });
    }
    let (base, low, b) = (
        param("base", &[5, 3]),
        param("low", &[5, 2]),
        param("b", &[3, 2]),
    );
    agree("linear_onto", &[&base, &low, &b], |tape| {
        let (base, low) = (input(tape, &base), input(tape, &low));
        Output::Tensor(tape.linear_onto(&base, &low, &b, 1.7))
    });
}

#[test]
fn rows_and_values() {
    let (x, y) = (param("x", &[4, 3]), param("y", &[4, 3]));
    of_one("embedding of one row twice", &x, &[], |tape, _| {
        tape.embedding(&x, &[2, 0, 2])
    });
    of_one("select_rows", &x, &[], |tape, x| {
        tape.select_rows(x, &[3, 1, 3])
    });
    of_one("add to itself", &x, &[], |tape, x| tape.add(x, x));
    of_one("scale", &x, &[], |tape, x| tape.scale(x, -0.3));
    of_one("dropout", &x, &[], |tape, x| tape.dropout(x, 0.4));
    for (what, product) in [("add", false), ("multiply", true)] {
        agree(what, &[&x, &y], |tape| {
            let (x, y) = (input(tape, &x), input(tape, &y));
            Output::Tensor(if product {
                tape.multiply(&x, &y)
            } else {
                tape.add(&x, &y)
            })
        });
    }
    for f in [Gelu, GeluTanh, Relu, Silu, Tanh] {
        of_one(&format!("{f:?}"), &x, &[], |tape, x| tape.activation(x, f));
    }
    of_one("part", &x, &[], |tape, x| {
        tape.part([x], |tape, [x]| {
            let y = tape.dropout(x, 0.3);
            let y = tape.activation(&y, Tanh);
            tape.add(x, &y)
        })
    });
}

#[test]
fn norms() {
    let (x, weight, bias) = (
        param("x", &[3, 6]),
        param("weight", &[6]),
        param("bias", &[6]),
    );
    for (kind, bias) in [(Kind::Layer, Some(&bias)), (Kind::Rms, None)] {
        let norm = Norm {
            kind,
            weight: weight.clone(),
            bias: bias.cloned(),
            eps: 1e-5,
        };
        let others: Vec<&Param> = [&weight].into_iter().chain(bias).collect();
        of_one(&format!("{kind:?}"), &x, &others, |tape, x| {
            tape.norm(x, &norm)
        });
    }
}

#[test]
fn attention() {
    let (starts, keys) = ([0, 3, 4, 7], [0, 2, 5, 6]);
    let plain = Attention {
        heads: 2,
        scale: 0.8,
        causal: false,
        bias: None,
        dropout: 0.0,
    };
    for causal in [false, true] {
        for dropout in [0.0, 0.3] {
            let with = Attention {
                causal,
                dropout,
                ..plain.clone()
            };
            let qkv = param("qkv", &[7, 18]);
            of_one("attention", &qkv, &[], |tape, qkv| {
                tape.attention(&Qkv::Fused(qkv.clone()), &starts, &starts, &with)
            });
        }
    }
    let (q, k, v) = (
        param("q", &[7, 6]),
        param("k", &[6, 6]),
        param("v", &[6, 6]),
    );
    agree("attention to others", &[&q, &k, &v], |tape| {
        let qkv = Qkv::Separate([input(tape, &q), input(tape, &k), input(tape, &v)]);
        Output::Tensor(tape.attention(&qkv, &starts, &keys, &plain))
    });
    let (q, k, v, table) = (
        param("q", &[7, 6]),
        param("k", &[7, 6]),
        param("v", &[7, 6]),
        param("table", &[4, 2]),
    );
    for (causal, dropout) in [(false, 0.0), (true, 0.0), (true, 0.3)] {
        agree("attention by distance", &[&q, &k, &v, &table], |tape| {
            let qkv = Qkv::Separate([input(tape, &q), input(tape, &k), input(tape, &v)]);
            let bias: RelativeBias = tape.relative_bias(&table, &[3, 2, 0, 1, 1], 2);
            let with = Attention {
                causal,
                dropout,
                bias: Some(bias),
                ..plain.clone()
            };
            Output::Tensor(tape.attention(&qkv, &starts, &starts, &with))
        });
    }
}

#[test]
fn losses() {
    let (x, w, bias) = (
        param("x", &[4, 3]),
        param("w", &[5, 3]),
        param("bias", &[5]),
    );
    let target = |id, weight| Some(Target { id, weight });
    let targets = [target(4, 0.5), None, target(0, 0.2), target(2, 1.0)];
    for smoothing in [0.0, 0.2] {
        agree("linear_cross_entropy", &[&x, &w, &bias], |tape| {
            let x = input(tape, &x);
            Output::Loss(tape.linear_cross_entropy(&x, &w, Some(&bias), &targets, smoothing))
        });
        let targets = [target(2, 0.5), None, target(0, 0.2), target(2, 1.0)];
        agree("cross_entropy", &[&x], |tape| {
            let x = input(tape, &x);
            Output::Loss(tape.cross_entropy(&x, &targets, smoothing))
        });
    }
    let labels: Vec<f32> = [1.0, 0.0, 0.3].repeat(4);
    agree("binary_cross_entropy", &[&x], |tape| {
        let x = input(tape, &x);
        Output::Loss(tape.binary_cross_entropy(&x, &labels, 7.0))
    });
    agree("mean_squared_error", &[&x], |tape| {
        let x = input(tape, &x);
        Output::Loss(tape.mean_squared_error(&x, &labels, 7.0))
    });
    let logits = param("logits", &[6, 2]);
    let spans = [[Some(1), Some(2)], [None, Some(0)]];
    for count in [None, Some(3.0)] {
        agree("span_cross_entropy", &[&logits], |tape| {
            let x = input(tape, &logits);
            Output::Loss(tape.span_cross_entropy(&x, &[0, 4, 6], &spans, count))
        });
    }
}
