//! Problems as they are counted: the same words are one problem, and the first places are kept.

use super::example::Place;
use super::fault::{Fault, Kind};
use super::report::{Problem, Severity};

/// How many places of a problem are kept.
const PLACES: usize = 5;
/// How many problems of a kind are told apart.
const APART: usize = 10;

/// Problems so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    problems: Vec<Problem>,
}

impl Tally {
    /// Counts a row that is left out.
    pub(super) fn skip(&mut self, fault: Fault, place: Place) {
        let hint = hint(fault.kind).map(str::to_owned);
        self.add(fault.kind, Severity::Skipped, fault.what, Some(place), hint);
    }

    /// Counts a problem once.
    pub(super) fn add(
        &mut self,
        kind: Kind,
        severity: Severity,
        what: String,
        place: Option<Place>,
        hint: Option<String>,
    ) {
        let same = |problem: &&mut Problem| problem.kind == kind && problem.what == what;
        let of_kind = self
            .problems
            .iter()
            .filter(|problem| problem.kind == kind)
            .count();
        let known = match self.problems.iter_mut().find(same) {
            Some(problem) => Some(problem),
            None if of_kind >= APART => self
                .problems
                .iter_mut()
                .rev()
                .find(|problem| problem.kind == kind),
            None => None,
        };
        if let Some(problem) = known {
            if problem.what != what && !problem.what.ends_with(", and others") {
                problem.what.push_str(", and others");
            }
            problem.count += 1;
            if problem.places.len() < PLACES {
                problem.places.extend(place);
            }
            return;
        }
        self.problems.push(Problem {
            kind,
            severity,
            count: 1,
            about: false,
            places: place.into_iter().collect(),
            what,
            hint,
        });
    }

    /// Adds a problem that was counted elsewhere.
    pub(super) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// All problems, the worst first.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by(|a, b| {
            (a.severity, a.kind)
                .cmp(&(b.severity, b.kind))
                .then(b.count.cmp(&a.count))
        });
        self.problems
    }
}

/// What to do about rows that are left out.
fn hint(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::NotUtf8 => "convert the file: iconv -f LATIN1 -t UTF-8 FILE > NEW",
        Kind::TooLong => "cut long rows, or put line ends between them",
        Kind::OpenQuote => "double the quotes within quoted fields, or give --quotes false",
        Kind::FieldCount => "quote fields that hold the delimiter, or name it: --delimiter",
        Kind::MissingColumn => "name the columns: --columns",
        Kind::UnknownLabel => "name all labels: --labels, or the column: --columns label=NAME",
        Kind::LostAnswer => "answer_start counts characters from the start of the context",
        _ => return None,
    })
}
