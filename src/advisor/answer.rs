//! What an answer is made of: claims with sources, figures with ranks, and what to do next.

use serde::Serialize;

pub use super::here::{Availability, RunsHere};
use super::plan::Plan;
use super::question::Reading;

/// What a sentence stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "lowercase")]
pub enum Source {
    /// A line of a card.
    Card {
        /// The card's id.
        card: String,
        /// Its 1-based line.
        line: usize,
    },
    /// What this machine has: cores, memory, disk.
    Machine,
    /// Measured here.
    Measured,
    /// Computed here from facts that are named.
    Computed,
    /// A line of a guide card.
    Glossary {
        /// The guide card's id.
        card: String,
        /// Its 1-based line.
        line: usize,
    },
}

/// One sentence of an answer, with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// The sentence.
    pub text: String,
    /// What it stands on.
    #[serde(flatten)]
    pub source: Source,
}

/// A line of a card that an answer cites as `[n]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// The card's id.
    pub card: String,
    /// Its 1-based line.
    pub line: usize,
}

/// A model of a recommendation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// The card's id.
    pub id: String,
    /// The card's short name.
    #[serde(skip)]
    pub name: String,
    /// The sum of the weighted criteria; shown only under `why`.
    pub score: f64,
    /// Whether this program runs it on this machine.
    pub runs_here: RunsHere,
    /// What stands between the user and running it.
    pub availability: Availability,
    /// The words for it: `fetch 990 MB`, `no: LED`.
    pub reason: String,
    /// Each criterion with its value and weight.
    pub why: Vec<Criterion>,
}

/// One term of a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Criterion {
    /// Its name: `task`, `domain`, `licence`, ...
    pub name: String,
    /// 0 to 1.
    pub value: f64,
    /// What it counts for.
    pub weight: f64,
    /// What the value was made from.
    pub note: String,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What it says, rank mark included (`55.69 A`).
    pub text: String,
    /// Where it stands, when it is a card's.
    pub citation: Option<Citation>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// Numbers stand right.
    pub right: bool,
    /// When the screen is narrow the highest goes first; 0 never goes.
    pub drop: u8,
}

/// Models or fields side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// Row n is model n of the answer, and can be selected.
    pub of_models: bool,
}

/// Models side by side, for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The models' ids, in the order of the columns.
    pub models: Vec<String>,
    /// What the columns are headed with: names that tell the models apart, safe to show.
    pub names: Vec<String>,
    /// One row a field.
    pub rows: Vec<Row>,
    /// Why cells may not be compared; cells and rows name them by number, from 1.
    pub reasons: Vec<Reason>,
}

/// Why some cells of a row may not be compared: what each stands on, then what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Its sentences.
    pub claims: Vec<Claim>,
}

impl Comparison {
    /// The fields that can be asked for; the first nine are shown when none is named.
    pub const FIELDS: [&'static str; 12] = [
        "parameters",
        "size",
        "context_length",
        "memory",
        "speed",
        "license",
        "language",
        "tasks",
        "quality",
        "architecture",
        "author",
        "fine_tuning",
    ];
}

/// One field of all models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The field's name.
    pub field: String,
    /// One cell a model.
    pub cells: Vec<Cell>,
    /// Why cells of it may not be compared, where some may not.
    pub not_comparable: Option<String>,
    /// The number of that reason, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<usize>,
}

/// A part of an answer, in the order in which it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Part {
    /// Sentences of one paragraph. The verdict is the first.
    Paragraph {
        /// Its sentences.
        claims: Vec<Claim>,
    },
    /// A table.
    Table(Table),
    /// Named values, one a line: a plan.
    Fields {
        /// Label, value, and where it comes from.
        rows: Vec<(String, Claim)>,
    },
    /// Numbered steps.
    Steps {
        /// One sentence each.
        claims: Vec<Claim>,
    },
    /// Why cells of the table above may not be compared; numbered from 1.
    Reasons {
        /// One for each number.
        reasons: Vec<Reason>,
    },
    /// What the figures do not show, dimmed.
    Notes {
        /// One sentence each.
        claims: Vec<Claim>,
    },
    /// Something to copy.
    Code {
        /// What it is: `transformers`, `command`, `a row`.
        title: String,
        /// The text, lines kept.
        text: String,
        /// Shown on the screen at once; otherwise only `y` copies it.
        shown: bool,
    },
}

/// Something the user can do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// `compare`, `script`, `command`, `plan`, `add-card`, `pull`, `ask`.
    pub kind: String,
    /// What it does, in a few words.
    pub label: String,
    /// The command line or the text that it copies.
    pub text: String,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How the question was read.
    pub reading: Reading,
    /// What is shown, in order.
    pub parts: Vec<Part>,
    /// `[1]`, `[2]`, ... in order of first use.
    pub citations: Vec<Citation>,
    /// Models that were ranked, best first; the table shows the first three.
    pub models: Vec<Ranked>,
    /// The plan of a how-to.
    pub plan: Option<Plan>,
    /// The comparison of a compare.
    pub comparison: Option<Comparison>,
    /// What can be done next.
    pub actions: Vec<Action>,
    /// Which single change would swap the first two models, where one would.
    pub swap: Option<String>,
}
