//! What a task gave, as rows: entities and answers in their place, scores as bars, texts that are
//! compared as a matrix.

use std::ops::Range;

use ratatui::style::Style;

use super::flow::{Row, Run, bar, flow, row};
use crate::advisor::quantity;
use crate::jobs::engine::Output;
use crate::model::bench::Figures;
use crate::model::pipeline::feature_extraction::States;
use crate::model::pipeline::fill_mask::Fill;
use crate::model::pipeline::question_answering::Answer;
use crate::model::pipeline::text_classification::Label;
use crate::model::pipeline::token_classification::Entity;
use crate::text;
use crate::tui::theme::Theme;
use crate::tui::wrap;

/// Most entries of a list of scores.
const MOST: usize = 20;

/// Cells of a bar, where there is room.
const BAR: usize = 24;

/// What is drawn with what.
#[derive(Clone, Copy)]
pub(super) struct Paper {
    /// Styles.
    pub(super) theme: Theme,
    /// Cells of a row.
    pub(super) cells: usize,
}

/// The rows of an output of which `given` was the input. Written texts are the lane's.
pub(super) fn rows(output: &Output, given: &str, paper: Paper) -> Vec<Row> {
    match output {
        Output::Texts(_) => Vec::new(),
        Output::Fills(all) => fills(all, given, paper),
        Output::Labels(labels) => labelled(labels, given, paper),
        Output::Entities(entities) => entities_in(entities, given, paper),
        Output::Answers(answers) => answers_in(answers, given, paper),
        Output::Similarity(matrix) => similarity(matrix, given, paper),
        Output::States(states) => vectors(states, paper),
        Output::Speed(figures) => speed(figures),
    }
}

/// `given` with stretches of it in other styles, each followed by a tag.
fn marked(given: &str, marks: &[(Range<usize>, Style, String)], paper: Paper) -> Vec<Row> {
    let mut runs: Vec<Run> = Vec::new();
    let mut at = 0;
    for (range, style, tag) in marks {
        // What does not fit the text is left out rather than shown in the wrong place.
        let (Some(before), Some(inside)) = (given.get(at..range.start), given.get(range.clone()))
        else {
            continue;
        };
        runs.push((text::block(before).into_owned(), Style::new()));
        runs.push((text::block(inside).into_owned(), *style));
        if !tag.is_empty() {
            runs.push((format!(" [{tag}]"), paper.theme.dim()));
        }
        at = range.end;
    }
    let rest = given.get(at..).unwrap_or_default();
    runs.push((text::block(rest).into_owned(), Style::new()));
    flow(&runs, paper.cells)
}

/// Scores with names, as bars.
fn bars<'a>(scores: impl Iterator<Item = (&'a str, f32)>, paper: Paper) -> Vec<Row> {
    let all: Vec<(String, f32)> = scores
        .take(MOST)
        .map(|(name, score)| (text::line(name).trim().to_owned(), score))
        .collect();
    let widest = all.iter().map(|(name, _)| wrap::width(name)).max();
    let name_cells = widest.unwrap_or(0).min(paper.cells / 2);
    let cells = paper.cells.saturating_sub(name_cells + 11).min(BAR);
    let one = |(name, score): &(String, f32)| {
        let name = wrap::fit(name, name_cells);
        let gap = " ".repeat(name_cells - wrap::width(name) + 2);
        vec![
            (format!("{name}{gap}"), Style::new()),
            (format!("{}  ", bar(*score, cells)), paper.theme.key()),
            (format!("{score:.3}"), Style::new()),
        ]
    };
    all.iter().map(one).collect()
}

fn fills(all: &[Vec<Fill>], given: &str, paper: Paper) -> Vec<Row> {
    // The text with the best word in the place of each mask.
    let best = |fills: &Vec<Fill>| fills.first().map(|fill| fill.token_str.trim().to_owned());
    let words: Vec<String> = all.iter().filter_map(best).collect();
    let mut runs: Vec<Run> = Vec::new();
    let mut words_left = words.iter();
    for (n, piece) in given.split("[MASK]").enumerate() {
        if n > 0 {
            let word = words_left.next().map_or("[MASK]", String::as_str);
            runs.push((text::line(word).into_owned(), paper.theme.found()));
        }
        runs.push((text::block(piece).into_owned(), Style::new()));
    }
    let mut rows = flow(&runs, paper.cells);
    for (n, fills) in all.iter().enumerate() {
        rows.push(Row::new());
        if all.len() > 1 {
            rows.push(row(format!("[MASK] {}", n + 1), paper.theme.strong()));
        }
        rows.extend(bars(
            fills
                .iter()
                .map(|fill| (fill.token_str.as_str(), fill.score)),
            paper,
        ));
    }
    rows
}

fn labelled(labels: &[Label], given: &str, paper: Paper) -> Vec<Row> {
    let mut rows = marked(given, &[], paper);
    rows.push(Row::new());
    let scores = labels
        .iter()
        .map(|label| (label.label.as_str(), label.score));
    rows.extend(bars(scores, paper));
    if labels.len() > MOST {
        let more = format!("{} more labels score less", labels.len() - MOST);
        rows.push(row(more, paper.theme.dim()));
    }
    rows
}

fn entities_in(entities: &[Entity], given: &str, paper: Paper) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    for entity in entities {
        if !names.contains(&entity.label.name()) {
            names.push(entity.label.name());
        }
    }
    let style = |name: &str| {
        let at = names.iter().position(|known| *known == name);
        paper.theme.category(at.unwrap_or(0))
    };
    let marks: Vec<(Range<usize>, Style, String)> = entities
        .iter()
        .map(|entity| {
            let name = entity.label.name();
            (entity.bytes.clone(), style(name), shown_name(name))
        })
        .collect();
    let mut rows = marked(given, &marks, paper);
    rows.push(Row::new());
    if entities.is_empty() {
        rows.push(row("Nothing was found.", Style::new()));
        return rows;
    }
    let mut legend: Vec<Run> = Vec::new();
    for name in &names {
        let count = entities.iter().filter(|one| one.label.name() == *name);
        legend.push((shown_name(name), style(name)));
        legend.push((format!(" {}   ", count.count()), Style::new()));
    }
    rows.extend(flow(&legend, paper.cells));
    rows
}

fn shown_name(name: &str) -> String {
    text::ident(&text::line(name)).into_owned()
}

fn answers_in(answers: &[Answer], given: &str, paper: Paper) -> Vec<Row> {
    let (question, context) = given.split_once('\n').unwrap_or((given, ""));
    let mut rows = flow(
        &[(text::line(question).into_owned(), paper.theme.strong())],
        paper.cells,
    );
    let best = answers.first().filter(|answer| !answer.answer.is_empty());
    let marks: Vec<(Range<usize>, Style, String)> = best
        .map(|answer| (answer.bytes.clone(), paper.theme.found(), String::new()))
        .into_iter()
        .collect();
    rows.extend(marked(context, &marks, paper));
    rows.push(Row::new());
    if best.is_none() {
        rows.push(row("The text does not have the answer.", Style::new()));
    }
    let told = |answer: &Answer| match answer.answer.as_str() {
        "" => "no answer".to_owned(),
        answer => answer.to_owned(),
    };
    let named: Vec<(String, f32)> = answers.iter().map(|one| (told(one), one.score)).collect();
    let scores = named.iter().map(|(name, score)| (name.as_str(), *score));
    rows.extend(bars(scores, paper));
    rows
}

fn similarity(matrix: &[Vec<f32>], given: &str, paper: Paper) -> Vec<Row> {
    let lines = given.lines().filter(|line| !line.trim().is_empty());
    let texts: Vec<String> = lines.map(|line| text::line(line).into_owned()).collect();
    // Half of the width, or 24 cells, are for the texts themselves.
    let room = paper.cells.saturating_sub(4);
    let columns = matrix.len().min(room.saturating_sub(24) / 6).max(1);
    let mut head = vec![("    ".to_owned(), paper.theme.dim())];
    head.extend((1..=columns).map(|n| (format!("{n:>6}"), paper.theme.dim())));
    let mut rows = vec![head];
    for (n, (scores, said)) in matrix.iter().zip(&texts).enumerate() {
        let mut cells = vec![(format!("{:>3} ", n + 1), paper.theme.dim())];
        for (m, score) in scores.iter().take(columns).enumerate() {
            let style = match (n == m, *score >= 0.7) {
                (true, _) => paper.theme.dim(),
                (false, true) => paper.theme.found(),
                (false, false) => Style::new(),
            };
            cells.push((format!("{score:>6.2}"), style));
        }
        let left = room.saturating_sub(columns * 6 + 2);
        cells.push((format!("  {}", wrap::fit(said, left)), Style::new()));
        rows.push(cells);
    }
    rows.push(Row::new());
    if columns < matrix.len() {
        let more = format!("{} more columns do not fit", matrix.len() - columns);
        rows.push(row(more, paper.theme.dim()));
    }
    let pairs = (0..matrix.len()).flat_map(|n| (n + 1..matrix.len()).map(move |m| (n, m)));
    let closest = pairs.max_by(|a, b| matrix[a.0][a.1].total_cmp(&matrix[b.0][b.1]));
    if let Some((n, m)) = closest {
        let sentence = format!("closest: {} and {} ({:.2})", n + 1, m + 1, matrix[n][m]);
        rows.push(row(sentence, Style::new()));
    }
    rows
}

fn vectors(states: &States, paper: Paper) -> Vec<Row> {
    let count = quantity::counted(states.rows().len() as u64, "token");
    let sentence = format!("{count}, {} values each", states.width());
    let mut rows = vec![row(sentence, paper.theme.strong()), Row::new()];
    let columns = (paper.cells.saturating_sub(8) / 8).min(states.width());
    for (n, values) in states.rows().enumerate() {
        let mut shown = vec![(format!("{:>4}", n + 1), paper.theme.dim())];
        let values = values.iter().take(columns);
        shown.extend(values.map(|value| (format!("{value:>8.3}"), Style::new())));
        if columns < states.width() {
            shown.push((" ..".to_owned(), paper.theme.dim()));
        }
        rows.push(shown);
    }
    rows
}

fn speed(figures: &Figures) -> Vec<Row> {
    let mut lines = vec![format!("loads in {:.2} s", figures.load_s)];
    if let Some(writing) = &figures.writing {
        lines.push(format!(
            "first token after {:.0} ms",
            writing.first_token_ms
        ));
        lines.push(format!(
            "reads {:.0} tokens a second",
            writing.prefill_tok_s
        ));
        lines.push(format!(
            "writes {:.0} tokens a second",
            writing.decode_tok_s
        ));
    }
    for (shape, ms) in &figures.forward_ms {
        let (count, tokens) = shape.split_once('x').unwrap_or((shape, ""));
        let texts = if count == "1" { "text" } else { "texts" };
        lines.push(format!("{count} {texts} of {tokens} tokens in {ms:.1} ms"));
    }
    lines.push(format!("takes {}", quantity::bytes(figures.weight_bytes)));
    lines
        .into_iter()
        .map(|line| row(line, Style::new()))
        .collect()
}
