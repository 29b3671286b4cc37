//! Runs that the stand-in has: folders as a run leaves them, read as the desk reads them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use modeldesk::files::{self, Folders};
use modeldesk::finetune::base::Named;
use modeldesk::finetune::dataset::{Counts, Options, Sources};
use modeldesk::finetune::features::Recipe;
use modeldesk::finetune::plan::{Data, Method, Plan};
use modeldesk::finetune::run::{Event, Figures, Lock, Log, Phase, Run, State};
use modeldesk::finetune::training::Training;
use modeldesk::jobs::{Snapshot, Watch};
use modeldesk::model::pipeline::Task;
use tempfile::TempDir;

/// A run whose process holds its lock, and runs whose process has ended in every way.
struct Stock {
    runs: Vec<Arc<Snapshot>>,
    _folder: TempDir,
    _lock: Lock,
}

static STOCK: LazyLock<Stock> = LazyLock::new(stock);

/// Five runs, the newest first: at work, done, paused, failed, interrupted.
pub(in crate::desk) fn runs() -> Vec<Arc<Snapshot>> {
    STOCK.runs.clone()
}

/// A plan of a run.
fn plan(model: &str, task: Task, rows: u64) -> Plan {
    Plan {
        program: "0.1.0".to_owned(),
        model: Named {
            name: model.to_owned(),
            folder: PathBuf::from("/models").join(model),
            commit: None,
            from_config: false,
        },
        weights: "w".to_owned(),
        tokenizer: "t".to_owned(),
        task,
        method: Method::Full,
        lora: None,
        data: Data {
            files: Sources {
                train: PathBuf::from("/data/rows.jsonl"),
                ..Sources::default()
            },
            options: Options::default(),
            fingerprint: "f".to_owned(),
            rows: Counts {
                train: rows,
                check: 50,
                test: 50,
            },
            labels: Vec::new(),
            label_rows: Vec::new(),
            recipe: Recipe::of(task, 512),
            template: None,
        },
        training: Training::default(),
        threads: 2,
        processor: "plain".to_owned(),
        sources: std::collections::BTreeMap::new(),
    }
}

fn figures(all: &[(&str, f64)]) -> Figures {
    let each = all.iter().map(|(name, value)| ((*name).to_owned(), *value));
    each.collect()
}

fn start(total_steps: u64) -> Event {
    Event::Start {
        step: 0,
        total_steps,
        trainable: 294_912,
        parameters: 124_439_808,
        at: 0.0,
    }
}

/// Steps of ten, each of them two seconds, with a falling loss.
fn steps(to: u64, total: u64) -> Vec<Event> {
    let each = (1..=to / 10).map(|n| n * 10);
    each.map(|step| Event::Progress {
        step,
        epoch: 3.0 * step as f64 / total as f64,
        loss: 2.4 + 200.0 / (step as f64 + 190.0),
        grad_norm: 1.2,
        learning_rate: 1.3e-4,
        tokens_per_s: 262.0,
        seconds: step as f64 * 2.0,
        rss_mb: 1_512.0,
    })
    .collect()
}

fn check(step: u64, loss: f64, best: bool) -> Event {
    Event::Check {
        step,
        metrics: figures(&[("loss", loss), ("perplexity", loss.exp())]),
        best,
    }
}

fn sample(step: u64, text: &str) -> Event {
    Event::Sample {
        step,
        number: 1,
        prompt: "My parcel says delivered but it is not here.".to_owned(),
        text: text.to_owned(),
        expected: String::new(),
    }
}

fn end(state: Phase, step: u64) -> Event {
    Event::End(Box::new(modeldesk::finetune::run::End {
        state,
        step,
        metrics: figures(&[("loss", 0.06)]),
        base_metrics: figures(&[("loss", 0.71)]),
        verdict: Some(
            "Better than the untuned model on the 50 test rows: loss 0.060 against 0.71 (95%: \
             0.041 to 0.083)."
                .to_owned(),
        ),
        wall_s: 61.0,
        tokens_per_s: 4_800.0,
        peak_rss_mb: 640.0,
        model_dir: None,
        message: None,
    }))
}

/// A run as its folder says it.
pub(in crate::desk) struct Told {
    id: &'static str,
    plan: Plan,
    phase: Phase,
    step: u64,
    total: u64,
    message: Option<&'static str>,
    events: Vec<Event>,
}

impl Told {
    pub(in crate::desk) fn write(self, folders: &Folders, age: u64) -> Run {
        let run = Run::create(folders, self.id, &self.plan).unwrap();
        let state = State {
            state: self.phase,
            pid: 4_242,
            step: self.step,
            total_steps: self.total,
            message: self.message.map(str::to_owned),
            hint: self.message.map(|_| "free some space".to_owned()),
        };
        state.write(&run.state_path()).unwrap();
        let mut log = Log::open(&run.events_path()).unwrap();
        for event in self.events {
            log.add(&event).unwrap();
        }
        let written = SystemTime::UNIX_EPOCH + Duration::from_hours(1_000 - age);
        let plan = std::fs::File::options().append(true).open(run.plan_path());
        plan.unwrap().set_modified(written).unwrap();
        run
    }
}

/// What their folders say.
pub(in crate::desk) fn told() -> Vec<Told> {
    let classifies = Task::TextClassification;
    let writes = Task::TextGeneration;
    let mut work = vec![start(675), check(0, 3.42, false)];
    work.push(sample(0, "I have a parcel. I have a parcel."));
    work.extend(steps(225, 675));
    work.push(check(225, 2.58, true));
    work.push(sample(
        225,
        "I am sorry to hear that. Please send us your number.",
    ));
    work.push(Event::Checkpoint { step: 225 });
    work.extend(steps(257, 675).into_iter().skip(22));
    let mut done = vec![start(100), check(0, 0.7, false)];
    done.extend(steps(100, 100));
    let checks = [(34, 0.2, true), (68, 0.1, true), (100, 0.08, true)];
    done.extend(checks.map(|(step, loss, best)| check(step, loss, best)));
    done.push(end(Phase::Done, 100));
    let mut rising = vec![start(90), check(0, 1.0, false)];
    rising.extend(steps(40, 90));
    rising.push(Event::Checkpoint { step: 40 });
    let run = |id, model, task, phase, step, total, events| Told {
        id,
        plan: plan(model, task, 900),
        phase,
        step,
        total,
        message: None,
        events,
    };
    let failed = Told {
        message: Some("cannot write \u{1b}[31mcheckpoints/40"),
        ..run(
            "notes-gpt2",
            "openai-community/gpt2",
            writes,
            Phase::Failed,
            40,
            90,
            rising.clone(),
        )
    };
    vec![
        run(
            "support-gpt2",
            "openai-community/gpt2",
            writes,
            Phase::Running,
            257,
            675,
            work,
        ),
        run(
            "spam-minilm",
            "org/\u{202e}minilm",
            classifies,
            Phase::Done,
            100,
            100,
            done,
        ),
        run(
            "mood-distilbert",
            "distilbert-base-uncased",
            classifies,
            Phase::Paused,
            40,
            90,
            rising.clone(),
        ),
        failed,
        run(
            "a-name-that-is-longer-than-its-column",
            "google/flan-t5-small",
            classifies,
            Phase::Running,
            40,
            90,
            rising,
        ),
    ]
}

fn stock() -> Stock {
    let folder = tempfile::tempdir().unwrap();
    let folders = Folders::below(folder.path());
    let all = told().into_iter().zip(0..);
    let runs: Vec<Run> = all.map(|(told, age)| told.write(&folders, age)).collect();
    let lock = runs[0].lock().unwrap();
    files::write(&runs[1].model_path().join("model.safetensors"), &[0; 9_000]).unwrap();
    let placed = |one: Arc<Snapshot>| {
        let mut one = (*one).clone();
        one.run.folder = Path::new("/data/runs").join(&one.run.id);
        Arc::new(one)
    };
    let seen = Watch::new(&folders).look();
    Stock {
        runs: seen.into_iter().map(placed).collect(),
        _folder: folder,
        _lock: lock,
    }
}
