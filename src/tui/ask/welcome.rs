//! The first frame: what this is, and questions to begin with.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::pane::{Library, Shell};
use crate::tui::{chrome, wrap};

/// Questions that show what the desk answers.
pub(super) const EXAMPLES: [&str; 4] = [
    "Which model is best for summarizing legal documents?",
    "How can I fine-tune GPT-2 with 1000 examples?",
    "Compare BERT and DistilBERT in terms of speed and size.",
    "What runs here right now?",
];

/// The row of the area at which the examples begin.
pub(super) fn first_example(shell: &Shell, area: Rect) -> usize {
    let (rows, examples) = rows(shell, area);
    examples - skipped(&rows, area)
}

/// Where there is little room, the empty row at the top is the first to go.
fn skipped(rows: &[(String, Style)], area: Rect) -> usize {
    usize::from(rows.len() > usize::from(area.height) + 1)
}

/// All rows, and which of them is the first example.
fn rows(shell: &Shell, area: Rect) -> (Vec<(String, Style)>, usize) {
    let theme = shell.theme;
    let cells = usize::from(area.width.saturating_sub(2));
    let mut rows: Vec<(String, Style)> = vec![
        (String::new(), Style::new()),
        (
            "Which model should I use, and how?".to_owned(),
            theme.strong(),
        ),
        (String::new(), Style::new()),
    ];
    rows.extend(
        wrap::rows(&about(shell), cells)
            .into_iter()
            .map(|r| (r.to_owned(), Style::new())),
    );
    rows.push((String::new(), Style::new()));
    let ask = "Type a question, or Tab and Enter on one of these:";
    rows.push((ask.to_owned(), Style::new()));
    rows.push((String::new(), Style::new()));
    let examples = rows.len();
    rows.extend(
        EXAMPLES
            .iter()
            .map(|example| (format!("  {example}"), Style::new())),
    );
    rows.push((String::new(), Style::new()));
    for line in standing(shell) {
        rows.extend(
            wrap::rows(&line, cells)
                .into_iter()
                .map(|r| (r.to_owned(), theme.dim())),
        );
    }
    (rows, examples)
}

/// Draws the first frame. `marked` is the example that Enter asks, while the list has the focus.
pub(super) fn view(shell: &Shell, marked: Option<usize>, area: Rect, buffer: &mut Buffer) {
    let theme = shell.theme;
    let (rows, examples) = rows(shell, area);
    let skipped = skipped(&rows, area);
    for (n, (text, style)) in rows.iter().enumerate().skip(skipped) {
        let y = area.y.saturating_add((n - skipped) as u16);
        let is_marked = marked.is_some_and(|at| examples + at == n);
        if is_marked {
            chrome::put(buffer, area, (area.x + 2, y), ">", theme.strong());
            chrome::put(
                buffer,
                area,
                (area.x + 4, y),
                text.trim_start(),
                theme.selected(),
            );
        } else {
            chrome::put(buffer, area, (area.x + 2, y), text, *style);
        }
    }
}

fn about(shell: &Shell) -> String {
    let cards = match &shell.library {
        Library::Open(opened) => format!("{} model cards", opened.cards()),
        Library::Opening | Library::Failed(_) => "model cards".to_owned(),
    };
    format!(
        "Answers come from {cards} on this disk. Every figure names the card and the line it \
         stands on. Nothing leaves this machine unless you press a key that says fetch."
    )
}

/// What the user should know before asking.
fn standing(shell: &Shell) -> Vec<String> {
    match &shell.library {
        Library::Opening => Vec::new(),
        Library::Failed(lines) => lines.clone(),
        Library::Open(opened) => opened
            .notices
            .iter()
            .map(|notice| crate::text::line(&notice.0).into_owned())
            .collect(),
    }
}
