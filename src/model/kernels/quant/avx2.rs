//! Products of a panel with AVX2.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256, __m256i, _mm_loadu_si128, _mm256_add_epi16, _mm256_add_epi32, _mm256_add_ps,
    _mm256_and_si256, _mm256_castsi256_ps, _mm256_cvtepi32_ps, _mm256_cvtepu16_epi32,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_set1_epi8,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256,
    _mm256_slli_epi32, _mm256_srli_epi16, _mm256_storeu_ps,
};

use super::activations::{Block, Row};
use super::layout::{BLOCK, Format, PANEL, QUAD, STEP, SUM, groups};

/// Whether this processor can run [`tile`].
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx2")
}

/// The products of `R` rows with the sixteen outputs of `panel`.
#[target_feature(enable = "avx2")]
pub(super) fn tile<const R: usize>(
    format: Format,
    panel: &[u8],
    rows: &[Row; R],
    out: &mut [[f32; PANEL]; R],
) {
    match format {
        Format::Q8 => run::<R, false>(panel, rows, out),
        Format::Q4 => run::<R, true>(panel, rows, out),
    }
}

#[target_feature(enable = "avx2")]
#[inline]
fn run<const R: usize, const NIBBLES: bool>(
    panel: &[u8],
    rows: &[Row; R],
    out: &mut [[f32; PANEL]; R],
) {
    let format = if NIBBLES { Format::Q4 } else { Format::Q8 };
    let width = rows[0].values.len();
    let mut totals = [[_mm256_setzero_ps(); 2]; R];
    for row in rows {
        assert!(row.values.len() == width && width.is_multiple_of(STEP));
    }
    for group in groups(format, width) {
        let steps = &panel[group.steps];
        let start = group.inputs.start;
        let count = group.inputs.len() / STEP;
        let mut blocks = [&rows[0].blocks[start / BLOCK]; R];
        for r in 1..R {
            blocks[r] = &rows[r].blocks[start / BLOCK];
        }
        // SAFETY: the inputs of a group are within the width, which all rows have; each step of
        // eight has 64 or 128 bytes, and a group of 32 nibbles has four of them.
        let sums = unsafe { sums::<R, NIBBLES>(steps.as_ptr(), count, start, rows, &blocks) };
        let scales = scales(&panel[group.scales]);
        for r in 0..R {
            let scale = _mm256_set1_ps(blocks[r].scale);
            for side in 0..2 {
                let scale = _mm256_mul_ps(scales[side], scale);
                let product = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[r][side]), scale);
                totals[r][side] = _mm256_add_ps(totals[r][side], product);
            }
        }
    }
    for (out, totals) in out.iter_mut().zip(totals) {
        for (out, total) in out.as_chunks_mut::<8>().0.iter_mut().zip(totals) {
            // SAFETY: eight values.
            unsafe { _mm256_storeu_ps(out.as_mut_ptr(), total) };
        }
    }
}

/// The sums of a group in whole numbers.
///
/// # Safety
/// There must be `count` steps, and `8 count` values from `start` on in every row; of nibbles
/// `count` is at most 4.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn sums<const R: usize, const NIBBLES: bool>(
    steps: *const u8,
    count: usize,
    start: usize,
    rows: &[Row; R],
    blocks: &[&Block; R],
) -> [[__m256i; 2]; R] {
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[_mm256_setzero_si256(); 2]; R];
    for r in 0..R {
        sums[r] = [_mm256_set1_epi32(if NIBBLES {
            blocks[r].first_of_4[start % BLOCK / SUM]
        } else {
            blocks[r].first_of_8
        }); 2];
    }
    // Pairs with nibbles are at most 15 * 128, and eight of them add up within sixteen bits.
    let mut pairs = [[_mm256_setzero_si256(); 2]; R];
    for i in 0..count {
        for half in 0..2 {
            // SAFETY: a quad of the steps, of which two lie in the halves of the same bytes or
            // one after the other.
            let weights = unsafe {
                if NIBBLES {
                    nibbles(load(steps.add(i * 64)), half)
                } else {
                    load(steps.add((2 * i + half) * 64))
                }
            };
            for r in 0..R {
                let at = start + i * STEP + half * QUAD;
                // SAFETY: four of the values.
                let x = unsafe { quad(rows[r].values.as_ptr().add(at)) };
                for side in 0..2 {
                    let products = _mm256_maddubs_epi16(weights[side], x);
                    if NIBBLES {
                        pairs[r][side] = _mm256_add_epi16(pairs[r][side], products);
                    } else {
                        let quads = _mm256_madd_epi16(products, ones);
                        sums[r][side] = _mm256_add_epi32(sums[r][side], quads);
                    }
                }
            }
        }
    }
    if NIBBLES {
        for r in 0..R {
            for side in 0..2 {
                let quads = _mm256_madd_epi16(pairs[r][side], ones);
                sums[r][side] = _mm256_add_epi32(sums[r][side], quads);
            }
        }
    }
    sums
}

/// The lower or the upper halves of bytes.
#[target_feature(enable = "avx2")]
#[inline]
fn nibbles(bytes: [__m256i; 2], half: usize) -> [__m256i; 2] {
    let mask = _mm256_set1_epi8(15);
    let [a, b] = if half == 0 {
        bytes
    } else {
        [
            _mm256_srli_epi16::<4>(bytes[0]),
            _mm256_srli_epi16::<4>(bytes[1]),
        ]
    };
    [_mm256_and_si256(a, mask), _mm256_and_si256(b, mask)]
}

/// 64 bytes.
///
/// # Safety
/// They must be there.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn load(from: *const u8) -> [__m256i; 2] {
    // SAFETY: the caller vouches for the bytes.
    unsafe {
        [
            _mm256_loadu_si256(from.cast()),
            _mm256_loadu_si256(from.add(32).cast()),
        ]
    }
}

/// Four activations, eight times over.
///
/// # Safety
/// They must be there.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn quad(from: *const i8) -> __m256i {
    // SAFETY: the caller vouches for the values.
    _mm256_set1_epi32(unsafe { from.cast::<i32>().read_unaligned() })
}

/// The scales of a group.
#[target_feature(enable = "avx2")]
#[inline]
fn scales(bytes: &[u8]) -> [__m256; 2] {
    let mut scales = [_mm256_setzero_ps(); 2];
    for (scales, bytes) in scales.iter_mut().zip(bytes.as_chunks::<PANEL>().0) {
        // SAFETY: sixteen bytes.
        let halves = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
        let bits = _mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(halves));
        *scales = _mm256_castsi256_ps(bits);
    }
    scales
}
