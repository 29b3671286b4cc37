//! The first pass over the rows: everything that is to be known before anything is learned.
//!
//! Kept of a row are hashes, of a bounded number of rows; and the names of the labels.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::example::{Example, Label, Place, Row};
use super::fault::{Kind, quoted};
use super::identity::Identity;
use super::lengths::{Measuring, Ruler};
use super::names::Names;
use super::records::{self, Quirks};
use super::report::{Counts, LabelReport, Lengths, Problem, Severity};
use super::shape::Shape;
use super::split::{Bounds, Lots, Part};
use super::tally::Tally;
use super::{Source, Split};
use crate::error::Result;
use crate::model::pipeline::Stop;
use crate::text::grouped;

/// Rows beyond these are not looked for again.
const REMEMBERED: usize = 1 << 20;
/// So many rows pass between two questions whether to stop.
const ASKED_EVERY: u64 = 1024;
/// From this share of rows on, one label says little about a model that finds it.
const USUAL: f64 = 0.8;
/// Fewer training rows than these are said to be few.
const FEW: u64 = 20;

/// What is found as rows are read.
pub(super) struct Check<'a> {
    shape: &'a Shape,
    names: Names,
    tally: Tally,
    lots: Lots,
    seen: HashMap<u64, Seen>,
    measuring: Measuring<'a>,
    /// For each name how many training rows, and others, have it.
    labels: Vec<(u64, u64)>,
    /// The place of the first row of each name.
    first: Vec<Place>,
}

/// A row that was seen.
struct Seen {
    part: Part,
    output: u64,
}

/// What came of a check.
pub(super) struct Checked {
    pub names: Vec<String>,
    pub bounds: Bounds,
    pub labels: Vec<LabelReport>,
    pub lengths: Option<Lengths>,
    pub problems: Vec<Problem>,
    pub rows: Counts,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        shape: &'a Shape,
        names: Names,
        split: Split,
        ruler: Option<&'a Ruler<'a>>,
    ) -> Self {
        Self {
            shape,
            names,
            tally: Tally::default(),
            lots: Lots::new(split),
            seen: HashMap::new(),
            measuring: Measuring::new(ruler),
            labels: Vec::new(),
            first: Vec::new(),
        }
    }

    /// Reads a file; gives how many rows are used and left out.
    ///
    /// # Errors
    /// When it cannot be read to its end, or `stop` says so.
    pub(super) fn file(&mut self, source: &Source, stop: Stop<'_>) -> Result<(u64, u64)> {
        let (mut used, mut skipped) = (0_u64, 0_u64);
        let mut records = records::open(&source.path, &source.layout)?;
        while let Some(found) = records
            .next()
            .map_err(|e| records::placed(&source.path, e))?
        {
            if (used + skipped).is_multiple_of(ASKED_EVERY) && stop() {
                return Err(crate::error::Error::interrupted());
            }
            let place = Place {
                file: Arc::clone(&source.path),
                line: found.line,
            };
            let reading = found
                .record
                .and_then(|record| self.shape.read(&record, &mut self.names));
            match reading {
                Ok(reading) => {
                    used += 1;
                    self.row(
                        source.part,
                        Row {
                            place,
                            example: reading.example,
                        },
                        reading.class,
                    );
                }
                Err(fault) => {
                    skipped += 1;
                    self.tally.skip(fault, place);
                }
            }
        }
        self.quirks(source, records.quirks());
        // Labels that come later are none that a model could learn.
        if source.part == Part::Train {
            self.names.close();
        }
        Ok((used, skipped))
    }

    fn quirks(&mut self, source: &Source, quirks: Quirks) {
        let first = Place {
            file: Arc::clone(&source.path),
            line: 1,
        };
        if quirks.bom {
            let what = "begins with a byte order mark, which is left out".to_owned();
            self.tally
                .add(Kind::Bom, Severity::Note, what, Some(first.clone()), None);
        }
        if quirks.crlf > 0 {
            self.tally.push(Problem {
                kind: Kind::CrLf,
                severity: Severity::Note,
                count: quirks.crlf,
                about: false,
                places: vec![first],
                what: "line ends of Windows are read as any other".to_owned(),
                hint: None,
            });
        }
    }

    fn row(&mut self, part: Part, row: Row, class: u32) {
        let identity = Identity::of(&row.example);
        if part == Part::Train {
            self.lots.add(class, identity.group);
        }
        self.count_labels(part, &row);
        self.look_for_again(part, &row, identity);
        self.measuring.add(row);
    }

    fn count_labels(&mut self, part: Part, row: &Row) {
        let ids: Vec<u32> = match &row.example {
            Example::Classified {
                label: Label::One(id),
                ..
            } => vec![*id],
            Example::Classified {
                label: Label::Many(on),
                ..
            } => (0..)
                .zip(on)
                .filter(|(_, on)| **on)
                .map(|(id, _)| id)
                .collect(),
            Example::Tagged { tags, .. } => tags.clone(),
            _ => Vec::new(),
        };
        for id in ids {
            let id = id as usize;
            while self.labels.len() <= id {
                self.labels.push((0, 0));
                self.first.push(row.place.clone());
            }
            match part {
                Part::Train => self.labels[id].0 += 1,
                Part::Check | Part::Test => self.labels[id].1 += 1,
            }
        }
    }

    fn look_for_again(&mut self, part: Part, row: &Row, identity: Identity) {
        let has_room = self.seen.len() < REMEMBERED;
        match self.seen.entry(identity.input) {
            Entry::Vacant(place) if has_room => {
                place.insert(Seen {
                    part,
                    output: identity.output,
                });
            }
            Entry::Vacant(_) => {}
            Entry::Occupied(before) => {
                let before = before.get();
                let (kind, what, hint) = if before.part != part {
                    let what = format!(
                        "{} rows that are also {} rows",
                        part.name(),
                        before.part.name()
                    );
                    (
                        Kind::Shared,
                        what,
                        "leave them out of one: figures on rows that were learned say nothing",
                    )
                } else if before.output == identity.output {
                    (
                        Kind::Duplicates,
                        "rows that were there before".to_owned(),
                        "they count as often as they are there; all go into one part",
                    )
                } else {
                    let what = "the same text with another label".to_owned();
                    (Kind::Contradictions, what, "decide which label is right")
                };
                let severity = if kind == Kind::Duplicates {
                    Severity::Note
                } else {
                    Severity::Warning
                };
                self.tally.add(
                    kind,
                    severity,
                    what,
                    Some(row.place.clone()),
                    Some(hint.to_owned()),
                );
            }
        }
    }

    /// What was found. `own` says which parts have a file of their own, and how many rows.
    ///
    /// # Errors
    /// When the parts that were asked for cannot be split off.
    pub(super) fn finish(mut self, own: [Option<u64>; 3]) -> Result<Checked> {
        let (lengths, is_drawn, faults) =
            std::mem::replace(&mut self.measuring, Measuring::new(None)).finish();
        for (fault, place) in faults {
            let hint = Some("it is left out when rows are prepared".to_owned());
            self.tally.add(
                Kind::NoTokens,
                Severity::Warning,
                fault.what,
                Some(place),
                hint,
            );
        }
        self.say_cut(lengths.as_ref(), is_drawn);
        self.say_labels(own[0].unwrap_or(0));
        let order = self.names.sort();
        let lots = std::mem::replace(&mut self.lots, Lots::new(Split::default()));
        let bounds = match own[0] {
            Some(0) => Bounds::default(),
            _ => lots.bounds(own[1].is_none(), own[2].is_none(), &order)?,
        };
        let [train, check, test] = bounds.counts;
        let rows = Counts {
            train,
            check: own[1].unwrap_or(check),
            test: own[2].unwrap_or(test),
        };
        self.say_rows(rows, own[0].unwrap_or(0));
        let names = self.names.all().to_vec();
        let mut labels: Vec<LabelReport> = names
            .iter()
            .map(|name| LabelReport {
                name: name.clone(),
                train: 0,
                others: 0,
            })
            .collect();
        for (old, (train, others)) in self.labels.iter().enumerate() {
            let new = order[old] as usize;
            (labels[new].train, labels[new].others) = (*train, *others);
        }
        Ok(Checked {
            names,
            bounds,
            labels,
            lengths,
            rows,
            problems: self.tally.finish(),
        })
    }

    fn say_cut(&mut self, lengths: Option<&Lengths>, is_drawn: bool) {
        let Some(lengths) = lengths.filter(|lengths| lengths.cut > 0) else {
            return;
        };
        self.tally.push(Problem {
            kind: Kind::Cut,
            severity: Severity::Warning,
            count: lengths.cut,
            about: is_drawn,
            places: lengths.first_cut.clone(),
            what: format!("cut at {} {}", lengths.limit.unwrap_or(0), lengths.unit),
            hint: Some("--max-length keeps more of them, at a price in time and memory".to_owned()),
        });
    }

    fn say_rows(&mut self, rows: Counts, all: u64) {
        let mut say = |kind, severity, what: String, hint: &str| {
            self.tally
                .add(kind, severity, what, None, Some(hint.to_owned()));
        };
        if all == 0 {
            let what = "there is no row to learn from".to_owned();
            say(
                Kind::NoRows,
                Severity::Fatal,
                what,
                "check the format and the columns",
            );
            return;
        }
        if rows.train < FEW {
            let what = format!("only {} rows to learn from", rows.train);
            say(
                Kind::FewRows,
                Severity::Warning,
                what,
                "a few hundred are a start",
            );
        }
        if rows.test == 0 {
            let what = "no rows to judge with".to_owned();
            say(
                Kind::NoTest,
                Severity::Warning,
                what,
                "give a file with --test",
            );
        }
    }

    fn say_labels(&mut self, rows: u64) {
        let is_class = matches!(self.shape, Shape::Classes { .. });
        if !matches!(self.shape, Shape::Classes { .. } | Shape::Tags { .. }) || rows == 0 {
            return;
        }
        let learned: Vec<usize> = (0..self.labels.len())
            .filter(|i| self.labels[*i].0 > 0)
            .collect();
        if let [only] = learned[..]
            && self.shape.problem() != Some(crate::model::config::ProblemType::MultiLabel)
        {
            let name = self.name_of(only);
            let what = format!("every row has the label {name}: there is nothing to tell apart");
            let hint = Some("check the label column: --columns label=NAME".to_owned());
            self.tally
                .add(Kind::OneClass, Severity::Fatal, what, None, hint);
            return;
        }
        for id in &learned {
            if self.labels[*id].0 == 1 {
                let what = format!(
                    "only one {} has the label {}",
                    if is_class { "row" } else { "word" },
                    self.name_of(*id)
                );
                let hint =
                    Some("a model cannot learn it from that, nor be judged by it".to_owned());
                self.tally.add(
                    Kind::SingleRow,
                    Severity::Warning,
                    what,
                    Some(self.first[*id].clone()),
                    hint,
                );
            }
        }
        let most = learned.iter().copied().max_by_key(|id| self.labels[*id].0);
        if let Some(most) = most.filter(|_| is_class && learned.len() > 1) {
            let share = self.labels[most].0 as f64 / rows as f64;
            if share >= USUAL {
                let what = format!(
                    "{} of {} training rows are {}: always saying so is right as often",
                    grouped(self.labels[most].0),
                    grouped(rows),
                    self.name_of(most)
                );
                let hint = Some("judge by F1 and not by accuracy".to_owned());
                self.tally
                    .add(Kind::Imbalance, Severity::Warning, what, None, hint);
            }
        }
    }

    /// The name of an id, safe to show.
    fn name_of(&self, id: usize) -> String {
        quoted(self.names.all().get(id).map_or("", String::as_str))
    }
}
