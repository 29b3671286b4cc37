//! How often a test repeats itself: a sample on every change, in full when `cargo xtask soak`
//! asks for it; and what a soak is told of it.

#![allow(
    clippy::print_stdout,
    reason = "a soak reads what held from the output of the tests"
)]

/// Set to `full` by `cargo xtask soak`.
const VARIABLE: &str = "MODELDESK_SOAK";

/// Whether this is a soak.
pub(crate) fn is_full() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|value| value == "full")
}

/// How many repetitions to make: `sample`, or `full` in a soak.
pub(crate) fn of(sample: usize, full: usize) -> usize {
    if is_full() { full } else { sample }
}

/// A test that stands for a row of the table of faults. A soak takes a row that began and never
/// [`held`](Row::held) for failed.
#[must_use]
pub(crate) struct Row(&'static str);

/// Begins a test of `row`, as `I1`.
pub(crate) fn row(row: &'static str) -> Row {
    Row(row).say("begins")
}

impl Row {
    /// Ends it: so many cases held.
    pub(crate) fn held(self, cases: usize) {
        let _ = self.say(&format!("held {cases}"));
    }

    fn say(self, what: &str) -> Self {
        if is_full() {
            // On a line of its own: the test harness has begun one.
            println!("\nsoak {} {what}", self.0);
        }
        self
    }
}
