//! Which rows are learned from, which choose the checkpoint, and which judge it once.
//!
//! A row's part follows from the seed and from what the row says, so rows can be read in any
//! order and as often as wanted, and rows that say the same are in the same part. Within a class
//! the rows with the smallest numbers under the seed are the test rows, then come the check rows.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::kernels::random::Stream;

/// Most rows that are split off for a part where a share is asked for.
const MOST: u64 = 2000;
/// Above so many rows the shares are exact enough without counting.
const COUNTED: usize = 1 << 20;

/// What rows are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Learned from.
    Train,
    /// Choose the checkpoint.
    Check,
    /// Judge the result, once.
    Test,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Check, Self::Test];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Check => "check",
            Self::Test => "test",
        }
    }
}

/// How parts are split off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Split {
    /// What decides where a row goes.
    pub seed: u64,
    /// How many check rows.
    pub check: Share,
    /// How many test rows.
    pub test: Share,
}

impl Default for Split {
    fn default() -> Self {
        let share = Share(0.05);
        Self {
            seed: 42,
            check: share,
            test: share,
        }
    }
}

/// A share of the rows if it is below 1, else a number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(pub f64);

impl Share {
    /// The share that was asked for.
    ///
    /// # Errors
    /// When it is negative, or no whole number of rows.
    pub fn new(share: f64, flag: &str) -> Result<Self> {
        let is_whole = share >= 1.0 && share.fract() == 0.0 && share < 1e15;
        if (0.0..1.0).contains(&share) || is_whole {
            return Ok(Self(share));
        }
        Err(Error::usage(format!(
            "{share} is neither a share below 1 nor a number of rows"
        ))
        .at(flag))
    }

    /// How many of `rows` rows that is. At least one of three; at most 2,000 unless more are asked
    /// for.
    fn of(self, rows: u64) -> u64 {
        if self.0 >= 1.0 {
            return self.0 as u64;
        }
        if self.0 == 0.0 {
            return 0;
        }
        let least = u64::from(rows >= 3);
        ((rows as f64 * self.0).round() as u64).clamp(least, MOST)
    }
}

/// The rows that are split, as far as that needs them.
#[derive(Debug)]
pub(super) struct Lots {
    split: Split,
    /// The class and the number of each row, until there are too many.
    drawn: Vec<(u32, u64)>,
    rows: u64,
}

impl Lots {
    pub(super) fn new(split: Split) -> Self {
        Self {
            split,
            drawn: Vec::new(),
            rows: 0,
        }
    }

    /// Counts a row of a class; `group` is a hash of what must not be in two parts.
    pub(super) fn add(&mut self, class: u32, group: u64) {
        self.rows += 1;
        if self.rows as usize <= COUNTED {
            self.drawn.push((class, number(self.split.seed, group)));
        } else {
            self.drawn = Vec::new();
        }
    }

    /// Where the parts end. `order` says which name each class has in the end.
    ///
    /// # Errors
    /// When more rows are asked for than there are.
    pub(super) fn bounds(self, check: bool, test: bool, order: &[u32]) -> Result<Bounds> {
        let wanted = |share: Share, is_wanted| if is_wanted { share.of(self.rows) } else { 0 };
        let test = wanted(self.split.test, test);
        let check = wanted(self.split.check, check);
        if test + check > 0 && test + check >= self.rows {
            return Err(Error::usage(format!(
                "{check} check and {test} test rows leave none of {} to learn from",
                self.rows
            ))
            .at("--check-size, --test-size")
            .hint("ask for fewer rows"));
        }
        let mut bounds = Bounds {
            seed: self.split.seed,
            ..Bounds::default()
        };
        if self.drawn.is_empty() {
            let end = |rows: u64| (rows as f64 / self.rows.max(1) as f64 * u64::MAX as f64) as u64;
            bounds.others = (end(test), end(test + check));
            bounds.counts = [self.rows - test - check, check, test];
            return Ok(bounds);
        }
        let mut classes: HashMap<u32, Vec<u64>> = HashMap::new();
        let mut class_of: HashMap<u64, u32> = HashMap::new();
        for (class, number) in &self.drawn {
            let class = order.get(*class as usize).copied().unwrap_or(*class);
            if *class_of.entry(*number).or_insert(class) != class {
                bounds.torn.insert(*number);
            }
            classes.entry(class).or_default().push(*number);
        }
        let mut sizes: Vec<(u32, u64)> = classes
            .iter()
            .map(|(class, numbers)| (*class, numbers.len() as u64))
            .collect();
        sizes.sort_unstable();
        let tests = allot(&sizes, test);
        let both = allot(&sizes, test + check);
        for (((class, _), test), both) in sizes.iter().zip(tests).zip(both) {
            let numbers = classes.entry(*class).or_default();
            numbers.sort_unstable();
            let end = |rows: u64| {
                rows.checked_sub(1)
                    .map_or(0, |last| numbers[last as usize] + 1)
            };
            let ends = (end(test), end(both.max(test)));
            bounds.ends.insert(*class, ends);
        }
        for (class, numbers) in &classes {
            for drawn in numbers {
                bounds.counts[bounds.of_number(*class, *drawn) as usize] += 1;
            }
        }
        Ok(bounds)
    }
}

/// Where the parts end.
#[derive(Debug, Clone, Default)]
pub(super) struct Bounds {
    seed: u64,
    /// Test rows of a class have numbers below the first, check rows below the second.
    ends: HashMap<u32, (u64, u64)>,
    /// The same for all classes, where there are too many rows to count.
    others: (u64, u64),
    /// Rows that say the same and are of different classes are all learned from.
    torn: HashSet<u64>,
    /// How many rows are in each part.
    pub(super) counts: [u64; 3],
}

impl Bounds {
    /// The part of a row.
    pub(super) fn part(&self, class: u32, group: u64) -> Part {
        self.of_number(class, number(self.seed, group))
    }

    fn of_number(&self, class: u32, number: u64) -> Part {
        let (test, check) = self.ends.get(&class).copied().unwrap_or(self.others);
        if number >= check || self.torn.contains(&number) {
            Part::Train
        } else if number < test {
            Part::Test
        } else {
            Part::Check
        }
    }
}

/// The number of a row under a seed, below the largest.
fn number(seed: u64, group: u64) -> u64 {
    Stream::new(seed, 0x0073_706c_6974)
        .at(group)
        .bits(0)
        .min(u64::MAX - 1)
}

/// Gives each class its share of `wanted` rows, the largest remainders first.
fn allot(sizes: &[(u32, u64)], wanted: u64) -> Vec<u64> {
    let all: u64 = sizes.iter().map(|(_, size)| size).sum();
    let exact = |size: u64| u128::from(size) * u128::from(wanted);
    let all = u128::from(all.max(1));
    let mut shares: Vec<u64> = sizes
        .iter()
        .map(|(_, size)| (exact(*size) / all) as u64)
        .collect();
    let left = wanted.saturating_sub(shares.iter().sum());
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(exact(sizes[*i].1) % all));
    for i in order.into_iter().take(left as usize) {
        shares[i] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(rows: &[(u32, u64)], seed: u64) -> Bounds {
        let mut lots = Lots::new(Split {
            seed,
            ..Split::default()
        });
        rows.iter()
            .for_each(|(class, group)| lots.add(*class, *group));
        lots.bounds(true, true, &[]).expect("bounds")
    }

    fn rows(count: u64) -> Vec<(u32, u64)> {
        (0..count).map(|i| (u32::from(i % 10 == 0), i)).collect()
    }

    #[test]
    fn each_class_has_its_share_in_each_part() {
        let rows = rows(1000);
        let bounds = split(&rows, 1);
        let count = |class, part| {
            let in_part = |row: &&(u32, u64)| row.0 == class && bounds.part(row.0, row.1) == part;
            rows.iter().filter(in_part).count()
        };
        assert_eq!([count(0, Part::Test), count(0, Part::Check)], [45, 45]);
        assert_eq!([count(1, Part::Test), count(1, Part::Check)], [5, 5]);
        assert_eq!(bounds.counts, [900, 50, 50]);
    }

    #[test]
    fn the_order_of_rows_decides_nothing_and_the_seed_everything() {
        let rows = rows(500);
        let reversed: Vec<_> = rows.iter().rev().copied().collect();
        let parts = |bounds: &Bounds| -> Vec<Part> {
            rows.iter()
                .map(|(class, group)| bounds.part(*class, *group))
                .collect()
        };
        assert_eq!(parts(&split(&rows, 1)), parts(&split(&reversed, 1)));
        assert_ne!(parts(&split(&rows, 1)), parts(&split(&rows, 2)));
    }

    #[test]
    fn rows_that_say_the_same_are_never_in_two_parts() {
        let rows: Vec<_> = (0..900u64).map(|i| ((i % 2) as u32, i / 3)).collect();
        let bounds = split(&rows, 5);
        for group in 0..300 {
            assert_eq!(bounds.part(0, group), bounds.part(1, group));
        }
    }

    #[test]
    fn few_rows_give_one_each_and_too_few_none() {
        assert_eq!(split(&[(0, 1), (1, 2), (2, 3)], 1).counts, [1, 1, 1]);
        assert_eq!(split(&[(0, 1), (1, 2)], 1).counts, [2, 0, 0]);
        let mut lots = Lots::new(Split {
            test: Share(2.0),
            ..Split::default()
        });
        [1, 2].into_iter().for_each(|group| lots.add(0, group));
        assert!(lots.bounds(true, true, &[]).is_err());
    }

    #[test]
    fn without_counting_the_shares_hold_too() {
        let mut lots = Lots::new(Split::default());
        (0..=COUNTED as u64).for_each(|i| lots.add(0, i));
        let bounds = lots.bounds(true, true, &[]).expect("bounds");
        let test = (0..COUNTED as u64)
            .filter(|i| bounds.part(0, *i) == Part::Test)
            .count();
        assert!((1800..2200).contains(&test), "{test}");
    }
}
