//! From a plan to a result, from wherever the run stands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::judge::{Judge, better};
use super::memory::resident_mb;
use super::rows::Rows;
use super::samples::{self, Sample};
use super::{Ask, End, Event, Figures, Log, Phase, Run, State, Tail, settled};
use crate::card::Origin;
use crate::error::{Error, Result};
use crate::files::{self, Folders};
use crate::finetune::base::Base;
use crate::finetune::checkpoint::{self, Progress, Saved};
use crate::finetune::dataset::Part;
use crate::finetune::evaluate::Evaluation;
use crate::finetune::features::Masking;
use crate::finetune::learner::Learner;
use crate::finetune::plan::Plan;
use crate::finetune::report::{self, Told};
use crate::finetune::result;
use crate::finetune::trainer::Trainer;
use crate::index::{Draft, Library};
use crate::jobs::Cancel;
use crate::model::layers::{Precision, Source};
use crate::model::pipeline::Task;
use crate::model::template;

/// How a process goes on with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Going {
    /// Only if nothing that decides the result has changed.
    Exactly,
    /// Whatever has changed; that is written down.
    Anyway,
}

/// Works on `run` until it comes to an end, is asked to rest, or `cancel` says so, and leaves its
/// state on the disk.
///
/// # Errors
/// Why it could not; the run's state says it too.
pub fn work(run: &Run, going: Going, cancel: &Cancel) -> Result<End> {
    let _lock = run.lock()?;
    // What was asked of an earlier process.
    Ask::take(&run.control_path())?;
    let mut log = Log::open(&run.events_path())?;
    let started = Instant::now();
    let mut state = State {
        state: Phase::Running,
        pid: std::process::id(),
        message: None,
        hint: None,
        ..State::read(&run.state_path()).unwrap_or_else(|_| State::queued())
    };
    state.write(&run.state_path())?;
    let mut ended = Ended::default();
    let outcome = Work::begin(run, going, cancel, &mut log)
        .and_then(|mut work| work.advance(&mut log, &mut ended));
    let (phase, error) = match outcome {
        Ok(phase) => (phase, None),
        Err(error) if cancel.is_cancelled() => (Phase::Interrupted, Some(error)),
        Err(error) => (Phase::Failed, Some(error)),
    };
    state = State::read(&run.state_path())?;
    state.state = phase;
    state.message = error.as_ref().map(ToString::to_string);
    state.hint = error
        .as_ref()
        .and_then(|e| e.hint_text().map(str::to_owned));
    let end = End {
        state: phase,
        step: state.step,
        metrics: ended.metrics,
        base_metrics: ended.base,
        verdict: ended.verdict,
        wall_s: started.elapsed().as_secs_f64(),
        tokens_per_s: ended.tokens_per_s,
        peak_rss_mb: resident_mb().1,
        model_dir: phase.ended().then(|| run.model_path()),
        message: state.message.clone(),
    };
    // The state last: who sees it may rely on the event.
    let told = log.add(&Event::End(Box::new(end.clone())));
    state.write(&run.state_path())?;
    told?;
    match error {
        Some(error) if phase == Phase::Failed => Err(error),
        _ => Ok(end),
    }
}

/// What is known at the end.
#[derive(Default)]
struct Ended {
    metrics: Figures,
    base: Figures,
    verdict: Option<String>,
    tokens_per_s: f64,
}

/// A run that is worked on.
pub(super) struct Work<'a> {
    run: &'a Run,
    pub(super) plan: Plan,
    base: Base,
    config: serde_json::Map<String, serde_json::Value>,
    pub(super) judge: Judge,
    samples: Vec<Sample>,
    pub(super) trainer: Trainer,
    progress: Progress,
    cancel: &'a Cancel,
    /// When this process took its first step, and the tokens that were read before.
    since: Option<(Instant, u64)>,
}

impl<'a> Work<'a> {
    /// Reads everything, and goes back to the newest checkpoint that is whole.
    pub(super) fn begin(
        run: &'a Run,
        going: Going,
        cancel: &'a Cancel,
        log: &mut Log,
    ) -> Result<Self> {
        let plan = run.plan()?;
        let base = plan.base()?;
        let mut stop = || cancel.is_cancelled();
        let rows = Rows::of(run, &plan, &base, &mut stop)?;
        let rows = Arc::new(rows);
        let outputs = plan.outputs();
        let (config, computed) = base.tuned(outputs)?;
        let source = match &base.checkpoint {
            Some(checkpoint) => Source::of(checkpoint, &computed, Precision::F32),
            None => Source::random(computed.prefix(), plan.training.seed, 0.02),
        };
        let source = source
            .making(plan.training.seed, 0.02, !base.has_head_for(outputs))
            .learning(plan.learning());
        let training = &plan.training;
        let learner = Learner::load(&source, &computed, plan.task)?
            .weighing(training.label_smoothing_factor, plan.class_weights()?);
        let masking = (plan.task == Task::FillMask)
            .then(|| Masking::new(&base.tokenizer, training.mlm_probability))
            .transpose()?;
        let trainer = Trainer::new(learner, training, rows.prepared(Part::Train), masking);
        let mut identity = plan.identity();
        identity.insert("data".to_owned(), rows.fingerprint.clone());
        let mut work = Self {
            run,
            base,
            config,
            samples: samples::choose(&rows, &plan)?,
            judge: Judge::new(rows, &plan, computed, cancel),
            trainer,
            progress: Progress {
                identity,
                ..Progress::default()
            },
            plan,
            cancel,
            since: None,
        };
        work.go_back(going, log)?;
        let (trainable, parameters) = work.trainer.learner.counts();
        log.add(&Event::Start {
            step: work.trainer.done(),
            total_steps: work.trainer.steps(),
            trainable,
            parameters,
            at: now(),
        })?;
        work.tell(|state, work| {
            state.step = work.trainer.done();
            state.total_steps = work.trainer.steps();
        })?;
        Ok(work)
    }

    /// Goes back to the newest checkpoint that is whole, and says which were passed over.
    fn go_back(&mut self, going: Going, log: &mut Log) -> Result<()> {
        let (saved, broken) = Saved::newest(&self.run.checkpoints_path());
        for one in broken {
            let message = format!("checkpoint {} is passed over: {}", one.step, one.error);
            log.add(&Event::Warning { message })?;
        }
        let Some(saved) = saved else { return Ok(()) };
        let changed = changes(&saved.progress.identity, &self.progress.identity);
        if !changed.is_empty() {
            let changed = changed.join("; ");
            if going == Going::Exactly {
                return Err(
                    Error::new(format!("what decides the result has changed: {changed}"))
                        .at(self.run.id.clone())
                        .hint(
                            "put it back, or go on anyway with --force: the result is then another",
                        ),
                );
            }
            let message = format!("goes on although this has changed: {changed}");
            log.add(&Event::Warning { message })?;
        }
        self.trainer.restore(&saved)?;
        self.progress = Progress {
            identity: std::mem::take(&mut self.progress.identity),
            ..saved.progress
        };
        Ok(())
    }

    /// Steps, checks and checkpoints until there is nothing left to do.
    fn advance(&mut self, log: &mut Log, ended: &mut Ended) -> Result<Phase> {
        let steps = self.trainer.steps();
        let every = self.plan.training.check_every(steps);
        let base = self.untuned(log)?;
        ended.base = base;
        let mut last = Phase::Done;
        while self.trainer.done() < steps {
            let ask = if self.cancel.is_cancelled() {
                Some(Ask::Pause)
            } else {
                Ask::take(&self.run.control_path())?
            };
            match ask {
                Some(Ask::Pause) => {
                    self.save(log)?;
                    ended.tokens_per_s = self.tokens_per_s();
                    return Ok(if self.cancel.is_cancelled() {
                        Phase::Interrupted
                    } else {
                        Phase::Paused
                    });
                }
                Some(Ask::Stop) => {
                    last = Phase::Stopped;
                    break;
                }
                Some(Ask::Checkpoint) => self.save(log)?,
                None => {}
            }
            self.step(log)?;
            let done = self.trainer.done();
            let saves = self
                .plan
                .training
                .save_steps
                .is_some_and(|n| done.is_multiple_of(n));
            if done.is_multiple_of(every) || done == steps {
                if self.check(log)? {
                    last = Phase::Done;
                    break;
                }
            } else if saves {
                self.save(log)?;
            }
        }
        ended.tokens_per_s = self.tokens_per_s();
        if last == Phase::Stopped && self.progress.best.is_none() {
            self.check(log)?;
        }
        let evaluation = self.finish(log, ended)?;
        self.report(log, ended, evaluation.as_ref())?;
        Ok(last)
    }

    /// The figures of the model that was not tuned: on the test rows, and on the check rows as
    /// the check of step 0.
    fn untuned(&mut self, log: &mut Log) -> Result<Figures> {
        let path = self.run.folder.join("base.json");
        if let Ok(bytes) = std::fs::read(&path)
            && let Ok(figures) = serde_json::from_slice(&bytes)
        {
            return Ok(figures);
        }
        if self.trainer.done() > 0 {
            return Ok(Figures::new());
        }
        let check = self.figures(Part::Check, false)?.0;
        log.add(&Event::Check {
            step: 0,
            metrics: check,
            best: false,
        })?;
        self.sample(log)?;
        let (mut test, evaluation) = self.figures(Part::Test, true)?;
        if let Some(share) = self.judge.majority(&self.plan)? {
            test.insert(report::MAJORITY.to_owned(), share);
        }
        self.keep("base-evaluation.json", evaluation.as_ref())?;
        files::write(&path, &serde_json::to_vec(&test).unwrap_or_default())?;
        Ok(test)
    }

    fn step(&mut self, log: &mut Log) -> Result<()> {
        let begun = Instant::now();
        self.since.get_or_insert((begun, self.progress.tokens));
        let step = self.trainer.step()?;
        self.progress.step = step.step;
        self.progress.tokens += step.tokens;
        self.progress.seconds += begun.elapsed().as_secs_f64();
        self.progress.skipped = self.trainer.skipped();
        if step.skipped {
            let message = format!(
                "step {}: the loss or its gradients are not numbers; no weight was changed",
                step.step
            );
            log.add(&Event::Warning { message })?;
        } else {
            let (sum, count) = self.progress.window;
            let sum = f64::from_bits(sum) + step.loss;
            self.progress.window = (sum.to_bits(), count + 1);
        }
        let (sum, count) = self.progress.window;
        let due = step.step.is_multiple_of(self.plan.training.logging_steps);
        if (due || step.step == self.trainer.steps()) && count > 0 {
            self.progress.window = (0, 0);
            log.add(&Event::Progress {
                step: step.step,
                epoch: self.trainer.epoch(),
                loss: f64::from_bits(sum) / count as f64,
                grad_norm: step.grad_norm,
                learning_rate: step.learning_rate,
                tokens_per_s: self.tokens_per_s(),
                seconds: self.progress.seconds,
                rss_mb: resident_mb().0,
            })?;
            self.tell(|state, work| state.step = work.trainer.done())?;
        }
        Ok(())
    }

    /// Judges the check rows and keeps a checkpoint; says whether the run is to end here.
    fn check(&mut self, log: &mut Log) -> Result<bool> {
        let metrics = self.figures(Part::Check, false)?.0;
        let name = &self.plan.training.metric_for_best_model;
        let figure = metrics.get(name).copied();
        let old = self.progress.best_value().map(|(_, value)| value);
        let step = self.trainer.done();
        let best = match figure {
            Some(figure) => better(name, figure, old),
            // Without check rows the last checkpoint is the result.
            None => true,
        };
        if best {
            self.progress.best = Some((step, figure.unwrap_or_default().to_bits()));
            self.progress.worse = 0;
        } else {
            self.progress.worse += 1;
        }
        log.add(&Event::Check {
            step,
            metrics,
            best,
        })?;
        self.sample(log)?;
        self.save(log)?;
        let patience = self.plan.training.early_stopping_patience;
        Ok(patience.is_some_and(|most| self.progress.worse >= most))
    }

    fn figures(&self, part: Part, texts: bool) -> Result<(Figures, Option<Evaluation>)> {
        self.judge.figures(&self.trainer, &self.base, part, texts)
    }

    /// Writes down what the model makes of the rows that were drawn for that.
    fn sample(&self, log: &mut Log) -> Result<()> {
        if self.samples.is_empty() {
            return Ok(());
        }
        let model = &self.trainer.learner.model;
        let Some(writer) = self.judge.writer(model, &self.base)? else {
            return Ok(());
        };
        let step = self.trainer.done();
        let events = samples::write(&self.samples, &writer, &self.plan, step, self.cancel)?;
        events.iter().try_for_each(|event| log.add(event))
    }

    /// Keeps an evaluation in the run's folder, if there is one.
    fn keep(&self, name: &str, evaluation: Option<&Evaluation>) -> Result<()> {
        let Some(evaluation) = evaluation else {
            return Ok(());
        };
        let json = serde_json::to_vec_pretty(evaluation).unwrap_or_default();
        files::write(&self.run.folder.join(name), &json)
    }

    /// Keeps a checkpoint, and removes those that nothing needs.
    fn save(&mut self, log: &mut Log) -> Result<()> {
        let folder = self.run.checkpoints_path();
        self.progress.step = self.trainer.done();
        Saved::write(&folder, &self.trainer, &self.progress)?;
        let best = self.progress.best.map(|(step, _)| step);
        checkpoint::prune(&folder, self.plan.training.save_total_limit, best)?;
        let step = self.progress.step;
        log.add(&Event::Checkpoint { step })?;
        self.tell(|state, work| state.step = work.trainer.done())
    }

    /// Puts the best weights back, judges the test rows once, and writes the result.
    fn finish(&mut self, log: &mut Log, ended: &mut Ended) -> Result<Option<Evaluation>> {
        if let Some((step, _)) = self.progress.best
            && step != self.trainer.done()
        {
            match Saved::open(&self.run.checkpoints_path(), step) {
                Ok(saved) => saved.weights_into(&self.trainer.learner)?,
                Err(error) => {
                    let message = format!(
                        "the best checkpoint, of step {step}, cannot be read ({error}): the result is the last step"
                    );
                    log.add(&Event::Warning { message })?;
                }
            }
        }
        let (metrics, evaluation) = self.figures(Part::Test, true)?;
        ended.metrics = metrics;
        self.keep("evaluation.json", evaluation.as_ref())?;
        result::write_model(
            &self.run.model_path(),
            &self.base,
            &self.trainer.learner,
            &self.config,
            &self.plan.learning(),
        )?;
        let template = self.plan.data.template.as_deref().and_then(template::named);
        if let Some(template) = template {
            result::write_template(&self.run.model_path(), template)?;
        }
        Ok(evaluation)
    }

    /// Writes the card of the result and the page about the run, and lets the advisor know.
    fn report(
        &self,
        log: &mut Log,
        ended: &mut Ended,
        evaluation: Option<&Evaluation>,
    ) -> Result<()> {
        let config = &self.base.config;
        let (trainable, parameters) = self.trainer.learner.counts();
        let told = Told {
            id: &self.run.id,
            plan: &self.plan,
            steps: self.trainer.done(),
            trainable,
            parameters,
            model_type: config.common().model_type,
            positions: config.positions(),
            metrics: &ended.metrics,
            base_metrics: &ended.base,
            evaluation,
        };
        ended.verdict = Some(told.verdict());
        let card = report::card(&told)?;
        files::write(&self.run.model_path().join("README.md"), card.as_bytes())?;
        let events = settled(Tail::new(&self.run.events_path()).read()?);
        let page = report::page(&told, &events)?;
        files::write(&self.run.folder.join("report.html"), page.as_bytes())?;
        // The model is there all the same.
        if let Err(error) = index(&self.run.id, card) {
            let message = format!("the model's card is not in the index: {error}");
            log.add(&Event::Warning { message })?;
        }
        Ok(())
    }

    /// Tokens a second in this process.
    fn tokens_per_s(&self) -> f64 {
        let Some((since, before)) = self.since else {
            return 0.0;
        };
        (self.progress.tokens - before) as f64 / since.elapsed().as_secs_f64().max(1e-9)
    }

    /// Changes the run's state.
    fn tell(&self, change: impl FnOnce(&mut State, &Self)) -> Result<()> {
        let path = self.run.state_path();
        let mut state = State::read(&path)?;
        change(&mut state, self);
        state.write(&path)
    }
}

/// Puts the card of a run's model into the user's library.
fn index(id: &str, text: String) -> Result<()> {
    let (library, _) = Library::open(&Folders::of_user()?)?;
    let draft = Draft {
        id: id.to_owned(),
        origin: Origin::Run,
        text,
    };
    library.add(&[draft], &mut |_| ()).map(|_| ())
}

/// What differs between two identities: `option: old -> new`.
fn changes(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let none = "not there".to_owned();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| {
            let (old, new) = (
                old.get(name).unwrap_or(&none),
                new.get(name).unwrap_or(&none),
            );
            format!("{name}: {old} -> {new}")
        })
        .collect()
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}
