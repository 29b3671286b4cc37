//! The order in which rows are learned from: a matter of seed and step alone, so that a run goes
//! on where it was without remembering anything.

use crate::model::kernels::random::Stream;

/// Sets the draws of orders apart from all others of a run.
const KEY: u64 = 0x6f72_6465;

/// Rows by step.
#[derive(Debug, Clone)]
pub struct Order {
    seed: u64,
    rows: usize,
    batch: usize,
    batches: usize,
    /// The order of one epoch, which is kept.
    epoch: Option<(u64, Vec<u32>)>,
}

impl Order {
    /// `rows` in batches of `batch`, of which a step reads `batches`.
    pub fn new(seed: u64, rows: usize, batch: usize, batches: usize) -> Self {
        Self {
            seed,
            rows,
            batch,
            batches,
            epoch: None,
        }
    }

    /// How many steps go once through the rows.
    pub fn steps_an_epoch(&self) -> u64 {
        (self.rows.div_ceil(self.batch * self.batches) as u64).max(1)
    }

    /// The batches of step `done + 1`, and which epoch it is in, from 0 on.
    pub fn batches(&mut self, done: u64) -> (u64, Vec<Vec<u32>>) {
        let (epoch, at) = (done / self.steps_an_epoch(), done % self.steps_an_epoch());
        let start = at as usize * self.batch * self.batches;
        let end = (start + self.batch * self.batches).min(self.rows);
        let batch = self.batch;
        let rows = &self.rows_of(epoch)[start..end];
        (epoch, rows.chunks(batch).map(<[u32]>::to_vec).collect())
    }

    /// The rows of an epoch, shuffled as Fisher and Yates do.
    fn rows_of(&mut self, epoch: u64) -> &[u32] {
        if self.epoch.as_ref().map(|(of, _)| *of) != Some(epoch) {
            let stream = Stream::new(self.seed, KEY).at(epoch);
            let mut rows: Vec<u32> = (0..self.rows as u32).collect();
            for i in (1..rows.len()).rev() {
                rows.swap(i, stream.below(i as u64, i + 1));
            }
            self.epoch = Some((epoch, rows));
        }
        self.epoch.as_ref().map_or(&[], |(_, rows)| rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_once_an_epoch_and_any_step_can_be_asked_for() {
        let mut order = Order::new(3, 23, 2, 3);
        assert_eq!(order.steps_an_epoch(), 4);
        let mut seen = Vec::new();
        for epoch in 0..2u64 {
            let mut rows: Vec<u32> = Vec::new();
            for step in 0..4 {
                let (of, batches) = order.batches(epoch * 4 + step);
                assert_eq!(of, epoch);
                let anew = Order::new(3, 23, 2, 3).batches(epoch * 4 + step);
                assert_eq!(anew, (of, batches.clone()));
                rows.extend(batches.into_iter().flatten());
            }
            seen.push(rows.clone());
            rows.sort_unstable();
            assert_eq!(rows, (0..23).collect::<Vec<_>>());
        }
        assert_ne!(seen[0], seen[1]);
        assert_ne!(
            Order::new(4, 23, 2, 3).batches(0),
            Order::new(3, 23, 2, 3).batches(0)
        );
    }
}
