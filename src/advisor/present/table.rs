//! A table of one line a model.

use unicode_width::UnicodeWidthStr;

use super::super::answer::Table;
use super::flow::cut;
use super::{GAP, INDENT, Line, Role, Target};

/// One line a model; the columns that do not fit go, the least needed first.
pub(super) fn model_table(table: &Table, width: usize) -> Vec<Line> {
    let natural = |at: usize| {
        let cells = table.rows.iter().map(|row| row[at].text.width());
        cells
            .chain([table.columns[at].title.width()])
            .max()
            .unwrap_or_default()
    };
    let mut kept: Vec<usize> = (0..table.columns.len()).collect();
    let total =
        |kept: &[usize]| INDENT + 2 + kept.iter().map(|at| natural(*at) + GAP).sum::<usize>() - GAP;
    while total(&kept) > width {
        let Some(at) = kept
            .iter()
            .copied()
            .filter(|at| table.columns[*at].drop > 0)
            .max_by_key(|at| table.columns[*at].drop)
        else {
            break;
        };
        kept.retain(|k| *k != at);
    }
    let over = total(&kept).saturating_sub(width);
    let width_of = |at: usize| {
        if at == 0 {
            natural(0).saturating_sub(over).max(6)
        } else {
            natural(at)
        }
    };
    let mut lines = Vec::new();
    let mut head = Line::indented(INDENT + 2);
    for (nth, at) in kept.iter().enumerate() {
        let column = &table.columns[*at];
        head.push(
            padded(
                &column.title,
                width_of(*at),
                column.right,
                nth + 1 == kept.len(),
            ),
            Role::Dim,
        );
    }
    lines.push(head);
    for (n, row) in table.rows.iter().enumerate() {
        let mut line = Line::indented(INDENT);
        line.push(format!("{} ", n + 1), Role::Dim);
        for (nth, at) in kept.iter().enumerate() {
            let role = if *at == 0 { Role::Strong } else { Role::Plain };
            let text = padded(
                &row[*at].text,
                width_of(*at),
                table.columns[*at].right,
                nth + 1 == kept.len(),
            );
            line.push(text, role);
        }
        let whole = 0..line.width().min(usize::from(u16::MAX)) as u16;
        line.targets.push((Target::Model(n), whole));
        lines.push(line);
    }
    lines
}

fn padded(text: &str, width: usize, right: bool, last: bool) -> String {
    let text = cut(text, width);
    let space = " ".repeat(width.saturating_sub(text.width()));
    let gap = if last { "" } else { "  " };
    if right {
        format!("{space}{text}{gap}")
    } else if last {
        text
    } else {
        format!("{text}{space}{gap}")
    }
}
