//! The encoder or the decoder: blocks that share one table of biases.

use std::sync::Arc;

use super::Encoded;
use super::block::Block;
use super::buckets::Buckets;
use crate::error::Result;
use crate::model::config::T5Config;
use crate::model::layers::{Sight, Source};
use crate::model::tape::{Norm, Param, RelativeBias, Tape, Tensor};

/// A stack of blocks, and what they share.
#[derive(Clone)]
pub(super) struct Stack {
    pub(super) blocks: Vec<Arc<Block>>,
    /// `[buckets, heads]`
    pub(super) distances: Param,
    buckets: Buckets,
    norm: Norm,
    dropout: f32,
}

impl Stack {
    /// Reads the stack `name`, of that many layers.
    pub(super) fn load(
        source: &Source,
        config: &T5Config,
        name: &str,
        layers: usize,
    ) -> Result<Self> {
        let table = format!("{name}.block.0.layer.0.SelfAttention.relative_attention_bias");
        let buckets = config.relative_attention_num_buckets;
        let blocks = (0..layers)
            .map(|i| Ok(Arc::new(Block::load(source, config, name, i)?)))
            .collect::<Result<_>>()?;
        Ok(Self {
            blocks,
            distances: source.table(&table, buckets, config.num_heads)?,
            buckets: Buckets {
                count: buckets,
                max_distance: config.relative_attention_max_distance,
                bidirectional: name == "encoder",
            },
            norm: source.rms_norm(
                &format!("{name}.final_layer_norm"),
                config.d_model,
                config.layer_norm_epsilon,
            )?,
            dropout: config.dropout_rate,
        })
    }

    /// `[tokens, width]` to `[tokens, width]`, normalized.
    pub(super) fn forward(
        &self,
        tape: &mut Tape,
        x: &Tensor,
        sight: &mut Sight,
        mut cross: Option<&mut Encoded>,
        mut each: impl FnMut(&Tensor),
    ) -> Tensor {
        let starts: Arc<[usize]> = sight.starts().into();
        let longest = starts
            .windows(2)
            .enumerate()
            .map(|(i, ends)| sight.past(i) + ends[1] - ends[0]);
        let before = longest.max().unwrap_or(1).max(1) - 1;
        let after = if self.buckets.bidirectional {
            before
        } else {
            0
        };
        let bias = tape.relative_bias(&self.distances, &self.buckets.span(before, after), before);
        let mut x = tape.dropout(x, self.dropout);
        for (layer, block) in self.blocks.iter().enumerate() {
            each(&x);
            x = match (&mut *sight, cross.as_deref_mut()) {
                (Sight::Cached(..), Some(cross)) => {
                    let y = block.attend(tape, &x, &bias, layer, sight);
                    let y = block.look_back(tape, &y, layer, &starts, cross);
                    block.feed_forward(tape, &y)
                }
                (_, Some(cross)) => {
                    let (block, starts, keys) =
                        (block.clone(), starts.clone(), cross.starts.clone());
                    let zero = bias.zero;
                    tape.part(
                        [&x, &bias.values, &cross.hidden],
                        move |tape, [x, bias, hidden]| {
                            let bias = RelativeBias {
                                values: bias.clone(),
                                zero,
                            };
                            let y = block.attend(tape, x, &bias, layer, &mut Sight::Whole(&starts));
                            let y = block.cross(tape, &y, hidden, &starts, &keys);
                            block.feed_forward(tape, &y)
                        },
                    )
                }
                (_, None) => {
                    let (block, starts) = (block.clone(), starts.clone());
                    let zero = bias.zero;
                    tape.part([&x, &bias.values], move |tape, [x, bias]| {
                        let bias = RelativeBias {
                            values: bias.clone(),
                            zero,
                        };
                        let y = block.attend(tape, x, &bias, layer, &mut Sight::Whole(&starts));
                        block.feed_forward(tape, &y)
                    })
                }
            };
        }
        let x = tape.norm(&x, &self.norm);
        let x = tape.dropout(&x, self.dropout);
        each(&x);
        x
    }
}
