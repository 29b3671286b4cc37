//! The list of models as columns. Where they do not all fit, the least needed go first; the name
//! and what stands in the way here never do.

use std::time::SystemTime;

use crate::advisor::catalogue::{Entry, Sort};
use crate::advisor::quantity;
use crate::tui::card::origin;
use crate::tui::wrap;

/// Cells at the left of every row: for the mark of the selection and of a marked model.
const GUTTER: usize = 3;
/// Cells between two columns.
const GAP: usize = 2;
/// The least and the most cells of a name.
const NAME: (usize, usize) = (20, 44);

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Name,
    Origin,
    Task,
    Parameters,
    Bytes,
    License,
    Here,
    OnDisk,
    Used,
}

/// One column.
#[derive(Debug, Clone, Copy)]
struct Column {
    shows: Shows,
    title: &'static str,
    width: usize,
    right: bool,
    /// The order that its title names.
    sort: Option<Sort>,
    /// The highest goes first where there is no room; 0 never goes.
    drop: u8,
}

const fn column(
    shows: Shows,
    title: &'static str,
    width: usize,
    right: bool,
    sort: Option<Sort>,
    drop: u8,
) -> Column {
    Column {
        shows,
        title,
        width,
        right,
        sort,
        drop,
    }
}

const COLUMNS: [Column; 9] = [
    column(Shows::Name, "model", NAME.0, false, Some(Sort::Name), 0),
    column(Shows::Origin, "origin", 8, false, Some(Sort::Origin), 3),
    column(Shows::Task, "task", 20, false, Some(Sort::Task), 1),
    column(
        Shows::Parameters,
        "params",
        6,
        true,
        Some(Sort::Parameters),
        5,
    ),
    column(Shows::Bytes, "size", 7, true, Some(Sort::Bytes), 2),
    column(Shows::License, "licence", 12, false, Some(Sort::License), 4),
    column(Shows::Here, "here", 16, false, None, 0),
    column(Shows::OnDisk, "on disk", 7, true, None, 6),
    column(Shows::Used, "last used", 10, false, Some(Sort::LastUsed), 7),
];

/// The columns that fit a width.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    kept: Vec<Column>,
}

impl Columns {
    /// The columns for rows of `cells`. Disk and use are shown where a model is on the disk.
    pub(super) fn new(cells: usize, any_on_disk: bool) -> Self {
        let on_disk = |c: &Column| any_on_disk || !matches!(c.shows, Shows::OnDisk | Shows::Used);
        let mut kept: Vec<Column> = COLUMNS.into_iter().filter(on_disk).collect();
        let total =
            |kept: &[Column]| GUTTER + kept.iter().map(|c| c.width + GAP).sum::<usize>() - GAP;
        while total(&kept) > cells {
            let Some(at) = kept.iter().filter(|c| c.drop > 0).map(|c| c.drop).max() else {
                break;
            };
            kept.retain(|c| c.drop != at);
        }
        let over = cells.saturating_sub(total(&kept));
        kept[0].width = (kept[0].width + over).min(NAME.1);
        Self { kept }
    }

    /// The orders that the columns stand for.
    pub(super) fn sorts(&self) -> impl Iterator<Item = Sort> {
        self.kept.iter().filter_map(|column| column.sort)
    }

    /// The titles; the one that the rows are ordered by has an arrow.
    pub(super) fn head(&self, sort: Sort, descending: bool) -> String {
        self.row(|column| {
            let arrow = match (column.sort == Some(sort), descending) {
                (false, _) => "",
                (true, false) => "^",
                (true, true) => "v",
            };
            format!("{}{arrow}", column.title)
        })
    }

    /// Id, and what no column shows: `id   origin built-in   licence mit`.
    pub(super) fn rest(&self, entry: &Entry<'_>, now: SystemTime) -> String {
        let mut rest = vec![crate::text::ident(entry.id).into_owned()];
        let is_kept = |shows: Shows| self.kept.iter().any(|column| column.shows == shows);
        for column in COLUMNS.iter().filter(|column| !is_kept(column.shows)) {
            let text = cell(column.shows, entry, now);
            if !text.is_empty() && text != "-" {
                rest.push(format!("{} {text}", column.title));
            }
        }
        rest.join("   ")
    }

    /// A model's row.
    pub(super) fn entry(&self, entry: &Entry<'_>, now: SystemTime) -> String {
        self.row(|column| cell(column.shows, entry, now))
    }

    fn row(&self, text: impl Fn(&Column) -> String) -> String {
        let mut row = " ".repeat(GUTTER);
        for (n, column) in self.kept.iter().enumerate() {
            let text = text(column);
            let text = cut(&text, column.width);
            let space = " ".repeat(column.width.saturating_sub(wrap::width(&text)));
            if column.right {
                row.push_str(&space);
                row.push_str(&text);
            } else {
                row.push_str(&text);
                row.push_str(&space);
            }
            if n + 1 < self.kept.len() {
                row.push_str(&" ".repeat(GAP));
            }
        }
        row
    }
}

fn cell(shows: Shows, entry: &Entry<'_>, now: SystemTime) -> String {
    let word = |word: Option<&str>| word.unwrap_or("-").to_owned();
    match shows {
        Shows::Name => name(entry),
        Shows::Origin => short_origin(entry).to_owned(),
        Shows::Task => word(entry.task),
        Shows::Parameters => entry
            .parameters
            .map_or_else(|| "-".to_owned(), quantity::count),
        Shows::Bytes => entry.bytes.map_or_else(|| "-".to_owned(), quantity::bytes),
        Shows::License => word(entry.license),
        Shows::Here => entry.here.clone(),
        Shows::OnDisk => entry
            .on_disk
            .map_or_else(String::new, |d| quantity::bytes(d.bytes)),
        Shows::Used => entry
            .on_disk
            .and_then(|disk| disk.last_used)
            .map_or_else(String::new, |at| ago(now, at)),
    }
}

/// The name to show; an imported card says its id, since anybody may take a name.
fn name(entry: &Entry<'_>) -> String {
    match entry.origin {
        crate::card::Origin::BuiltIn => entry.name.to_owned(),
        _ => crate::text::ident(entry.id).into_owned(),
    }
}

fn short_origin(entry: &Entry<'_>) -> &'static str {
    match origin(entry.origin) {
        "hub, unchecked" => "hub",
        other => other,
    }
}

/// How long ago, in one unit.
fn ago(now: SystemTime, at: SystemTime) -> String {
    let minutes = now.duration_since(at).map_or(0, |past| past.as_secs() / 60);
    match minutes {
        0..60 => "just now".to_owned(),
        60..1_440 => format!("{} h ago", minutes / 60),
        1_440..86_400 => format!("{} d ago", minutes / 1_440),
        _ => format!("{} mo ago", minutes / 43_200),
    }
}

/// `text` in `cells`, its end replaced where it does not fit.
fn cut(text: &str, cells: usize) -> String {
    if wrap::width(text) <= cells {
        return text.to_owned();
    }
    format!("{}~", wrap::fit(text, cells.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_name_and_what_stands_in_the_way_never_go() {
        for cells in 56..=200 {
            let head = Columns::new(cells, true).head(Sort::Name, false);
            assert!(head.contains("model^") && head.contains("here"), "{head}");
            assert!(wrap::width(&head) <= cells, "{cells}: {head}");
        }
        let all = Columns::new(200, true).head(Sort::Bytes, true);
        assert!(all.contains("sizev") && all.contains("last used"), "{all}");
    }

    #[test]
    fn times_are_told_in_one_unit() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100_000_000);
        let told = |seconds| ago(now, now - Duration::from_secs(seconds));
        assert_eq!(
            [told(0), told(7_200), told(200_000), told(9_000_000)],
            ["just now", "2 h ago", "2 d ago", "3 mo ago"]
        );
        assert_eq!(ago(now, now + Duration::from_secs(9)), "just now");
    }

    #[test]
    fn what_does_not_fit_ends_in_a_mark() {
        assert_eq!(cut("日本語", 5), "日本~");
        assert_eq!(cut("abc", 3), "abc");
    }
}
