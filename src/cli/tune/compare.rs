//! `modeldesk tune compare`: runs beside each other, by their plans and by what they ended in.

use serde_json::{Value, json};

use crate::cli::out::Out;
use crate::cli::{Exit, Result};
use crate::files::Folders;
use crate::finetune::plan::Plan;
use crate::finetune::run::story::Story;
use crate::finetune::run::{Figures, Run, State, Tail, settled};
use crate::text;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Figures stand beside each other where the runs were judged by the same rows; `modeldesk eval` with
--against tests two models for a difference.

Examples:
  modeldesk tune compare spam-full spam-lora
  modeldesk tune compare spam-full spam-lora --json")]
pub(in crate::cli) struct Arguments {
    /// The runs
    #[arg(required = true, num_args = 2..)]
    runs: Vec<String>,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// A run that is compared.
struct Side {
    run: Run,
    plan: Plan,
    state: State,
    story: Story,
}

impl Side {
    fn read(folders: &Folders, name: &str) -> Result<Self> {
        let run = Run::find(folders, name)?;
        let mut story = Story::default();
        for event in settled(Tail::new(&run.events_path()).read()?) {
            story.take(event);
        }
        Ok(Self {
            plan: run.plan()?,
            state: run.state()?,
            run,
            story,
        })
    }

    fn metrics(&self) -> Option<&Figures> {
        self.story.end.as_ref().map(|end| &end.metrics)
    }

    fn untuned(&self) -> Option<&Figures> {
        self.story.end.as_ref().map(|end| &end.base_metrics)
    }

    /// What decides which rows judge it.
    fn judged_by(&self) -> (&str, u64, u64) {
        let data = &self.plan.data;
        (&data.fingerprint, data.rows.test, self.plan.training.seed)
    }

    /// The fields of its plan and of its end, each as text.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let (plan, training) = (&self.plan, &self.plan.training);
        let rows = plan.data.rows;
        let mut fields = vec![
            ("state", self.state.state.name().to_owned()),
            ("model", plan.model.name.clone()),
            ("task", plan.task.to_string()),
            ("method", plan.method.name().to_owned()),
            ("learning_rate", training.learning_rate.to_string()),
            (
                "rows",
                format!("{}/{}/{}", rows.train, rows.check, rows.test),
            ),
            (
                "steps",
                format!("{}/{}", self.state.step, self.state.total_steps),
            ),
        ];
        if let Some(end) = &self.story.end {
            fields.push(("seconds", text::figure(end.wall_s)));
            fields.push(("peak memory", text::bytes((end.peak_rss_mb * 1e6) as u64)));
        }
        let line = |(name, value): (_, String)| (name, text::line(&value).into_owned());
        fields.into_iter().map(line).collect()
    }
}

pub(super) fn run(arguments: &Arguments, out: &mut Out) -> Result<Exit> {
    let folders = Folders::of_user()?;
    let sides = arguments.runs.iter().map(|name| Side::read(&folders, name));
    let sides = sides.collect::<Result<Vec<Side>>>()?;
    let alike = sides
        .windows(2)
        .all(|two| two[0].judged_by() == two[1].judged_by());
    if arguments.json {
        let all = sides.iter().map(|side| {
            json!({
                "id": side.run.id, "state": side.state.state, "step": side.state.step,
                "plan": side.plan, "metrics": side.metrics(), "base_metrics": side.untuned(),
                "same_test_rows": alike,
            })
        });
        out.json(&Value::Array(all.collect()));
        out.finish()?;
        return Ok(Exit::Done);
    }
    for (name, cells) in rows(&sides) {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:<22}")).collect();
        out.line(
            format!("{name:<16} {}", cells.join(" "))
                .trim_end()
                .to_owned(),
        );
    }
    if !alike {
        out.line(String::new());
        out.line("The runs were not judged by the same test rows: their figures do not compare.");
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// Names of fields, and what each run has there.
fn rows(sides: &[Side]) -> Vec<(String, Vec<String>)> {
    let told: Vec<_> = sides.iter().map(Side::fields).collect();
    let ids = sides
        .iter()
        .map(|side| text::line(&side.run.id).into_owned());
    let mut rows = vec![("run".to_owned(), ids.collect())];
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in told.iter().flatten() {
        if !names.contains(name) {
            names.push(name);
        }
    }
    for name in names {
        let cells = told.iter().map(|fields| {
            let found = fields.iter().find(|(field, _)| *field == name);
            found.map_or_else(|| "-".to_owned(), |(_, value)| value.clone())
        });
        rows.push((name.to_owned(), cells.collect()));
    }
    let metrics = sides.iter().filter_map(Side::metrics);
    let names: std::collections::BTreeSet<&String> = metrics.flat_map(Figures::keys).collect();
    for name in names {
        let cells = sides.iter().map(|side| {
            let of = |all: Option<&Figures>| all?.get(name).copied().map(text::figure);
            match (of(side.metrics()), of(side.untuned())) {
                (Some(new), Some(old)) => format!("{new} (untuned {old})"),
                (Some(new), None) => new,
                _ => "-".to_owned(),
            }
        });
        rows.push((text::line(name).into_owned(), cells.collect()));
    }
    rows
}
