//! BERT (Devlin et al., 2018): a bidirectional encoder with post-norm blocks.

use std::sync::Arc;

use super::batch::Batch;
use super::config::BertConfig;
use super::kernels::activation::Activation;
use super::layers::{Embedding, Linear, PostNormBlock, Source};
use super::tape::{Attention, Norm, Param, Tape, Tensor};
use crate::error::Result;

/// The encoder.
#[derive(Clone)]
pub struct Bert {
    /// `[vocab, width]`
    pub words: Embedding,
    positions: Param,
    types: Param,
    norm: Norm,
    dropout: f32,
    blocks: Vec<Arc<PostNormBlock>>,
}

/// What makes one vector of a sequence: a layer on its first hidden state. Few heads stand on it.
pub struct Pooler(Linear);

impl Bert {
    /// Reads the encoder that `config` describes.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &BertConfig) -> Result<Self> {
        let width = config.hidden_size;
        let name = |rest: &str| format!("bert.embeddings.{rest}");
        let blocks = (0..config.num_hidden_layers).map(|i| Ok(Arc::new(block(source, config, i)?)));
        Ok(Self {
            words: source.embedding(&name("word_embeddings"), config.vocab_size, width)?,
            positions: source.table(
                &name("position_embeddings"),
                config.max_position_embeddings,
                width,
            )?,
            types: source.table(
                &name("token_type_embeddings"),
                config.type_vocab_size,
                width,
            )?,
            norm: source.layer_norm(&name("LayerNorm"), width, config.layer_norm_eps)?,
            dropout: config.hidden_dropout_prob,
            blocks: blocks.collect::<Result<_>>()?,
        })
    }

    /// The last hidden states: `[tokens, width]`. `each` sees the embeddings and every layer's.
    pub fn forward(&self, tape: &mut Tape, batch: &Batch, mut each: impl FnMut(&Tensor)) -> Tensor {
        let x = self.words.forward(tape, &batch.ids);
        let places = tape.embedding(&self.positions, &batch.positions());
        let x = tape.add(&x, &places);
        let types = tape.embedding(&self.types, &batch.type_ids);
        let x = tape.add(&x, &types);
        let x = tape.norm(&x, &self.norm);
        let mut x = tape.dropout(&x, self.dropout);
        each(&x);
        let starts: Arc<[usize]> = batch.starts.as_slice().into();
        for block in &self.blocks {
            let (block, starts) = (block.clone(), starts.clone());
            x = tape.part([&x], move |tape, [x]| block.forward(tape, x, &starts));
            each(&x);
        }
        x
    }
}

impl Pooler {
    /// Reads the pooler; one that the checkpoint lacks is made as a head is, and `source` says so.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &BertConfig) -> Result<Self> {
        let (name, width) = ("bert.pooler.dense", config.hidden_size);
        Ok(Self(if source.has(&format!("{name}.weight")) {
            source.linear(name, width, width)?
        } else {
            source.head(name, width, width, true)?
        }))
    }

    /// What it makes of each sequence: `[sequences, width]`.
    pub fn forward(&self, tape: &mut Tape, hidden: &Tensor, batch: &Batch) -> Tensor {
        let first = tape.select_rows(hidden, &batch.firsts());
        let x = self.0.forward(tape, &first);
        tape.activation(&x, Activation::Tanh)
    }
}

fn block(source: &Source, config: &BertConfig, i: usize) -> Result<PostNormBlock> {
    let (width, inner) = (config.hidden_size, config.intermediate_size);
    let name = |rest: &str| format!("bert.encoder.layer.{i}.{rest}");
    let linear = |rest: &str, inputs, outputs| source.linear(&name(rest), inputs, outputs);
    let norm = |rest: &str| source.layer_norm(&name(rest), width, config.layer_norm_eps);
    Ok(PostNormBlock {
        qkv: [
            linear("attention.self.query", width, width)?,
            linear("attention.self.key", width, width)?,
            linear("attention.self.value", width, width)?,
        ],
        out: linear("attention.output.dense", width, width)?,
        attention_norm: norm("attention.output.LayerNorm")?,
        feed_forward: [
            linear("intermediate.dense", width, inner)?,
            linear("output.dense", inner, width)?,
        ],
        norm: norm("output.LayerNorm")?,
        activation: config.hidden_act,
        attention: Attention::scaled(
            config.num_attention_heads,
            width,
            config.attention_probs_dropout_prob,
        ),
        dropout: [config.hidden_dropout_prob; 2],
    })
}
