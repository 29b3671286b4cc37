//! The mean of one number a row: of losses, of matches.

use super::Family;

/// The mean, under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mean {
    /// Its name.
    pub name: &'static str,
}

impl Family for Mean {
    type Row = f64;

    fn names(&self) -> Vec<&'static str> {
        vec![self.name]
    }

    fn values<'a>(&self, rows: impl Iterator<Item = &'a f64>) -> Vec<f64> {
        let (mut sum, mut count) = (0.0, 0.0);
        for row in rows {
            sum += row;
            count += 1.0;
        }
        vec![sum / count]
    }
}
