//! What stands around a pane: header, rules, footer; and how text is put into cells.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::editor::{Editor, Shown};
use super::pane::{Library, Shell};
use super::theme::Theme;
use super::wrap;

/// The smallest terminal that the desk is drawn on: columns, rows.
pub(super) const LEAST: (u16, u16) = (60, 20);

/// From this many columns on a card stands beside the answer.
pub(super) const WIDE: u16 = 110;

/// Whether two parts of a pane share the screen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Room {
    /// The terminal has the columns for it.
    pub(super) wide: bool,
    /// One part fills the screen all the same.
    pub(super) zoomed: bool,
}

impl Room {
    /// Whether a side part stands beside the content rather than over it.
    pub(super) fn beside(self) -> bool {
        self.wide && !self.zoomed
    }
}

/// Rows that an input may take before it scrolls.
const MOST_INPUT_ROWS: usize = 6;

/// Puts `text` at a cell, inside `area`; returns the column after it.
pub(super) fn put(
    buffer: &mut Buffer,
    area: Rect,
    at: (u16, u16),
    text: &str,
    style: Style,
) -> u16 {
    let area = area.intersection(buffer.area);
    let (x, y) = at;
    if !area.contains(Position::new(x, y)) {
        return x;
    }
    buffer
        .set_stringn(x, y, text, usize::from(area.right() - x), style)
        .0
}

/// Puts a horizontal rule on row `y`.
pub(super) fn rule(buffer: &mut Buffer, area: Rect, y: u16, theme: Theme) {
    put(
        buffer,
        area,
        (area.x, y),
        &"-".repeat(usize::from(area.width)),
        theme.dim(),
    );
}

/// Says on the rule of row `y`, where it covers nothing, that there is more below.
pub(super) fn more_below(buffer: &mut Buffer, area: Rect, y: u16, theme: Theme) {
    let more = " more below: PgDn ";
    let x = area.right().saturating_sub(more.len() as u16 + 2);
    put(buffer, area, (x, y), more, theme.strong());
}

/// The header: tabs at the left, library and machine at the right.
pub(super) fn header(
    buffer: &mut Buffer,
    area: Rect,
    tabs: &[&str],
    current: usize,
    shell: &Shell,
) {
    let theme = shell.theme;
    let mut x = area.x;
    for (n, title) in tabs.iter().enumerate() {
        let (open, close) = if n == current { ("[", "]") } else { (" ", " ") };
        let style = if n == current {
            theme.strong()
        } else {
            theme.dim()
        };
        x = put(
            buffer,
            area,
            (x, area.y),
            &format!("{open}{} {title}{close}", n + 1),
            style,
        );
    }
    // Where there is little room the machine goes first.
    for right in standing(shell) {
        let left = area.right().saturating_sub(wrap::width(&right) as u16);
        if left > x {
            put(buffer, area, (left, area.y), &right, theme.dim());
            return;
        }
    }
}

/// The tab at column `x` of the header.
pub(super) fn tab_at(tabs: &[&str], x: u16) -> Option<usize> {
    let mut right = 0;
    tabs.iter().position(|title| {
        right += title.len() as u16 + 4;
        x < right
    })
}

/// `54 cards | 2 cores, 21 GB free`, and `54 cards`.
fn standing(shell: &Shell) -> Vec<String> {
    match &shell.library {
        Library::Opening => vec!["opening the cards".to_owned()],
        Library::Failed(_) => vec!["no cards: see below".to_owned()],
        Library::Open(opened) => {
            let cards = format!("{} cards", opened.cards());
            let cores = if opened.cores == 1 { "core" } else { "cores" };
            // Whole gigabytes, as everywhere on the hub: 1 GB is 1,000,000,000 bytes.
            let free = opened.free_memory / 1_000_000_000;
            let fetching = shell.fetches.in_all();
            let before = fetching.or_else(|| shell.runs.in_all()).unwrap_or(cards);
            let whole = format!("{before} | {} {cores}, {free} GB free", opened.cores);
            vec![whole, before]
        }
    }
}

/// One key and what it does, as the footer shows it.
pub(super) struct Hint {
    /// Separates groups; keys have none.
    pub(super) lead: &'static str,
    /// The key.
    pub(super) key: Cow<'static, str>,
    /// What it does.
    pub(super) does: String,
}

impl Hint {
    fn width(&self) -> usize {
        self.lead.len() + self.key.len() + 1 + self.does.len()
    }
}

/// The footer: as many hints as fit; `last` always stands at the end.
pub(super) fn footer(
    buffer: &mut Buffer,
    area: Rect,
    hints: &[Hint],
    last: Option<&Hint>,
    theme: Theme,
) {
    let kept = last.map_or(0, |hint| hint.width() + 2);
    let mut room = usize::from(area.width).saturating_sub(2 + kept);
    let mut x = area.x + 1;
    let mut show = |hint: &Hint| {
        x = put(buffer, area, (x, area.y), hint.lead, theme.dim());
        x = put(buffer, area, (x, area.y), &hint.key, theme.key());
        x = put(
            buffer,
            area,
            (x, area.y),
            &format!(" {}", hint.does),
            Style::new(),
        );
        // A group and its first key stand together.
        x += if hint.does.ends_with(':') { 1 } else { 2 };
    };
    for hint in hints {
        let Some(left) = room.checked_sub(hint.width() + 2) else {
            break;
        };
        room = left;
        show(hint);
    }
    if let Some(last) = last {
        show(last);
    }
}

/// The parts between the header's rule and the footer: content, and the input between two rules.
pub(super) struct Body {
    /// What is read.
    pub(super) content: Rect,
    /// Where typing goes.
    pub(super) input: Rect,
}

/// How many cells a row of the input has, in a terminal of that many columns.
pub(super) fn input_cells(columns: u16) -> usize {
    usize::from(columns).saturating_sub(2)
}

/// How many rows an input of that many takes.
pub(super) fn input_rows(rows: usize) -> u16 {
    rows.clamp(1, MOST_INPUT_ROWS) as u16
}

/// Splits `area` for an input of so many rows.
pub(super) fn body(area: Rect, input_rows: u16) -> Body {
    let below = input_rows.saturating_add(2).min(area.height);
    let content = Rect {
        height: area.height - below,
        ..area
    };
    let input = Rect {
        y: (content.bottom() + 1).min(area.bottom()),
        height: input_rows.min(below.saturating_sub(2)),
        ..area
    };
    Body { content, input }
}

/// Where the pane is, in a terminal of that size.
pub(super) fn pane_area(area: Rect) -> Rect {
    Rect {
        y: area.y + 2.min(area.height),
        height: area.height.saturating_sub(3),
        ..area
    }
}

/// Draws an input between its rules: prompt, text, and the rest of a completion in dim. Returns
/// the cell of the cursor.
pub(super) fn input(
    buffer: &mut Buffer,
    area: Rect,
    prompt: &str,
    shown: &Shown,
    completion: &str,
    theme: Theme,
) -> Position {
    let whole = buffer.area;
    rule(
        buffer,
        Rect {
            y: area.y.saturating_sub(1),
            height: 1,
            ..area
        },
        area.y.saturating_sub(1),
        theme,
    );
    rule(
        buffer,
        Rect {
            y: area.bottom(),
            height: 1,
            ..area
        },
        area.bottom(),
        theme,
    );
    let (column, row) = shown.cursor;
    // Keeps the cursor's row in sight when there are more rows than fit.
    let first = (row + 1).saturating_sub(usize::from(area.height).max(1));
    for (y, text) in (area.y..area.bottom()).zip(&shown.rows[first.min(shown.rows.len())..]) {
        let lead = if y == area.y && first == 0 {
            prompt
        } else {
            ""
        };
        put(buffer, area, (area.x, y), lead, theme.strong());
        put(buffer, area, (area.x + 2, y), text, Style::new());
    }
    let x = area.x.saturating_add(2).saturating_add(column as u16);
    let y = area.y.saturating_add((row - first) as u16);
    put(buffer, area, (x, y), completion, theme.dim());
    Position::new(
        x.min(whole.right().saturating_sub(1)),
        y.min(whole.bottom().saturating_sub(1)),
    )
}

/// Draws a value that is being typed, its end in sight.
pub(super) fn typing(
    editor: &Editor,
    theme: Theme,
    area: Rect,
    at: (u16, u16),
    buffer: &mut Buffer,
) -> Position {
    let room = usize::from(area.right().saturating_sub(at.0 + 1)).max(1);
    let shown = editor.shown(room);
    let (column, row) = shown.cursor;
    let text = shown.rows.get(row).map_or("", String::as_str);
    let style = theme.strong().add_modifier(Modifier::UNDERLINED);
    put(buffer, area, at, &format!("{text} "), style);
    Position::new(at.0.saturating_add(column as u16), at.1)
}
