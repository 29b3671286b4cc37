//! Products of f32 matrices, in any layout that two strides describe.
#![allow(unsafe_code)]

use super::Write;

/// A matrix to read: `rows x cols`, whose element `(i, j)` is at `i * row + j * col`.
#[derive(Clone, Copy)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row: usize,
    col: usize,
}

impl<'a> Mat<'a> {
    /// A matrix whose rows follow one another.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// A matrix whose rows start `row` values apart.
    ///
    /// # Panics
    /// If it does not fit into `data`.
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, row: usize) -> Self {
        assert!(
            fits(data.len(), rows, cols, row),
            "{rows}x{cols} by {row} in {}",
            data.len()
        );
        Self {
            data,
            rows,
            cols,
            row,
            col: 1,
        }
    }

    /// The same values with rows and columns exchanged.
    #[must_use]
    pub fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row: self.col,
            col: self.row,
        }
    }
}

/// A matrix to write, whose rows start a stride apart.
pub struct MatMut<'a> {
    data: *mut f32,
    rows: usize,
    cols: usize,
    row: usize,
    borrow: std::marker::PhantomData<&'a mut [f32]>,
}

impl<'a> MatMut<'a> {
    /// A matrix whose rows follow one another.
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// A matrix whose rows start `row` values apart.
    ///
    /// # Panics
    /// If it does not fit into `data`.
    pub fn strided(data: &'a mut [f32], rows: usize, cols: usize, row: usize) -> Self {
        assert!(
            fits(data.len(), rows, cols, row),
            "{rows}x{cols} by {row} in {}",
            data.len()
        );
        Self {
            data: data.as_mut_ptr(),
            rows,
            cols,
            row,
            borrow: std::marker::PhantomData,
        }
    }

    /// A matrix at `data`, which other threads may hold other columns of.
    ///
    /// # Safety
    /// For the lifetime, rows `0..rows` of `cols` values, `row` apart, must be valid at `data` and
    /// touched by nobody else.
    pub(super) unsafe fn raw(data: *mut f32, rows: usize, cols: usize, row: usize) -> Self {
        Self {
            data,
            rows,
            cols,
            row,
            borrow: std::marker::PhantomData,
        }
    }
}

fn fits(len: usize, rows: usize, cols: usize, row: usize) -> bool {
    rows == 0 || cols == 0 || (rows - 1) * row + cols <= len
}

/// Who computes a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// The calling thread: for use inside parallel work.
    One,
    /// Every thread of the pool that the caller runs in.
    All,
}

/// `out = alpha * a b`, or `out += alpha * a b`.
///
/// # Panics
/// If the shapes do not agree.
#[expect(clippy::needless_pass_by_value, reason = "a view to write is used up")]
pub fn matmul(out: MatMut, write: Write, alpha: f32, a: Mat, b: Mat, threads: Threads) {
    assert_eq!((out.rows, a.cols, out.cols), (a.rows, b.rows, b.cols));
    if out.rows == 0 || out.cols == 0 {
        return;
    }
    let small = out.rows * out.cols * a.cols < 64 * 64 * 64;
    let parallelism = if threads == Threads::One || small {
        gemm::Parallelism::None
    } else {
        gemm::Parallelism::Rayon(0)
    };
    // SAFETY: `fits` (or the caller of `raw`) vouches that every index within the three shapes
    // lies in its slice, and `out` is borrowed for writing, so that it overlaps neither input.
    unsafe {
        gemm::gemm(
            out.rows,
            out.cols,
            a.cols,
            out.data,
            1,
            out.row as isize,
            write == Write::Add,
            a.data.as_ptr(),
            a.col as isize,
            a.row as isize,
            b.data.as_ptr(),
            b.col as isize,
            b.row as isize,
            write.beta(),
            alpha,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_agree_with_sums_in_every_layout() {
        let (m, n, k) = (7, 5, 9);
        let a: Vec<f32> = (0..m * k).map(|i| (i * 37 % 11) as f32 - 5.0).collect();
        let b: Vec<f32> = (0..k * n).map(|i| (i * 53 % 13) as f32 - 6.0).collect();
        let transposed = |x: &[f32], rows: usize, cols: usize| -> Vec<f32> {
            (0..rows * cols)
                .map(|i| x[i % rows * cols + i / rows])
                .collect()
        };
        let (at, bt) = (transposed(&a, m, k), transposed(&b, k, n));
        for (left, right) in [
            (Mat::new(&a, m, k), Mat::new(&b, k, n)),
            (Mat::new(&at, k, m).t(), Mat::new(&b, k, n)),
            (Mat::new(&a, m, k), Mat::new(&bt, n, k).t()),
        ] {
            let mut out = vec![1.0; m * n];
            matmul(
                MatMut::new(&mut out, m, n),
                Write::Add,
                2.0,
                left,
                right,
                Threads::All,
            );
            for i in 0..m {
                for j in 0..n {
                    let sum: f32 = (0..k).map(|x| a[i * k + x] * b[x * n + j]).sum();
                    assert_eq!(out[i * n + j], 1.0 + 2.0 * sum);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "in 5")]
    fn a_matrix_larger_than_its_values_is_refused() {
        let _ = Mat::new(&[0.0; 5], 2, 3);
    }
}
