//! `modeldesk chat MODEL`: a conversation, line by line.
//!
//! On a terminal it prompts; by pipe each line is a turn, and standard output has the answers and
//! nothing else. `lines` brings what is typed and Ctrl+C, `conversation` holds what was said.

mod conversation;
mod lines;

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, channel};

use self::conversation::Conversation;
use self::lines::{Lines, Said};
use super::out::{self, Out, say, tell};
use super::try_model::write::{self, of_flag};
use super::{Exit, model};
use crate::advisor::quantity;
use crate::error::{Error, Kind, Result};
use crate::jobs::Requester;
use crate::jobs::engine::{
    Done, EngineWorker, Input, Models, News, Order, Origin, Output, Pace, Report, Weights, Work,
    form_of, usual,
};
use crate::model::generate::{Finish, Options};
use crate::model::layers::Precision;
use crate::model::pipeline::Task;
use crate::model::template::Form;
use crate::settings::Settings;
use crate::text;

const COMMANDS: &str = "/system TEXT sets what the system says, /again answers again, /template \
    shows the text that was sent, /clear begins anew, /quit leaves; // begins with a slash";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
MODEL is a folder, a run of yours, or a model in the cache that Python's huggingface_hub uses. What
it is sent has the template of its run, else the one in its files; without either it goes on from
what was said. Ctrl+C stops an answer, and ends the chat where nothing is being answered.

While typing:
  /system TEXT  /again  /template  /clear  /quit

Examples:
  modeldesk chat support-gpt2
  modeldesk chat openai-community/gpt2 --template plain --temperature 0.9
  modeldesk chat ./my-model --system \"You answer for a small shop.\" --seed 7
  modeldesk chat support-gpt2 --greedy < questions.txt > answers.txt")]
pub(super) struct Arguments {
    /// A folder, a run, or the id of a model in the cache
    model: String,
    /// What makes a text of the turns: chat, instruct or plain; the model's own by default
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// What the system says first
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// What weights are kept in: f32, q8 or q4
    #[arg(long, default_value = "q8", value_parser = model::precision)]
    precision: Precision,
    /// Take the likeliest token each time; answers are drawn at temperature 0.7 otherwise
    #[arg(long, conflicts_with_all = ["do_sample", "temperature", "top_p", "top_k"])]
    greedy: bool,
    /// How many of the likeliest tokens a draw is from
    #[arg(long, value_name = "N")]
    top_k: Option<usize>,
    #[command(flatten)]
    writing: write::Options,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let found = model::find(&arguments.model, settings)?;
    let (form, origin) = match arguments.template.as_deref() {
        Some(name) => (named(name)?, Origin::Asked),
        None => form_of(&found.folder)?,
    };
    let mut options = usual();
    options.extend(arguments.writing.given(arguments.top_k));
    if arguments.greedy {
        options.insert("do_sample".to_owned(), false.into());
    }
    let mut checked = Options::default();
    checked
        .update(&options.clone().into())
        .and_then(|()| checked.check())
        .map_err(of_flag)?;

    let terminal = std::io::stdin().is_terminal();
    let (sender, heard) = channel();
    let reports = sender.clone();
    let engine = EngineWorker::start(Models::new(model::packed()), move |report| {
        // The chat may be over: then nobody waits for the report.
        let _ = reports.send(Said::Report(report));
    })?;
    let mut chat = Chat {
        model: Weights {
            folder: found.folder,
            precision: arguments.precision,
        },
        conversation: Conversation::new(form, arguments.system.clone(), options),
        lines: Lines::start(sender)?,
        engine,
        heard,
        terminal,
        tickets: 0,
        failed: false,
        out,
    };
    let form = chat.conversation.form();
    let how = format!("{} ({})", form.name(), origin.words());
    if *form == Form::Plain || terminal {
        say("note", &format!("template: {how}"));
    }
    if terminal {
        tell(COMMANDS);
    }
    chat.serve()
}

/// The form of that name.
fn named(name: &str) -> Result<Form> {
    Form::of_name(name).ok_or_else(|| {
        Error::usage("there is no such template")
            .at("--template")
            .hint("use chat, instruct or plain")
    })
}

/// A chat that is going on.
struct Chat<'a> {
    model: Weights,
    conversation: Conversation,
    lines: Lines,
    engine: EngineWorker,
    heard: Receiver<Said>,
    terminal: bool,
    tickets: u64,
    /// Whether a turn had no answer.
    failed: bool,
    out: &'a mut Out,
}

/// How an answer ended.
enum Ended {
    Whole,
    Stopped,
    Failed,
}

impl Chat<'_> {
    /// Takes one line after the other, until there is none.
    fn serve(&mut self) -> Result<Exit> {
        loop {
            let Some(line) = self.next_line()? else {
                break;
            };
            let line = line.trim();
            let wanted = match line.strip_prefix('/') {
                None if line.is_empty() => false,
                None => self.conversation.ask(line),
                Some(rest) if rest.starts_with('/') => self.conversation.ask(rest),
                Some("quit" | "q" | "exit" | "bye") => break,
                Some(command) => self.obey(command),
            };
            if !wanted {
                continue;
            }
            match self.answer()? {
                Ended::Stopped if !self.terminal => return Ok(Exit::Interrupted),
                Ended::Failed => self.failed = true,
                Ended::Whole | Ended::Stopped => {}
            }
            if self.out.is_closed() {
                break;
            }
        }
        let failed = self.failed && !self.terminal;
        Ok(if failed { Exit::Failed } else { Exit::Done })
    }

    /// The next line; nothing at the end, or where Ctrl+C asks for it.
    fn next_line(&mut self) -> Result<Option<String>> {
        if self.terminal {
            // With standard error gone there is nobody to prompt.
            let _ = write!(std::io::stderr(), "> ");
        }
        self.lines.next();
        loop {
            match self.heard.recv() {
                Ok(Said::Line(line)) => return line,
                Ok(Said::Interrupt) => {
                    tell("");
                    return Ok(None);
                }
                Ok(Said::Report(_)) => {}
                Err(_) => return Ok(None),
            }
        }
    }

    /// Does what a command says; true when an answer is wanted.
    fn obey(&mut self, command: &str) -> bool {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let conversation = &mut self.conversation;
        match (name, rest.trim()) {
            ("again", "") if conversation.again() => return true,
            ("again", "") => tell("There is nothing to answer again."),
            ("clear" | "new", "") => {
                conversation.clear();
                tell("Everything that was said is forgotten; the system stays.");
            }
            ("system", "") => match conversation.system() {
                Some(said) => show(said),
                None => tell("The system says nothing; /system TEXT sets it."),
            },
            ("system", said) => conversation.set_system(said),
            ("template", "") => match conversation.sent() {
                Some(sent) => show(sent),
                None => tell("Nothing was sent yet."),
            },
            _ => tell(COMMANDS),
        }
        false
    }

    /// Has the model answer, and shows it as it comes.
    fn answer(&mut self) -> Result<Ended> {
        self.tickets += 1;
        let ticket = self.tickets;
        self.engine.send(Order {
            ticket,
            by: Requester("chat"),
            model: self.model.clone(),
            work: Work::Run {
                task: Task::TextGeneration,
                input: Input::Talk(self.conversation.talk()),
                prefix: None,
                options: self.conversation.options().clone(),
            },
        });
        let mut shown = String::new();
        let mut cleaner = text::Stream::new();
        loop {
            match self.heard.recv() {
                Ok(Said::Report(Report { ticket: of, news })) if of == ticket => match news {
                    News::Token { text, .. } => self.show(&text, &mut cleaner, &mut shown),
                    News::Ended(ended) => return self.ended(ended, &mut cleaner, &shown),
                    other => self.told(other),
                },
                Ok(Said::Interrupt) => self.engine.stop(ticket),
                Ok(_) => {}
                Err(_) => return Err(Error::new("the engine has ended")),
            }
        }
    }

    /// Takes what is told before an answer comes.
    fn told(&mut self, news: News) {
        match news {
            News::Loading(bytes) if self.terminal => {
                tell(&format!("loading {}", quantity::bytes(bytes)));
            }
            News::Sent { text, dropped, .. } => {
                if !self.conversation.was_sent(text, dropped) {
                    return;
                }
                let turns = quantity::counted(dropped as u64, "turn");
                say(
                    "note",
                    &format!("the context is full: the oldest {turns} left out"),
                );
            }
            _ => {}
        }
    }

    /// Shows more of an answer.
    fn show(&mut self, more: &str, cleaner: &mut text::Stream, shown: &mut String) {
        if more.is_empty() {
            return;
        }
        shown.push_str(more);
        self.out.piece(&cleaner.push(more.as_bytes()));
    }

    fn ended(
        &mut self,
        ended: Result<Box<Done>>,
        cleaner: &mut text::Stream,
        shown: &str,
    ) -> Result<Ended> {
        let done = match ended {
            Ok(done) => done,
            Err(error) => {
                if !shown.is_empty() {
                    self.out.line("");
                }
                self.conversation.unanswered();
                if error.kind() == Kind::Interrupted {
                    return Ok(Ended::Stopped);
                }
                out::report(&error);
                return Ok(Ended::Failed);
            }
        };
        let Output::Texts(mut texts) = done.output else {
            return Err(Error::new("the model gave no text"));
        };
        let answer = texts.drain(..).next().unwrap_or_default();
        let rest = answer.strip_prefix(shown).unwrap_or_default();
        let last = cleaner.push(rest.as_bytes()) + &cleaner.finish();
        self.out.line(last);
        self.out.flush();
        if self.terminal {
            tell(&paced(done.pace, done.finish));
        }
        self.conversation.answered(answer);
        Ok(match done.finish {
            Some(Finish::Cancelled) => Ended::Stopped,
            _ => Ended::Whole,
        })
    }
}

/// Shows a text of several lines beside the answers.
fn show(text: &str) {
    text.lines().for_each(tell);
}

fn paced(pace: Option<Pace>, finish: Option<Finish>) -> String {
    let mut said: Vec<String> = pace.iter().map(Pace::words).collect();
    said.extend(match finish {
        Some(Finish::Length) => Some("cut at --max-new-tokens".to_owned()),
        Some(Finish::ContextFull) => Some("the model's context is full".to_owned()),
        Some(Finish::Cancelled) => Some("stopped".to_owned()),
        _ => None,
    });
    said.join("  ")
}
