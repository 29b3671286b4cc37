//! The encoder of BERT and DistilBERT: embeddings, then post-norm blocks.

use std::sync::Arc;

use super::{Embedding, PostNormBlock, Source};
use crate::error::Result;
use crate::model::batch::Batch;
use crate::model::config::EncoderForm;
use crate::model::tape::{Attention, Norm, Param, Tape, Tensor};

/// What the tensors of an encoder are called.
pub struct EncoderNames {
    /// What those of the embeddings begin with.
    pub embeddings: &'static str,
    /// What those of a layer begin with, before its number.
    pub layers: &'static str,
    /// Queries, keys, values and what is made of the attention.
    pub attention: [&'static str; 4],
    /// The norm after the attention.
    pub attention_norm: &'static str,
    /// To the inner width of a feed-forward layer, and back.
    pub feed_forward: [&'static str; 2],
    /// The norm after the feed-forward layer.
    pub norm: &'static str,
}

/// An encoder of post-norm blocks.
#[derive(Clone)]
pub struct Encoder {
    /// `[vocab, width]`
    pub words: Embedding,
    positions: Param,
    types: Option<Param>,
    norm: Norm,
    dropout: f32,
    blocks: Vec<Arc<PostNormBlock>>,
}

impl Encoder {
    /// Reads an encoder of this form.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, form: &EncoderForm, names: &EncoderNames) -> Result<Self> {
        let width = form.width;
        let name = |rest: &str| format!("{}.{rest}", names.embeddings);
        let table = |rest: &str, rows| source.table(&name(rest), rows, width);
        let blocks = (0..form.layers).map(|i| Ok(Arc::new(block(source, form, names, i)?)));
        Ok(Self {
            words: source.embedding(&name("word_embeddings"), form.vocab_size, width)?,
            positions: table("position_embeddings", form.positions)?,
            types: form
                .types
                .map(|types| table("token_type_embeddings", types))
                .transpose()?,
            norm: source.layer_norm(&name("LayerNorm"), width, form.eps)?,
            dropout: form.dropout,
            blocks: blocks.collect::<Result<_>>()?,
        })
    }

    /// The last hidden states: `[tokens, width]`. `each` sees the embeddings and every layer's.
    pub fn forward(&self, tape: &mut Tape, batch: &Batch, mut each: impl FnMut(&Tensor)) -> Tensor {
        let x = self.words.forward(tape, &batch.ids);
        let places = tape.embedding(&self.positions, &batch.positions());
        let mut x = tape.add(&x, &places);
        if let Some(types) = &self.types {
            let types = tape.embedding(types, &batch.type_ids);
            x = tape.add(&x, &types);
        }
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

fn block(
    source: &Source,
    form: &EncoderForm,
    names: &EncoderNames,
    i: usize,
) -> Result<PostNormBlock> {
    let (width, inner) = (form.width, form.inner);
    let name = |rest: &str| format!("{}.{i}.{rest}", names.layers);
    let linear = |rest: &str, inputs, outputs| source.linear(&name(rest), inputs, outputs);
    let norm = |rest: &str| source.layer_norm(&name(rest), width, form.eps);
    let [query, key, value, out] = names.attention;
    let [into, back] = names.feed_forward;
    Ok(PostNormBlock {
        qkv: [
            linear(query, width, width)?,
            linear(key, width, width)?,
            linear(value, width, width)?,
        ],
        out: linear(out, width, width)?,
        attention_norm: norm(names.attention_norm)?,
        feed_forward: [linear(into, width, inner)?, linear(back, inner, width)?],
        norm: norm(names.norm)?,
        activation: form.activation,
        attention: Attention::scaled(form.heads, width, form.attention_dropout),
        dropout: form.block_dropout,
    })
}
