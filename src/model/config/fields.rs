//! The fields of a JSON object, each with what it must be; what is not is an error that names it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::model::kernels::activation::Activation;
use crate::text;

/// Most characters of a wrong value that are shown.
const SHOWN: usize = 60;

/// The largest id of a token.
const MOST_ID: u64 = (1 << 31) - 1;

/// An object, and the file that it is in.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: &'a Path,
    /// Other names of fields, each before the one that is asked for.
    aliases: &'a [(&'a str, &'a str)],
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>, path: &'a Path) -> Self {
        let aliases = &[];
        Self {
            object,
            path,
            aliases,
        }
    }

    /// The same with other names that fields may go by.
    pub(super) fn or(self, aliases: &'a [(&'a str, &'a str)]) -> Self {
        Self { aliases, ..self }
    }

    /// The error that `name` is not what it `must` be.
    pub(super) fn wrong(self, name: &str, must: impl Display) -> Error {
        let is = match self.get(name) {
            Ok(Some(value)) => format!("is {}, and ", shown(value)),
            _ => String::new(),
        };
        Error::new(format!("`{name}` {is}must be {must}")).at_path(self.path)
    }

    /// The fields of an object in the same file.
    pub(super) fn within(self, object: &'a Map<String, Value>) -> Self {
        let aliases = &[];
        Self {
            object,
            aliases,
            ..self
        }
    }

    /// An error that is not of one field.
    pub(super) fn says(self, what: String) -> Error {
        Error::new(what).at_path(self.path)
    }

    /// The value of a field, null or not.
    pub(super) fn get(self, name: &str) -> Result<Option<&'a Value>> {
        let mut found = self.object.get(name);
        for (alias, _) in self.aliases.iter().filter(|(_, real)| *real == name) {
            let other = self.object.get(*alias);
            if let (Some(one), Some(two)) = (found, other)
                && one != two
            {
                let (one, two) = (shown(one), shown(two));
                let what = format!("`{name}` is {one} and `{alias}`, its other name, is {two}");
                return Err(Error::new(what).at_path(self.path));
            }
            found = found.or(other);
        }
        Ok(found)
    }

    /// The value of a field that is not null.
    fn given(self, name: &str) -> Result<Option<&'a Value>> {
        Ok(self.get(name)?.filter(|value| !value.is_null()))
    }

    /// A whole number, if it is there.
    pub(super) fn maybe_count(
        self,
        name: &str,
        within: RangeInclusive<usize>,
    ) -> Result<Option<usize>> {
        let Some(value) = self.given(name)? else {
            return Ok(None);
        };
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        let (low, high) = (within.start(), within.end());
        count
            .filter(|count| within.contains(count))
            .ok_or_else(|| self.wrong(name, format!("a whole number from {low} to {high}")))
            .map(Some)
    }

    /// A whole number.
    pub(super) fn count(
        self,
        name: &str,
        default: usize,
        within: RangeInclusive<usize>,
    ) -> Result<usize> {
        Ok(self.maybe_count(name, within)?.unwrap_or(default))
    }

    /// A number, if it is there.
    pub(super) fn maybe_number(
        self,
        name: &str,
        fits: impl Fn(f64) -> bool,
        must: &str,
    ) -> Result<Option<f32>> {
        let Some(value) = self.given(name)? else {
            return Ok(None);
        };
        let number = value.as_f64().filter(|number| {
            let narrow = *number as f32;
            fits(*number) && narrow.is_finite() && (narrow == 0.0) == (*number == 0.0)
        });
        let number = number.ok_or_else(|| self.wrong(name, must))?;
        Ok(Some(number as f32))
    }

    /// A small number that is added so that nothing is divided by zero.
    pub(super) fn epsilon(self, name: &str, default: f32) -> Result<f32> {
        let fits = |x| 0.0 < x && x < 1.0;
        let number = self.maybe_number(name, fits, "a number between 0 and 1")?;
        Ok(number.unwrap_or(default))
    }

    /// How far numbers that are made spread.
    pub(super) fn spread(self, name: &str, default: f32) -> Result<f32> {
        let number = self.maybe_number(name, |x| x >= 0.0, "a number that is not negative")?;
        Ok(number.unwrap_or(default))
    }

    /// The probability that something is dropped, if it is there.
    pub(super) fn maybe_dropout(self, name: &str) -> Result<Option<f32>> {
        let fits = |x| (0.0..1.0).contains(&x);
        self.maybe_number(name, fits, "a probability from 0 to less than 1")
    }

    /// The probability that something is dropped.
    pub(super) fn dropout(self, name: &str, default: f32) -> Result<f32> {
        Ok(self.maybe_dropout(name)?.unwrap_or(default))
    }

    /// Whether something is so, if that is said.
    pub(super) fn maybe_flag(self, name: &str) -> Result<Option<bool>> {
        let Some(value) = self.given(name)? else {
            return Ok(None);
        };
        let flag = value.as_bool();
        let flag = flag.ok_or_else(|| self.wrong(name, "true or false"))?;
        Ok(Some(flag))
    }

    /// Whether something is so.
    pub(super) fn flag(self, name: &str, default: bool) -> Result<bool> {
        Ok(self.maybe_flag(name)?.unwrap_or(default))
    }

    /// Refuses what no model here computes.
    pub(super) fn never(self, name: &str) -> Result<()> {
        if self.flag(name, false)? {
            return Err(self.wrong(name, "false: no model here computes that"));
        }
        Ok(())
    }

    /// A text, if it is there.
    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>> {
        let Some(value) = self.given(name)? else {
            return Ok(None);
        };
        let text = value.as_str().ok_or_else(|| self.wrong(name, "a text"))?;
        Ok(Some(text))
    }

    /// An activation.
    pub(super) fn activation(self, name: &str, default: Activation) -> Result<Activation> {
        let Some(known) = self.text(name)? else {
            return Ok(default);
        };
        Activation::named(known).ok_or_else(|| {
            self.wrong(
                name,
                "gelu, gelu_new, gelu_pytorch_tanh, relu, silu or tanh",
            )
        })
    }

    /// An object, if it is there.
    pub(super) fn object(self, name: &str) -> Result<Option<&'a Map<String, Value>>> {
        let Some(value) = self.given(name)? else {
            return Ok(None);
        };
        let object = value.as_object();
        Ok(Some(object.ok_or_else(|| self.wrong(name, "an object"))?))
    }

    /// The id of a token, if it is there; where the field is absent, `default`.
    pub(super) fn id(self, name: &str, default: Option<u32>) -> Result<Option<u32>> {
        match self.get(name)? {
            None => Ok(default),
            Some(Value::Null) => Ok(None),
            Some(value) => id(value)
                .ok_or_else(|| self.wrong(name, "the id of a token"))
                .map(Some),
        }
    }

    /// The same, for a token that a vocabulary of `size` must have.
    pub(super) fn id_below(
        self,
        name: &str,
        default: Option<u32>,
        size: usize,
    ) -> Result<Option<u32>> {
        let id = self.id(name, default)?;
        match id {
            Some(id) if id as usize >= size => {
                Err(self.wrong(name, format!("below `vocab_size`, which is {size}")))
            }
            id => Ok(id),
        }
    }

    /// The ids of tokens: one, several or none.
    pub(super) fn ids(self, name: &str, default: &[u32]) -> Result<Vec<u32>> {
        let ids = match self.get(name)? {
            None => Some(default.to_vec()),
            Some(Value::Null) => Some(Vec::new()),
            Some(Value::Array(values)) => values.iter().map(id).collect(),
            Some(value) => id(value).map(|id| vec![id]),
        };
        ids.ok_or_else(|| self.wrong(name, "the id of a token, or a list of ids"))
    }
}

fn id(value: &Value) -> Option<u32> {
    let id = value.as_u64().filter(|id| *id <= MOST_ID)?;
    u32::try_from(id).ok()
}

/// A value as a message shows it.
fn shown(value: &Value) -> String {
    let all = text::json(value);
    if all.chars().count() <= SHOWN {
        return all;
    }
    all.chars().take(SHOWN).chain(['…']).collect()
}
