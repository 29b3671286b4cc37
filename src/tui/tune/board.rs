//! One run: how far it is, what it is worth, and its end.

use std::collections::BTreeSet;

use ratatui::style::Style;

use super::curve::Curve;
use super::{list, verdict};
use crate::advisor::quantity;
use crate::jobs::Snapshot;
use crate::tui::flow::{Row, bar, flow, row};
use crate::tui::theme::Theme;
use crate::tui::wrap;

/// From so many cells on the table stands beside the curve.
const BESIDE: usize = 74;

/// Rows of the curve, without its steps.
const CURVE: usize = 7;

/// Cells of the table where it stands beside the curve.
const TABLE: usize = 34;

/// A run as rows no wider than `cells`.
pub(super) fn rows(one: &Snapshot, theme: Theme, cells: usize) -> Vec<Row> {
    let mut rows = head(one, theme, cells);
    rows.push(Row::new());
    let table = checks(one, theme, if cells >= BESIDE { TABLE } else { cells });
    let curve = curve(
        one,
        theme,
        if cells >= BESIDE {
            cells - TABLE - 3
        } else {
            cells
        },
    );
    if cells >= BESIDE {
        rows.extend(side_by_side(curve, table, cells - TABLE));
    } else {
        rows.extend(table);
        rows.push(Row::new());
        rows.extend(curve);
    }
    rows.extend(samples(one, theme, cells));
    rows.extend(plan(one, theme, cells));
    rows
}

/// How far it is and what is to be said of it.
fn head(one: &Snapshot, theme: Theme, cells: usize) -> Vec<Row> {
    let story = &one.story;
    let mut first = vec![
        (crate::text::line(&one.run.id).into_owned(), theme.strong()),
        (format!("   {}", one.state.state.name()), Style::new()),
    ];
    let mut add = |text: String| first.push((format!("   {text}"), Style::new()));
    add(format!("step {}", list::steps(one).replace('/', " of ")));
    if let Some(pace) = story.pace {
        add(format!("epoch {:.1}", pace.epoch));
    }
    if let Some(step) = story.checkpoint {
        add(format!("checkpoint {step} kept"));
    }
    let mut rows = flow(&first, cells);
    if one.total() > 0 {
        let share = one.step() as f32 / one.total() as f32;
        rows.push(row(
            format!("[{}]", bar(share, cells.saturating_sub(2))),
            Style::new(),
        ));
    }
    if let Some(pace) = story.pace {
        let mut said = vec![format!("{} gone", quantity::duration(pace.seconds))];
        if one.works {
            let left = match one.left() {
                Some(left) => format!("{} left", quantity::duration(left)),
                None => "measuring what is left".to_owned(),
            };
            said[0] = format!("{}, {left}", said[0]);
        }
        said.push(format!("{:.0} tokens/s", pace.tokens_per_s));
        if pace.rss_mb > 0.0 {
            said.push(crate::text::bytes((pace.rss_mb * 1e6) as u64));
        }
        said.push(format!("rate {:.1e}", pace.learning_rate));
        rows.extend(flow(&[(said.join("   "), Style::new())], cells));
    } else if one.works {
        rows.push(row(
            "preparing: the model and the rows are read, then the untuned model is judged",
            theme.dim(),
        ));
    }
    for (text, bad) in verdict::sentences(one) {
        let style = if bad { theme.trouble() } else { theme.strong() };
        rows.extend(flow(&[(text, style)], cells));
    }
    for warning in &story.warnings {
        let said = format!("warning: {}", crate::text::line(warning));
        rows.extend(flow(&[(said, theme.trouble())], cells));
    }
    rows
}

/// The figures on the check rows, with step 0 as the untuned model.
fn checks(one: &Snapshot, theme: Theme, cells: usize) -> Vec<Row> {
    const CELL: usize = 7;
    let all = &one.story.checks;
    if all.is_empty() {
        return vec![row("no check yet", theme.dim())];
    }
    let measured: BTreeSet<&str> = all
        .iter()
        .flat_map(|check| check.metrics.keys().map(String::as_str))
        .collect();
    // The loss, then what chooses the result, then the others.
    let chooses = one.plan.as_ref();
    let chooses = chooses.map_or("loss", |plan| plan.training.metric_for_best_model.as_str());
    let mut names: Vec<&str> = measured.into_iter().collect();
    names.sort_by_key(|name| (*name != "loss", *name != chooses));
    // As wide as the longest name, but two figures have room.
    let longest = names
        .iter()
        .map(|name| wrap::width(name))
        .max()
        .unwrap_or(0);
    let wide = longest.min(cells.saturating_sub(2 * CELL + 1)).max(4) + 1;
    // Step 0 stays; of the others the newest that fit.
    let fit = (cells.saturating_sub(wide) / CELL).max(2);
    let from = all.len().saturating_sub(fit - 1).max(1);
    let shown: Vec<_> = all.iter().take(1).chain(all.iter().skip(from)).collect();
    let best = one.story.best().map(|check| check.step);
    let line = |name: &str, texts: Vec<String>| {
        let cells: Vec<String> = texts.iter().map(|text| format!("{text:>CELL$}")).collect();
        let cells = cells.concat();
        format!("{:<wide$}{cells}", wrap::fit(name, wide - 1))
    };
    let step = |check: &&crate::finetune::run::story::Check| {
        let mark = if Some(check.step) == best { "*" } else { "" };
        format!("{}{mark}", check.step)
    };
    let mut rows = vec![row(
        line("step", shown.iter().map(step).collect()),
        theme.strong(),
    )];
    for name in names {
        let figures = shown.iter().map(|check| {
            let figure = check.metrics.get(name).copied();
            figure.map_or_else(|| "-".to_owned(), crate::text::figure)
        });
        let name = crate::text::line(name);
        rows.push(row(line(&name, figures.collect()), Style::new()));
    }
    let count = one.plan.as_ref().map_or(0, |plan| plan.data.rows.check);
    let mut notes = vec![format!(
        "on {}, not learned from; step 0 is the untuned model",
        quantity::counted(count, "check row")
    )];
    if best.is_some() {
        notes.push("* the best: the result until one beats it".to_owned());
    }
    for note in notes {
        rows.extend(flow(&[(note, theme.dim())], cells));
    }
    rows
}

/// The loss over the steps.
fn curve(one: &Snapshot, theme: Theme, cells: usize) -> Vec<Row> {
    let checks = one.story.checks.iter();
    let marks: Vec<(u64, f64)> = checks
        .filter_map(|check| Some((check.step, *check.metrics.get("loss")?)))
        .collect();
    let curve = Curve {
        total: one.total(),
        line: &one.story.losses,
        marks: &marks,
    };
    let Some(drawn) = curve.rows(cells, CURVE) else {
        return Vec::new();
    };
    let title = row("loss   . learned rows   * check rows", theme.dim());
    let rows = drawn.into_iter().map(|text| row(text, Style::new()));
    std::iter::once(title).chain(rows).collect()
}

/// The first texts that it wrote and the newest, for rows that it does not learn from.
fn samples(one: &Snapshot, theme: Theme, cells: usize) -> Vec<Row> {
    let all = &one.story.samples;
    let mut rows = Vec::new();
    let mut numbers: Vec<u64> = all.iter().map(|sample| sample.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let mut own = all.iter().filter(|sample| sample.number == number);
        let Some(first) = own.next() else { continue };
        rows.push(Row::new());
        rows.push(row(format!("Held-out row {number}"), theme.strong()));
        let asked = ("asked".to_owned(), &first.prompt);
        let written = std::iter::once(first).chain(own.next_back());
        let written = written.map(|sample| (format!("step {}", sample.step), &sample.text));
        for (name, text) in std::iter::once(asked).chain(written) {
            let said = format!("{name:<10}{}", crate::text::line(text));
            rows.extend(flow(&[(said, Style::new())], cells));
        }
    }
    rows
}

/// What decides it.
fn plan(one: &Snapshot, theme: Theme, cells: usize) -> Vec<Row> {
    let mut lines = vec![("Model", list::model(one))];
    if let Some(plan) = &one.plan {
        let counts = plan.data.rows;
        lines.push((
            "Data",
            format!(
                "{}   {} train, {} check, {} test",
                crate::error::shown(&plan.data.files.train),
                counts.train,
                counts.check,
                counts.test
            ),
        ));
        let learns = match one.story.weights {
            Some((few, all)) => format!(
                ": {} of {} weights",
                quantity::count(few),
                quantity::count(all)
            ),
            None => String::new(),
        };
        lines.push((
            "Method",
            format!("{} for {}{learns}", plan.method.name(), plan.task),
        ));
    }
    lines.push(("Folder", crate::error::shown(&one.run.folder)));
    let mut rows = vec![Row::new()];
    for (name, text) in lines {
        rows.extend(flow(
            &[(format!("{name:<8}"), theme.dim()), (text, Style::new())],
            cells,
        ));
    }
    rows
}

/// Two columns, the right one from cell `at` on.
fn side_by_side(left: Vec<Row>, right: Vec<Row>, at: usize) -> Vec<Row> {
    let height = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let both = (0..height).map(|_| {
        let mut row = left.next().unwrap_or_default();
        let beside = right.next().unwrap_or_default();
        let wide: usize = row.iter().map(|(text, _)| wrap::width(text)).sum();
        row.push((" ".repeat(at.saturating_sub(wide)), Style::new()));
        row.extend(beside);
        row
    });
    both.collect()
}
