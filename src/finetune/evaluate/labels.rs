//! The labels of a dataset beside those of a model, matched by their names.

use crate::error::{Error, Result};
use crate::text;

/// How many labels an error names.
const NAMED: usize = 12;

/// One numbering for the labels of a dataset and of models: the dataset's first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Space {
    /// The names.
    pub names: Vec<String>,
    /// Where each of the model's labels is among them.
    pub of_model: Vec<usize>,
    /// Which of the model's labels each of the dataset's is.
    pub in_model: Vec<usize>,
    /// Whether the dataset's labels are the numbers of the model's.
    pub by_number: bool,
}

impl Space {
    /// The labels of a dataset, then those that only `others` have, then those that only the model
    /// has.
    ///
    /// # Errors
    /// When the dataset has a label that the model does not have.
    pub(super) fn of(dataset: &[String], model: &[String], others: &[String]) -> Result<Self> {
        let by_name: Vec<Option<usize>> = dataset.iter().map(|name| find(name, model)).collect();
        let by_number = by_name.iter().all(Option::is_none) && !dataset.is_empty();
        let numbers = || dataset.iter().map(|name| number(name, model.len()));
        let by_number = by_number && numbers().all(|number| number.is_some());
        let found = if by_number {
            numbers().collect()
        } else {
            by_name
        };
        let in_model: Vec<usize> = found.iter().copied().flatten().collect();
        if in_model.len() < dataset.len() {
            return Err(unknown(dataset, &found, model));
        }
        let mut names = dataset.to_vec();
        let mut of_model = vec![usize::MAX; model.len()];
        for (place, label) in in_model.iter().enumerate() {
            of_model[*label] = place;
        }
        if !by_number {
            for name in others {
                if find(name, &names).is_none() {
                    names.push(name.clone());
                }
            }
        }
        for (label, name) in model.iter().enumerate() {
            if of_model[label] == usize::MAX {
                let known = find(name, &names[dataset.len()..]);
                of_model[label] = known.map_or(names.len(), |place| dataset.len() + place);
                if known.is_none() {
                    names.push(name.clone());
                }
            }
        }
        Ok(Self {
            names,
            of_model,
            in_model,
            by_number,
        })
    }

    /// What the user should know of the match.
    pub(super) fn note(&self) -> Option<String> {
        self.by_number.then(|| {
            "the labels of the file are numbers, and are taken for those of the model's labels"
                .to_owned()
        })
    }
}

/// The label of that name; whatever its case, if only one fits.
fn find(name: &str, labels: &[String]) -> Option<usize> {
    let exact = labels.iter().position(|label| label == name);
    exact.or_else(|| {
        let lower = name.to_lowercase();
        let mut alike = (0..labels.len()).filter(|i| labels[*i].to_lowercase() == lower);
        alike.next().filter(|_| alike.next().is_none())
    })
}

/// The label of that number.
fn number(name: &str, labels: usize) -> Option<usize> {
    name.parse().ok().filter(|number| *number < labels)
}

fn unknown(dataset: &[String], found: &[Option<usize>], model: &[String]) -> Error {
    let lacking = dataset
        .iter()
        .zip(found)
        .filter(|(_, found)| found.is_none());
    let lacking: Vec<&String> = lacking.map(|(name, _)| name).collect();
    Error::new(format!(
        "the model has no label {}: the file's labels are {}, and the model's are {}",
        listed(&lacking),
        listed(&dataset.iter().collect::<Vec<_>>()),
        listed(&model.iter().collect::<Vec<_>>()),
    ))
    .hint("give data with the model's labels, or rename those of the file")
}

fn listed(names: &[&String]) -> String {
    let shown = names
        .iter()
        .take(NAMED)
        .map(|name| format!("`{}`", text::line(name)));
    let list = shown.collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        return format!("{list} and {} more", names.len() - NAMED);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn labels_are_matched_by_name_whatever_their_case_and_order() {
        let space = Space::of(
            &names(&["pos", "neg"]),
            &names(&["NEG", "mixed", "pos"]),
            &[],
        );
        let space = space.expect("a match");
        assert_eq!(space.names, names(&["pos", "neg", "mixed"]));
        assert_eq!(space.of_model, [1, 2, 0]);
        assert_eq!(space.in_model, [2, 0]);
        assert!(space.note().is_none());
    }

    #[test]
    fn numbers_stand_for_labels_if_none_is_called_so() {
        let space = Space::of(&names(&["1", "0"]), &names(&["no", "yes"]), &[]).expect("a match");
        assert_eq!((space.of_model, space.by_number), (vec![1, 0], true));
        let space = Space::of(&names(&["0"]), &names(&["1", "0"]), &[]).expect("a match");
        assert_eq!((space.in_model, space.by_number), (vec![1], false));
    }

    #[test]
    fn two_models_share_a_numbering() {
        let others = names(&["b", "c", "a", "d"]);
        let one = Space::of(&names(&["a"]), &names(&["b", "c", "a"]), &others).expect("a match");
        let two = Space::of(&names(&["a"]), &names(&["a", "d"]), &others).expect("a match");
        assert_eq!(one.names, two.names);
        assert_eq!((one.of_model, two.of_model), (vec![1, 2, 0], vec![0, 3]));
    }

    #[test]
    fn a_label_that_the_model_lacks_is_named_with_both_sets() {
        let error = Space::of(&names(&["a", "x"]), &names(&["A", "b"]), &[]).expect_err("no match");
        assert_eq!(
            error.to_string(),
            "the model has no label `x`: the file's labels are `a`, `x`, and the model's are `A`, `b`"
        );
    }
}
