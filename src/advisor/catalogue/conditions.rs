//! What must hold of a row: for each thing asked the rows that satisfy it, and its words.

use super::measure::{Amount, Measure};
use super::rows::Rows;
use super::{Catalogue, Row};
use crate::advisor::compose::joined;
use crate::advisor::here::{Availability, architecture_name};
use crate::advisor::question::Constraints;
use crate::advisor::reading::vocabulary::Terms;
use crate::text;

/// Characters of a typed word that are repeated.
const MOST_REPEATED: usize = 40;

/// One thing that must hold.
pub(super) struct Condition {
    /// The rows of which it holds.
    pub(super) rows: Rows,
    /// How it is said after `No model`.
    pub(super) clause: Clause,
    /// What rows that break it are near by.
    pub(super) measure: Measure,
}

/// How a condition is said.
pub(super) enum Clause {
    /// `under 10 MB`.
    With(String),
    /// `translates`, after `that`.
    That(String),
}

impl Catalogue {
    /// The rows in which `word`, in lower case, is contained, out of `among`.
    pub(super) fn containing(&self, word: &str, mut among: Rows) -> Rows {
        let known = self.words.those(|text| text.contains(word));
        let of = |row: &Row| [row.task, row.license, row.architecture];
        among.retain(|row| {
            let at = row as usize;
            of(&self.rows[at]).iter().any(|word| known.has(*word))
                || self.folded.get(at).contains(word)
        });
        among
    }

    /// A word that must be contained; one of several pieces in any of the spellings that names
    /// have: `gpt2`, `gpt-2`.
    pub(super) fn word_condition(&self, pieces: &[String]) -> Condition {
        let word = pieces.concat();
        let shown: String = text::line(&word).chars().take(MOST_REPEATED).collect();
        let mut rows = self.containing(&word, self.listed.clone());
        if pieces.len() > 1 {
            for joint in ["-", "_", " ", "."] {
                rows.add(&self.containing(&pieces.join(joint), self.listed.clone()));
            }
        }
        Condition {
            rows,
            clause: Clause::That(format!("matches \"{shown}\"")),
            measure: Measure::None,
        }
    }

    /// A facet that was chosen, as `task:summarization`.
    pub(super) fn facet_condition(&self, facet: &str) -> Condition {
        let (name, value) = facet.split_once(':').unwrap_or((facet, ""));
        let value = text::line(value);
        let clause = match name {
            "task" => Clause::That(does(&value)),
            "license" => Clause::With(format!("with licence {value}")),
            "language" => Clause::With(format!("in {}", self.vocabulary.language(&value))),
            "domain" => Clause::With(format!("for {value} texts")),
            "architecture" => {
                Clause::With(format!("of architecture {}", architecture_name(&value)))
            }
            "size" => Clause::With(format!("of size {value}")),
            "origin" => Clause::With(format!("of origin {value}")),
            _ => Clause::With(format!("with {}:{value}", text::line(name))),
        };
        Condition {
            rows: self.rows_of(&[facet]),
            clause,
            measure: Measure::Facet(name.to_owned()),
        }
    }

    fn rows_of(&self, facets: &[&str]) -> Rows {
        let mut rows = Rows::none(self.rows.len());
        for facet in facets {
            rows.extend(self.facets.rows(facet));
        }
        rows
    }

    fn those(&self, holds: impl Fn(u32) -> bool) -> Rows {
        Rows::those(self.rows.len(), |row| self.listed.has(row) && holds(row))
    }

    /// The conditions that a reading sets, the task first.
    pub(super) fn conditions_of(&self, c: &Constraints) -> Vec<Condition> {
        let mut all = Vec::new();
        let facet = |name: &str, value: &Option<String>| {
            let value = value.as_ref()?;
            Some(self.facet_condition(&format!("{name}:{value}")))
        };
        if let (Some(mut task), Some(name)) = (facet("task", &c.task), &c.task) {
            if let Some(same) = filed_under_too(name) {
                task.rows.extend(self.facets.rows(&format!("task:{same}")));
            }
            all.push(task);
        }
        all.extend(facet("domain", &c.domain));
        all.extend(self.language_condition(c));
        all.extend(facet("license", &c.license));
        all.extend(self.terms_condition(c));
        for name in &c.exclude {
            let denied = self.rows_of(&[&format!("task:{name}"), &format!("domain:{name}")]);
            all.push(Condition {
                rows: self.those(|row| !self.is_from(row, name) && !denied.has(row)),
                clause: Clause::With(format!("other than {}", text::line(name))),
                measure: Measure::None,
            });
        }
        all.extend(self.amount_conditions(c));
        if c.must_run_here {
            let runs = |row: u32| {
                let here = self.needs(row).on(&self.machine);
                here.availability != Availability::No
            };
            all.push(Condition {
                rows: self.those(runs),
                clause: Clause::That("runs here".to_owned()),
                measure: Measure::Facet("here".to_owned()),
            });
        }
        all
    }

    fn amount_conditions(&self, c: &Constraints) -> Vec<Condition> {
        let least_long = c.long_context.then_some(513);
        let limits = [
            (c.max_parameters
                .map(|n| Measure::AtMost(n, Amount::Parameters))),
            (c.min_parameters
                .map(|n| Measure::AtLeast(n, Amount::Parameters))),
            (c.max_size.map(|n| Measure::AtMost(n, Amount::Weights))),
            (c.max_memory.map(|n| Measure::AtMost(n, Amount::Memory))),
            (c.min_context
                .or(least_long)
                .map(|n| Measure::AtLeast(n, Amount::Context))),
        ];
        let condition = |measure: Measure| Condition {
            rows: self.those(|row| measure.holds(self, row)),
            clause: measure.clause(),
            measure,
        };
        limits.into_iter().flatten().map(condition).collect()
    }

    /// The licence allows what is asked; of a licence without known terms nothing is known.
    fn terms_condition(&self, c: &Constraints) -> Option<Condition> {
        let words = match (c.permissive, c.commercial) {
            (true, _) => "with a permissive licence",
            (false, true) => "for commercial use",
            _ => return None,
        };
        let allowed = self
            .words
            .those(|licence| match self.vocabulary.terms(licence) {
                Some(Terms::Permissive) => true,
                Some(Terms::ShareAlike) => !c.permissive,
                _ => false,
            });
        Some(Condition {
            rows: self.those(|row| allowed.has(self.rows[row as usize].license)),
            clause: Clause::With(words.to_owned()),
            measure: Measure::Facet("license".to_owned()),
        })
    }

    /// All languages that are asked for, and for a translation the direction.
    fn language_condition(&self, c: &Constraints) -> Option<Condition> {
        let codes = &c.language;
        if codes.is_empty() {
            return None;
        }
        let mut rows = self.listed.clone();
        for code in codes {
            rows.keep(&self.speaking(code));
        }
        let translates = c.task.as_deref() == Some("translation");
        let names: Vec<&str> = codes
            .iter()
            .map(|code| self.vocabulary.language(code))
            .collect();
        let words = match (&codes[..], &names[..]) {
            ([only], _) if only == "multilingual" => "in many languages".to_owned(),
            ([from, to], [source, target]) if translates => {
                rows.keep(&self.translating(|pair| pair == format!("{from}-{to}")));
                format!("from {source} to {target}")
            }
            ([one], [name]) if translates && one != "en" => {
                rows.keep(&self.translating(|pair| pair.split('-').any(|code| code == one)));
                format!("from or to {name}")
            }
            _ => format!("in {}", joined(&names)),
        };
        Some(Condition {
            rows,
            clause: Clause::With(words),
            measure: Measure::Facet("language".to_owned()),
        })
    }

    /// The rows that know a language: a card that names none is taken for English.
    fn speaking(&self, code: &str) -> Rows {
        let mut rows = self.rows_of(&[&format!("language:{code}"), "language:multilingual"]);
        if code == "en" || code == "multilingual" {
            let mut named = vec![0_u16; self.rows.len()];
            for (_, with) in self.facets.values("language") {
                for row in with {
                    named[*row as usize] = named[*row as usize].saturating_add(1);
                }
            }
            let also = |count: u16| if code == "en" { count == 0 } else { count >= 4 };
            let too: Vec<u32> = (0..self.rows.len() as u32)
                .filter(|row| self.listed.has(*row) && also(named[*row as usize]))
                .collect();
            rows.extend(&too);
        }
        rows
    }

    /// The rows that translate in a direction that `fits`, or name none.
    fn translating(&self, fits: impl Fn(&str) -> bool) -> Rows {
        let (mut fitting, mut named) = (Rows::none(self.rows.len()), Rows::none(self.rows.len()));
        for (pair, rows) in self.facets.values("translates") {
            named.extend(rows);
            if fits(pair) {
                fitting.extend(rows);
            }
        }
        self.those(|row| fitting.has(row) || !named.has(row))
    }

    /// Whether the row is of the family or organization that `name` names.
    fn is_from(&self, row: u32, name: &str) -> bool {
        let plain = |text: &str| {
            let kept = text.chars().filter(|c| c.is_alphanumeric());
            kept.collect::<String>().to_lowercase()
        };
        let name = plain(name);
        let id = self.ids.get(row as usize);
        let (organization, repository) = id.split_once('/').unwrap_or(("", id));
        let architecture = self.rows[row as usize].architecture;
        let family = self.facets.values("family").any(|(family, rows)| {
            plain(family).starts_with(&name) && rows.binary_search(&row).is_ok()
        });
        family
            || plain(organization).starts_with(&name)
            || plain(repository).starts_with(&name)
            || architecture.is_some_and(|word| plain(self.words.get(word)) == name)
    }
}

/// The hub files sentence embedders under either of two tasks.
fn filed_under_too(task: &str) -> Option<&'static str> {
    match task {
        "feature-extraction" => Some("sentence-similarity"),
        "sentence-similarity" => Some("feature-extraction"),
        _ => None,
    }
}

/// What a model of the task does.
fn does(task: &str) -> String {
    let known = match task {
        "summarization" => "summarizes",
        "translation" => "translates",
        "text-classification" => "classifies texts",
        "token-classification" => "labels words",
        "question-answering" => "answers questions",
        "fill-mask" => "fills in masked words",
        "text-generation" => "writes text",
        "text2text-generation" => "makes a text out of a text",
        "feature-extraction" | "sentence-similarity" => "embeds texts",
        "text-ranking" => "ranks texts",
        "zero-shot-classification" => "classifies texts without training",
        other => return format!("does {other}"),
    };
    known.to_owned()
}
