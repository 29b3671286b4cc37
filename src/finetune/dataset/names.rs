//! The names of labels and tags.

use std::collections::HashMap;

use super::fault::{Fault, Kind, quoted};

/// More names than these mean that the column holds something else.
pub(super) const MOST: usize = 1000;

/// Names with their ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    all: Vec<String>,
    ids: HashMap<String, u32>,
    /// Whether no name is added any more.
    closed: bool,
    /// Whether their order stands.
    fixed: bool,
    /// Whether they were given, and a number stands for the name at its place.
    given: bool,
}

impl Names {
    /// Names that are found as rows are read.
    pub(super) fn open() -> Self {
        Self::default()
    }

    /// The names that were given, in their order; a number may stand for the name at its place.
    pub(super) fn given(names: &[String]) -> Self {
        Self {
            given: true,
            ..Self::fixed(names)
        }
    }

    /// These names in this order and no other.
    pub(super) fn fixed(names: &[String]) -> Self {
        let ids = names.iter().cloned().zip(0..).collect();
        Self {
            all: names.to_vec(),
            ids,
            closed: true,
            fixed: true,
            given: false,
        }
    }

    /// Takes no more names.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// The id of a name.
    ///
    /// # Errors
    /// When it is unknown and cannot be added.
    pub(super) fn id(&mut self, name: &str) -> Result<u32, Fault> {
        if let Some(id) = self.ids.get(name) {
            return Ok(*id);
        }
        if self.given
            && let Some(place) = name.parse::<usize>().ok().filter(|n| *n < self.all.len())
        {
            return Ok(place as u32);
        }
        if self.closed {
            let whose = if self.given {
                "not one of those given"
            } else {
                "in no training row"
            };
            let what = format!("the label {} is {whose}", quoted(name));
            return Err(Fault::new(Kind::UnknownLabel, what));
        }
        if self.all.len() == MOST {
            let what = "a label beyond the first 1,000: this column may be a text";
            return Err(Fault::new(Kind::UnknownLabel, what));
        }
        let id = self.all.len() as u32;
        self.all.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        Ok(id)
    }

    /// Sorts the names as numbers if all are, else as texts, unless their order stands. Gives the
    /// new id of each old one.
    pub(super) fn sort(&mut self) -> Vec<u32> {
        if self.fixed {
            return (0..self.all.len() as u32).collect();
        }
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        let numbers: Option<Vec<i64>> = self.all.iter().map(|name| name.parse().ok()).collect();
        match numbers {
            Some(numbers) => order.sort_by_key(|i| numbers[*i]),
            None => order.sort_by(|a, b| self.all[*a].cmp(&self.all[*b])),
        }
        let mut new_ids = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            new_ids[*old] = new as u32;
        }
        let sorted: Vec<String> = order.iter().map(|old| self.all[*old].clone()).collect();
        *self = Self::fixed(&sorted);
        new_ids
    }

    pub(super) fn all(&self) -> &[String] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_what_they_are() {
        let of = |found: &[&str]| {
            let mut names = Names::open();
            for name in found {
                names.id(name).expect("open");
            }
            let order = names.sort();
            (names.all().to_vec(), order)
        };
        assert_eq!(of(&["10", "9", "-1"]).0, ["-1", "9", "10"]);
        assert_eq!(
            of(&["spam", "ham"]),
            (vec!["ham".to_owned(), "spam".to_owned()], vec![1, 0])
        );
    }

    #[test]
    fn given_names_may_be_numbered_and_others_are_faults() {
        let mut names = Names::given(&["no".to_owned(), "yes".to_owned()]);
        assert_eq!(names.id("1").expect("a place"), 1);
        assert_eq!(names.id("no").expect("a name"), 0);
        assert!(names.id("2").is_err() && names.id("maybe").is_err());
        assert_eq!(names.sort(), [0, 1]);
    }
}
