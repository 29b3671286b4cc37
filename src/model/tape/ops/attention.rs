//! Attention, and the bias that T5 adds by distance.

use std::sync::Arc;

use super::super::buffer::Buffer;
use super::super::{Param, Tape, Tensor};
use crate::model::kernels::attention::{self, Bias, Form, Saved, Segment, View, ViewMut};

/// What attention is computed with.
#[derive(Clone)]
pub struct Attention {
    /// How many heads.
    pub heads: usize,
    /// The factor of every product of query and key; `1 / sqrt(width)` but in T5.
    pub scale: f32,
    /// Whether a token sees only those before it and itself.
    pub causal: bool,
    /// What is added by distance.
    pub bias: Option<RelativeBias>,
    /// The share of probabilities that is dropped in training.
    pub dropout: f32,
}

/// T5's bias: one value a head and distance.
#[derive(Clone)]
pub struct RelativeBias {
    /// `[heads, span]`
    pub values: Tensor,
    /// The column of distance 0; the one after it is for the key after the query.
    pub zero: usize,
}

/// Queries, keys and values.
#[derive(Clone)]
pub enum Qkv {
    /// In one matrix: `[tokens, 3 * heads * width]`.
    Fused(Tensor),
    /// In three: `[tokens, heads * width]` each.
    Separate([Tensor; 3]),
}

impl Qkv {
    pub(in crate::model) fn views(&self, heads: usize) -> [View<'_>; 3] {
        match self {
            Self::Fused(all) => {
                let width = all.cols() / 3;
                [0, 1, 2].map(|part| View {
                    data: all.values().get(part * width..).unwrap_or_default(),
                    row: all.cols(),
                    head: width / heads,
                })
            }
            Self::Separate(parts) => parts.each_ref().map(|part| View {
                data: part.values(),
                row: part.cols(),
                head: part.cols() / heads,
            }),
        }
    }

    /// From a row of keys to the next, and the width of a row of the output.
    fn sizes(&self) -> (usize, usize) {
        match self {
            Self::Fused(all) => (all.cols(), all.cols() / 3),
            Self::Separate([q, k, _]) => (k.cols(), q.cols()),
        }
    }

    fn tracked(&self) -> bool {
        match self {
            Self::Fused(all) => all.tracked(),
            Self::Separate(parts) => parts.iter().any(Tensor::tracked),
        }
    }
}

impl Tape {
    /// Attention within each sequence, or from each sequence of queries to one of keys.
    ///
    /// `queries` and `keys` hold where each sequence's rows start, and the end of the last. The
    /// output has one row a query, of `heads * width` values.
    pub fn attention(
        &mut self,
        qkv: &Qkv,
        queries: &[usize],
        keys: &[usize],
        with: &Attention,
    ) -> Tensor {
        let (key_row, cols) = qkv.sizes();
        let segments: Vec<Segment> = queries
            .windows(2)
            .zip(keys.windows(2))
            .map(|(q, k)| Segment {
                query: q[0],
                queries: q[1] - q[0],
                key: k[0] * key_row,
                keys: k[1] - k[0],
            })
            .collect();
        let dropout = (with.dropout > 0.0).then(|| self.stream()).flatten();
        let dropout = dropout.map(|stream| (with.dropout, stream));
        let rows = queries.last().copied().unwrap_or(0);
        let mut y = Buffer::stale(rows * cols);
        let form = with.form(cols, dropout);
        let [q, k, v] = qkv.views(with.heads);
        let logs = attention::forward(&form, &mut y, q, k, v, &segments);
        let output = Tensor::new(cols, y);
        let bias = with.bias.as_ref().is_some_and(|bias| bias.values.tracked());
        let wanted = qkv.tracked() || bias;
        let (qkv, with, out) = (qkv.clone(), with.clone(), output.clone());
        self.record(output, wanted, move |dy, gradients| {
            let form = with.form(cols, dropout);
            let [q, k, v] = qkv.views(with.heads);
            let saved = Saved {
                q,
                k,
                v,
                out: out.values(),
                logs: &logs,
            };
            let head = cols / with.heads;
            let dbias = match &qkv {
                Qkv::Fused(all) => {
                    let mut d = Buffer::stale(all.values().len());
                    let parts = attention::split_three(&mut d, all.cols(), head);
                    let dbias = attention::backward(&form, parts, dy, saved, &segments);
                    gradients.give(all.node, d);
                    dbias
                }
                Qkv::Separate(parts) => {
                    let mut d = parts
                        .each_ref()
                        .map(|part| Buffer::stale(part.values().len()));
                    let [dq, dk, dv] = &mut d;
                    let views = [dq, dk, dv].map(|d| ViewMut::new(d, cols, head));
                    let dbias = attention::backward(&form, views, dy, saved, &segments);
                    for (part, d) in parts.iter().zip(d) {
                        gradients.give(part.node, d);
                    }
                    dbias
                }
            };
            if let (Some(bias), Some(d)) = (&with.bias, dbias) {
                gradients.give(bias.values.node, Buffer::from(d));
            }
        })
    }

    /// The bias of a table `[buckets, heads]`: column `i` of the result is for bucket `buckets[i]`,
    /// and column `zero` for distance 0.
    pub fn relative_bias(&mut self, table: &Param, buckets: &[u32], zero: usize) -> RelativeBias {
        let (heads, span) = (table.shape()[1], buckets.len());
        let weights = table.read();
        let values: Vec<f32> = (0..heads)
            .flat_map(|head| buckets.iter().map(move |bucket| (head, *bucket as usize)))
            .map(|(head, bucket)| weights[bucket * heads + head])
            .collect();
        drop(weights);
        let (wanted, table, buckets): (_, _, Arc<[u32]>) =
            (table.trainable(), table.clone(), buckets.into());
        let values = self.record(Tensor::new(span, values), wanted, move |dy, gradients| {
            let mut d = vec![0.0; table.len()];
            for head in 0..heads {
                for (bucket, dy) in buckets.iter().zip(&dy[head * span..][..span]) {
                    d[*bucket as usize * heads + head] += dy;
                }
            }
            gradients.param(&table, |to, write| {
                to.iter_mut()
                    .zip(d)
                    .for_each(|(to, d)| *to = write.apply(*to, d));
            });
        });
        RelativeBias { values, zero }
    }
}

impl Attention {
    /// Attention over all keys, scaled by `1 / sqrt(width of a head)`.
    pub fn scaled(heads: usize, width: usize, dropout: f32) -> Self {
        let scale = 1.0 / ((width / heads) as f32).sqrt();
        Self {
            heads,
            scale,
            causal: false,
            bias: None,
            dropout,
        }
    }

    pub(in crate::model) fn form(
        &self,
        cols: usize,
        dropout: Option<(f32, crate::model::kernels::random::Stream)>,
    ) -> Form<'_> {
        Form {
            heads: self.heads,
            width: cols / self.heads,
            scale: self.scale,
            causal: self.causal,
            bias: self.bias.as_ref().map(|bias| Bias {
                values: bias.values.values(),
                span: bias.values.cols(),
                zero: bias.zero,
            }),
            dropout,
        }
    }
}
