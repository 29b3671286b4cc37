//! Rows by number: embeddings, and the rows that a head looks at.

use std::sync::Arc;

use super::super::buffer::Buffer;
use super::super::{Param, Tape, Tensor};
use crate::model::kernels::{Write, rows};

impl Tape {
    /// Row `ids[i]` of `table`, for each `i`.
    ///
    /// # Panics
    /// If an id is not below the number of rows: callers check what a user gave.
    pub fn embedding(&mut self, table: &Param, ids: &[u32]) -> Tensor {
        let cols = table.shape()[1];
        let mut y = Buffer::stale(ids.len() * cols);
        rows::gather(&mut y, Write::Set, &table.read(), cols, ids);
        let (wanted, table, ids) = (table.trainable(), table.clone(), ids.to_vec());
        self.record(Tensor::new(cols, y), wanted, move |dy, gradients| {
            gradients.param(&table, |dw, write| {
                if write == Write::Set {
                    rows::pieces(dw, |_, piece| piece.fill(0.0));
                }
                rows::scatter_add(dw, dy, cols, &ids);
            });
        })
    }

    /// Row `ids[i]` of `x`, for each `i`.
    pub fn select_rows(&mut self, x: &Tensor, ids: &[u32]) -> Tensor {
        let cols = x.cols();
        let mut y = Buffer::stale(ids.len() * cols);
        rows::gather(&mut y, Write::Set, x.values(), cols, ids);
        let (wanted, x, ids): (_, _, Arc<[u32]>) = (x.tracked(), x.clone(), ids.into());
        self.record(Tensor::new(cols, y), wanted, move |dy, gradients| {
            gradients.tensor(&x, |dx, write| {
                if write == Write::Set {
                    rows::pieces(dx, |_, piece| piece.fill(0.0));
                }
                rows::scatter_add(dx, dy, cols, &ids);
            });
        })
    }
}
