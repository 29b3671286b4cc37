//! T5 (Raffel et al., 2019) and FLAN-T5: an encoder and a decoder with pre-norm blocks, RMS norms,
//! no biases, and a learned bias of attention by distance.

mod block;
mod buckets;
mod decoder;
mod stack;

use super::batch::Batch;
use super::config::T5Config;
use super::heads::output_loss;
use super::kernels::cross_entropy::Target;
use super::layers::{Embedding, Linear, Sight, Source, Weight, attend_to};
use super::tape::{Attention, Layout, Loss, Tape, Tensor};
use crate::error::Result;
pub use decoder::Seq2SeqDecoder;
use stack::Stack;

/// The model: encoder, decoder and output layer.
#[derive(Clone)]
pub struct T5 {
    /// `[vocab, width]`, of both stacks.
    pub words: Embedding,
    encoder: Stack,
    decoder: Stack,
    /// The output layer: `[vocab, width]`.
    pub head: Weight,
    /// The factor of the decoder's output before a tied output layer.
    head_scale: f32,
    form: (usize, usize, usize),
}

impl T5 {
    /// Reads the model that `config` describes.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn load(source: &Source, config: &T5Config) -> Result<Self> {
        let words = source.embedding("shared", config.vocab_size, config.d_model)?;
        // transformers 5 writes of untied models too that they are tied; their outputs are not scaled.
        let own = source.has("lm_head.weight");
        let tied = !own || (config.common.tie_word_embeddings && config.scale_decoder_outputs);
        let head = if tied {
            words.tied()
        } else {
            source.weight(
                "lm_head.weight",
                config.d_model,
                config.vocab_size,
                Layout::OutIn,
            )?
        };
        Ok(Self {
            encoder: Stack::load(source, config, "encoder", config.num_layers)?,
            decoder: Stack::load(source, config, "decoder", config.num_decoder_layers)?,
            words,
            head,
            form: (config.num_decoder_layers, config.num_heads, config.d_kv),
            head_scale: if config.scale_decoder_outputs {
                (config.d_model as f32).sqrt().recip()
            } else {
                1.0
            },
        })
    }

    /// What the encoder makes of the sequences: `[tokens, width]`.
    pub fn encode(&self, tape: &mut Tape, batch: &Batch, each: impl FnMut(&Tensor)) -> Tensor {
        let x = self.words.forward(tape, &batch.ids);
        self.encoder
            .forward(tape, &x, &mut Sight::Whole(&batch.starts), None, each)
    }

    /// What the decoder makes of `ids`, which see the encoder's output through `cross`; scaled for
    /// the output layer: `[tokens, width]`.
    pub fn decode(
        &self,
        tape: &mut Tape,
        ids: &[u32],
        sight: &mut Sight,
        cross: &mut Encoded,
        each: impl FnMut(&Tensor),
    ) -> Tensor {
        let x = self.words.forward(tape, ids);
        let x = self.decoder.forward(tape, &x, sight, Some(cross), each);
        if self.head_scale == 1.0 {
            x
        } else {
            tape.scale(&x, self.head_scale)
        }
    }

    /// The logits after the tokens whose decoded states these are: `[n, vocab]`.
    pub fn logits(&self, tape: &mut Tape, decoded: &Tensor) -> Tensor {
        let head = Linear {
            weight: self.head.clone(),
            bias: None,
            lora: None,
        };
        head.forward(tape, decoded)
    }

    /// The cross-entropy of the decoder's tokens that have a target.
    ///
    /// # Panics
    /// If the weights are packed.
    pub fn loss(
        &self,
        tape: &mut Tape,
        inputs: &Batch,
        outputs: &Batch,
        targets: &[Option<Target>],
        smoothing: f32,
    ) -> Loss {
        let hidden = self.encode(tape, inputs, |_| ());
        let mut encoded = Encoded::new(hidden, inputs);
        let sight = &mut Sight::Whole(&outputs.starts);
        let x = self.decode(tape, &outputs.ids, sight, &mut encoded, |_| ());
        output_loss(tape, &x, &self.head, None, targets, smoothing)
    }

    /// The number of layers, heads and components of a head of the decoder: its cache's form.
    pub fn cache_form(&self) -> (usize, usize, usize) {
        self.form
    }
}

/// The encoder's output, and the keys and values that each layer of the decoder makes of it.
pub struct Encoded {
    hidden: Tensor,
    /// Where each sequence starts, and the last ends.
    starts: Vec<usize>,
    /// Which of them each sequence of the decoder sees.
    order: Vec<usize>,
    layers: Vec<[Tensor; 2]>,
}

impl Encoded {
    /// What [`T5::encode`] gave for a batch.
    pub fn new(hidden: Tensor, batch: &Batch) -> Self {
        let order = (0..batch.len()).collect();
        Self {
            hidden,
            starts: batch.starts.clone(),
            order,
            layers: Vec::new(),
        }
    }

    /// Sequence `i` of the decoder sees what sequence `from[i]` saw.
    pub fn reorder(&mut self, from: &[usize]) {
        self.order = from.iter().map(|from| self.order[*from]).collect();
    }

    /// Attention from queries to the encoder's output, whose keys and values are made the first
    /// time that a layer asks.
    fn attend(
        &mut self,
        tape: &mut Tape,
        layer: usize,
        q: &Tensor,
        starts: &[usize],
        linear: [&Linear; 2],
        with: &Attention,
    ) -> Tensor {
        if self.layers.len() == layer {
            self.layers
                .push(linear.map(|linear| linear.forward(tape, &self.hidden)));
        }
        let with = Attention {
            causal: false,
            bias: None,
            ..with.clone()
        };
        let spans = self
            .order
            .iter()
            .map(|i| self.starts[*i]..self.starts[*i + 1]);
        attend_to(q, &self.layers[layer], starts, spans, &with)
    }
}
