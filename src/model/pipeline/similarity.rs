//! How close vectors are: the cosine of the angle between them.

use crate::error::{Error, Result};
use crate::model::kernels::Write;
use crate::model::kernels::matmul::{Mat, MatMut, Threads, matmul};

/// The cosine of each of `rows` with each of `cols`; 0 with a vector of zeros.
///
/// # Errors
/// When not all vectors have the same length.
pub fn cosines(rows: &[Vec<f32>], cols: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
    let width = rows.iter().chain(cols).map(Vec::len).max().unwrap_or(0);
    if rows.iter().chain(cols).any(|vector| vector.len() != width) {
        return Err(
            Error::new("vectors of different lengths cannot be compared")
                .hint("compare vectors of one model"),
        );
    }
    if rows.is_empty() || cols.is_empty() || width == 0 {
        return Ok(vec![vec![0.0; cols.len()]; rows.len()]);
    }
    let (a, b) = (flat(rows), flat(cols));
    let mut found = vec![0.0; rows.len() * cols.len()];
    matmul(
        MatMut::new(&mut found, rows.len(), cols.len()),
        Write::Set,
        1.0,
        Mat::new(&a, rows.len(), width),
        Mat::new(&b, cols.len(), width).t(),
        Threads::All,
    );
    let bounded = |row: &[f32]| row.iter().map(|x| x.clamp(-1.0, 1.0)).collect();
    Ok(found.chunks_exact(cols.len()).map(bounded).collect())
}

/// Vectors of length 1 in one list.
fn flat(vectors: &[Vec<f32>]) -> Vec<f32> {
    let mut all = Vec::new();
    for vector in vectors {
        let start = all.len();
        all.extend_from_slice(vector);
        normalize(&mut all[start..]);
    }
    all
}

/// Divides a vector by its length, if it has one.
pub fn normalize(vector: &mut [f32]) {
    let squares: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum();
    if squares > 0.0 {
        let length = squares.sqrt();
        for x in vector {
            *x = (f64::from(*x) / length) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_do_not_depend_on_length() {
        let rows = [vec![2.0, 0.0], vec![-3.0, 3.0], vec![0.0, 0.0]];
        let found = cosines(&rows, &rows[..2]).expect("cosines");
        let half = -(0.5f32.sqrt());
        for (found, expected) in found.iter().flatten().zip([1.0, half, half, 1.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }

    #[test]
    fn vectors_of_two_models_are_refused_and_none_are_fine() {
        assert!(cosines(&[vec![1.0]], &[vec![1.0, 2.0]]).is_err());
        assert_eq!(
            cosines(&[], &[vec![1.0]]).expect("none"),
            Vec::<Vec<f32>>::new()
        );
        assert_eq!(cosines(&[vec![1.0]], &[]).expect("none"), [vec![0.0; 0]]);
    }
}
