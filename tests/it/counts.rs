//! How often a test repeats itself: a sample on every change, in full when `cargo xtask soak`
//! asks for it.

/// Set to `full` by `cargo xtask soak`.
const VARIABLE: &str = "MODELDESK_SOAK";

fn is_full() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|value| value == "full")
}

/// How many repetitions to make: `sample`, or `full` in a soak.
pub(crate) fn of(sample: usize, full: usize) -> usize {
    if is_full() { full } else { sample }
}

/// Tells a soak how many cases of a row held; to be called after the last of them.
#[allow(clippy::print_stdout, reason = "what xtask reads the counts from")]
pub(crate) fn held(row: &str, cases: usize) {
    if is_full() {
        // A line of its own, whatever the test harness wrote before.
        println!("\nsoak {row} {cases}");
    }
}
