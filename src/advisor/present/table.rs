//! Tables: one line a model, or fields as rows with their cells wrapped.

use unicode_width::UnicodeWidthStr;

use super::super::answer::Table;
use super::flow::{Word, cut, flow};
use super::{GAP, INDENT, Line, Role, Target};

/// A column of a comparison narrower than this is set below instead of beside.
const NARROWEST: usize = 14;

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

/// Fields as rows and models as columns, cells wrapped; stacked where columns would be too narrow.
pub(super) fn comparison(table: &Table, width: usize) -> Vec<Line> {
    let label = table
        .rows
        .iter()
        .map(|r| r[0].text.width())
        .max()
        .unwrap_or_default()
        .min(width / 4);
    let models = table.columns.len() - 1;
    let each = (width - INDENT - label - GAP * models) / models.max(1);
    if each < NARROWEST {
        return stacked(table, width);
    }
    let mut lines = Vec::new();
    let mut head = vec![(String::new(), Role::Dim)];
    head.extend(
        table.columns[1..]
            .iter()
            .map(|c| (c.title.clone(), Role::Strong)),
    );
    lines.extend(beside(&head, label, each));
    for row in &table.rows {
        let cells: Vec<_> = row
            .iter()
            .enumerate()
            .map(|(n, c)| (c.text.clone(), if n == 0 { Role::Dim } else { Role::Plain }))
            .collect();
        lines.extend(beside(&cells, label, each));
    }
    lines
}

fn beside(cells: &[(String, Role)], label: usize, each: usize) -> Vec<Line> {
    let wrapped: Vec<Vec<Line>> = cells
        .iter()
        .enumerate()
        .map(|(n, (text, role))| {
            let words: Vec<Word> = text
                .split_whitespace()
                .map(|w| Word {
                    text: w.to_owned(),
                    role: *role,
                })
                .collect();
            flow(&words, 0, 0, if n == 0 { label } else { each })
        })
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or_default();
    let mut lines = Vec::new();
    for at in 0..height {
        let mut line = Line::indented(INDENT);
        for (n, cell) in wrapped.iter().enumerate() {
            let room = if n == 0 { label } else { each };
            let mut used = 0;
            for span in cell.get(at).map(|l| l.spans.as_slice()).unwrap_or_default() {
                used += span.text.width();
                line.push(span.text.clone(), span.role);
            }
            if n + 1 < wrapped.len() {
                line.push(" ".repeat(room.saturating_sub(used) + GAP), Role::Plain);
            }
        }
        lines.push(line);
    }
    lines
}

fn stacked(table: &Table, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for row in &table.rows {
        let mut head = Line::indented(INDENT);
        head.push(cut(&row[0].text, width - INDENT), Role::Dim);
        lines.push(head);
        for (column, cell) in table.columns[1..].iter().zip(&row[1..]) {
            let name = Word {
                text: format!("{}:", column.title),
                role: Role::Strong,
            };
            let text = cell.text.split_whitespace();
            let words: Vec<Word> = std::iter::once(name)
                .chain(text.map(|w| Word {
                    text: w.to_owned(),
                    role: Role::Plain,
                }))
                .collect();
            lines.extend(flow(&words, INDENT + 2, INDENT + 4, width));
        }
    }
    lines
}
