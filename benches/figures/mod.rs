//! What the benchmarks share: repeated measuring, and the table in which figures stand beside
//! their budgets.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::{Duration, Instant};

/// Times of one thing, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Times that were taken one by one; at least one.
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "nothing was measured");
        times.sort();
        Self(times)
    }

    /// Times of `work`, run `count` times.
    pub(crate) fn of(count: usize, mut work: impl FnMut()) -> Self {
        Self::new((0..count).map(|_| time(&mut work).0).collect())
    }

    /// The time that `percent` of the runs kept to.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank - 1]
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// Runs `work` once: how long it took, and what it made.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let made = work();
    (start.elapsed(), made)
}

/// Figures beside their budgets.
#[derive(Default)]
pub(crate) struct Table(Vec<[String; 3]>);

impl Table {
    /// A row in words.
    pub(crate) fn row(&mut self, figure: &str, budget: &str, measured: String) {
        self.0
            .push([figure.to_owned(), budget.to_owned(), measured]);
    }

    /// A row of times; the budget, in milliseconds, is held against the 99th percentile, which
    /// of fewer than 100 runs is the worst.
    pub(crate) fn times(&mut self, figure: &str, budget: Option<f64>, times: &Times) {
        let p99 = milliseconds(times.at(99));
        let missed = budget.is_some_and(|budget| p99 > budget);
        let measured = format!(
            "median {:.2} ms, {} {p99:.2} ms (n = {}){}",
            milliseconds(times.at(50)),
            if times.count() < 100 { "worst" } else { "p99" },
            times.count(),
            if missed { "  MISSED" } else { "" }
        );
        let budget = budget.map_or_else(|| "-".to_owned(), |budget| format!("{budget} ms"));
        self.row(figure, &budget, measured);
    }

    /// Prints the rows.
    pub(crate) fn print(&self) {
        let wide = |column: usize| {
            let cells = self.0.iter().map(|row| row[column].len());
            cells.max().unwrap_or(0).max(8)
        };
        let (figure, budget) = (wide(0), wide(1));
        println!("{:figure$} | {:budget$} | measured", "figure", "budget");
        println!("{:-<figure$}-|-{:-<budget$}-|---------", "", "");
        for [name, limit, measured] in &self.0 {
            println!("{name:figure$} | {limit:budget$} | {measured}");
        }
    }
}

/// A time in milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
