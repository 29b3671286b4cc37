//! Rows in the order of each column, made once: a find walks an order and sorts nothing.

use super::Sort;
use super::rows::Rows;

/// All rows by one column; rows of equal values in the default order, those without a value last.
#[derive(Debug, Default)]
pub(super) struct Order {
    rows: Vec<u32>,
    /// How many of `rows` have a value.
    known: usize,
    /// Where each run of equal values begins.
    runs: Vec<u32>,
}

impl Order {
    /// `rows`, which are in the default order, by `key`.
    pub(super) fn of<K: Ord>(rows: &[u32], key: impl Fn(u32) -> Option<K>) -> Self {
        let (mut sorted, missing): (Vec<u32>, Vec<u32>) =
            rows.iter().partition(|row| key(**row).is_some());
        sorted.sort_by_key(|row| key(*row));
        let known = sorted.len();
        let begins = |at: &usize| *at == 0 || key(sorted[at - 1]) != key(sorted[*at]);
        let runs = (0..known).filter(begins).map(|at| at as u32).collect();
        sorted.extend(missing);
        Self {
            rows: sorted,
            known,
            runs,
        }
    }

    /// Those of `rows` in this order; a descending one has the highest value first, and what has
    /// none still last.
    pub(super) fn pick(&self, rows: &Rows, descending: bool) -> Vec<u32> {
        let mut picked = Vec::with_capacity(rows.count());
        let mut take = |from: usize, to: usize| {
            let those = self.rows[from..to].iter();
            picked.extend(those.filter(|row| rows.has(**row)));
        };
        if descending {
            let mut end = self.known;
            for start in self.runs.iter().rev() {
                take(*start as usize, end);
                end = *start as usize;
            }
            take(self.known, self.rows.len());
        } else {
            take(0, self.rows.len());
        }
        picked
    }

    /// Every row, ascending.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }
}

/// An order for each column.
#[derive(Debug, Default)]
pub(super) struct Orders([Order; Sort::ALL.len()]);

impl Orders {
    /// Makes them with `make`.
    pub(super) fn of(make: impl Fn(Sort) -> Order) -> Self {
        Self(Sort::ALL.map(make))
    }

    pub(super) fn by(&self, sort: Sort) -> &Order {
        &self.0[sort as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_keep_their_order_both_ways_and_missing_ones_stay_last() {
        let values = [Some(2), None, Some(1), Some(2), None, Some(3)];
        let order = Order::of(&[5, 4, 3, 2, 1, 0], |row| values[row as usize]);
        let all = Rows::those(6, |_| true);
        assert_eq!(order.pick(&all, false), [2, 3, 0, 5, 4, 1]);
        assert_eq!(order.pick(&all, true), [5, 3, 0, 2, 4, 1]);
        let some = Rows::those(6, |row| row < 3);
        assert_eq!(order.pick(&some, true), [0, 2, 1]);
    }
}
