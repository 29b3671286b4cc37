//! Models side by side, and what the figures do not show.

use super::super::Desk;
use super::super::answer::{Claim, Column, RunsHere, Table};
use super::super::compose::{cell, cited, cited_cell, computed, figure_mark, mark, name};
use super::super::quantity;
use super::super::question::Constraints;
use super::super::rank::Candidate;
use crate::card::{Figure, Origin, Rank};

/// The metric of the column: the one that most of the shown models have a figure of.
pub(super) fn shared_metric(shown: &[&Candidate], c: &Constraints) -> Option<String> {
    let of_task = |f: &&Figure| {
        c.task.is_none() || f.task.is_none() || f.task.as_deref() == c.task.as_deref()
    };
    let mut counted: Vec<(usize, &str)> = Vec::new();
    for model in shown {
        let mut seen = Vec::new();
        for figure in model.card.facts.figures.iter().filter(of_task) {
            if seen.contains(&figure.metric.as_str()) {
                continue;
            }
            seen.push(&figure.metric);
            match counted.iter_mut().find(|(_, m)| *m == figure.metric) {
                Some((n, _)) => *n += 1,
                None => counted.push((1, &figure.metric)),
            }
        }
    }
    let most = counted.iter().map(|(n, _)| *n).max()?;
    counted
        .into_iter()
        .find(|(n, _)| *n == most)
        .map(|(_, m)| m.to_owned())
}

pub(super) fn table(shown: &[&Candidate], metric: Option<&str>) -> Table {
    let column = |title: &str, right, drop| Column {
        title: title.to_owned(),
        right,
        drop,
    };
    let mut columns = vec![
        column("model", false, 0),
        column("reads", true, 4),
        column("params", true, 2),
        column("licence", false, 3),
        column("here", false, 0),
    ];
    if let Some(metric) = metric {
        columns.push(column(metric, true, 5));
    }
    let rows = shown.iter().map(|m| {
        let facts = &m.card.facts;
        let unknown = || cell("?");
        let mut row = vec![
            cell(name(&m.card) + origin_mark(m.card.origin)),
            facts.context_length.as_ref().map_or_else(unknown, |f| {
                cited_cell(&m.card, f.line, quantity::grouped(f.value) + mark(f))
            }),
            facts.parameters.as_ref().map_or_else(unknown, |f| {
                cited_cell(&m.card, f.line, quantity::count(f.value) + mark(f))
            }),
            facts.license.as_ref().map_or_else(unknown, |f| {
                cited_cell(&m.card, f.line, crate::text::line(&f.value))
            }),
            cell(here_words(m)),
        ];
        if let Some(metric) = metric {
            let figure = facts.figures.iter().find(|f| f.metric == metric);
            row.push(figure.map_or_else(
                || cell("none"),
                |f| {
                    cited_cell(
                        &m.card,
                        f.line,
                        crate::text::line(&f.digits).into_owned() + figure_mark(f),
                    )
                },
            ));
        }
        row
    });
    Table {
        columns,
        rows: rows.collect(),
        of_models: true,
    }
}

/// Whose a card is, where it is not the program's own.
fn origin_mark(origin: Origin) -> &'static str {
    match origin {
        Origin::BuiltIn => "",
        Origin::User | Origin::Run => " (yours)",
        Origin::Imported => " (hub)",
    }
}

/// `planned` until this build runs the architecture: a price alone would promise too much.
fn here_words(m: &Candidate) -> String {
    match m.here.runs {
        RunsHere::Planned => format!("planned, {}", m.here.reason.trim_start_matches("fetch ")),
        _ => m.here.reason.clone(),
    }
}

/// At most four lines: what the marks mean, what may not be compared, what settles it.
pub(super) fn notes(
    desk: &Desk<'_>,
    c: &Constraints,
    shown: &[&Candidate],
    metric: Option<&str>,
) -> Vec<Claim> {
    let mut notes = Vec::new();
    let mut meanings = legend(shown, metric);
    if shown.iter().any(|m| m.here.runs == RunsHere::Planned) {
        meanings.insert(0, "planned: this build advises, it does not run models yet");
    }
    if !meanings.is_empty() {
        notes.push(computed(meanings.join(" · ")));
    }
    if let Some(metric) = metric {
        notes.extend(figure_notes(shown, metric));
    }
    if c.commercial
        && let Some(guide) = desk.guide("licences")
        && let Some(first) = guide.summary()
        && notes.len() < 4
    {
        notes.push(cited(
            guide,
            first.line,
            "Read the licence itself before you sell with a model.",
        ));
    }
    notes.truncate(4);
    notes
}

/// Whether the figures of the column can stand side by side, and whose they are.
fn figure_notes(shown: &[&Candidate], metric: &str) -> Option<Claim> {
    let figures: Vec<&Figure> = shown
        .iter()
        .filter_map(|m| m.card.facts.figures.iter().find(|f| f.metric == metric))
        .collect();
    let first = figures.first()?;
    let author = figures.iter().any(|f| f.rank == Rank::Author);
    let same = figures
        .iter()
        .all(|f| f.dataset == first.dataset && f.config == first.config && f.split == first.split);
    let named = !matches!(
        first.split.as_deref(),
        None | Some("unclear" | "not-stated" | "authors")
    );
    let text = match (author, figures.len()) {
        (true, 1) => {
            format!("A: the authors' own {metric} on their own split; nobody else's is known.")
        }
        (true, _) => format!(
            "A: the authors' own {metric}; nobody else's is known, and their splits may differ."
        ),
        (false, 1) => return None,
        (false, _) if same && named => return None,
        (false, _) => format!("The {metric} figures are not comparable: dataset or split differ."),
    };
    Some(computed(text))
}

/// What `~` and `?` mean, when they were used.
fn legend(shown: &[&Candidate], metric: Option<&str>) -> Vec<&'static str> {
    let used = |wanted: &str| {
        shown.iter().any(|m| {
            let f = &m.card.facts;
            let mut marks = vec![
                f.parameters.as_ref().map_or("?", mark),
                f.context_length.as_ref().map_or("?", mark),
                if f.license.is_some() { "" } else { "?" },
            ];
            let figure = f.figures.iter().find(|x| Some(x.metric.as_str()) == metric);
            marks.extend(figure.map(figure_mark));
            marks.iter().any(|m| m.trim() == wanted)
        })
    };
    let mut meanings = Vec::new();
    if used("~") {
        meanings.push("~ derived");
    }
    if used("?") {
        meanings.push("? no source found");
    }
    meanings
}
