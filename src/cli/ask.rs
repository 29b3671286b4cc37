//! `modeldesk ask QUESTION`: one question, answered from the cards.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use super::out::{self, Out};
use super::{Exit, Result};
use crate::advisor::answer::Part;
use crate::advisor::present::{Line, Role, present, present_why, read_as};
use crate::advisor::{Advisor, Answer, Machine};
use crate::error::Error;
use crate::files::Folders;
use crate::index::Library;
use crate::settings::Settings;

/// Columns of what is not printed on a terminal.
pub(super) const PLAIN_WIDTH: u16 = 80;

/// Lines longer than this are hard to read, however wide the terminal.
const WIDEST: usize = 100;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modeldesk ask \"Which model is best for summarizing legal documents?\"
  modeldesk ask \"How can I fine-tune GPT-2 with 1000 examples?\"
  modeldesk ask \"and which is faster?\" --after \"which model for summarization?\"
  modeldesk ask \"sentiment analysis under 300 MB, commercial use\" --json")]
pub(super) struct Arguments {
    /// The question, in English; several words need no quotes
    #[arg(required = true, num_args = 1..)]
    question: Vec<String>,
    /// The question before it, when this one is a follow-up
    #[arg(long, value_name = "QUESTION")]
    after: Option<String>,
    /// Show each criterion of the ranking with its value and weight
    #[arg(long)]
    why: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings, out: &mut Out) -> Result<Exit> {
    let question = arguments.question.join(" ");
    if question.trim().is_empty() {
        return Err(Error::usage("the question is empty")
            .hint("try `modeldesk ask \"Which model is best for summarizing legal documents?\"`"));
    }
    let advisor = open_advisor(settings)?;
    let before = match &arguments.after {
        Some(earlier) => Some(advisor.ask(earlier, None)?.reading),
        None => None,
    };
    let answer = advisor.ask(&question, before.as_ref())?;
    print(&answer, arguments.json, arguments.why, out)
}

/// The advisor over this user's library; what the user should know of it is said.
pub(super) fn open_advisor(settings: &Settings) -> Result<Advisor> {
    let folders = Folders::of_user()?;
    let (library, notices) = Library::open(&folders)?;
    for notice in notices {
        out::say("note", &notice.0);
    }
    let machine = Machine::read(&folders, settings);
    Ok(Advisor::new(Arc::new(library), machine))
}

/// Prints an answer for a person or for a program.
pub(super) fn print(answer: &Answer, json: bool, why: bool, out: &mut Out) -> Result<Exit> {
    if json {
        out.json(&answer.to_json());
        out.finish()?;
        return Ok(Exit::Done);
    }
    let width = columns();
    print_reading(answer, out);
    let mut lines = present(answer, width);
    if why {
        lines.push(Line::default());
        lines.extend(present_why(answer, width));
    }
    for line in &lines {
        out.line(painted(line));
    }
    for part in &answer.parts {
        if let Part::Code {
            title,
            text,
            shown: false,
        } = part
        {
            out.line("");
            out.line(paint("2", &format!("  {title}:")));
            for line in text.lines() {
                out.line(format!("    {line}"));
            }
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// Prints why the models stand in their order.
pub(super) fn print_why(answer: &Answer, out: &mut Out) {
    let lines = present_why(answer, columns());
    if lines.is_empty() {
        out.line("There is nothing to explain.");
    }
    for line in &lines {
        out.line(painted(line));
    }
}

/// Columns to print in.
fn columns() -> u16 {
    out::width().map_or(PLAIN_WIDTH, |w| w.clamp(20, WIDEST) as u16)
}

/// Prints how a question was read.
pub(super) fn print_reading(answer: &Answer, out: &mut Out) {
    out.line(paint("2", &format!("read as: {}", read_as(answer))));
    out.line("");
}

/// A line as a terminal shows it.
pub(super) fn painted(line: &Line) -> String {
    let spans = line.spans.iter().map(|span| match span.role {
        Role::Plain | Role::Code => span.text.clone(),
        Role::Strong => paint("1", &span.text),
        Role::Emphasis => paint("3", &span.text),
        Role::Dim | Role::Cite => paint("2", &span.text),
    });
    spans.collect::<String>().trim_end().to_owned()
}

fn paint(code: &str, words: &str) -> String {
    out::painted(io::stdout().is_terminal(), code, words).into_owned()
}
