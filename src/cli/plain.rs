//! The desk in plain words, for screen readers: a question, then its answer below it, nothing
//! drawn over. `ACCESSIBLE=1` or `animations: false` choose it.

use std::io::{self, BufRead, Lines, StdinLock, Write};

use super::ask;
use super::out::{self, Out};
use super::{Exit, Result};
use crate::advisor::{Advisor, Answer};
use crate::error::Error;
use crate::settings::Settings;
use crate::text;

/// What can be typed besides questions.
const HELP: &str = "\
Type a question and Enter. Follow-ups carry on: and which is faster?
  /why       why the models stand in their order
  /new       the next question carries nothing over
  /examples  questions to begin with
  /quit      leave; also the end of input";

/// Questions to begin with.
const EXAMPLES: &str = "\
  Which model is best for summarizing legal documents?
  How can I fine-tune GPT-2 with 1000 examples?
  Compare BERT and DistilBERT in terms of speed and size.
  What runs here right now?";

/// What a typed line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked<'a> {
    Nothing,
    Question(&'a str),
    Why,
    New,
    Examples,
    Help,
    Quit,
    Unknown(&'a str),
}

impl<'a> Asked<'a> {
    fn of(line: &'a str) -> Self {
        let line = line.trim();
        if let Some(question) = line.strip_prefix('/').filter(|rest| rest.starts_with('/')) {
            return Self::Question(question);
        }
        match line {
            "" => Self::Nothing,
            "/why" => Self::Why,
            "/new" => Self::New,
            "/examples" => Self::Examples,
            "/help" | "?" => Self::Help,
            "/quit" | "/q" | "/exit" | "/bye" | ":q" => Self::Quit,
            _ if line.starts_with('/') => Self::Unknown(line),
            question => Self::Question(question),
        }
    }
}

/// Answers what is typed until the input ends.
pub(super) fn run(settings: &Settings, out: &mut Out) -> Result<Exit> {
    let advisor = ask::open_advisor(settings)?;
    let cards: usize = advisor.library().counts().iter().map(|(_, n)| n).sum();
    out.line("Which model should I use, and how?");
    out.line(format!(
        "Answers come from {cards} model cards on this disk; nothing is sent."
    ));
    out.line(HELP);
    let mut last: Option<Answer> = None;
    let mut carried = true;
    let mut typed = io::stdin().lock().lines();
    while let Some(line) = next(&mut typed, out)? {
        match Asked::of(&line) {
            Asked::Nothing => {}
            Asked::Question(question) => {
                last = answered(&advisor, question, last.take().filter(|_| carried), out)?;
                carried = true;
            }
            Asked::Why => match &last {
                Some(answer) => ask::print_why(answer, out),
                None => out.line("Nothing has been asked yet."),
            },
            Asked::New => {
                carried = false;
                out.line("The next question carries nothing over.");
            }
            Asked::Examples => out.line(EXAMPLES),
            Asked::Help => out.line(HELP),
            Asked::Quit => break,
            Asked::Unknown(name) => {
                out.line(format!(
                    "There is no command {}. /help lists them.",
                    text::line(name)
                ));
            }
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// Prints the answer, or why there is none; the conversation goes on.
fn answered(
    advisor: &Advisor,
    question: &str,
    before: Option<Answer>,
    out: &mut Out,
) -> Result<Option<Answer>> {
    let reading = before.as_ref().map(|answer| &answer.reading);
    match advisor.ask(question, reading) {
        Ok(answer) => {
            ask::print(&answer, false, false, out)?;
            Ok(Some(answer))
        }
        Err(error) => {
            out::report(&error);
            Ok(before)
        }
    }
}

/// The next line that is typed, after a prompt; none at the end, or when nobody reads the answers.
fn next(typed: &mut Lines<StdinLock<'static>>, out: &mut Out) -> Result<Option<String>> {
    // A prompt has no line end, so it is written past the buffer, which must be empty then.
    out.finish()?;
    let asked = write!(io::stdout(), "\n> ").and_then(|()| io::stdout().flush());
    if asked.is_err() {
        return Ok(None);
    }
    let line = typed.next().transpose();
    line.map_err(|e| Error::new("cannot read what is typed").caused_by(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_begins_a_command_and_two_a_question() {
        assert_eq!(Asked::of(" /why "), Asked::Why);
        assert_eq!(Asked::of("//etc?"), Asked::Question("/etc?"));
        assert_eq!(Asked::of("/nonsense"), Asked::Unknown("/nonsense"));
        assert_eq!(Asked::of(":q"), Asked::Quit);
        assert_eq!(Asked::of("what is rouge"), Asked::Question("what is rouge"));
        assert_eq!(Asked::of("   "), Asked::Nothing);
    }
}
