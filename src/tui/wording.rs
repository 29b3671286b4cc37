//! What the desk needs of the advisor to show an answer, as a trait so that screens can be tested
//! on answers made by hand.

use crate::advisor::present::{self, Line};
use crate::advisor::question::Field;
use crate::advisor::{Answer, Reading};
use crate::error::Result;

/// An answer, and the reading of a question, in words.
pub trait Wording {
    /// The answer as lines at most `width` cells wide.
    fn answer(&self, answer: &Answer, width: u16) -> Vec<Line>;

    /// Why the models stand in this order.
    fn why(&self, answer: &Answer, width: u16) -> Vec<Line>;

    /// How the question was read, on one line.
    fn read_as(&self, answer: &Answer) -> String;

    /// The fields of a reading.
    fn fields(&self, reading: &Reading) -> Vec<Field>;

    /// The reading with one field set, or dropped when `value` is empty.
    ///
    /// # Errors
    /// When the field does not take `value`.
    fn with_field(&self, reading: &Reading, name: &str, value: &str) -> Result<Reading>;

    /// The fields that can be added, and what each takes.
    fn editable(&self) -> Vec<(&'static str, &'static str)>;
}

/// The advisor's own words.
#[derive(Debug, Clone, Copy)]
pub struct Advised;

impl Wording for Advised {
    fn answer(&self, answer: &Answer, width: u16) -> Vec<Line> {
        present::present(answer, width)
    }

    fn why(&self, answer: &Answer, width: u16) -> Vec<Line> {
        present::present_why(answer, width)
    }

    fn read_as(&self, answer: &Answer) -> String {
        present::read_as(answer)
    }

    fn fields(&self, reading: &Reading) -> Vec<Field> {
        reading.fields()
    }

    fn with_field(&self, reading: &Reading, name: &str, value: &str) -> Result<Reading> {
        reading.with_field(name, value)
    }

    fn editable(&self) -> Vec<(&'static str, &'static str)> {
        Reading::editable()
    }
}
