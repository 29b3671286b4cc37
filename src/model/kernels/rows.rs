//! Sums, copies and products along rows and columns.

use rayon::prelude::*;

use super::{PIECE, Write, simd};

/// How many rows a partial sum over rows holds.
const ROWS: usize = 64;

/// Calls `f` with pieces of `out` and the index of their first value, on all threads.
pub fn pieces(out: &mut [f32], f: impl Fn(usize, &mut [f32]) + Sync) {
    if out.len() <= PIECE {
        return simd(|| f(0, out));
    }
    out.par_chunks_mut(PIECE)
        .enumerate()
        .for_each(|(i, piece)| simd(|| f(i * PIECE, piece)));
}

/// Calls `f` with blocks of whole rows of `out` and the index of their first row, on all threads.
pub fn blocks(out: &mut [f32], cols: usize, f: impl Fn(usize, &mut [f32]) + Sync) {
    let rows = (PIECE / cols.max(1)).max(1);
    if out.len() <= PIECE {
        return simd(|| f(0, out));
    }
    out.par_chunks_mut(rows * cols)
        .enumerate()
        .for_each(|(i, block)| simd(|| f(i * rows, block)));
}

/// `out = a + b`.
pub fn add(out: &mut [f32], a: &[f32], b: &[f32]) {
    pieces(out, |start, out| {
        let (a, b) = (&a[start..][..out.len()], &b[start..][..out.len()]);
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = a + b;
        }
    });
}

/// `out += factor * x`, or `out = factor * x`.
pub fn scale(out: &mut [f32], write: Write, x: &[f32], factor: f32) {
    pieces(out, |start, out| {
        for (out, x) in out.iter_mut().zip(&x[start..]) {
            *out = write.apply(*out, factor * x);
        }
    });
}

/// `out += a * b`, or `out = a * b`, value by value.
pub fn multiply(out: &mut [f32], write: Write, a: &[f32], b: &[f32]) {
    pieces(out, |start, out| {
        let (a, b) = (&a[start..][..out.len()], &b[start..][..out.len()]);
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = write.apply(*out, a * b);
        }
    });
}

/// Adds `bias` to each row of `out`.
pub fn add_bias(out: &mut [f32], bias: &[f32]) {
    blocks(out, bias.len(), |_, block| {
        for row in block.chunks_exact_mut(bias.len()) {
            for (out, bias) in row.iter_mut().zip(bias) {
                *out += bias;
            }
        }
    });
}

/// Sums over `rows` rows what `f(row, partial)` adds to each partial sum of `n` values, in blocks
/// of rows that are added in order.
pub fn reduce_rows(n: usize, rows: usize, f: impl Fn(usize, &mut [f32]) + Sync) -> Vec<f32> {
    let partials: Vec<Vec<f32>> = (0..rows.div_ceil(ROWS))
        .into_par_iter()
        .map(|block| {
            let mut sums = vec![0.0; n];
            simd(|| {
                for row in block * ROWS..((block + 1) * ROWS).min(rows) {
                    f(row, &mut sums);
                }
            });
            sums
        })
        .collect();
    let mut partials = partials.into_iter();
    let mut total = partials.next().unwrap_or_else(|| vec![0.0; n]);
    for partial in partials {
        for (total, partial) in total.iter_mut().zip(partial) {
            *total += partial;
        }
    }
    total
}

/// `out += ` the sum of the rows of `x`, or `out = ` that sum.
pub fn sum_rows(out: &mut [f32], write: Write, x: &[f32]) {
    let n = out.len();
    let sums = reduce_rows(n, x.len() / n.max(1), |row, sums| {
        for (sum, x) in sums.iter_mut().zip(&x[row * n..][..n]) {
            *sum += x;
        }
    });
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = write.apply(*out, sum);
    }
}

/// Copies row `ids[i]` of `table` to row `i` of `out`, or adds it.
pub fn gather(out: &mut [f32], write: Write, table: &[f32], cols: usize, ids: &[u32]) {
    blocks(out, cols, |first, block| {
        for (row, id) in block.chunks_exact_mut(cols).zip(&ids[first..]) {
            for (out, x) in row.iter_mut().zip(&table[*id as usize * cols..][..cols]) {
                *out = write.apply(*out, *x);
            }
        }
    });
}

/// Adds row `i` of `x` to row `ids[i]` of `table`, in the order of `i`.
pub fn scatter_add(table: &mut [f32], x: &[f32], cols: usize, ids: &[u32]) {
    for (row, id) in x.chunks_exact(cols).zip(ids) {
        let to = &mut table[*id as usize * cols..][..cols];
        simd(|| {
            for (to, x) in to.iter_mut().zip(row) {
                *to += x;
            }
        });
    }
}

/// The sum of the squares of `x`, in double precision and in order of pieces.
pub fn sum_of_squares(x: &[f32]) -> f64 {
    let partials: Vec<f64> = x
        .par_chunks(PIECE)
        .map(|piece| {
            simd(|| {
                let mut lanes = [0.0f64; 8];
                let (whole, rest) = piece.as_chunks::<8>();
                for chunk in whole {
                    for (lane, x) in lanes.iter_mut().zip(chunk) {
                        *lane += f64::from(*x) * f64::from(*x);
                    }
                }
                for (lane, x) in lanes.iter_mut().zip(rest) {
                    *lane += f64::from(*x) * f64::from(*x);
                }
                lanes.iter().sum::<f64>()
            })
        })
        .collect();
    partials.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_over_rows_are_the_same_with_any_number_of_threads() {
        let x: Vec<f32> = (0..1000 * 33)
            .map(|i| ((i * 7919) % 1009) as f32 * 0.37)
            .collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("pool");
            pool.install(|| {
                let mut out = vec![0.5; 33];
                sum_rows(&mut out, Write::Add, &x);
                (out, sum_of_squares(&x))
            })
        };
        assert_eq!(with(1), with(3));
        let exact: f64 = (0..1000).map(|row| f64::from(x[row * 33 + 4])).sum();
        assert!((f64::from(with(1).0[4]) - 0.5 - exact).abs() < 1e-6 * exact);
    }

    #[test]
    fn a_scatter_undoes_a_gather() {
        let table: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let mut out = vec![0.0; 9];
        gather(&mut out, Write::Set, &table, 3, &[3, 0, 3]);
        assert_eq!(out, [9.0, 10.0, 11.0, 0.0, 1.0, 2.0, 9.0, 10.0, 11.0]);
        let mut back = vec![0.0; 12];
        scatter_add(&mut back, &out, 3, &[3, 0, 3]);
        assert_eq!(back[9..], [18.0, 20.0, 22.0]);
        assert_eq!(back[..3], [0.0, 1.0, 2.0]);
    }
}
