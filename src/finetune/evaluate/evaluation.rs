//! What a measurement gave, as it is printed and kept.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::finetune::metrics::bootstrap::Interval;

/// What a measurement gave.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// The task, by the hub's name.
    pub task: String,
    /// How many rows were measured.
    pub n: usize,
    /// The metrics, the one that matters first.
    pub metrics: Ordered<Figure>,
    /// The scores of each class or type of entity, where there are any.
    pub per_class: Ordered<ByClass>,
    /// Which class was taken for which, for one class a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Confusion>,
    /// How the metrics are computed, in sacreBLEU's manner.
    pub signature: String,
    /// The rows that went worst, the worst first.
    pub worst: Vec<Worst>,
    /// What the user should know, in words.
    pub notes: Vec<String>,
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Figure {
    /// Its value; none where it is not defined.
    pub value: Option<f64>,
    /// From where to where it lies, in 95 of 100 samples of such rows.
    pub ci95: Option<Interval>,
}

/// The scores of a class.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ByClass {
    /// The share of what was predicted that is true.
    pub precision: f64,
    /// The share of what is true that was predicted.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// How often it is true.
    pub support: u64,
}

/// Which class was taken for which.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Confusion {
    /// The classes.
    pub labels: Vec<String>,
    /// By what is true and then by what was predicted, how often.
    pub matrix: Vec<Vec<u64>>,
}

/// A row that went wrong.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Worst {
    /// Where it stands: `file:line`.
    pub place: String,
    /// The beginning of what the model read.
    pub input: String,
    /// What is true.
    pub expected: String,
    /// What the model gave.
    pub predicted: String,
    /// How bad it is, by what the task is measured with; larger is worse.
    pub badness: f64,
}

impl Evaluation {
    /// The metric of that name.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.metrics.get(name)?.value
    }

    /// The name of the metric that matters, and whether more of it is better.
    pub fn main(&self) -> Option<(&str, bool)> {
        let (name, _) = self.metrics.0.first()?;
        Some((name, more_is_better(name)))
    }
}

/// Whether more of a metric is better.
pub fn more_is_better(name: &str) -> bool {
    !matches!(
        name,
        "loss" | "perplexity" | "pseudo_perplexity" | "mse" | "mae"
    )
}

/// A map that keeps its order; in JSON an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordered<T>(pub Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Ordered<T> {
    /// What stands under a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }
}

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        from.deserialize_map(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_comes_back_from_json_in_its_order() {
        let figure = |value| Figure {
            value,
            ci95: value.map(|x| [x - 1.0, x + 1.0]),
        };
        let metrics = [("z", Some(0.5)), ("a", None)];
        let evaluation = Evaluation {
            task: "text-classification".to_owned(),
            n: 3,
            metrics: Ordered(
                metrics
                    .map(|(name, x)| (name.to_owned(), figure(x)))
                    .to_vec(),
            ),
            per_class: Ordered::default(),
            confusion: None,
            signature: "s".to_owned(),
            worst: Vec::new(),
            notes: Vec::new(),
        };
        let json = serde_json::to_string(&evaluation).expect("JSON");
        assert!(
            json.contains(r#""z":{"value":0.5,"ci95":[-0.5,1.5]},"a":{"value":null"#),
            "{json}"
        );
        assert_eq!(
            serde_json::from_str::<Evaluation>(&json).expect("read"),
            evaluation
        );
        assert_eq!(evaluation.main(), Some(("z", true)));
    }
}
