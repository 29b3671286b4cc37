//! What a chat sends: its turns as a text, cut to what the model reads.

use super::{Jinja, Role, Segment, Turn, named};
use crate::error::{Error, Result};
use crate::model::tokenizer::Tokenizer;

/// How the turns of a chat become a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// The model goes on from all that was said, for models that know of no turns.
    Plain,
    /// A built-in template, by its name.
    Named(&'static str),
    /// The model's own, in Jinja.
    Own(String),
}

impl Form {
    /// The form of that name: a built-in template, or `plain`.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            name => named(name).map(|template| match template.name() {
                "chat" => Self::Named("chat"),
                _ => Self::Named("instruct"),
            }),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain continuation",
            Self::Named(name) => name,
            Self::Own(_) => "the model's own",
        }
    }

    /// Texts that end an answer, beside the token that ends a text.
    pub fn stops(&self) -> Vec<String> {
        match self {
            Self::Named(name) => named(name).map_or_else(Vec::new, super::Template::stops),
            Self::Plain | Self::Own(_) => Vec::new(),
        }
    }

    /// The text that is sent for the next answer.
    fn render(&self, turns: &[Turn], names: (&str, &str)) -> Result<Vec<Segment>> {
        let whole = |text: String| Segment {
            text,
            learned: false,
            ends: false,
        };
        match self {
            Self::Plain => Ok(vec![whole(plain(turns))]),
            Self::Named(name) => match named(name) {
                Some(template) => template.render(turns, true),
                None => Err(Error::new("there is no such template").at((*name).to_owned())),
            },
            Self::Own(source) => {
                let text = Jinja::new(source)?.render(turns, true, names.0, names.1)?;
                Ok(vec![whole(text)])
            }
        }
    }
}

/// All that was said: an answer goes on from what was typed, a new input begins a line.
fn plain(turns: &[Turn]) -> String {
    let mut text = String::new();
    for turn in turns {
        if turn.role != Role::Assistant && !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&turn.content);
    }
    text
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// As a text, with the tokens that end a text written out.
    pub text: String,
    /// As the model gets it.
    pub ids: Vec<u32>,
    /// How many of the oldest turns had to be left out.
    pub dropped: usize,
}

/// The next answer's beginning, in at most `most` tokens: the oldest turns give way, but for what
/// the system says and the last of the user.
///
/// # Errors
/// What the template refuses, and a last message that is too long by itself.
pub fn lay(tokenizer: &Tokenizer, form: &Form, turns: &[Turn], most: usize) -> Result<Laid> {
    let kept = turns.iter().take_while(|t| t.role == Role::System).count();
    let (system, mut rest) = turns.split_at(kept);
    let mut dropped = 0;
    loop {
        let all: Vec<Turn> = system.iter().chain(rest).cloned().collect();
        let mut laid = write(tokenizer, form, &all)?;
        if laid.ids.len() <= most {
            laid.dropped = dropped;
            return Ok(laid);
        }
        // A conversation begins with the user.
        let asked = rest
            .iter()
            .take_while(|t| t.role != Role::Assistant)
            .count();
        let answered = rest[asked..]
            .iter()
            .take_while(|t| t.role == Role::Assistant)
            .count();
        if asked + answered >= rest.len() {
            return Err(Error::usage(format!(
                "the message takes {} tokens, and the model reads {most} beside its answer",
                laid.ids.len()
            ))
            .hint("shorten it, or ask for fewer tokens"));
        }
        dropped += asked + answered;
        rest = &rest[asked + answered..];
    }
}

fn write(tokenizer: &Tokenizer, form: &Form, turns: &[Turn]) -> Result<Laid> {
    let names = &tokenizer.settings().names;
    let (bos, eos) = (
        names.bos.as_deref().unwrap_or_default(),
        names.eos.as_deref().unwrap_or_default(),
    );
    let (mut text, mut ids) = (String::new(), Vec::new());
    for segment in form.render(turns, (bos, eos))? {
        ids.extend(tokenizer.ids(&segment.text)?);
        text.push_str(&segment.text);
        if segment.ends {
            ids.extend(tokenizer.special().eos);
            text.push_str(eos);
        }
    }
    Ok(Laid {
        text,
        ids,
        dropped: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tokenizer::fixtures;

    fn turns(texts: &[&str]) -> Vec<Turn> {
        let role = |n: usize| {
            if n.is_multiple_of(2) {
                Role::User
            } else {
                Role::Assistant
            }
        };
        let turn = |(n, text): (usize, &&str)| Turn::new(role(n), *text);
        texts.iter().enumerate().map(turn).collect()
    }

    #[test]
    fn the_oldest_turns_give_way_and_the_system_stays() {
        let tokenizer = fixtures::byte_pairs();
        let mut all = vec![Turn::new(Role::System, "Short.")];
        all.extend(turns(&["one", "first", "two", "second", "three"]));
        let form = Form::Named("chat");
        let whole = lay(&tokenizer, &form, &all, usize::MAX).expect("laid out");
        assert_eq!(whole.dropped, 0);
        let less = lay(&tokenizer, &form, &all, whole.ids.len() - 1).expect("laid out");
        assert_eq!(less.dropped, 2);
        assert!(
            less.text.starts_with("System: Short.\n\nUser: two"),
            "{}",
            less.text
        );
        assert!(
            less.text.ends_with("User: three\n\nAssistant:"),
            "{}",
            less.text
        );
        let error = lay(&tokenizer, &form, &all, 3).expect_err("too long");
        assert!(
            error.to_string().contains("reads 3 beside its answer"),
            "{error}"
        );
    }

    #[test]
    fn a_plain_continuation_is_what_was_said() {
        let laid = lay(
            &fixtures::byte_pairs(),
            &Form::Plain,
            &turns(&["The lease", " ends in May.", "The rent"]),
            usize::MAX,
        );
        assert_eq!(
            laid.expect("laid out").text,
            "The lease ends in May.\nThe rent"
        );
    }

    #[test]
    fn forms_have_names() {
        for name in ["chat", "instruct"] {
            assert_eq!(Form::of_name(name).map(|form| form.name()), Some(name));
        }
        assert_eq!(Form::of_name("plain"), Some(Form::Plain));
        assert_eq!(Form::of_name("vicuna"), None);
    }
}
