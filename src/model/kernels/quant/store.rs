//! Packed weights as bytes: a header of 64, then the panels as they lie in memory.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `MDPACKED` |
//! | 8..12 | the version of the layout |
//! | 12..16 | bits a weight: 4 or 8 |
//! | 16..24, 24..32 | outputs, inputs |
//! | 32..40 | the checksum of what is before it and of the panels |
//! | 40..64 | zeros |
//!
//! Numbers are little-endian. The checksum finds damage, not forgery; forged panels give wrong
//! numbers and nothing worse.

use std::io;

use rayon::prelude::*;

use super::Packed;
use super::layout::{Format, Layout};

/// How many bytes a header takes.
const HEADER: usize = 64;

const MAGIC: &[u8; 8] = b"MDPACKED";

/// Counted up whenever bytes of an earlier version would mean something else.
const VERSION: u32 = 1;

/// How many bytes are read and summed at a time.
const PIECE: usize = 1 << 20;

impl Packed {
    /// How many bytes [`Self::write`] writes.
    pub fn stored_bytes(&self) -> u64 {
        HEADER as u64 + self.bytes.len() as u64
    }

    /// Writes header and panels.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&bits(self.layout.format).to_le_bytes());
        header[16..24].copy_from_slice(&(self.layout.outputs as u64).to_le_bytes());
        header[24..32].copy_from_slice(&(self.layout.inputs as u64).to_le_bytes());
        let sums: Vec<u64> = self.bytes.par_chunks(PIECE).map(checksum).collect();
        let sum = checksum_of_all(&header, &sums);
        header[32..40].copy_from_slice(&sum.to_le_bytes());
        out.write_all(&header)?;
        out.write_all(&self.bytes)
    }

    /// Reads what was written, `len` bytes in all; `read_at(offset, to)` fills `to` from an offset
    /// on, on all threads.
    ///
    /// # Errors
    /// Those of `read_at`; `InvalidData` if the bytes are not a whole, undamaged weight of this
    /// layout.
    pub fn read(
        len: u64,
        read_at: impl Fn(u64, &mut [u8]) -> io::Result<()> + Sync,
    ) -> io::Result<Self> {
        if len < HEADER as u64 {
            return Err(invalid("it is shorter than its header"));
        }
        let mut header = [0; HEADER];
        read_at(0, &mut header)?;
        let (layout, sum) = parse(&header)?;
        // The length is compared before anything of that size is allocated.
        let size = layout
            .bytes()
            .filter(|size| len - HEADER as u64 == *size as u64)
            .ok_or_else(|| invalid("its length does not fit its shape"))?;
        let mut bytes = vec![0; size];
        let sums = bytes
            .par_chunks_mut(PIECE)
            .enumerate()
            .map(|(i, piece)| {
                read_at((HEADER + i * PIECE) as u64, piece)?;
                Ok(checksum(piece))
            })
            .collect::<io::Result<Vec<u64>>>()?;
        if checksum_of_all(&header, &sums) != sum {
            return Err(invalid("its checksum is wrong"));
        }
        Ok(Self { layout, bytes })
    }
}

fn bits(format: Format) -> u32 {
    match format {
        Format::Q8 => 8,
        Format::Q4 => 4,
    }
}

/// The shape and the checksum that a header gives.
fn parse(header: &[u8; HEADER]) -> io::Result<(Layout, u64)> {
    let words = header.as_chunks::<8>().0;
    let word = |i: usize| u64::from_le_bytes(words[i]);
    let size = |i: usize| usize::try_from(word(i)).map_err(|_| invalid("its shape is too large"));
    if words[0] != *MAGIC {
        return Err(invalid("it is not a packed weight"));
    }
    if word(1) as u32 != VERSION {
        return Err(invalid("it has another version's layout"));
    }
    let format = match word(1) >> 32 {
        8 => Format::Q8,
        4 => Format::Q4,
        _ => return Err(invalid("it has neither eight nor four bits a weight")),
    };
    if words[5..].as_flattened().iter().any(|byte| *byte != 0) {
        return Err(invalid("its header is damaged"));
    }
    let layout = Layout {
        format,
        outputs: size(2)?,
        inputs: size(3)?,
    };
    Ok((layout, word(4)))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Fletcher's two sums over 32-bit words, in sixteen lanes: any change of one word shows, and any
/// exchange of two unlike ones within a lane.
fn checksum(piece: &[u8]) -> u64 {
    super::simd(
        #[inline(always)]
        || {
            let (mut plain, mut weighted) = ([0u32; 16], [0u32; 16]);
            let (whole, rest) = piece.as_chunks::<64>();
            let mut last = [0; 64];
            last[..rest.len()].copy_from_slice(rest);
            for line in whole.iter().chain(std::iter::once(&last)) {
                for (i, word) in line.as_chunks::<4>().0.iter().enumerate() {
                    plain[i] = plain[i].wrapping_add(u32::from_le_bytes(*word));
                    weighted[i] = weighted[i].wrapping_add(plain[i]);
                }
            }
            let lanes = plain.into_iter().zip(weighted);
            combine(lanes.map(|(plain, weighted)| u64::from(plain) << 32 | u64::from(weighted)))
        },
    )
}

/// The checksum of what a header says of the panels and of their pieces.
fn checksum_of_all(header: &[u8; HEADER], pieces: &[u64]) -> u64 {
    let words = header[..32]
        .as_chunks::<8>()
        .0
        .iter()
        .map(|word| u64::from_le_bytes(*word));
    combine(words.chain(pieces.iter().copied()))
}

/// One word of many, each step of which can be undone: no word is without effect.
#[inline(always)]
fn combine(words: impl Iterator<Item = u64>) -> u64 {
    // The odd number nearest to 2^64 divided by the golden ratio spreads bits well.
    words.fold(0, |all, word| {
        (all ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    })
}
