//! One block of T5.

use super::Encoded;
use crate::error::Result;
use crate::model::config::T5Config;
use crate::model::kernels::activation::Activation;
use crate::model::layers::{Linear, Sight, Source};
use crate::model::tape::{Attention, Layout, Norm, Qkv, RelativeBias, Tape, Tensor};

/// One block; `cross` only in the decoder.
pub(super) struct Block {
    norm: Norm,
    qkv: [Linear; 3],
    out: Linear,
    cross: Option<Cross>,
    feed_forward_norm: Norm,
    feed_forward: FeedForward,
    attention: Attention,
    dropout: f32,
}

/// From the decoder to the encoder's output.
struct Cross {
    norm: Norm,
    qkv: [Linear; 3],
    out: Linear,
}

/// `wo(f(wi(x)))`, or `wo(f(wi_0(x)) * wi_1(x))` if gated.
struct FeedForward {
    inner: Linear,
    gate: Option<Linear>,
    outer: Linear,
    activation: Activation,
    dropout: f32,
}

impl Block {
    /// Reads block `i` of the stack `name`.
    pub(super) fn load(source: &Source, config: &T5Config, name: &str, i: usize) -> Result<Self> {
        let inner = config.num_heads * config.d_kv;
        let layer = |j: usize, rest: &str| format!("{name}.block.{i}.layer.{j}.{rest}");
        let norm = |j: usize| {
            source.rms_norm(
                &layer(j, "layer_norm"),
                config.d_model,
                config.layer_norm_epsilon,
            )
        };
        let qkv = |j: usize, attention: &str| -> Result<[Linear; 3]> {
            let part = |rest: &str| {
                let name = layer(j, &format!("{attention}.{rest}"));
                source.linear_with(&name, config.d_model, inner, Layout::OutIn, false)
            };
            Ok([part("q")?, part("k")?, part("v")?])
        };
        let out = |j: usize, attention: &str| {
            let name = layer(j, &format!("{attention}.o"));
            source.linear_with(&name, inner, config.d_model, Layout::OutIn, false)
        };
        let decoder = name == "decoder";
        let cross = decoder.then(|| -> Result<Cross> {
            Ok(Cross {
                norm: norm(1)?,
                qkv: qkv(1, "EncDecAttention")?,
                out: out(1, "EncDecAttention")?,
            })
        });
        let last = if decoder { 2 } else { 1 };
        Ok(Self {
            norm: norm(0)?,
            qkv: qkv(0, "SelfAttention")?,
            out: out(0, "SelfAttention")?,
            cross: cross.transpose()?,
            feed_forward_norm: norm(last)?,
            feed_forward: FeedForward::load(source, config, &layer(last, "DenseReluDense"))?,
            attention: Attention {
                heads: config.num_heads,
                scale: 1.0,
                causal: decoder,
                bias: None,
                dropout: config.dropout_rate,
            },
            dropout: config.dropout_rate,
        })
    }

    /// Self-attention, added to `x`.
    pub(super) fn attend(
        &self,
        tape: &mut Tape,
        x: &Tensor,
        bias: &RelativeBias,
        layer: usize,
        sight: &mut Sight,
    ) -> Tensor {
        let y = tape.norm(x, &self.norm);
        let qkv = Qkv::Separate(self.qkv.each_ref().map(|linear| linear.forward(tape, &y)));
        let with = Attention {
            bias: Some(bias.clone()),
            ..self.attention.clone()
        };
        let y = sight.attend(tape, layer, &qkv, &with);
        let y = self.out.forward(tape, &y);
        self.join(tape, x, &y)
    }

    /// Attention from `x` to the encoder's output, added to `x`: `starts` are the sequences of
    /// `x`, `keys` those of `hidden`.
    pub(super) fn cross(
        &self,
        tape: &mut Tape,
        x: &Tensor,
        hidden: &Tensor,
        starts: &[usize],
        keys: &[usize],
    ) -> Tensor {
        let Some(cross) = &self.cross else {
            return x.clone();
        };
        let y = tape.norm(x, &cross.norm);
        let [q, k, v] = &cross.qkv;
        let qkv = Qkv::Separate([
            q.forward(tape, &y),
            k.forward(tape, hidden),
            v.forward(tape, hidden),
        ]);
        let with = Attention {
            causal: false,
            ..self.attention.clone()
        };
        let y = tape.attention(&qkv, starts, keys, &with);
        let y = cross.out.forward(tape, &y);
        self.join(tape, x, &y)
    }

    /// The same while decoding: the encoder's keys and values are made once and kept.
    pub(super) fn look_back(
        &self,
        tape: &mut Tape,
        x: &Tensor,
        layer: usize,
        starts: &[usize],
        encoded: &mut Encoded,
    ) -> Tensor {
        let Some(cross) = &self.cross else {
            return x.clone();
        };
        let y = tape.norm(x, &cross.norm);
        let q = cross.qkv[0].forward(tape, &y);
        let y = encoded.attend(
            tape,
            layer,
            &q,
            starts,
            [&cross.qkv[1], &cross.qkv[2]],
            &self.attention,
        );
        let y = cross.out.forward(tape, &y);
        self.join(tape, x, &y)
    }

    /// The feed-forward network, added to `x`.
    pub(super) fn feed_forward(&self, tape: &mut Tape, x: &Tensor) -> Tensor {
        let y = tape.norm(x, &self.feed_forward_norm);
        let y = self.feed_forward.forward(tape, &y);
        self.join(tape, x, &y)
    }

    fn join(&self, tape: &mut Tape, x: &Tensor, y: &Tensor) -> Tensor {
        let y = tape.dropout(y, self.dropout);
        tape.add(x, &y)
    }
}

impl FeedForward {
    fn load(source: &Source, config: &T5Config, name: &str) -> Result<Self> {
        let linear = |rest: &str, inputs, outputs| {
            source.linear_with(
                &format!("{name}.{rest}"),
                inputs,
                outputs,
                Layout::OutIn,
                false,
            )
        };
        let (width, inner) = (config.d_model, config.d_ff);
        let gated = config.gated;
        Ok(Self {
            inner: linear(if gated { "wi_0" } else { "wi" }, width, inner)?,
            gate: gated.then(|| linear("wi_1", width, inner)).transpose()?,
            outer: linear("wo", inner, width)?,
            activation: config.activation,
            dropout: config.dropout_rate,
        })
    }

    fn forward(&self, tape: &mut Tape, x: &Tensor) -> Tensor {
        let y = self.inner.forward(tape, x);
        let mut y = tape.activation(&y, self.activation);
        if let Some(gate) = &self.gate {
            let gate = gate.forward(tape, x);
            y = tape.multiply(&y, &gate);
        }
        let y = tape.dropout(&y, self.dropout);
        self.outer.forward(tape, &y)
    }
}
