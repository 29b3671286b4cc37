//! Conversations as texts: who speaks is marked, and what the model is to say.
//!
//! A [`Template`] renders turns to segments; training learns from those that are marked, and a
//! chat sends the same segments with the next answer left open. Two templates are built in, for
//! models that bring none: [`Instruct`] and [`Chat`]. A model's own template is a program in
//! [`Jinja`]; [`Form`] is whichever a chat uses, within what the model reads.

mod form;
mod jinja;
mod methods;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

pub use form::{Form, Laid, lay};
pub use jinja::Jinja;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever set the conversation up.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// What somebody says.
///
/// Turns of the user that follow one another belong together: the first is what is asked, the
/// others what is given with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl Role {
    /// Its name in chat templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl Turn {
    /// What `role` says.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        let content = content.into();
        Self { role, content }
    }
}

/// A stretch of a rendered conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its text.
    pub text: String,
    /// Whether the model is to say it.
    pub learned: bool,
    /// Whether the token that ends a text follows.
    pub ends: bool,
}

/// How a conversation becomes a text.
pub trait Template: Sync {
    /// Its name, as it is shown and saved.
    fn name(&self) -> &str;

    /// The segments of `turns`; with `open`, those up to where the model's next answer begins.
    ///
    /// # Errors
    /// A conversation that this template cannot stand for.
    fn render(&self, turns: &[Turn], open: bool) -> Result<Vec<Segment>>;

    /// Texts that end an answer, beside the token that ends a text.
    fn stops(&self) -> Vec<String>;

    /// The same in Jinja, for a model's `tokenizer_config.json`: transformers'
    /// `apply_chat_template` gives the same text with it.
    fn jinja(&self) -> &'static str;
}

/// Instructions and their responses, in the form that the Alpaca data is trained in:
///
/// ```text
/// Below is an instruction that describes a task. Write a response ...
///
/// ### Instruction:
/// Name three colours.
///
/// ### Response:
/// Red, green, blue.<end of text>
/// ```
///
/// What is given with the instruction stands under `### Input:`. What the system says takes the
/// place of the first sentence. Later turns follow in the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruct;

/// A conversation with each speaker's name on a line of its own, for models that know no marks:
///
/// ```text
/// System: You answer for a small shop.
///
/// User: Do you ship to Norway?
///
/// Assistant: Yes.<end of text>
///
/// User:
/// ```
///
/// An answer ends with the token that ends a text; a model that forgets it is stopped where it
/// would speak for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chat;

const ALONE: &str = "Below is an instruction that describes a task. Write a response that \
    appropriately completes the request.";
const WITH_INPUT: &str = "Below is an instruction that describes a task, paired with an input \
    that provides further context. Write a response that appropriately completes the request.";

/// The built-in template of that name.
pub fn named(name: &str) -> Option<&'static dyn Template> {
    match name {
        "instruct" => Some(&Instruct),
        "chat" => Some(&Chat),
        _ => None,
    }
}

impl Template for Instruct {
    fn name(&self) -> &'static str {
        "instruct"
    }

    fn render(&self, turns: &[Turn], open: bool) -> Result<Vec<Segment>> {
        let mut out = Rendering::default();
        let mut rest = turns;
        while let Some((turn, after)) = rest.split_first() {
            rest = after;
            match turn.role {
                Role::System => out.read(&turn.content),
                Role::User => {
                    let inputs = after.iter().take_while(|turn| turn.role == Role::User);
                    let count = inputs.clone().count();
                    if out.segments.is_empty() {
                        out.read(if count > 0 { WITH_INPUT } else { ALONE });
                    }
                    out.read(&format!("\n\n### Instruction:\n{}", turn.content));
                    inputs.for_each(|turn| out.read(&format!("\n\n### Input:\n{}", turn.content)));
                    rest = &after[count..];
                    if open
                        || rest
                            .first()
                            .is_some_and(|turn| turn.role == Role::Assistant)
                    {
                        out.read("\n\n### Response:\n");
                    }
                }
                Role::Assistant => out.say(&turn.content),
            }
        }
        out.finish(turns, open)
    }

    fn stops(&self) -> Vec<String> {
        vec!["\n\n### Instruction:".to_owned()]
    }

    fn jinja(&self) -> &'static str {
        include_str!("instruct.jinja")
    }
}

impl Template for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn render(&self, turns: &[Turn], open: bool) -> Result<Vec<Segment>> {
        let mut out = Rendering::default();
        let mut last = None;
        for turn in turns {
            let gap = if out.segments.is_empty() { "" } else { "\n\n" };
            match turn.role {
                Role::System => out.read(&format!("{gap}System: {}", turn.content)),
                Role::User if last == Some(Role::User) => {
                    out.read(&format!("\n\n{}", turn.content));
                }
                Role::User => out.read(&format!("{gap}User: {}", turn.content)),
                Role::Assistant => {
                    out.read(&format!("{gap}Assistant:"));
                    out.say(&format!(" {}", turn.content));
                }
            }
            last = Some(turn.role);
        }
        if open {
            out.read("\n\nAssistant:");
        }
        out.finish(turns, open)
    }

    fn stops(&self) -> Vec<String> {
        vec!["\n\nUser:".to_owned()]
    }

    fn jinja(&self) -> &'static str {
        include_str!("chat.jinja")
    }
}

/// Segments as they are made; neighbours with the same mark are one.
#[derive(Default)]
struct Rendering {
    segments: Vec<Segment>,
}

impl Rendering {
    /// Adds what the model only reads.
    fn read(&mut self, text: &str) {
        match self.segments.last_mut() {
            Some(last) if !last.learned => last.text.push_str(text),
            _ => self.segments.push(Segment {
                text: text.to_owned(),
                learned: false,
                ends: false,
            }),
        }
    }

    /// Adds an answer.
    fn say(&mut self, text: &str) {
        self.segments.push(Segment {
            text: text.to_owned(),
            learned: true,
            ends: true,
        });
    }

    fn finish(self, turns: &[Turn], open: bool) -> Result<Vec<Segment>> {
        let asks = turns
            .last()
            .is_some_and(|turn| turn.role != Role::Assistant);
        if open && !asks {
            return Err(Error::new("there is nothing to answer")
                .hint("a conversation is continued after something that was asked"));
        }
        Ok(self.segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(segments: &[Segment]) -> String {
        let marked = |s: &Segment| {
            let end = if s.ends { "." } else { "" };
            if s.learned {
                format!("[{}]{end}", s.text)
            } else {
                s.text.clone()
            }
        };
        segments.iter().map(marked).collect()
    }

    #[test]
    fn jinja_says_the_same() {
        let turn = Turn::new;
        let (system, user, assistant) = (Role::System, Role::User, Role::Assistant);
        let conversations = [
            vec![turn(user, "Hi\n\n there ")],
            vec![turn(system, "Be kind."), turn(user, "Hi")],
            vec![turn(user, "Add."), turn(user, "1 2")],
            vec![
                turn(system, "Be."),
                turn(user, "Add."),
                turn(user, "1"),
                turn(user, "2"),
            ],
            vec![
                turn(user, "a"),
                turn(assistant, " b\n"),
                turn(user, "{{ c }}"),
            ],
            vec![
                turn(system, ""),
                turn(user, ""),
                turn(assistant, "'x'"),
                turn(user, "y"),
                turn(user, "z"),
                turn(assistant, "end"),
            ],
        ];
        for template in [named("chat"), named("instruct")] {
            let template = template.expect("built in");
            let jinja = Jinja::new(template.jinja()).expect("a template");
            for turns in &conversations {
                let open = turns.last().is_some_and(|turn| turn.role == user);
                let ours: String = template
                    .render(turns, open)
                    .expect("segments")
                    .into_iter()
                    .map(|s| s.text + if s.ends { "<end>" } else { "" })
                    .collect();
                let theirs = jinja.render(turns, open, "", "<end>").expect("a text");
                assert_eq!(theirs, ours, "{}", template.name());
            }
        }
    }

    #[test]
    fn an_instruction_has_the_form_of_alpaca() {
        let turns = [
            Turn::new(Role::User, "Add."),
            Turn::new(Role::User, "1 2"),
            Turn::new(Role::Assistant, "3"),
        ];
        let made = text(&Instruct.render(&turns, false).expect("segments"));
        let expected = format!(
            "{WITH_INPUT}\n\n### Instruction:\nAdd.\n\n### Input:\n1 2\n\n### Response:\n[3]."
        );
        assert_eq!(made, expected);
        let open = text(&Instruct.render(&turns[..1], true).expect("segments"));
        assert_eq!(
            open,
            format!("{ALONE}\n\n### Instruction:\nAdd.\n\n### Response:\n")
        );
    }

    #[test]
    fn what_is_sent_for_an_answer_is_the_beginning_of_what_was_learned() {
        let turns = [
            Turn::new(Role::System, "Be kind."),
            Turn::new(Role::User, "Hi"),
            Turn::new(Role::Assistant, "Hello"),
            Turn::new(Role::User, "Bye"),
            Turn::new(Role::Assistant, "Farewell"),
        ];
        for template in [named("chat"), named("instruct")] {
            let template = template.expect("built in");
            let plain = |s: Vec<Segment>| s.into_iter().map(|s| s.text).collect::<String>();
            let whole = plain(template.render(&turns, false).expect("segments"));
            for asked in [2, 4] {
                let open = plain(template.render(&turns[..asked], true).expect("segments"));
                assert!(whole.starts_with(&open), "{whole:?} {open:?}");
            }
            assert!(template.render(&turns[..3], true).is_err());
            let stop = template.stops().swap_remove(0);
            assert_eq!(whole.matches(&stop).count(), 2);
        }
        let made = text(&Chat.render(&turns[..3], false).expect("segments"));
        assert_eq!(made, "System: Be kind.\n\nUser: Hi\n\nAssistant:[ Hello].");
    }
}
