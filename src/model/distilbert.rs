//! DistilBERT (Sanh et al., 2019): BERT's blocks, half as many, without token types and pooler.

use std::sync::Arc;

use super::batch::Batch;
use super::config::DistilBertConfig;
use super::layers::{Embedding, PostNormBlock, Source};
use super::tape::{Attention, Norm, Param, Tape, Tensor};
use crate::error::Result;

/// What transformers adds to the variance in every norm of DistilBERT.
const EPS: f32 = 1e-12;

/// The encoder.
#[derive(Clone)]
pub struct DistilBert {
    /// `[vocab, width]`
    pub words: Embedding,
    positions: Param,
    norm: Norm,
    dropout: f32,
    blocks: Vec<Arc<PostNormBlock>>,
}

impl DistilBert {
    /// Reads the encoder that `config` describes.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &DistilBertConfig) -> Result<Self> {
        let name = |rest: &str| format!("distilbert.embeddings.{rest}");
        let blocks = (0..config.n_layers).map(|i| Ok(Arc::new(block(source, config, i)?)));
        Ok(Self {
            words: source.embedding(&name("word_embeddings"), config.vocab_size, config.dim)?,
            positions: source.table(
                &name("position_embeddings"),
                config.max_position_embeddings,
                config.dim,
            )?,
            norm: source.layer_norm(&name("LayerNorm"), config.dim, EPS)?,
            dropout: config.dropout,
            blocks: blocks.collect::<Result<_>>()?,
        })
    }

    /// The last hidden states: `[tokens, width]`. `each` sees the embeddings and every layer's.
    pub fn forward(&self, tape: &mut Tape, batch: &Batch, mut each: impl FnMut(&Tensor)) -> Tensor {
        let x = self.words.forward(tape, &batch.ids);
        let places = tape.embedding(&self.positions, &batch.positions());
        let x = tape.add(&x, &places);
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

fn block(source: &Source, config: &DistilBertConfig, i: usize) -> Result<PostNormBlock> {
    let (width, inner) = (config.dim, config.hidden_dim);
    let name = |rest: &str| format!("distilbert.transformer.layer.{i}.{rest}");
    let linear = |rest: &str, inputs, outputs| source.linear(&name(rest), inputs, outputs);
    let norm = |rest: &str| source.layer_norm(&name(rest), width, EPS);
    Ok(PostNormBlock {
        qkv: [
            linear("attention.q_lin", width, width)?,
            linear("attention.k_lin", width, width)?,
            linear("attention.v_lin", width, width)?,
        ],
        out: linear("attention.out_lin", width, width)?,
        attention_norm: norm("sa_layer_norm")?,
        feed_forward: [
            linear("ffn.lin1", width, inner)?,
            linear("ffn.lin2", inner, width)?,
        ],
        norm: norm("output_layer_norm")?,
        activation: config.activation,
        attention: Attention::scaled(config.n_heads, width, config.attention_dropout),
        // As transformers has it: nothing of what attention gives is dropped here.
        dropout: [0.0, config.dropout],
    })
}
