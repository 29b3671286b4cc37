//! Texts joined and cut into blocks, as `run_clm` and `run_mlm` group them.

use super::{Features, Target};

/// Joins features of texts and cuts them into blocks of one length.
///
/// What `run_clm` does for every thousand rows is done for all of them; and what is left at the end
/// becomes a shorter block, for nothing here needs blocks of one length.
#[derive(Debug)]
pub struct Blocks {
    length: usize,
    /// The block that is not full yet, and the row that it begins with.
    open: Option<(Features, u64)>,
}

impl Blocks {
    /// Blocks of `length` tokens.
    ///
    /// # Panics
    /// When that is below 1.
    pub fn new(length: usize) -> Self {
        assert!(length > 0, "a block holds something");
        Self { length, open: None }
    }

    /// Adds the features of row `row` and gives the blocks that became full, each with the row
    /// that it begins with.
    pub fn add(&mut self, features: Features, row: u64) -> Vec<(Features, u64)> {
        let mut full = Vec::new();
        let mut rest = features;
        while !rest.is_empty() {
            let (open, first) = self
                .open
                .take()
                .unwrap_or_else(|| (empty(&rest.target), row));
            let room = self.length - open.len();
            let later = split_off(&mut rest, room);
            let open = joined(open, rest);
            rest = later;
            if open.len() == self.length {
                full.push((open, first));
            } else {
                self.open = Some((open, first));
            }
        }
        full
    }

    /// What is left; nothing if it is too short to learn from.
    pub fn finish(self) -> Option<(Features, u64)> {
        self.open.filter(|(features, _)| features.len() > 1)
    }
}

fn empty(target: &Target) -> Features {
    let target = match target {
        Target::Tokens(_) => Target::Tokens(Vec::new()),
        other => other.clone(),
    };
    Features {
        ids: Vec::new(),
        type_ids: Vec::new(),
        target,
    }
}

/// Cuts features to `length` tokens and gives those after them.
fn split_off(features: &mut Features, length: usize) -> Features {
    let length = length.min(features.len());
    let ids = features.ids.split_off(length);
    let target = match &mut features.target {
        Target::Tokens(labels) => Target::Tokens(labels.split_off(length)),
        other => other.clone(),
    };
    Features {
        ids,
        type_ids: Vec::new(),
        target,
    }
}

fn joined(mut first: Features, second: Features) -> Features {
    first.ids.extend(second.ids);
    if let (Target::Tokens(labels), Target::Tokens(more)) = (&mut first.target, second.target) {
        labels.extend(more);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_joined_and_nothing_is_lost_but_a_lone_token() {
        for (length, lengths) in [
            (4, vec![3, 9, 1, 0, 4]),
            (8, vec![1, 1, 30]),
            (5, vec![6, 5]),
        ] {
            let mut blocks = Blocks::new(length);
            let mut made = Vec::new();
            let mut next = 0;
            for (row, count) in lengths.iter().enumerate() {
                let ids: Vec<u32> = (next..next + count).collect();
                next += count;
                let target = Target::Tokens(ids.iter().copied().map(Some).collect());
                made.extend(blocks.add(
                    Features {
                        ids,
                        type_ids: Vec::new(),
                        target,
                    },
                    row as u64,
                ));
            }
            assert!(made.iter().all(|(block, _)| block.len() == length));
            made.extend(blocks.finish());
            let ids: Vec<u32> = made
                .iter()
                .flat_map(|(block, _)| block.ids.clone())
                .collect();
            let kept = next as usize - usize::from(next as usize % length == 1);
            assert_eq!(ids, (0..kept as u32).collect::<Vec<_>>());
            for (block, _) in &made {
                let Target::Tokens(labels) = &block.target else {
                    panic!("{block:?}")
                };
                assert!(labels.iter().flatten().eq(&block.ids));
            }
        }
    }

    #[test]
    fn a_block_knows_the_row_that_it_begins_with() {
        let mut blocks = Blocks::new(2);
        let of = |ids: &[u32]| Features {
            ids: ids.to_vec(),
            type_ids: Vec::new(),
            target: Target::Masked,
        };
        let mut rows: Vec<u64> = Vec::new();
        for (row, ids) in [[1, 2, 3].as_slice(), &[4], &[5, 6]]
            .into_iter()
            .enumerate()
        {
            rows.extend(blocks.add(of(ids), row as u64).iter().map(|(_, row)| *row));
        }
        assert_eq!(rows, [0, 0, 2]);
    }
}
