//! A curve in plain characters.

use crate::text;

/// Cells of the numbers beside it, with the line.
const SCALE: usize = 8;

/// What is drawn over the steps of a run.
#[derive(Debug)]
pub(super) struct Curve<'a> {
    /// Steps from the left to the right.
    pub(super) total: u64,
    /// What is drawn as `.`: the mean of each column.
    pub(super) line: &'a [(u64, f64)],
    /// What is drawn as `*`.
    pub(super) marks: &'a [(u64, f64)],
}

impl Curve<'_> {
    /// As rows of that many cells, `height` of them and two for the steps. None before there is
    /// anything to draw.
    pub(super) fn rows(&self, cells: usize, height: usize) -> Option<Vec<String>> {
        let wide = cells.saturating_sub(SCALE).max(8);
        let finite = |points: &[(u64, f64)]| -> Vec<(u64, f64)> {
            let all = points.iter().copied();
            all.filter(|(_, value)| value.is_finite()).collect()
        };
        let (line, marks) = (finite(self.line), finite(self.marks));
        let values = || line.iter().chain(&marks).map(|(_, value)| *value);
        let low = values().reduce(f64::min)?;
        let high = values().reduce(f64::max)?;
        // One value alone stands at the top of a scale from 0.
        let low = if low < high { low } else { low.min(0.0) };
        let room = if high > low { high - low } else { 1.0 };
        let column = |step: u64| {
            let share = step as f64 / self.total.max(1) as f64;
            ((share * (wide - 1) as f64).round() as usize).min(wide - 1)
        };
        let row = |value: f64| {
            let share = (high - value) / room;
            ((share * (height - 1) as f64).round() as usize).min(height - 1)
        };
        let mut cells = vec![vec![' '; wide]; height];
        for (x, mean) in means(&line, wide, column) {
            cells[row(mean)][x] = '.';
        }
        for (step, value) in &marks {
            cells[row(*value)][column(*step)] = '*';
        }
        let scale = |y: usize| high - room * y as f64 / (height - 1).max(1) as f64;
        let mut rows: Vec<String> = cells
            .into_iter()
            .enumerate()
            .map(|(y, row)| {
                let name = if y % 2 == 0 || y + 1 == height {
                    text::figure(scale(y))
                } else {
                    String::new()
                };
                let row: String = row.into_iter().collect();
                format!("{name:>6} |{}", row.trim_end())
            })
            .collect();
        rows.push(format!("{:>6} +{}", "", "-".repeat(wide)));
        rows.push(self.steps(wide));
        Some(rows)
    }

    /// The first step, the middle one and the last, below their columns.
    fn steps(&self, wide: usize) -> String {
        let (middle, last) = ((self.total / 2).to_string(), self.total.to_string());
        let left = (wide / 2).saturating_sub(1 + middle.len() / 2);
        let right = wide.saturating_sub(1 + left + middle.len() + last.len());
        format!(
            "{:>SCALE$}0{}{middle}{}{last}",
            "",
            " ".repeat(left),
            " ".repeat(right)
        )
    }
}

/// The mean of what falls into each column.
fn means(
    points: &[(u64, f64)],
    wide: usize,
    column: impl Fn(u64) -> usize,
) -> impl Iterator<Item = (usize, f64)> {
    let mut sums = vec![(0.0, 0u32); wide];
    for (step, value) in points {
        let sum = &mut sums[column(*step)];
        *sum = (sum.0 + value, sum.1 + 1);
    }
    let each = sums.into_iter().enumerate();
    each.filter(|(_, (_, count))| *count > 0)
        .map(|(x, (sum, count))| (x, sum / f64::from(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_loss_falls_from_the_left_to_the_right() {
        let line: Vec<(u64, f64)> = (0..=10).map(|n| (n * 10, 4.0 - 0.2 * n as f64)).collect();
        let curve = Curve {
            total: 100,
            line: &line,
            marks: &[(0, 4.0), (100, 2.0)],
        };
        let rows = curve.rows(19, 5).unwrap();
        assert_eq!(
            rows,
            [
                "  4.00 |*.",
                "       |  ..",
                "  3.00 |    ...",
                "       |       ..",
                "  2.00 |         .*",
                "       +-----------",
                "        0   50  100",
            ]
        );
    }

    #[test]
    fn what_is_no_number_is_left_out_and_one_value_is_enough() {
        let curve = Curve {
            total: 0,
            line: &[(0, f64::NAN), (1, f64::INFINITY)],
            marks: &[],
        };
        assert_eq!(curve.rows(30, 4), None);
        let curve = Curve {
            marks: &[(0, 1.0)],
            ..curve
        };
        assert!(curve.rows(0, 2).unwrap()[0].ends_with("|*"));
    }
}
