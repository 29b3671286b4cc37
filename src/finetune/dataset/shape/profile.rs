//! What the first rows have in their columns.

use std::collections::HashSet;

use serde_json::Value;

use super::values::lookup;
use crate::finetune::dataset::records::Record;

/// A column over the first rows.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// Its name.
    pub name: String,
    /// Rows that have something there.
    pub filled: usize,
    /// Of those, texts.
    pub texts: usize,
    /// Numbers, and texts that are written as one.
    pub numbers: usize,
    /// Numbers that are not whole, or written so.
    pub fractions: usize,
    /// 0, 1, true and false.
    pub flags: usize,
    /// Lists, and texts that are written as one.
    pub lists: usize,
    /// Lists of objects.
    object_lists: usize,
    /// Characters of all texts.
    pub chars: usize,
    /// Different values.
    pub distinct: HashSet<String>,
}

impl Profile {
    fn add(&mut self, value: &Value) {
        let text = match value {
            Value::Null => return,
            Value::String(text) if text.trim().is_empty() => return,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.filled += 1;
        match value {
            Value::String(text) => {
                self.texts += 1;
                self.lists += usize::from(text.starts_with('[') && text.ends_with(']'));
            }
            Value::Array(items) => {
                self.lists += 1;
                let are_objects = !items.is_empty() && items.iter().all(Value::is_object);
                self.object_lists += usize::from(are_objects);
            }
            _ => {}
        }
        if text.trim().parse::<f64>().is_ok() {
            self.numbers += 1;
            self.fractions += usize::from(text.contains(['.', 'e', 'E', 'n', 'N']));
        }
        self.flags += usize::from(matches!(text.trim(), "0" | "1" | "true" | "false"));
        self.chars += text.chars().count();
        self.distinct.insert(text);
    }

    /// Whether that many are all but a few: rows that are otherwise are the bad ones.
    fn is_most(&self, count: usize) -> bool {
        self.filled > 0 && count * 10 >= self.filled * 9
    }

    /// Whether it holds texts.
    pub(super) fn is_text(&self) -> bool {
        self.is_most(self.texts) && !self.is_most(self.numbers)
    }

    /// Whether it holds numbers.
    pub(super) fn is_number(&self) -> bool {
        self.is_most(self.numbers)
    }

    /// Whether it holds lists.
    pub(super) fn is_list(&self) -> bool {
        self.is_most(self.lists)
    }

    /// Whether it holds lists of objects.
    pub(super) fn holds_objects(&self) -> bool {
        self.is_most(self.object_lists)
    }

    /// Whether it holds 0 and 1 and nothing else.
    pub(super) fn is_flag(&self) -> bool {
        self.filled > 0 && self.flags == self.filled
    }

    /// How long its texts are.
    pub(super) fn mean(&self) -> usize {
        self.chars / self.filled.max(1)
    }
}

/// The columns of the first rows, in the order in which they come.
pub(super) fn profiles(sample: &[Record]) -> Vec<Profile> {
    let mut all: Vec<Profile> = Vec::new();
    for record in sample {
        for name in record.keys() {
            if !all.iter().any(|known| known.name == *name) {
                all.push(Profile {
                    name: name.clone(),
                    ..Profile::default()
                });
            }
        }
    }
    for profile in &mut all {
        for record in sample {
            if let Some(value) = record.get(&profile.name) {
                profile.add(value);
            }
        }
    }
    all
}

/// A column that was named, which may be within an object.
pub(super) fn named(sample: &[Record], name: &str) -> Option<Profile> {
    let mut profile = Profile {
        name: name.to_owned(),
        ..Profile::default()
    };
    let mut is_there = false;
    for value in sample.iter().filter_map(|record| lookup(record, name)) {
        is_there = true;
        profile.add(value);
    }
    is_there.then_some(profile)
}
