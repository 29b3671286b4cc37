//! Models side by side: fields as rows, models as columns, and the reasons below.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::super::answer::{Citation, Comparison, Reason, Table};
use super::super::compare::{NOT_COMPARABLE, NOT_MEASURED, NOT_STATED, legend};
use super::super::compose::cited_by;
use super::flow::{Word, flow, words_of};
use super::{GAP, INDENT, Line, Role, sources};

/// A column narrower than this is set below instead of beside.
const NARROWEST: usize = 14;

/// A comparison laid out for a width.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// The models' names above their columns; empty where models stand below each other.
    pub head: Vec<Line>,
    /// The rows, then the reasons and their sources.
    pub body: Vec<Line>,
    /// Where each cell is: by row, then by model.
    pub places: Vec<Vec<Place>>,
}

/// Where a cell stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its lines of the body.
    pub lines: Range<usize>,
    /// Its columns on each of them.
    pub columns: Range<u16>,
}

/// Lays a comparison out in lines at most `width` cells wide.
pub fn sheet(comparison: &Comparison, width: u16) -> Sheet {
    let width = usize::from(width).max(20);
    let rows = comparison.rows.iter().map(|row| Row {
        label: &row.field,
        cells: row.cells.iter().map(|c| c.text.as_str()).collect(),
    });
    let rows: Vec<Row<'_>> = rows.collect();
    let names: Vec<&str> = comparison.names.iter().map(String::as_str).collect();
    let mut sheet = laid_out(&names, &rows, width);
    let claims = || comparison.reasons.iter().flat_map(|r| &r.claims);
    let mut citations: Vec<Citation> = Vec::new();
    for citation in claims().filter_map(cited_by) {
        if !citations.contains(&citation) {
            citations.push(citation);
        }
    }
    let legend = legend(comparison).unwrap_or_default();
    let below = [
        reasons(&comparison.reasons, &citations, width),
        sources(claims(), &citations, width),
        flow(&words(&legend, Role::Dim), INDENT, INDENT, width),
    ];
    for lines in below.into_iter().filter(|lines| !lines.is_empty()) {
        sheet.body.push(Line::default());
        sheet.body.extend(lines);
    }
    sheet
}

/// The table of a comparison, as part of an answer.
pub(super) fn beside(table: &Table, width: usize) -> Vec<Line> {
    let rows = table.rows.iter().map(|row| Row {
        label: &row[0].text,
        cells: row[1..].iter().map(|c| c.text.as_str()).collect(),
    });
    let rows: Vec<Row<'_>> = rows.collect();
    let names = table.columns[1..].iter().map(|c| c.title.as_str());
    let sheet = laid_out(&names.collect::<Vec<_>>(), &rows, width);
    sheet.head.into_iter().chain(sheet.body).collect()
}

/// The numbered reasons.
pub(super) fn reasons(reasons: &[Reason], citations: &[Citation], width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (n, reason) in reasons.iter().enumerate() {
        let number = format!("({})", n + 1);
        let hang = INDENT + number.width() + 1;
        let mut words = vec![Word {
            text: number,
            role: Role::Dim,
        }];
        words.extend(words_of(&reason.claims, citations, Role::Plain));
        lines.extend(flow(&words, INDENT, hang, width));
    }
    lines
}

/// A field and what each model has in it.
struct Row<'a> {
    label: &'a str,
    cells: Vec<&'a str>,
}

fn laid_out(names: &[&str], rows: &[Row<'_>], width: usize) -> Sheet {
    let natural = |at: usize| {
        let cells = rows.iter().map(|row| row.cells[at].width());
        cells.chain([names[at].width()]).max().unwrap_or_default()
    };
    let label = rows
        .iter()
        .map(|r| r.label.width())
        .max()
        .unwrap_or_default();
    let label = label.min((width / 4).max(12));
    let room = width.saturating_sub(INDENT + label + GAP * names.len());
    if room / names.len().max(1) < NARROWEST {
        return stacked(names, rows, width);
    }
    let wanted: Vec<usize> = (0..names.len()).map(natural).collect();
    let columns = Columns {
        label,
        each: shares(&wanted, room),
    };
    let mut head = Vec::new();
    columns.set("", names, Role::Strong, &mut head);
    let mut body = Vec::new();
    let mut places = Vec::new();
    for row in rows {
        places.push(columns.set(row.label, &row.cells, Role::Plain, &mut body));
    }
    Sheet { head, body, places }
}

/// How wide each column is: as it wants to be, but where that is too much for all, those that want
/// most share what the others leave.
fn shares(wanted: &[usize], room: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|at| wanted[*at]);
    let mut widths = vec![0; wanted.len()];
    let mut left = room;
    for (done, at) in order.iter().enumerate() {
        let share = left / (wanted.len() - done);
        widths[*at] = wanted[*at].max(NARROWEST).min(share);
        left -= widths[*at];
    }
    widths
}

/// Widths of a table.
struct Columns {
    label: usize,
    each: Vec<usize>,
}

impl Columns {
    /// Sets a row below `lines`; says where its cells are.
    fn set(&self, label: &str, cells: &[&str], role: Role, lines: &mut Vec<Line>) -> Vec<Place> {
        let label = flow(&words(label, Role::Dim), 0, 0, self.label);
        let wrapped: Vec<Vec<Line>> = cells
            .iter()
            .zip(&self.each)
            .map(|(text, width)| flow(&words(text, role_of(text, role)), 0, 0, *width))
            .collect();
        let height = wrapped.iter().map(Vec::len).chain([label.len()]).max();
        let first = lines.len();
        for at in 0..height.unwrap_or_default() {
            let mut line = Line::indented(INDENT);
            let mut start = INDENT;
            let all = std::iter::once(&label).chain(&wrapped);
            for (cell, width) in all.zip(std::iter::once(&self.label).chain(&self.each)) {
                line.push(" ".repeat(start.saturating_sub(line.width())), Role::Plain);
                for span in cell.get(at).map(|l| l.spans.as_slice()).unwrap_or_default() {
                    line.push(span.text.clone(), span.role);
                }
                start += width + GAP;
            }
            lines.push(line);
        }
        let mut start = INDENT + self.label + GAP;
        let places = wrapped.iter().zip(&self.each).map(|(cell, width)| {
            let from = start;
            start += width + GAP;
            Place {
                lines: first..first + cell.len(),
                columns: from as u16..(from + width) as u16,
            }
        });
        places.collect()
    }
}

fn stacked(names: &[&str], rows: &[Row<'_>], width: usize) -> Sheet {
    let mut sheet = Sheet::default();
    for row in rows {
        sheet.body.extend(flow(
            &words(row.label, Role::Dim),
            INDENT,
            INDENT + 2,
            width,
        ));
        let places = names.iter().zip(&row.cells).map(|(name, text)| {
            let mut words = words(&format!("{name}:"), Role::Strong);
            words.extend(self::words(text, role_of(text, Role::Plain)));
            let first = sheet.body.len();
            sheet
                .body
                .extend(flow(&words, INDENT + 2, INDENT + 4, width));
            Place {
                lines: first..sheet.body.len(),
                columns: INDENT as u16 + 2..width as u16,
            }
        });
        let places = places.collect();
        sheet.places.push(places);
    }
    sheet
}

/// What a cell does not say is dim.
fn role_of(text: &str, role: Role) -> Role {
    let silent = [NOT_STATED, NOT_MEASURED].contains(&text) || text.starts_with(NOT_COMPARABLE);
    if silent { Role::Dim } else { role }
}

fn words(text: &str, role: Role) -> Vec<Word> {
    let words = text.split_whitespace().map(|w| Word {
        text: w.to_owned(),
        role,
    });
    words.collect()
}
