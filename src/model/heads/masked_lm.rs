//! Fills in masked tokens.

use crate::error::{Error, Result};
use crate::model::batch::Batch;
use crate::model::config::{CandleConfig, Config};
use crate::model::kernels::activation::Activation;
use crate::model::kernels::cross_entropy::Target;
use crate::model::layers::{Linear, Source, Weight};
use crate::model::tape::{Layout, Loss, Norm, Param, Tape, Tensor};

use super::Body;
use super::losses::in_pieces;

/// An encoder with a masked language modelling head.
#[derive(Clone)]
pub struct MaskedLm {
    /// The encoder.
    pub body: Body,
    transform: Transform,
    /// The table of tokens as the output layer, with a bias of its own.
    decoder: Linear,
}

/// A layer, its activation and a norm, which stand between hidden states and a head.
#[derive(Clone)]
pub(super) struct Transform {
    dense: Linear,
    activation: Activation,
    norm: Norm,
}

impl Transform {
    /// What ModernBERT has before each of its heads; none of the others has it before a classifier.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub(super) fn of_classifier(source: &Source, config: &Config) -> Result<Option<Self>> {
        match config {
            Config::Candle(config) => Ok(Some(Self::of_modern_bert(source, config)?)),
            _ => Ok(None),
        }
    }

    fn of_modern_bert(source: &Source, config: &CandleConfig) -> Result<Self> {
        let width = config.hidden_size;
        Ok(Self {
            dense: source.linear_with("head.dense", width, width, Layout::OutIn, false)?,
            activation: Activation::Gelu,
            norm: source.scale_norm("head.norm", width, config.norm_eps)?,
        })
    }

    pub(super) fn forward(&self, tape: &mut Tape, x: &Tensor) -> Tensor {
        let x = self.dense.forward(tape, x);
        let x = tape.activation(&x, self.activation);
        tape.norm(&x, &self.norm)
    }
}

impl MaskedLm {
    /// Reads body and head.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &Config) -> Result<Self> {
        let body = Body::load(source, config)?;
        let ([transform, norm, decoder], form, words) = match (config, &body) {
            (Config::Bert(c), Body::Bert(encoder)) => (
                [
                    "cls.predictions.transform.dense",
                    "cls.predictions.transform.LayerNorm",
                    "cls.predictions",
                ],
                c.form(),
                encoder.words.tied(),
            ),
            (Config::DistilBert(c), Body::DistilBert(encoder)) => (
                ["vocab_transform", "vocab_layer_norm", "vocab_projector"],
                c.form(),
                encoder.words.tied(),
            ),
            (Config::Candle(config), Body::ModernBert(_)) => {
                return Self::of_modern_bert(source, config, body);
            }
            _ => {
                return Err(Error::new("this model predicts no masked tokens")
                    .hint("fill-mask runs with BERT, DistilBERT and ModernBERT"));
            }
        };
        Ok(Self {
            transform: Transform {
                dense: source.linear(transform, form.width, form.width)?,
                activation: form.activation,
                norm: source.layer_norm(norm, form.width, form.eps)?,
            },
            decoder: Linear {
                weight: words,
                bias: Some(source.bias(&format!("{decoder}.bias"), form.vocab_size)?),
                lora: None,
            },
            body,
        })
    }

    /// ModernBERT's, whose table of words candle holds too.
    fn of_modern_bert(source: &Source, config: &CandleConfig, body: Body) -> Result<Self> {
        let (width, vocab) = (config.hidden_size, config.vocab_size);
        let words = if config.common.tie_word_embeddings {
            "model.embeddings.tok_embeddings.weight"
        } else {
            "decoder.weight"
        };
        Ok(Self {
            body,
            transform: Transform::of_modern_bert(source, config)?,
            decoder: Linear {
                weight: source.weight(words, width, vocab, Layout::OutIn)?,
                bias: Some(source.bias("decoder.bias", vocab)?),
                lora: None,
            },
        })
    }

    /// The logits of the tokens at `rows` of the batch: `[rows, vocab]`.
    pub fn logits(&self, tape: &mut Tape, batch: &Batch, rows: &[u32]) -> Tensor {
        let hidden = self.body.forward(tape, batch, |_| ());
        let hidden = tape.select_rows(&hidden, rows);
        let x = self.transform.forward(tape, &hidden);
        self.decoder.forward(tape, &x)
    }

    /// `-ln p` of each of `targets` at that place of `rows`.
    pub fn losses(&self, batch: &Batch, rows: &[u32], targets: &[u32]) -> Vec<f32> {
        let tape = &mut Tape::off();
        let hidden = self.body.forward(tape, batch, |_| ());
        in_pieces(&hidden, rows, targets, |hidden| {
            let x = self.transform.forward(tape, hidden);
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
        let x = self.transform.forward(tape, &hidden);
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
