//! The fine-tunes of this user, as the desk last heard of them: for the Tune pane, for the header
//! of every pane, and for the shell when the desk is left.

use std::sync::Arc;

use crate::advisor::quantity;
use crate::finetune::run::Phase;
use crate::jobs::Snapshot;

/// The runs, the newest first.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// None before anybody looked.
    seen: Option<Vec<Arc<Snapshot>>>,
}

impl Runs {
    /// Takes the runs as they are now; says which has come to its end meanwhile.
    pub(super) fn hear(&mut self, now: Vec<Arc<Snapshot>>) -> Option<String> {
        let said = now.iter().rev().find_map(|one| {
            let before = self.get(&one.run.id)?;
            (before.works && !one.works).then(|| ended(one))
        });
        self.seen = Some(now);
        said
    }

    /// Whether anybody has looked yet.
    pub(super) fn are_known(&self) -> bool {
        self.seen.is_some()
    }

    /// The runs, the newest first.
    pub(super) fn all(&self) -> &[Arc<Snapshot>] {
        self.seen.as_deref().unwrap_or_default()
    }

    /// The run of that name.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Snapshot>> {
        self.all().iter().find(|one| one.run.id == id)
    }

    fn working(&self) -> impl Iterator<Item = &Arc<Snapshot>> {
        self.all().iter().filter(|one| one.works)
    }

    /// `run 38%, 17 min`, while one works; of several only their number.
    pub(super) fn in_all(&self) -> Option<String> {
        let mut working = self.working();
        let one = working.next()?;
        let more = working.count();
        if more > 0 {
            return Some(format!("{} runs", more + 1));
        }
        let share = percent(one);
        Some(match one.left() {
            Some(left) => format!("run {share}%, {}", quantity::duration(left)),
            None => format!("run {share}%"),
        })
    }

    /// What is printed when the desk is left: the runs that go on, and how to see them.
    pub(super) fn go_on(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for one in self.working() {
            let id = crate::text::line(&one.run.id);
            let left = one.left().map_or(String::new(), |left| {
                format!(", about {} left", quantity::duration(left))
            });
            lines.push(format!(
                "{id} goes on: step {} of {}{left}.",
                one.step(),
                one.total()
            ));
            lines.push(format!(
                "  modeldesk tune watch {id}     or open the desk again"
            ));
        }
        lines
    }
}

/// The share of its steps that a run has taken.
pub(super) fn percent(one: &Snapshot) -> u64 {
    (one.step() * 100)
        .checked_div(one.total())
        .unwrap_or(0)
        .min(100)
}

fn ended(one: &Snapshot) -> String {
    let id = crate::text::line(&one.run.id);
    match one.state.state {
        Phase::Paused => format!("{id} rests after step {}.", one.step()),
        state => format!("{id} is {}.", state.name()),
    }
}
