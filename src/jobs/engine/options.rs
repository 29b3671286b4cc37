//! The options of an order, read under the names that transformers has for them.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Options by name; what is absent or null was not given.
pub(super) struct Given<'a>(pub(super) &'a Map<String, Value>);

impl Given<'_> {
    fn get<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Value) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| {
                let value = crate::text::json(value);
                Error::usage(format!("{value} is not {expected}")).at(name)
            }),
        }
    }

    /// A whole number.
    pub(super) fn count(&self, name: &str) -> Result<Option<usize>> {
        let read = |value: &Value| usize::try_from(value.as_u64()?).ok();
        self.get(name, read, "a whole number from 0 on")
    }

    /// True or false; false if it was not given.
    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        let given = self.get(name, Value::as_bool, "true or false")?;
        Ok(given.unwrap_or(false))
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>> {
        self.get(name, |value| Some(value.as_str()?.to_owned()), "a text")
    }

    /// What a word means.
    pub(super) fn word<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
        words: &str,
    ) -> Result<Option<T>> {
        self.get(name, |value| read(value.as_str()?), words)
    }

    /// Words with commas between them.
    pub(super) fn words(&self, name: &str) -> Result<Option<Vec<String>>> {
        let words = self.text(name)?.map(|text| {
            let words = text.split(',').map(str::trim);
            words
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        Ok(words.filter(|words| !words.is_empty()))
    }
}
