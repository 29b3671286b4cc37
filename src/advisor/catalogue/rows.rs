//! Sets of rows, a bit each: what a hundred thousand rows have in common is found in microseconds.

/// A set of rows below a fixed number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    bits: Vec<u64>,
}

impl Rows {
    /// No row of `count`.
    pub(super) fn none(count: usize) -> Self {
        Self {
            bits: vec![0; count.div_ceil(64)],
        }
    }

    /// The rows of `count` for which `holds`.
    pub(super) fn those(count: usize, holds: impl Fn(u32) -> bool) -> Self {
        let mut rows = Self::none(count);
        (0..count as u32)
            .filter(|row| holds(*row))
            .for_each(|row| rows.insert(row));
        rows
    }

    pub(super) fn insert(&mut self, row: u32) {
        self.bits[row as usize / 64] |= 1 << (row % 64);
    }

    pub(super) fn has(&self, row: u32) -> bool {
        self.bits
            .get(row as usize / 64)
            .is_some_and(|bits| bits >> (row % 64) & 1 == 1)
    }

    /// Keeps the rows that are in `other` too.
    pub(super) fn keep(&mut self, other: &Self) {
        for (mine, others) in self.bits.iter_mut().zip(&other.bits) {
            *mine &= others;
        }
    }

    /// Takes in the rows of `other`.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, others) in self.bits.iter_mut().zip(&other.bits) {
            *mine |= others;
        }
    }

    /// Keeps the rows for which `holds`.
    pub(super) fn retain(&mut self, holds: impl Fn(u32) -> bool) {
        for (at, bits) in self.bits.iter_mut().enumerate() {
            let mut left = *bits;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !holds(at as u32 * 64 + bit) {
                    *bits &= !(1 << bit);
                }
            }
        }
    }

    pub(super) fn extend(&mut self, rows: &[u32]) {
        for row in rows {
            self.insert(*row);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits.iter().all(|bits| *bits == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.bits
            .iter()
            .map(|bits| bits.count_ones() as usize)
            .sum()
    }

    /// How many of `rows` are in the set.
    pub(super) fn count_of(&self, rows: &[u32]) -> usize {
        rows.iter().filter(|row| self.has(**row)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it() {
        let threes = Rows::those(200, |row| row % 3 == 0);
        let mut sixes = threes.clone();
        sixes.retain(|row| row % 2 == 0);
        let mut both = Rows::none(200);
        both.extend(&[0, 6, 7, 199]);
        both.keep(&sixes);
        let mut more = both.clone();
        more.add(&sixes);
        assert_eq!(more, sixes);
        assert_eq!((threes.count(), sixes.count(), both.count()), (67, 34, 2));
        assert!(both.has(6) && !both.has(7) && !both.has(1_000));
        assert!(!both.is_empty() && Rows::none(70).is_empty());
        assert_eq!(sixes.count_of(&[0, 3, 6]), 2);
    }
}
