//! How unlikely tokens are, of any output layer.

use crate::model::kernels::cross_entropy;
use crate::model::tape::{Tape, Tensor};

/// How many rows of logits are computed at once: all of a batch would take gigabytes.
const PIECE: usize = 128;

/// `-ln p` of each of `targets` at that place of `rows`, by the logits that `output` gives for
/// hidden states.
pub(super) fn in_pieces(
    hidden: &Tensor,
    rows: &[u32],
    targets: &[u32],
    mut output: impl FnMut(&Tensor) -> Tensor,
) -> Vec<f32> {
    let mut losses = Vec::with_capacity(rows.len());
    for (rows, targets) in rows.chunks(PIECE).zip(targets.chunks(PIECE)) {
        let hidden = Tape::off().select_rows(hidden, rows);
        losses.extend(cross_entropy::losses(output(&hidden).values(), targets));
    }
    losses
}
