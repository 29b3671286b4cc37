//! Files of any usual form as rows of one: found out, checked, and split into parts.

mod example;
mod fault;
mod options;
mod report;
mod split;

pub use example::{Answer, Example, Label, Place, Role, Row, Turn};
pub use fault::Kind;
pub use options::{Column, Columns, Format, Options, Sources, problem, problem_named};
pub use report::{Counts, FileReport, LabelReport, Lengths, Problem, Report, Severity};
pub use split::{Part, Share, Split};

/// A number with a comma after every third digit.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
