//! How many values the parts of a model have. Sums that do not fit stay at the largest number,
//! which no model is allowed.

/// A matrix.
pub(super) fn matrix(rows: usize, cols: usize) -> u64 {
    (rows as u64).saturating_mul(cols as u64)
}

/// A product with a matrix, and its bias.
pub(super) fn linear(inputs: usize, outputs: usize) -> u64 {
    sum([matrix(inputs, outputs), outputs as u64])
}

/// The factors and offsets of a layer norm.
pub(super) fn norm(width: usize) -> u64 {
    matrix(2, width)
}

/// So many of the same.
pub(super) fn times(count: usize, each: u64) -> u64 {
    (count as u64).saturating_mul(each)
}

/// All of them.
pub(super) fn sum<const N: usize>(parts: [u64; N]) -> u64 {
    parts.into_iter().fold(0, u64::saturating_add)
}
