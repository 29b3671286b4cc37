//! Text in several styles, as rows of a width.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::{chrome, wrap};

/// A stretch of text in one style; safe to show.
pub(in crate::tui) type Run = (String, Style);

/// One row of the screen.
pub(in crate::tui) type Row = Vec<Run>;

/// Runs as rows no wider than `cells`; a line end in a run begins a new row.
pub(in crate::tui) fn flow(runs: &[Run], cells: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut line: Vec<(&str, Style)> = Vec::new();
    for (text, style) in runs {
        let mut pieces = text.split('\n');
        line.extend(pieces.next().map(|piece| (piece, *style)));
        for piece in pieces {
            lay(&line, cells, &mut rows);
            line.clear();
            line.push((piece, *style));
        }
    }
    lay(&line, cells, &mut rows);
    rows
}

/// One line as rows.
fn lay(line: &[(&str, Style)], cells: usize, rows: &mut Vec<Row>) {
    let whole: String = line.iter().map(|(text, _)| *text).collect();
    for range in wrap::wrap(&whole, cells) {
        let mut row = Row::new();
        let mut at = 0;
        for (text, style) in line {
            let from = range.start.max(at);
            let to = range.end.min(at + text.len());
            if from < to {
                row.push((whole[from..to].to_owned(), *style));
            }
            at += text.len();
        }
        rows.push(row);
    }
}

/// One row of one style.
pub(in crate::tui) fn row(text: impl Into<String>, style: Style) -> Row {
    vec![(text.into(), style)]
}

/// Draws a row at the top left of `area`.
pub(in crate::tui) fn put(row: &Row, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for (text, style) in row {
        x = chrome::put(buffer, area, (x, area.y), text, *style);
    }
}

/// `share` of `cells` as a bar.
pub(in crate::tui) fn bar(share: f32, cells: usize) -> String {
    let filled = (share.clamp(0.0, 1.0) * cells as f32).round() as usize;
    format!("{}{}", "#".repeat(filled), "-".repeat(cells - filled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Modifier;

    #[test]
    fn styles_go_on_over_rows_and_lines() {
        let (plain, bold) = (Style::new(), Style::new().add_modifier(Modifier::BOLD));
        let runs = [
            ("one ".to_owned(), plain),
            ("two three".to_owned(), bold),
            ("\nfour".to_owned(), plain),
        ];
        let rows = flow(&runs, 7);
        let texts: Vec<String> = rows
            .iter()
            .map(|row| row.iter().map(|(text, _)| text.as_str()).collect())
            .collect();
        assert_eq!(texts, ["one two", "three", "four"]);
        assert_eq!(rows[0][1], ("two".to_owned(), bold));
        assert_eq!(rows[1], [("three".to_owned(), bold)]);
    }

    #[test]
    fn a_bar_has_its_length_whatever_the_score() {
        for (score, shown) in [(0.5, "##--"), (0.0, "----"), (1.7, "####"), (-3.0, "----")] {
            assert_eq!(bar(score, 4), shown);
        }
    }
}
