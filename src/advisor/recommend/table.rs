//! Models side by side, and what the figures do not show.

use super::super::Desk;
use super::super::answer::{Availability, Cell, Claim, Column, Table};
use super::super::compose::{
    cell, cited, cited_cell, computed, figure_mark, joined, mark, name, of_measurement, quoted,
    split,
};
use super::super::latency::{Pass, SHARE, tokens};
use super::super::quantity;
use super::super::question::{Constraints, Prefer};
use super::super::rank::{Candidate, comparable};
use super::super::shape::writes;
use crate::card::{Figure, Origin, Rank};
use crate::text;

/// The column of figures: one metric, each model's figure of it, and whether they stand on the same
/// dataset and split.
pub(super) struct Figures<'a> {
    metric: String,
    /// One a model, in the order of the table.
    of: Vec<Option<&'a Figure>>,
    same: bool,
}

impl<'a> Figures<'a> {
    /// The figures of the task that is asked for: first those that most models share with metric,
    /// dataset and split, else those of the metric that most models have. F1 on questions says
    /// nothing of entities, so without a task there are none.
    pub(super) fn shared(shown: &[&'a Candidate], c: &Constraints) -> Option<Self> {
        let task = c.task.as_deref()?;
        let all: Vec<Vec<&Figure>> = shown
            .iter()
            .map(|m| {
                let of_task = m.card.facts.figures.iter();
                of_task
                    .filter(|f| f.task.as_deref() == Some(task))
                    .collect()
            })
            .collect();
        let key = |f: &Figure| comparable(f).map(|(key, _)| key);
        let most = |of: &dyn Fn(&Figure) -> Option<String>| {
            let mut counted: Vec<(usize, String)> = Vec::new();
            for figures in &all {
                let mut seen: Vec<String> = figures.iter().filter_map(|f| of(f)).collect();
                seen.dedup();
                for name in seen {
                    match counted.iter_mut().find(|(_, known)| *known == name) {
                        Some((n, _)) => *n += 1,
                        None => counted.push((1, name)),
                    }
                }
            }
            counted.into_iter().rev().max_by_key(|(n, _)| *n)
        };
        let pick = |of: &dyn Fn(&Figure) -> Option<String>, wanted: &str| {
            let find = |figures: &Vec<&'a Figure>| {
                figures
                    .iter()
                    .find(|f| of(f).as_deref() == Some(wanted))
                    .copied()
            };
            all.iter().map(find).collect::<Vec<_>>()
        };
        if let Some((shared, wanted)) = most(&key)
            && shared > 1
        {
            let of = pick(&key, &wanted);
            let metric = of.iter().flatten().next()?.metric.clone();
            return Some(Self {
                metric,
                of,
                same: true,
            });
        }
        let metric = |f: &Figure| Some(f.metric.clone());
        let (_, wanted) = most(&metric)?;
        let of = pick(&metric, &wanted);
        let alone = of.iter().flatten().count() < 2;
        Some(Self {
            metric: wanted,
            of,
            same: alone,
        })
    }

    fn cell(&self, m: &Candidate, at: usize) -> Cell {
        self.of[at].map_or_else(
            || cell("none"),
            |f| {
                cited_cell(
                    &m.card,
                    f.line,
                    text::line(&f.digits).into_owned() + figure_mark(f),
                )
            },
        )
    }

    /// What the column stands on, and whose figures they are.
    fn note(&self) -> Option<Claim> {
        let first = self.of.iter().flatten().next()?;
        let metric = &self.metric;
        let author = self.of.iter().flatten().any(|f| f.rank == Rank::Author);
        let data = first
            .dataset_name
            .as_deref()
            .or(first.dataset.as_deref())
            .unwrap_or("?");
        let text = match (author, self.of.iter().flatten().count(), self.same) {
            (true, 1, _) => {
                format!("A: the authors' own {metric} on their own split; nobody else's is known.")
            }
            (true, ..) if self.of.iter().flatten().any(|f| f.rank != Rank::Author) => format!(
                "A: the authors' own {metric} on their own split; the figures are not comparable."
            ),
            (true, ..) => format!(
                "A: the authors' own {metric}; nobody else's is known, and their splits may differ."
            ),
            (false, _, true) => format!("{metric}: on {data} ({}).", split(first)),
            (false, _, false) => {
                format!("The {metric} figures are not comparable: dataset or split differ.")
            }
        };
        Some(computed(text::line(&text).into_owned()))
    }
}

/// The models as rows.
pub(super) fn table(c: &Constraints, shown: &[&Candidate], figures: Option<&Figures<'_>>) -> Table {
    let column = |title: &str, right, drop| Column {
        title: title.to_owned(),
        right,
        drop,
    };
    let mut columns = vec![
        column("model", false, 0),
        column("reads", true, 4),
        column("params", true, 2),
        column("licence", false, 5),
        column("here", false, 0),
    ];
    let passes = || shown.iter().filter_map(|m| m.pass);
    let times = asks_for_time(c) && passes().next().is_some();
    if times {
        let measured = passes().all(Pass::is_measured);
        columns.push(column(if measured { "time" } else { "est" }, true, 1));
    }
    if let Some(figures) = figures {
        columns.push(column(&figures.metric, true, 3));
    }
    let rows = shown.iter().enumerate().map(|(at, m)| {
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
                cited_cell(&m.card, f.line, text::ident(&f.value))
            }),
            cell(m.here.words()),
        ];
        if times {
            let here = |p: Pass| if p.is_measured() { " here" } else { "" };
            let told = |p: Pass| cell(format!("{}{}", p.amount(), here(p)));
            row.push(m.pass.map_or_else(unknown, told));
        }
        row.extend(figures.map(|f| f.cell(m, at)));
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

/// At most four lines: what the marks mean, what may not be compared, what to beware of.
pub(super) fn notes(
    desk: &Desk<'_>,
    c: &Constraints,
    shown: &[&Candidate],
    figures: Option<&Figures<'_>>,
) -> Vec<Claim> {
    let mut notes = Vec::new();
    notes.extend(speed_note(desk, c, shown));
    let mut meanings = legend(shown, figures);
    if shown
        .iter()
        .any(|m| m.here.availability == Availability::Fetch)
    {
        meanings.insert(
            0,
            "fetch: with `modeldesk pull`, then `modeldesk try` runs it",
        );
    }
    if !meanings.is_empty() {
        notes.push(computed(meanings.join(" · ")));
    }
    notes.extend(figures.and_then(Figures::note));
    notes.extend(domain_note(c, shown[0]));
    if c.commercial
        && let Some(guide) = desk.guide("licences")
        && let Some(first) = guide.summary()
    {
        let text = "Read the licence itself before you sell with a model.";
        notes.push(cited(guide, first.line, text));
    }
    notes.truncate(4);
    notes
}

/// Whether the question is about time.
fn asks_for_time(c: &Constraints) -> bool {
    c.max_latency_ms.is_some() || c.prefer == Some(Prefer::Speed)
}

/// How the times were estimated, or why a limit decides nothing.
fn speed_note(desk: &Desk<'_>, c: &Constraints, shown: &[&Candidate]) -> Option<Claim> {
    if !asks_for_time(c) {
        return None;
    }
    let unused = |why: &str| match c.max_latency_ms {
        Some(limit) => computed(format!("Not used: within {limit} ms. {why}")),
        None => computed(why),
    };
    if !shown.is_empty() && shown.iter().all(|m| m.pass.is_some_and(Pass::is_measured)) {
        return Some(of_measurement(format!(
            "Times are of one pass over {} tokens, measured here with `modeldesk bench`.",
            tokens(c.task.as_deref())
        )));
    }
    let Some(speed) = desk.machine.known_speed() else {
        return Some(unused(
            "The speed of this machine is not yet measured, so smaller stands for faster; \
             `modeldesk doctor` measures it.",
        ));
    };
    if c.max_latency_ms.is_some() && !c.is_for_this_machine() {
        return Some(unused(
            "The times here are estimates for this machine's processor.",
        ));
    }
    let task = c.task.as_deref();
    let until = if task.is_some_and(writes) {
        ", up to the first token"
    } else {
        ""
    };
    let counted: Vec<String> = shown
        .iter()
        .filter(|m| m.pass.is_some_and(Pass::counts_embeddings))
        .map(|m| name(&m.card))
        .collect();
    let counted = if counted.is_empty() {
        String::new()
    } else {
        format!(
            "; embeddings count where the card does not tell them apart ({})",
            joined(&counted)
        )
    };
    Some(computed(format!(
        "est: one pass over {} tokens here{until}: 2 operations a weight and token, embeddings left \
         out, at {:.0}% of the {:.0} GFLOP/s measured{counted}.",
        tokens(task),
        SHARE * 100.0,
        speed.gflops,
    )))
}

/// That the first model was not made for the domain, where one was asked for.
fn domain_note(c: &Constraints, first: &Candidate) -> Option<Claim> {
    let domain = c.domain.as_deref()?;
    let facts = &first.card.facts;
    if facts.domains.iter().any(|d| d.value == domain) {
        return None;
    }
    let said = super::super::compose::bullet(&first.card, &["Bad at"], &[domain]);
    said.map(|s| quoted(&first.card, s)).or_else(|| {
        let line = facts.domains.first()?.line;
        let words = domain.replace('-', " ");
        let text = format!(
            "The card of {} does not name {words} text; try it on yours.",
            name(&first.card)
        );
        Some(cited(&first.card, line, text))
    })
}

/// What `~` and `?` mean, when they were used.
fn legend(shown: &[&Candidate], figures: Option<&Figures<'_>>) -> Vec<&'static str> {
    let mut marks: Vec<&str> = Vec::new();
    for m in shown {
        let f = &m.card.facts;
        marks.push(f.parameters.as_ref().map_or("?", mark));
        marks.push(f.context_length.as_ref().map_or("?", mark));
        marks.push(if f.license.is_some() { "" } else { "?" });
    }
    marks.extend(
        figures
            .iter()
            .flat_map(|f| f.of.iter().flatten().map(|f| figure_mark(f))),
    );
    let used = |wanted: &str| marks.iter().any(|m| m.trim() == wanted);
    let all = [("~", "~ derived"), ("?", "? no source found")];
    all.into_iter()
        .filter(|(mark, _)| used(mark))
        .map(|(_, meaning)| meaning)
        .collect()
}
