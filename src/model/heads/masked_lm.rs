//! Fills in masked tokens.

use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::config::Config;
use crate::model::kernels::activation::Activation;
use crate::model::kernels::cross_entropy::Target;
use crate::model::layers::{Linear, Source, Weight};
use crate::model::tape::{Loss, Norm, Param, Tape, Tensor};

use super::Body;
use super::losses::in_pieces;

/// An encoder with a masked language modelling head.
#[derive(Clone)]
pub struct MaskedLm {
    /// The encoder.
    pub body: Body,
    transform: Linear,
    activation: Activation,
    norm: Norm,
    /// The table of tokens as the output layer, with a bias of its own.
    decoder: Linear,
}

impl MaskedLm {
    /// Reads body and head.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &Config) -> Result<Self> {
        let body = Body::load(source, config)?;
        let ([transform, norm, decoder], form) = match config {
            Config::Bert(c) => (
                [
                    "cls.predictions.transform.dense",
                    "cls.predictions.transform.LayerNorm",
                    "cls.predictions",
                ],
                c.form(),
            ),
            Config::DistilBert(c) => (
                ["vocab_transform", "vocab_layer_norm", "vocab_projector"],
                c.form(),
            ),
            Config::Gpt2(_) | Config::T5(_) => {
                return Err(Error::new("this model predicts no masked tokens")
                    .hint("fill-mask runs with BERT and DistilBERT"));
            }
        };
        let words = match &body {
            Body::Bert(encoder) | Body::DistilBert(encoder) => encoder.words.tied(),
            Body::Gpt2(gpt2) => gpt2.words.tied(),
        };
        Ok(Self {
            transform: source.linear(transform, form.width, form.width)?,
            activation: form.activation,
            norm: source.layer_norm(norm, form.width, form.eps)?,
            decoder: Linear {
                weight: words,
                bias: Some(source.bias(&format!("{decoder}.bias"), form.vocab_size)?),
                lora: None,
            },
            body,
        })
    }

    /// What the output layer is given for the tokens in `rows` of the hidden states.
    fn transform(&self, tape: &mut Tape, hidden: &Tensor) -> Tensor {
        let x = self.transform.forward(tape, hidden);
        let x = tape.activation(&x, self.activation);
        tape.norm(&x, &self.norm)
    }

    /// The logits of the tokens at `rows` of the batch: `[rows, vocab]`.
    pub fn logits(&self, tape: &mut Tape, batch: &Batch, rows: &[u32]) -> Tensor {
        let hidden = self.body.forward(tape, batch, |_| ());
        let hidden = tape.select_rows(&hidden, rows);
        let x = self.transform(tape, &hidden);
        self.decoder.forward(tape, &x)
    }

    /// `-ln p` of each of `targets` at that place of `rows`.
    pub fn losses(&self, batch: &Batch, rows: &[u32], targets: &[u32]) -> Vec<f32> {
        let tape = &mut Tape::off();
        let hidden = self.body.forward(tape, batch, |_| ());
        in_pieces(&hidden, rows, targets, |hidden| {
            let x = self.transform(tape, hidden);
            self.decoder.forward(tape, &x)
        })
    }

    /// The cross-entropy of the tokens that have a target.
    ///
    /// # Panics
    /// If the weights are packed.
    pub fn loss(
        &self,
        tape: &mut Tape,
        batch: &Batch,
        targets: &[Option<Target>],
        smoothing: f32,
    ) -> Loss {
        let hidden = self.body.forward(tape, batch, |_| ());
        let (rows, targets): (Vec<u32>, Vec<Option<Target>>) = (0u32..)
            .zip(targets)
            .filter(|(_, target)| target.is_some())
            .map(|(row, target)| (row, *target))
            .unzip();
        let hidden = tape.select_rows(&hidden, &rows);
        let x = self.transform(tape, &hidden);
        output_loss(
            tape,
            &x,
            &self.decoder.weight,
            self.decoder.bias.as_ref(),
            &targets,
            smoothing,
        )
    }
}

/// The loss of an output layer that is not packed.
///
/// # Panics
/// If it is packed.
pub fn output_loss(
    tape: &mut Tape,
    x: &Tensor,
    weight: &Weight,
    bias: Option<&Param>,
    targets: &[Option<Target>],
    smoothing: f32,
) -> Loss {
    let Weight::Full(weight, _) = weight else {
        panic!("a packed output layer has no loss");
    };
    tape.linear_cross_entropy(x, weight, bias, targets, smoothing)
}
