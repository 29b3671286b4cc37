//! What was found in the rows of a plan: how many, what is wrong with them, and the first ones as
//! the model sees them.

use ratatui::style::Style;

use crate::advisor::quantity;
use crate::finetune::dataset::Severity;
use crate::finetune::marked::{Bit, marked};
use crate::finetune::plan::Plan;
use crate::finetune::preview::Shown;
use crate::jobs::tuning::Sketch;
use crate::model::pipeline::Task;
use crate::tui::flow::{Row, flow, row};
use crate::tui::pane::Shell;
use crate::tui::theme::Theme;

/// How many rows there are for each use.
pub(super) fn rows_of(plan: &Plan) -> String {
    let rows = plan.data.rows;
    format!(
        "{} train, {} check, {} test",
        rows.train, rows.check, rows.test
    )
}

/// What is understood of the rows, what is wrong with them, and the first of them.
pub(super) fn found(sketch: &Sketch, shell: &Shell, cells: usize) -> Vec<Row> {
    let theme = shell.theme;
    let mut rows = Vec::new();
    let mut say = |name: &str, text: String, style: Style| {
        let name = (format!("{name:<10}"), theme.dim());
        rows.extend(flow(&[name, (text, style)], cells));
    };
    let (plan, report) = (&sketch.plan, &sketch.report);
    say(
        "Rows",
        format!("{}; {}", rows_of(plan), report.split),
        Style::new(),
    );
    if let Some(steps) = steps(plan) {
        say("Steps", steps, Style::new());
    }
    if let Some(lengths) = &report.lengths {
        let cut = match lengths.limit {
            Some(limit) => format!("; {} cut at {limit}", lengths.cut),
            None => String::new(),
        };
        let said = format!(
            "half of the rows up to {} {}, the longest {}{cut}",
            lengths.median, lengths.unit, lengths.longest
        );
        say("Lengths", said, Style::new());
    }
    for one in shell.runs.all().iter().filter(|one| one.works) {
        let id = crate::text::line(&one.run.id);
        let said = format!("{id} works on the same cores: both take longer until it has ended");
        say("warning", said, theme.trouble());
    }
    for problem in &report.problems {
        let places: Vec<String> = problem.places.iter().map(ToString::to_string).collect();
        let at = if places.is_empty() {
            String::new()
        } else {
            format!(": {}", places.join(", "))
        };
        let hint = problem
            .hint
            .as_ref()
            .map_or(String::new(), |hint| format!("; {hint}"));
        let said = format!("{}{at}{hint}", problem.sentence());
        let said = crate::text::line(&said).into_owned();
        let (name, style) = match problem.severity {
            Severity::Note => ("note", Style::new()),
            Severity::Warning => ("warning", theme.trouble()),
            Severity::Fatal | Severity::Skipped => ("left out", theme.trouble()),
        };
        say(name, said, style);
    }
    rows.push(Row::new());
    let title = "As the model sees them; what is learned stands in braces:";
    rows.push(row(title, theme.dim()));
    for shown in &sketch.rows {
        rows.extend(example(shown, theme, cells));
    }
    rows
}

/// `675: 3 epochs of 225 steps of 4 rows`; none where rows are joined or parted, so that how many
/// there are is known only when the run has prepared them.
fn steps(plan: &Plan) -> Option<String> {
    let recipe = &plan.data.recipe;
    let joined = recipe.block().is_some();
    let parted = plan.task == Task::QuestionAnswering;
    if joined || parted {
        return None;
    }
    let rows = usize::try_from(plan.data.rows.train).ok()?;
    let training = &plan.training;
    let (all, each) = (training.steps(rows), training.steps_an_epoch(rows));
    Some(format!(
        "{all}: {} a step, {each} steps go through all rows once",
        quantity::counted(training.rows_a_step() as u64, "row")
    ))
}

/// A row as the model sees it.
fn example(shown: &Shown, theme: Theme, cells: usize) -> Vec<Row> {
    let mut rows = vec![Row::new()];
    let which = match shown.which {
        (_, 1) => String::new(),
        (n, of) => format!(", {n} of {of}"),
    };
    let cut = if shown.cut { ", cut" } else { "" };
    let tokens = quantity::counted(shown.tokens as u64, "token");
    let head = format!("{}   {tokens}{cut}{which}", shown.place);
    rows.push(row(head, theme.dim()));
    let runs = |bits: Vec<Bit>| -> Vec<(String, Style)> {
        let style = |learned| {
            if learned { theme.found() } else { Style::new() }
        };
        let each = bits.into_iter();
        each.map(|bit| (bit.text, style(bit.learned))).collect()
    };
    rows.extend(flow(&runs(marked(&shown.pieces)), cells));
    if let Some(answer) = &shown.answer {
        let lead = vec![("-> ".to_owned(), theme.dim())];
        let all: Vec<_> = lead.into_iter().chain(runs(marked(answer))).collect();
        rows.extend(flow(&all, cells));
    }
    rows
}
