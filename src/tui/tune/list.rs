//! The list of runs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::advisor::quantity;
use crate::jobs::Snapshot;
use crate::tui::pane::Shell;
use crate::tui::{chrome, wrap};

/// Columns: title, cells, and how wide the list has to be for it.
const COLUMNS: [(&str, u16, u16); 6] = [
    ("run", 22, 0),
    ("state", 12, 0),
    ("step", 13, 0),
    ("loss (untuned)", 15, 0),
    ("left", 8, 70),
    ("model", 36, 80),
];

/// The loss of the newest check, and that of the untuned model.
fn losses(one: &Snapshot) -> String {
    let loss = |check: &crate::finetune::run::story::Check| check.metrics.get("loss").copied();
    let story = &one.story;
    let last = story.checks.iter().rev().find(|check| check.step > 0);
    let shown = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), crate::text::figure);
    match (last.and_then(loss), story.untuned().and_then(loss)) {
        (None, None) => "-".to_owned(),
        (now, before) => format!("{} ({})", shown(now), shown(before)),
    }
}

/// The name of the model that a run starts from.
pub(super) fn model(one: &Snapshot) -> String {
    match &one.plan {
        Some(plan) => crate::text::ident(&plan.model.name).into_owned(),
        None => "its plan cannot be read".to_owned(),
    }
}

/// The steps of a run.
pub(super) fn steps(one: &Snapshot) -> String {
    match one.total() {
        0 => "-".to_owned(),
        total => format!("{}/{total}", one.step()),
    }
}

fn cells(one: &Snapshot) -> [String; 6] {
    let left = one.left().map_or(String::new(), quantity::duration);
    [
        crate::text::line(&one.run.id).into_owned(),
        one.state.state.name().to_owned(),
        steps(one),
        losses(one),
        left,
        model(one),
    ]
}

/// The first run in sight, in `height` rows of which one has the titles.
pub(super) fn first(marked: usize, height: usize) -> usize {
    (marked + 1).saturating_sub(height.saturating_sub(1).max(1))
}

/// Draws the list with `marked` in sight.
pub(super) fn view(shell: &Shell, marked: usize, area: Rect, buffer: &mut Buffer) {
    let theme = shell.theme;
    if shell.runs.all().is_empty() {
        let lines: &[&str] = if shell.runs.are_known() {
            &[
                "No fine-tune yet.",
                "",
                "n plans one: a model of this disk, a file of rows, and what is found out of both.",
                "Nothing is changed before the plan is started, and a run goes on without the desk.",
            ]
        } else {
            &["looking for runs"]
        };
        let cells = usize::from(area.width.saturating_sub(3));
        let rows = lines.iter().flat_map(|line| wrap::rows(line, cells));
        for (line, row) in area.rows().skip(1).zip(rows) {
            chrome::put(buffer, line, (line.x + 2, line.y), row, Style::new());
        }
        return;
    }
    let titles = COLUMNS.map(|(title, _, _)| title.to_owned());
    line(&titles, theme.dim(), area, buffer);
    let first = first(marked, usize::from(area.height));
    let shown = shell.runs.all().iter().enumerate().skip(first);
    for (row, (n, one)) in area.rows().skip(1).zip(shown) {
        let style = if n == marked {
            chrome::put(buffer, row, (row.x, row.y), ">", theme.strong());
            theme.selected()
        } else {
            Style::new()
        };
        line(&cells(one), style, row, buffer);
    }
}

/// One line; the style is that of its first cell.
fn line(texts: &[String; 6], style: Style, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x + 2;
    for (n, (text, (_, wide, least))) in texts.iter().zip(COLUMNS).enumerate() {
        if area.width < least {
            break;
        }
        let room = usize::from(wide - 1).min(usize::from(area.right().saturating_sub(x)));
        let style = if n == 0 { style } else { Style::new() };
        chrome::put(buffer, area, (x, area.y), wrap::fit(text, room), style);
        // The name gives way where there is little room.
        x += if n == 0 && area.width < 70 {
            wide - 4
        } else {
            wide
        };
    }
}
