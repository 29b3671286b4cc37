//! The block of BERT and DistilBERT: attention and a feed-forward network, each added to what it
//! was given and normalized after.

use super::Linear;
use crate::model::kernels::activation::Activation;
use crate::model::tape::buffer::Buffer;
use crate::model::tape::{Attention, Norm, Qkv, Tape, Tensor};

/// How many tokens are fed forward at a time.
const TOGETHER: usize = 256;

/// A transformer block with the norms after the sums (Vaswani et al., 2017).
#[derive(Clone)]
pub struct PostNormBlock {
    /// Queries, keys and values.
    pub qkv: [Linear; 3],
    /// What follows the heads.
    pub out: Linear,
    /// The norm after attention.
    pub attention_norm: Norm,
    /// To the inner width, and back.
    pub feed_forward: [Linear; 2],
    /// The norm at the end.
    pub norm: Norm,
    /// Between the two.
    pub activation: Activation,
    /// How attention is computed.
    pub attention: Attention,
    /// The share of either sum's second part that is dropped: of attention's, and of the network's.
    pub dropout: [f32; 2],
}

impl PostNormBlock {
    /// `[tokens, width]` to `[tokens, width]`, for sequences that start at `starts`.
    pub fn forward(&self, tape: &mut Tape, x: &Tensor, starts: &[usize]) -> Tensor {
        let qkv = Qkv::Separate(self.qkv.each_ref().map(|linear| linear.forward(tape, x)));
        let y = tape.attention(&qkv, starts, starts, &self.attention);
        drop(qkv);
        let y = self.out.forward(tape, &y);
        let y = tape.dropout(&y, self.dropout[0]);
        let y = tape.add(x, &y);
        let x = tape.norm(&y, &self.attention_norm);
        let y = self.fed_forward(tape, &x);
        let y = tape.dropout(&y, self.dropout[1]);
        let y = tape.add(&x, &y);
        tape.norm(&y, &self.norm)
    }

    /// What the feed-forward network makes of `x`; some tokens at a time where nothing is recorded,
    /// for the inner width is the most memory that the block takes.
    fn fed_forward(&self, tape: &mut Tape, x: &Tensor) -> Tensor {
        let one = |tape: &mut Tape, x: &Tensor| {
            let y = self.feed_forward[0].forward(tape, x);
            let y = tape.activation(&y, self.activation);
            self.feed_forward[1].forward(tape, &y)
        };
        if !tape.is_off() || x.rows() <= TOGETHER {
            return one(tape, x);
        }
        let cols = x.cols();
        let mut all = Buffer::stale(x.values().len());
        let pieces = x.values().chunks(TOGETHER * cols);
        for (to, x) in all.chunks_mut(TOGETHER * cols).zip(pieces) {
            let y = one(tape, &Tensor::new(cols, Buffer::copy(x)));
            to.copy_from_slice(y.values());
        }
        Tensor::new(cols, all)
    }
}
