//! What is to be said of a run in a sentence: what it is worth, what it waits for, why it ended.

use crate::finetune::run::Phase;
use crate::finetune::run::story::Check;
use crate::jobs::Snapshot;

/// Sentences, and whether each tells of trouble. Safe to show.
pub(super) fn sentences(one: &Snapshot) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    match one.state.state {
        Phase::Queued if !one.works => {
            all.push(("It has not begun: r begins it.".to_owned(), false));
        }
        Phase::Queued => {}
        Phase::Running => all.extend(so_far(one).map(|text| (text, false))),
        Phase::Paused => {
            let said = format!("It rests after step {}: r goes on.", one.step());
            all.push((said, false));
        }
        Phase::Interrupted => {
            let from = match one.story.checkpoint {
                Some(step) => format!("from the checkpoint of step {step}"),
                None => "from its beginning".to_owned(),
            };
            let said = format!(
                "Its process ended without a word: r goes on {from}. If memory had run out, plan \
                 it with smaller batches and more gradient_accumulation_steps."
            );
            all.push((said, true));
        }
        Phase::Failed => {
            all.push(("It failed; r tries to go on.".to_owned(), true));
        }
        Phase::Stopped | Phase::Done => {
            let said = one
                .story
                .end
                .as_deref()
                .and_then(|end| end.verdict.as_deref());
            all.extend(said.map(|said| (crate::text::line(said).into_owned(), false)));
        }
    }
    if !one.works {
        let said = [&one.state.message, &one.state.hint];
        let lines = said.into_iter().flatten();
        let bad = one.state.state == Phase::Failed;
        all.extend(lines.map(|line| (crate::text::line(line).into_owned(), bad)));
    }
    all
}

/// What the checks say of a run that is at work.
fn so_far(one: &Snapshot) -> Option<String> {
    let checks = &one.story.checks;
    let tuned = checks.iter().filter(|check| check.step > 0).count();
    let best = one.story.best().map(|check| check.step);
    match (tuned, best) {
        (0, _) => None,
        (1, _) => Some("One check: too early to judge.".to_owned()),
        (_, Some(best)) if rose_twice(checks) => Some(format!(
            "The loss on the check rows rose twice in a row: likely overfitting. The kept result \
             is step {best}."
        )),
        (_, Some(best)) => Some(format!(
            "Step {best} is the best check so far: it is the result until one beats it."
        )),
        (_, None) => None,
    }
}

fn rose_twice(checks: &[Check]) -> bool {
    let losses: Vec<f64> = checks
        .iter()
        .filter_map(|check| check.metrics.get("loss").copied())
        .collect();
    matches!(losses[..], [.., a, b, c] if a < b && b < c)
}
