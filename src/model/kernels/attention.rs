//! Scaled dot-product attention over sequences of any lengths, without padding, and its gradient.
//!
//! Probabilities are never kept: the backward pass computes them again from the logarithm of each
//! row's total (Dao et al., ``FlashAttention``, 2022, section 3.1, algorithm 4).
#![allow(unsafe_code)]

use std::cell::RefCell;

use rayon::prelude::*;

use super::Write;
use super::cross_entropy::softmax_row;
use super::math::{exp, sum_by};
use super::matmul::{Mat, MatMut, Threads, matmul};
use super::random::Stream;
use super::simd;

/// How many queries are computed at a time.
const BLOCK: usize = 64;

/// One sequence's place in the matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The first of its rows of queries.
    pub query: usize,
    /// How many queries.
    pub queries: usize,
    /// Where its first key starts, in values; its first value likewise.
    pub key: usize,
    /// How many keys.
    pub keys: usize,
}

/// Keys, values or queries: component `c` of head `h` in row `t` is at `t * row + h * head + c`.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The values, from the first row's first head on.
    pub data: &'a [f32],
    /// From a row to the next.
    pub row: usize,
    /// From a head to the next.
    pub head: usize,
}

impl<'a> View<'a> {
    fn mat(&self, start: usize, head: usize, rows: usize, width: usize) -> Mat<'a> {
        if rows == 0 {
            return Mat::new(&[], 0, width);
        }
        Mat::strided(
            &self.data[start + head * self.head..],
            rows,
            width,
            self.row,
        )
    }

    /// Row `row` of a head, of a matrix whose first row starts at `start`.
    #[inline(always)]
    pub fn line(&self, start: usize, head: usize, row: usize, width: usize) -> &'a [f32] {
        &self.data[start + head * self.head + row * self.row..][..width]
    }
}

/// A matrix that tasks write disjoint parts of.
#[derive(Clone, Copy)]
pub struct ViewMut<'a> {
    data: *mut f32,
    len: usize,
    row: usize,
    head: usize,
    borrow: std::marker::PhantomData<&'a mut [f32]>,
}

// SAFETY: every task of `forward` and `backward` touches only rows and heads of its own.
unsafe impl Send for ViewMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for ViewMut<'_> {}

impl<'a> ViewMut<'a> {
    /// Rows `row` apart, heads `head` apart.
    pub fn new(data: &'a mut [f32], row: usize, head: usize) -> Self {
        let borrow = std::marker::PhantomData;
        Self {
            data: data.as_mut_ptr(),
            len: data.len(),
            row,
            head,
            borrow,
        }
    }

    /// The same matrix from its `start`th value on: keys beside queries in one row.
    ///
    /// # Safety
    /// The caller uses no two of the views for the same heads.
    unsafe fn part(self, start: usize) -> Self {
        assert!(start <= self.len);
        // SAFETY: within the allocation, as asserted.
        Self {
            data: unsafe { self.data.add(start) },
            len: self.len - start,
            ..self
        }
    }

    /// # Safety
    /// No other task may touch these rows of this head meanwhile.
    unsafe fn mat(&self, start: usize, head: usize, rows: usize, width: usize) -> MatMut<'a> {
        let first = start + head * self.head;
        assert!(rows == 0 || first + (rows - 1) * self.row + width <= self.len);
        // SAFETY: inside the allocation, as asserted; the caller vouches for the rest.
        unsafe { MatMut::raw(self.data.add(first), rows, width, self.row) }
    }

    /// # Safety
    /// As for `mat`.
    unsafe fn line(&self, start: usize, head: usize, width: usize) -> &'a mut [f32] {
        let first = start + head * self.head;
        assert!(first + width <= self.len);
        // SAFETY: inside the allocation, as asserted; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(first), width) }
    }
}

/// Splits a row of queries, keys and values into three views to write.
///
/// `row` values a row; each part is `heads * width` values wide.
pub fn split_three(data: &mut [f32], row: usize, head: usize) -> [ViewMut<'_>; 3] {
    let all = ViewMut::new(data, row, head);
    // SAFETY: the three parts are used for different columns of a row.
    unsafe { [all, all.part(row / 3), all.part(row / 3 * 2)] }
}

/// What is the same for all sequences.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    /// How many heads.
    pub heads: usize,
    /// How many components a head has.
    pub width: usize,
    /// The factor of every product of query and key.
    pub scale: f32,
    /// Whether a query sees only keys up to its own place; the last query is at the last key.
    pub causal: bool,
    /// What is added by distance, for each head.
    pub bias: Option<Bias<'a>>,
    /// Drops probabilities: the share that is dropped, and by which numbers.
    pub dropout: Option<(f32, Stream)>,
}

/// `values[head * span + key - query + zero]`, added before the softmax.
#[derive(Clone, Copy)]
pub struct Bias<'a> {
    /// One row a head.
    pub values: &'a [f32],
    /// How many distances a head has.
    pub span: usize,
    /// Where distance 0 is.
    pub zero: usize,
}

impl Bias<'_> {
    /// The values for the query at `place`, of `keys` keys.
    #[inline(always)]
    fn row(&self, head: usize, place: usize, keys: usize) -> &[f32] {
        &self.values[head * self.span + self.zero - place..][..keys]
    }
}

/// A block of queries of one head of one sequence.
#[derive(Clone, Copy)]
struct Block {
    head: usize,
    of: Segment,
    first: usize,
    count: usize,
    seen: usize,
    stream: u64,
}

impl Block {
    fn new(form: &Form, of: Segment, task: usize, head: usize, first: usize) -> Self {
        let count = BLOCK.min(of.queries - first);
        let past = of.keys.saturating_sub(of.queries);
        let seen = if form.causal {
            (first + count + past).min(of.keys)
        } else {
            of.keys
        };
        Self {
            head,
            of,
            first,
            count,
            seen,
            stream: (task * form.heads + head) as u64,
        }
    }

    /// The place of query `i` of the block among the keys.
    #[inline(always)]
    fn place(&self, i: usize) -> usize {
        self.first + i + self.of.keys.saturating_sub(self.of.queries)
    }

    /// How many keys query `i` of the block sees.
    #[inline(always)]
    fn visible(&self, form: &Form, i: usize) -> usize {
        if form.causal {
            (self.place(i) + 1).min(self.seen)
        } else {
            self.seen
        }
    }

    /// The factor that dropout gives a probability: 0 or `1 / (1 - p)`.
    #[inline(always)]
    fn kept(&self, dropout: (f32, Stream), i: usize, j: usize) -> f32 {
        let (p, stream) = dropout;
        let index = (self.first + i) * self.of.keys + j;
        let keep = stream.at(self.stream).uniform(index as u64) >= p;
        if keep { 1.0 / (1.0 - p) } else { 0.0 }
    }

    /// Scores of the block: `scale * q k^T + bias`, unmasked.
    fn scores(&self, form: &Form, out: &mut [f32], q: View, k: View) {
        let queries = q.mat(
            (self.of.query + self.first) * q.row,
            self.head,
            self.count,
            form.width,
        );
        let keys = k.mat(self.of.key, self.head, self.seen, form.width);
        let out_mat = MatMut::new(out, self.count, self.seen);
        matmul(
            out_mat,
            Write::Set,
            form.scale,
            queries,
            keys.t(),
            Threads::One,
        );
        if let Some(bias) = form.bias {
            for (i, row) in out.chunks_exact_mut(self.seen).take(self.count).enumerate() {
                let bias = bias.row(self.head, self.place(i), self.visible(form, i));
                simd(|| row.iter_mut().zip(bias).for_each(|(x, b)| *x += b));
            }
        }
    }
}

thread_local! {
    /// Room for two blocks of scores, kept by each thread.
    static SCRATCH: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

fn with_scratch<R>(size: usize, f: impl FnOnce(&mut [f32], &mut [f32]) -> R) -> R {
    SCRATCH.with_borrow_mut(|scratch| {
        for part in scratch.iter_mut().filter(|part| part.len() < size) {
            part.resize(size, 0.0);
        }
        let [a, b] = scratch;
        f(&mut a[..size], &mut b[..size])
    })
}

/// `out = softmax(scale * q k^T + bias) v` by head and sequence.
///
/// `out` has one row a query, of `heads * width` values. Gives the logarithm of the total of each
/// query's exponentials, `[queries, heads]`.
pub fn forward(
    form: &Form,
    out: &mut [f32],
    q: View,
    k: View,
    v: View,
    of: &[Segment],
) -> Vec<f32> {
    let width = form.heads * form.width;
    let mut logs = vec![0.0f32; out.len() / width.max(1) * form.heads];
    let out = ViewMut::new(out, width, form.width);
    let log = ViewMut::new(&mut logs, form.heads, 1);
    let tasks: Vec<Block> = of
        .iter()
        .enumerate()
        .flat_map(|(task, of)| {
            (0..form.heads).flat_map(move |head| {
                (0..of.queries)
                    .step_by(BLOCK)
                    .map(move |first| Block::new(form, *of, task, head, first))
            })
        })
        .collect();
    let work: usize = tasks.iter().map(|t| t.count * t.seen * form.width).sum();
    let run = |task: &Block| {
        if task.count == 1 {
            forward_one(form, task, out, log, q, k, v);
        } else {
            forward_block(form, task, out, log, q, k, v);
        }
    };
    if work < 32 * 1024 {
        tasks.iter().for_each(run);
    } else {
        tasks.par_iter().for_each(run);
    }
    logs
}

fn forward_block(form: &Form, task: &Block, out: ViewMut, log: ViewMut, q: View, k: View, v: View) {
    with_scratch(task.count * task.seen, |scores, _| {
        task.scores(form, scores, q, k);
        simd(|| {
            for (i, row) in scores.chunks_exact_mut(task.seen).enumerate() {
                let (visible, hidden) = row.split_at_mut(task.visible(form, i));
                let total = softmax_row(visible);
                hidden.fill(0.0);
                if let Some(dropout) = form.dropout {
                    for (j, p) in visible.iter_mut().enumerate() {
                        *p *= task.kept(dropout, i, j);
                    }
                }
                let row = task.of.query + task.first + i;
                // SAFETY: this task alone has these queries of this head.
                unsafe { log.line(row * log.row, task.head, 1)[0] = total };
            }
        });
        let values = v.mat(task.of.key, task.head, task.seen, form.width);
        let start = (task.of.query + task.first) * out.row;
        // SAFETY: this task alone has these queries of this head.
        let out = unsafe { out.mat(start, task.head, task.count, form.width) };
        let scores = Mat::new(scores, task.count, task.seen);
        matmul(out, Write::Set, 1.0, scores, values, Threads::One);
    });
}

/// A single query, as decoding asks for: products of one row need no matrix code.
fn forward_one(form: &Form, task: &Block, out: ViewMut, log: ViewMut, q: View, k: View, v: View) {
    let row = task.of.query + task.first;
    let query = q.line(row * q.row, task.head, 0, form.width);
    // SAFETY: this task alone has this query of this head.
    let (out, log) = unsafe {
        (
            out.line(row * out.row, task.head, form.width),
            log.line(row * log.row, task.head, 1),
        )
    };
    with_scratch(task.seen, |scores, _| {
        simd(|| {
            for (j, score) in scores.iter_mut().enumerate() {
                let key = k.line(task.of.key, task.head, j, form.width);
                *score = form.scale
                    * sum_by(
                        form.width,
                        #[inline(always)]
                        |c| query[c] * key[c],
                    );
            }
            if let Some(bias) = form.bias {
                let bias = bias.row(task.head, task.place(0), task.seen);
                scores.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
            }
            log[0] = softmax_row(scores);
            if let Some(dropout) = form.dropout {
                for (j, p) in scores.iter_mut().enumerate() {
                    *p *= task.kept(dropout, 0, j);
                }
            }
            out.fill(0.0);
            for (j, p) in scores.iter().enumerate() {
                let value = v.line(task.of.key, task.head, j, form.width);
                out.iter_mut().zip(value).for_each(|(out, v)| *out += p * v);
            }
        });
    });
}

/// What the forward pass used and made.
#[derive(Clone, Copy)]
pub struct Saved<'a> {
    /// Queries.
    pub q: View<'a>,
    /// Keys.
    pub k: View<'a>,
    /// Values.
    pub v: View<'a>,
    /// The output, one row a query.
    pub out: &'a [f32],
    /// The logarithms that `forward` gave.
    pub logs: &'a [f32],
}

/// Writes the gradients of queries, keys and values, of the same strides as these, and gives the
/// gradient of the bias, in its shape.
///
/// Sequences must not share keys.
pub fn backward(
    form: &Form,
    [dq, dk, dv]: [ViewMut; 3],
    dout: &[f32],
    saved: Saved,
    of: &[Segment],
) -> Option<Vec<f32>> {
    let span = form.bias.map_or(0, |bias| bias.span);
    let tasks: Vec<(usize, usize)> = (0..of.len())
        .flat_map(|task| (0..form.heads).map(move |head| (task, head)))
        .collect();
    let biases: Vec<Vec<f32>> = tasks
        .par_iter()
        .map(|&(task, head)| {
            let mut dbias = vec![0.0; span];
            let of = of[task];
            // The last block sees every key: it sets what the others add to.
            let starts: Vec<usize> = (0..of.queries).step_by(BLOCK).collect();
            for (done, first) in starts.into_iter().rev().enumerate() {
                let block = Block::new(form, of, task, head, first);
                let write = if done == 0 { Write::Set } else { Write::Add };
                backward_block(form, &block, write, [dq, dk, dv], dout, saved, &mut dbias);
            }
            dbias
        })
        .collect();
    form.bias.map(|_| {
        let mut total = vec![0.0; form.heads * span];
        for ((_, head), dbias) in tasks.iter().zip(biases) {
            let total = &mut total[head * span..][..span];
            total
                .iter_mut()
                .zip(dbias)
                .for_each(|(total, d)| *total += d);
        }
        total
    })
}

fn backward_block(
    form: &Form,
    task: &Block,
    write: Write,
    [dq, dk, dv]: [ViewMut; 3],
    dout: &[f32],
    saved: Saved,
    dbias: &mut [f32],
) {
    let (head, width, row) = (task.head, form.width, form.heads * form.width);
    let start = task.of.query + task.first;
    let dout = View {
        data: dout,
        row,
        head: width,
    };
    let out = View {
        data: saved.out,
        row,
        head: width,
    };
    with_scratch(task.count * task.seen, |p, dp| {
        task.scores(form, p, saved.q, saved.k);
        simd(|| {
            for (i, row) in p.chunks_exact_mut(task.seen).enumerate() {
                let log = saved.logs[(start + i) * form.heads + head];
                let visible = task.visible(form, i);
                row[..visible].iter_mut().for_each(|x| *x = exp(*x - log));
                row[visible..].fill(0.0);
            }
        });
        let dout_mat = dout.mat(start * dout.row, head, task.count, width);
        let values = saved.v.mat(task.of.key, head, task.seen, width);
        let dp_mat = MatMut::new(dp, task.count, task.seen);
        matmul(dp_mat, Write::Set, 1.0, dout_mat, values.t(), Threads::One);
        if let Some(dropout) = form.dropout {
            add_dropped_values(form, task, write, dv, p, dout_mat, dp, dropout);
        } else {
            // SAFETY: this sequence and head belong to one task.
            let dv = unsafe { dv.mat(task.of.key, head, task.seen, width) };
            matmul(
                dv,
                write,
                1.0,
                Mat::new(p, task.count, task.seen).t(),
                dout_mat,
                Threads::One,
            );
        }
        simd(|| {
            let rows = dp
                .chunks_exact_mut(task.seen)
                .zip(p.chunks_exact(task.seen));
            for (i, (ds, p)) in rows.enumerate() {
                let a = dout.line((start + i) * dout.row, head, 0, width);
                let b = out.line((start + i) * out.row, head, 0, width);
                let along = sum_by(
                    width,
                    #[inline(always)]
                    |c| a[c] * b[c],
                );
                ds.iter_mut()
                    .zip(p)
                    .for_each(|(ds, p)| *ds = p * (*ds - along));
                if let Some(bias) = form.bias {
                    let to = &mut dbias[bias.zero - task.place(i)..][..task.visible(form, i)];
                    to.iter_mut().zip(ds).for_each(|(to, ds)| *to += *ds);
                }
            }
        });
        let ds = Mat::new(dp, task.count, task.seen);
        let keys = saved.k.mat(task.of.key, head, task.seen, width);
        let queries = saved.q.mat(start * saved.q.row, head, task.count, width);
        // SAFETY: these queries, and this sequence's keys, of this head belong to one task.
        let (dq, dk) = unsafe {
            (
                dq.mat(start * dq.row, head, task.count, width),
                dk.mat(task.of.key, head, task.seen, width),
            )
        };
        matmul(dq, Write::Set, form.scale, ds, keys, Threads::One);
        matmul(dk, write, form.scale, ds.t(), queries, Threads::One);
    });
}

/// With dropout: the gradient of the values uses the probabilities that were kept, and theirs
/// passes through the same factors.
#[expect(clippy::too_many_arguments, reason = "one step of `backward_block`")]
fn add_dropped_values(
    form: &Form,
    task: &Block,
    write: Write,
    dv: ViewMut,
    p: &[f32],
    dout: Mat,
    dp: &mut [f32],
    dropout: (f32, Stream),
) {
    let mut kept = vec![0.0; p.len()];
    for (at, kept) in kept.iter_mut().enumerate() {
        let factor = task.kept(dropout, at / task.seen, at % task.seen);
        *kept = p[at] * factor;
        dp[at] *= factor;
    }
    // SAFETY: this sequence and head belong to one task.
    let dv = unsafe { dv.mat(task.of.key, task.head, task.seen, form.width) };
    matmul(
        dv,
        write,
        1.0,
        Mat::new(&kept, task.count, task.seen).t(),
        dout,
        Threads::One,
    );
}
