//! GPT-2 (Radford et al., 2019): a causal decoder with pre-norm blocks.

use std::sync::Arc;

use super::config::Gpt2Config;
use super::kernels::activation::Activation;
use super::layers::{Embedding, Linear, Sight, Source};
use super::tape::{Attention, Layout, Norm, Param, Qkv, Tape, Tensor};
use crate::error::Result;

/// The decoder without its output layer, which is the table of tokens.
#[derive(Clone)]
pub struct Gpt2 {
    /// `[vocab, width]`
    pub words: Embedding,
    positions: Param,
    dropout: f32,
    blocks: Vec<Arc<Block>>,
    norm: Norm,
}

/// A block with the norms before its two parts.
struct Block {
    attention_norm: Norm,
    qkv: Linear,
    out: Linear,
    norm: Norm,
    feed_forward: [Linear; 2],
    activation: Activation,
    attention: Attention,
    dropout: f32,
}

impl Gpt2 {
    /// Reads the decoder that `config` describes.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &Gpt2Config) -> Result<Self> {
        let blocks = (0..config.n_layer).map(|i| Ok(Arc::new(Block::load(source, config, i)?)));
        Ok(Self {
            words: source.embedding("transformer.wte", config.vocab_size, config.n_embd)?,
            positions: source.table("transformer.wpe", config.n_positions, config.n_embd)?,
            dropout: config.embd_pdrop,
            blocks: blocks.collect::<Result<_>>()?,
            norm: source.layer_norm(
                "transformer.ln_f",
                config.n_embd,
                config.layer_norm_epsilon,
            )?,
        })
    }

    /// The last hidden states, normalized: `[tokens, width]`. `each` sees the embeddings and what
    /// every block but the last makes, then the output, as transformers' `hidden_states` has them.
    pub fn forward(
        &self,
        tape: &mut Tape,
        ids: &[u32],
        sight: &mut Sight,
        mut each: impl FnMut(&Tensor),
    ) -> Tensor {
        let x = self.words.forward(tape, ids);
        let places = tape.embedding(&self.positions, &sight.positions());
        let x = tape.add(&x, &places);
        let mut x = tape.dropout(&x, self.dropout);
        let starts: Arc<[usize]> = sight.starts().into();
        for (layer, block) in self.blocks.iter().enumerate() {
            each(&x);
            x = if let Sight::Cached(..) = sight {
                block.forward(tape, &x, layer, sight)
            } else {
                let (block, starts) = (block.clone(), starts.clone());
                tape.part([&x], move |tape, [x]| {
                    block.forward(tape, x, layer, &mut Sight::Whole(&starts))
                })
            };
        }
        let x = tape.norm(&x, &self.norm);
        each(&x);
        x
    }

    /// How many tokens a text may have.
    pub fn places(&self) -> usize {
        self.positions.shape()[0]
    }

    /// The number of layers, heads and components of a head: the form of its cache.
    pub fn cache_form(&self) -> (usize, usize, usize) {
        let first = self.blocks.first();
        let heads = first.map_or(1, |block| block.attention.heads);
        (self.blocks.len(), heads, self.positions.shape()[1] / heads)
    }
}

impl Block {
    fn load(source: &Source, config: &Gpt2Config, i: usize) -> Result<Self> {
        let (width, inner) = (config.n_embd, config.n_inner);
        let name = |rest: &str| format!("transformer.h.{i}.{rest}");
        let linear = |rest: &str, inputs, outputs| {
            source.linear_with(&name(rest), inputs, outputs, Layout::InOut, true)
        };
        let norm = |rest: &str| source.layer_norm(&name(rest), width, config.layer_norm_epsilon);
        let mut attention = Attention::scaled(config.n_head, width, config.attn_pdrop);
        attention.causal = true;
        if !config.scale_attn_weights {
            attention.scale = 1.0;
        }
        if config.scale_attn_by_inverse_layer_idx {
            attention.scale /= (i + 1) as f32;
        }
        Ok(Self {
            attention_norm: norm("ln_1")?,
            qkv: linear("attn.c_attn", width, 3 * width)?,
            out: linear("attn.c_proj", width, width)?,
            norm: norm("ln_2")?,
            feed_forward: [
                linear("mlp.c_fc", width, inner)?,
                linear("mlp.c_proj", inner, width)?,
            ],
            activation: config.activation_function,
            attention,
            dropout: config.resid_pdrop,
        })
    }

    fn forward(&self, tape: &mut Tape, x: &Tensor, layer: usize, sight: &mut Sight) -> Tensor {
        let y = tape.norm(x, &self.attention_norm);
        let qkv = Qkv::Fused(self.qkv.forward(tape, &y));
        let y = sight.attend(tape, layer, &qkv, &self.attention);
        drop(qkv);
        let y = self.out.forward(tape, &y);
        let y = tape.dropout(&y, self.dropout);
        let x = tape.add(x, &y);
        let y = tape.norm(&x, &self.norm);
        let y = self.feed_forward[0].forward(tape, &y);
        let y = tape.activation(&y, self.activation);
        let y = self.feed_forward[1].forward(tape, &y);
        let y = tape.dropout(&y, self.dropout);
        tape.add(&x, &y)
    }
}
