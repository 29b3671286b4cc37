//! The rows that went worst.

use super::evaluation::Worst;
use crate::finetune::dataset::Place;

/// Most characters that are kept of a text.
const SHOWN: usize = 240;

/// Keeps the worst rows, the worst first; of equals those that came first.
#[derive(Debug, Default)]
pub(super) struct WorstRows {
    most: usize,
    rows: Vec<Worst>,
}

impl WorstRows {
    /// Room for so many.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            rows: Vec::new(),
        }
    }

    /// Keeps a row, if it went wrong and is among the worst; `texts` gives what was read, what is
    /// true and what was predicted.
    pub(super) fn offer(
        &mut self,
        badness: f64,
        place: &Place,
        texts: impl FnOnce() -> [String; 3],
    ) {
        let at = self.rows.partition_point(|row| row.badness >= badness);
        if badness <= 0.0 || badness.is_nan() || at >= self.most {
            return;
        }
        let [input, expected, predicted] = texts().map(|text| shortened(&text));
        let worst = Worst {
            place: place.to_string(),
            input,
            expected,
            predicted,
            badness,
        };
        self.rows.insert(at, worst);
        self.rows.truncate(self.most);
    }

    /// The rows.
    pub(super) fn into_rows(self) -> Vec<Worst> {
        self.rows
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_worst_are_kept_in_their_order_and_what_is_right_is_not() {
        let mut worst = WorstRows::new(3);
        for (line, badness) in [
            (1, 0.5),
            (2, 0.0),
            (3, 2.0),
            (4, 0.5),
            (5, f64::NAN),
            (6, 1.0),
        ] {
            let file = Arc::new(PathBuf::from("rows.csv"));
            let texts = || ["x".repeat(300), String::new(), String::new()];
            worst.offer(badness, &Place { file, line }, texts);
        }
        let rows = worst.into_rows();
        let places: Vec<&str> = rows.iter().map(|row| row.place.as_str()).collect();
        assert_eq!(places, ["rows.csv:3", "rows.csv:6", "rows.csv:1"]);
        assert_eq!(rows[0].input.len(), 243);
    }
}
