//! Which row of T5's table of biases a distance has.

/// How a distance becomes a row of the table.
#[derive(Clone, Copy)]
pub(super) struct Buckets {
    /// How many rows the table has.
    pub(super) count: usize,
    /// From which distance on all share the last row.
    pub(super) max_distance: usize,
    /// Whether keys after their query have rows of their own.
    pub(super) bidirectional: bool,
}

impl Buckets {
    /// The bucket of a key `distance` after its query (section 2.1 of the paper; transformers'
    /// `_relative_position_bucket`).
    pub(super) fn of(self, distance: i64) -> u32 {
        let mut count = self.count;
        let mut start = 0;
        let distance = if self.bidirectional {
            count /= 2;
            start = if distance > 0 { count } else { 0 };
            distance.unsigned_abs() as usize
        } else {
            distance.min(0).unsigned_abs() as usize
        };
        let exact = count / 2;
        let bucket = if distance < exact {
            distance
        } else {
            // In f32, as the reference computes it: borders depend on it.
            let ratio = (distance as f32 / exact as f32).ln();
            let all = (self.max_distance as f32 / exact as f32).ln();
            let log = ratio / all * (count - exact) as f32;
            (exact + log as usize).min(count - 1)
        };
        (start + bucket) as u32
    }

    /// The buckets of the distances from `-before` to `after`.
    pub(super) fn span(self, before: usize, after: usize) -> Vec<u32> {
        (-(before as i64)..=after as i64)
            .map(|distance| self.of(distance))
            .collect()
    }
}
