//! Linear layers and embeddings, of whatever the weight is kept in.

use std::sync::Arc;

use crate::model::kernels::quant::Packed;
use crate::model::tape::{Layout, Param, Tape, Tensor};

/// A weight of a product.
#[derive(Clone)]
pub enum Weight {
    /// In f32, which can be trained.
    Full(Param, Layout),
    /// Packed for a faster product, which cannot.
    Packed(Arc<Packed>),
}

/// `x w + bias`, and what an adapter adds.
#[derive(Clone)]
pub struct Linear {
    /// The weight.
    pub weight: Weight,
    /// What is added to each output.
    pub bias: Option<Param>,
    /// The adapter.
    pub lora: Option<Lora>,
}

/// A low-rank adapter (Hu et al., 2021): `scale * b(a(dropout(x)))` is added to the output.
#[derive(Clone)]
pub struct Lora {
    /// `[rank, in]`
    pub a: Param,
    /// `[out, rank]`
    pub b: Param,
    /// `alpha / rank`, or `alpha / sqrt(rank)` for rslora.
    pub scale: f32,
    /// The share of inputs that is dropped.
    pub dropout: f32,
}

impl Linear {
    /// `[n, in]` to `[n, out]`.
    pub fn forward(&self, tape: &mut Tape, x: &Tensor) -> Tensor {
        let y = match &self.weight {
            Weight::Full(weight, layout) => tape.linear(x, weight, *layout, self.bias.as_ref()),
            Weight::Packed(weight) => tape.packed_linear(x, weight, self.bias.as_ref()),
        };
        let Some(lora) = &self.lora else { return y };
        let x = tape.dropout(x, lora.dropout);
        let low = tape.linear(&x, &lora.a, Layout::OutIn, None);
        tape.linear_onto(&y, &low, &lora.b, lora.scale)
    }
}

/// A table of rows by token or place, which may also be the weight of the output layer.
#[derive(Clone)]
pub enum Embedding {
    /// In f32: `[rows, width]`.
    Full(Param),
    /// Packed.
    Packed(Arc<Packed>),
}

impl Embedding {
    /// Row `ids[i]` for each `i`: `[n, width]`.
    pub fn forward(&self, tape: &mut Tape, ids: &[u32]) -> Tensor {
        match self {
            Self::Full(table) => tape.embedding(table, ids),
            Self::Packed(table) => {
                let width = table.inputs();
                let mut rows = vec![0.0; ids.len() * width];
                for (row, id) in rows.chunks_exact_mut(width).zip(ids) {
                    table.row(*id as usize, row);
                }
                Tensor::new(width, rows)
            }
        }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        match self {
            Self::Full(table) => table.shape()[0],
            Self::Packed(table) => table.outputs(),
        }
    }

    /// The table as the weight of an output layer.
    pub fn tied(&self) -> Weight {
        match self {
            Self::Full(table) => Weight::Full(table.clone(), Layout::OutIn),
            Self::Packed(table) => Weight::Packed(table.clone()),
        }
    }
}
