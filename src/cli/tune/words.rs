//! A plan in words, line by line.

use crate::advisor::quantity;
use crate::cli::out::Out;
use crate::error::shown;
use crate::finetune::plan::{Method, Plan};
use crate::finetune::run::Probe;
use crate::text::{self, grouped};

/// Where the words of a line begin.
const INDENT: usize = 10;

/// What a run would be.
pub(super) fn plan(plan: &Plan, probe: Option<&Probe>, out: &mut Out) {
    let mut line = |name: &str, words: String| out.line(format!("{name:INDENT$}{words}"));
    let training = &plan.training;
    let rows = plan.data.rows;
    line("Model", text::line(&plan.model.name).into_owned());
    line(
        "Data",
        format!(
            "{}: {} train, {} check, {} test rows, for {}",
            shown(&plan.data.files.train),
            grouped(rows.train),
            grouped(rows.check),
            grouped(rows.test),
            plan.task
        ),
    );
    let why = plan
        .sources
        .get("method")
        .map_or(String::new(), |why| format!("    {why}"));
    line("Method", format!("{}{why}", method(plan, probe)));
    let recipe = plan.sources.get("recipe").map_or("", String::as_str);
    line(
        "Rate",
        format!("{:e}    {}", training.learning_rate, text::line(recipe)),
    );
    let steps = probe.map_or_else(
        || training.steps(usize::try_from(rows.train).unwrap_or(usize::MAX)),
        |probe| probe.total_steps,
    );
    let epochs = match training.max_steps {
        Some(_) => "--max-steps".to_owned(),
        None => format!("{} epochs", training.num_train_epochs),
    };
    line(
        "Steps",
        format!(
            "{} of {} rows each ({epochs})",
            grouped(steps),
            training.rows_a_step()
        ),
    );
    line(
        "Checks",
        format!(
            "every {} steps on the check rows; the test rows once, at the end",
            grouped(training.check_every(steps))
        ),
    );
    match probe {
        Some(probe) => {
            let (low, high) = probe.range();
            line(
                "Time",
                format!(
                    "{} ({} to {})    measured: {} steps, {:.0} tokens/s",
                    quantity::duration(probe.seconds),
                    quantity::duration(low),
                    quantity::duration(high),
                    probe.measured_steps,
                    probe.tokens_per_s
                ),
            );
            let bytes = (probe.peak_rss_mb * 1e6) as u64;
            line(
                "Memory",
                format!("{} at the peak    measured", quantity::bytes(bytes)),
            );
        }
        None => line("Time", "not measured: leave out --no-probe".to_owned()),
    }
}

/// What learns, in numbers where they are known.
fn method(plan: &Plan, probe: Option<&Probe>) -> String {
    let name = match (plan.method, &plan.lora) {
        (Method::Lora, Some(lora)) => format!("lora, r {}, alpha {}", lora.r, lora.lora_alpha),
        (method, _) => method.name().to_owned(),
    };
    match probe {
        Some(probe) => format!(
            "{name}: {} of {} weights",
            grouped(probe.trainable),
            grouped(probe.parameters)
        ),
        None => name,
    }
}
