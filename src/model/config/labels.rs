//! What the outputs of a classifier stand for.

use crate::error::Result;
use crate::text;

use super::fields::Fields;

/// Most labels of a model.
const MOST: usize = 100_000;

/// The names of a classifier's outputs, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels(Vec<String>);

impl Labels {
    /// `names`, in the order of their ids.
    pub fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// `LABEL_0` to the last of `count`, as transformers names labels that have no name.
    pub fn numbered(count: usize) -> Self {
        Self((0..count).map(|i| format!("LABEL_{i}")).collect())
    }

    /// `id2label`, else as many as `num_labels` says, which is 2 when nothing does.
    ///
    /// `label2id` is not read: it says the same the other way round, or is wrong.
    pub(super) fn read(fields: Fields<'_>) -> Result<Self> {
        let count = fields.maybe_count("num_labels", 1..=MOST)?;
        let Some(object) = fields.object("id2label")? else {
            fields.object("label2id")?;
            return Ok(Self::numbered(count.unwrap_or(2)));
        };
        if object.is_empty() || object.len() > MOST {
            return Err(fields.wrong("id2label", format!("an object of 1 to {MOST} labels")));
        }
        let mut names = vec![None; object.len()];
        for (id, name) in object {
            let name = match name {
                serde_json::Value::String(name) => name.clone(),
                serde_json::Value::Number(name) => name.to_string(),
                _ => return Err(fields.wrong("id2label", "an object of texts")),
            };
            let place = id.parse().ok().and_then(|id: usize| names.get_mut(id));
            let Some(place @ None) = place else {
                let (id, last) = (text::ident(id), object.len() - 1);
                let must = format!("an object of the ids 0 to {last}, and `{id}` is none of them");
                return Err(fields.wrong("id2label", must));
            };
            *place = Some(name);
        }
        // As many places as ids, and each was filled once.
        let labels = Self(names.into_iter().flatten().collect());
        match count {
            Some(count) if count != labels.len() => {
                let must = format!("{}, as many as `id2label` has", labels.len());
                Err(fields.wrong("num_labels", must))
            }
            _ => Ok(labels),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The name of a label.
    pub fn name(&self, id: usize) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// The label of that name.
    pub fn id(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|known| known == name)
    }
}
