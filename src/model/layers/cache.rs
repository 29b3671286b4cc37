//! Keys and values of the tokens that a sequence had, so that a new token needs only its own.

use crate::model::kernels::attention::{self, Segment, View};
use crate::model::tape::buffer::Buffer;
use crate::model::tape::{Attention, Qkv, Tape, Tensor};

/// The keys and values of every layer and sequence, sized once.
pub struct Cache {
    layers: Vec<[Buffer; 2]>,
    heads: usize,
    width: usize,
    capacity: usize,
    lengths: Vec<usize>,
}

impl Cache {
    /// Room for one sequence of `capacity` tokens; more sequences come by [`Cache::reorder`].
    pub fn new(layers: usize, heads: usize, width: usize, capacity: usize) -> Self {
        Self {
            layers: (0..layers)
                .map(|_| [(); 2].map(|()| Buffer::stale(heads * capacity * width)))
                .collect(),
            heads,
            width,
            capacity,
            lengths: vec![0],
        }
    }

    /// How many tokens a sequence may have.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many tokens each sequence has.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// How many bytes a cache of this form takes for each sequence.
    pub fn bytes(layers: usize, heads: usize, width: usize, capacity: usize) -> u64 {
        [2, layers, heads, width, capacity, size_of::<f32>()]
            .iter()
            .map(|n| *n as u64)
            .product()
    }

    /// Counts the tokens that every layer was given.
    pub fn advance(&mut self, counts: &[usize]) {
        for (length, count) in self.lengths.iter_mut().zip(counts) {
            *length += count;
        }
    }

    /// Sequence `i` continues what sequence `from[i]` was.
    pub fn reorder(&mut self, from: &[usize]) {
        let size = self.heads * self.capacity * self.width;
        let grows = from.len() > self.lengths.len();
        let moved: Vec<(usize, usize)> = from
            .iter()
            .copied()
            .enumerate()
            .filter(|(i, from)| i != from)
            .collect();
        for part in self.layers.iter_mut().flatten() {
            if grows {
                let mut new = Buffer::stale(from.len() * size);
                new[..part.len()].copy_from_slice(part);
                *part = new;
            }
            // Taken before any is overwritten: two may trade places.
            let taken: Vec<Vec<f32>> = moved
                .iter()
                .map(|(_, from)| {
                    let used = self.lengths[*from] * self.width;
                    let heads =
                        part[from * size..][..size].chunks_exact(self.capacity * self.width);
                    heads.flat_map(|head| &head[..used]).copied().collect()
                })
                .collect();
            for ((to, from), taken) in moved.iter().zip(&taken) {
                let used = self.lengths[*from] * self.width;
                let heads = part[to * size..][..size].chunks_exact_mut(self.capacity * self.width);
                for (head, taken) in heads.zip(taken.chunks_exact(used.max(1))) {
                    head[..used].copy_from_slice(taken);
                }
            }
        }
        self.lengths = from.iter().map(|from| self.lengths[*from]).collect();
    }

    /// Adds keys and values to `layer`, and lets the new queries see all of their sequences'.
    ///
    /// The queries are `[tokens, heads * width]`, those of the sequences one after another, as
    /// `starts` says.
    fn attend(&mut self, layer: usize, qkv: &Qkv, starts: &[usize], with: &Attention) -> Tensor {
        let (heads, width) = (self.heads, self.width);
        let size = heads * self.capacity * width;
        let [q, k, v] = qkv.views(heads);
        for (part, new) in self.layers[layer].iter_mut().zip([k, v]) {
            for (sequence, ends) in starts.windows(2).enumerate() {
                for head in 0..heads {
                    let at =
                        sequence * size + (head * self.capacity + self.lengths[sequence]) * width;
                    let to = part[at..][..(ends[1] - ends[0]) * width].chunks_exact_mut(width);
                    for (to, row) in to.zip(ends[0]..) {
                        to.copy_from_slice(new.line(0, head, row, width));
                    }
                }
            }
        }
        let segments: Vec<Segment> = starts
            .windows(2)
            .enumerate()
            .map(|(sequence, ends)| Segment {
                query: ends[0],
                queries: ends[1] - ends[0],
                key: sequence * size,
                keys: self.lengths[sequence] + ends[1] - ends[0],
            })
            .collect();
        let [k, v] = &self.layers[layer];
        let [k, v] = [k, v].map(|data| View {
            data,
            row: width,
            head: self.capacity * width,
        });
        let rows = starts.last().copied().unwrap_or(0);
        let mut out = Buffer::stale(rows * heads * width);
        attention::forward(
            &with.form(heads * width, None),
            &mut out,
            q,
            k,
            v,
            &segments,
        );
        Tensor::new(heads * width, out)
    }
}

/// Attention from queries `[tokens, heads * width]` to rows of keys and values: sequence `i` of the
/// queries, as `starts` says, sees the rows `spans[i]`. Not recorded.
pub fn attend_to(
    q: &Tensor,
    [k, v]: &[Tensor; 2],
    starts: &[usize],
    spans: impl Iterator<Item = std::ops::Range<usize>>,
    with: &Attention,
) -> Tensor {
    let cols = q.cols();
    let segments: Vec<Segment> = starts
        .windows(2)
        .zip(spans)
        .map(|(ends, span)| Segment {
            query: ends[0],
            queries: ends[1] - ends[0],
            key: span.start * cols,
            keys: span.len(),
        })
        .collect();
    let head = cols / with.heads;
    let views = [q, k, v].map(|x| View {
        data: x.values(),
        row: x.cols(),
        head,
    });
    let mut out = Buffer::stale(q.rows() * cols);
    let [q, k, v] = views;
    attention::forward(&with.form(cols, None), &mut out, q, k, v, &segments);
    Tensor::new(cols, out)
}

/// What the tokens of a pass see: their own sequence, or also what a cache remembers of it.
pub enum Sight<'a> {
    /// Sequences that are whole, by where each starts and where the last ends.
    Whole(&'a [usize]),
    /// New tokens of sequences, likewise, and the earlier ones.
    Cached(&'a [usize], &'a mut Cache),
}

impl Sight<'_> {
    /// Where each sequence's new tokens start, and the end of the last.
    pub fn starts(&self) -> &[usize] {
        match self {
            Self::Whole(starts) | Self::Cached(starts, _) => starts,
        }
    }

    /// How many tokens sequence `i` had before.
    pub fn past(&self, i: usize) -> usize {
        match self {
            Self::Whole(_) => 0,
            Self::Cached(_, cache) => cache.lengths[i],
        }
    }

    /// The place of each token in its sequence.
    pub fn positions(&self) -> Vec<u32> {
        let ends = self.starts().windows(2).enumerate();
        ends.flat_map(|(i, ends)| {
            let past = self.past(i);
            (past as u32)..(past + ends[1] - ends[0]) as u32
        })
        .collect()
    }

    /// Self-attention of `layer`.
    pub fn attend(&mut self, tape: &mut Tape, layer: usize, qkv: &Qkv, with: &Attention) -> Tensor {
        match self {
            Self::Whole(starts) => tape.attention(qkv, starts, starts, with),
            Self::Cached(starts, cache) => cache.attend(layer, qkv, starts, with),
        }
    }
}
