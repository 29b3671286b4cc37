//! Finds out what the columns of a file are for.
//!
//! What was said comes first, then the names that data on the hub goes by, then what the values
//! look like.

use serde_json::Value;

use super::known::{
    GIVEN, INSTRUCTION, LABEL, LONG, MESSAGES, OUTPUT, PAIRS, PERHAPS_LABEL, SHORT, SOURCES, TAGS,
    TEXT, WORDS,
};
use super::profile::{Profile, named, profiles};
use super::{Labels, Shape, Understood};
use crate::error::{Error, Result};
use crate::finetune::dataset::fault::quoted;
use crate::finetune::dataset::options::{Column, Format, Options, problem};
use crate::finetune::dataset::records::Record;
use crate::model::config::ProblemType;
use crate::model::pipeline::Task;
use crate::text;

use Task::{
    FillMask, QuestionAnswering, Summarization, Text2TextGeneration, TextClassification,
    TextGeneration, TokenClassification, Translation,
};

/// More different whole numbers than these are measured, and not told apart.
const CLASSES: usize = 30;
/// A label is not longer, where a column is taken for one by its values.
const LONGEST_LABEL: usize = 40;

/// What the rows that begin like `sample` are.
///
/// # Errors
/// When it cannot be told, or does not fit what was asked for.
pub(in super::super) fn understand(
    sample: &[Record],
    format: Format,
    options: &Options,
) -> Result<Understood> {
    let finder = Finder {
        sample,
        format,
        options,
        profiles: profiles(sample),
    };
    finder.check_named()?;
    let mut found = Vec::new();
    for find in [
        Finder::messages,
        Finder::tags,
        Finder::questions,
        Finder::instructions,
        Finder::classes,
        Finder::pairs,
        Finder::perhaps_classes,
        Finder::plain,
    ] {
        let Some((shape, tasks)) = find(&finder)? else {
            continue;
        };
        if let Some(task) = finder.choose(&tasks) {
            return Ok(Understood { task, shape });
        }
        found.extend(tasks);
    }
    Err(finder.unclear(&found))
}

type Found = Result<Option<(Shape, Vec<Task>)>>;

struct Finder<'a> {
    sample: &'a [Record],
    format: Format,
    options: &'a Options,
    profiles: Vec<Profile>,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "all that find a shape are of one form, and some fail"
)]
impl Finder<'_> {
    /// The task of several that is asked for, else the first that is possible.
    fn choose(&self, tasks: &[Task]) -> Option<Task> {
        let possible = &self.options.possible;
        match self.options.task {
            Some(task) => tasks.contains(&task).then_some(task),
            None if possible.is_empty() => tasks.first().copied(),
            None => tasks.iter().find(|task| possible.contains(task)).copied(),
        }
    }

    /// Whether the columns that were named are there.
    fn check_named(&self) -> Result<()> {
        let given = self
            .options
            .columns
            .0
            .values()
            .flat_map(|names| names.split('+'));
        for name in given {
            if named(self.sample, name).is_none() {
                let known: Vec<&str> = self.profiles.iter().map(|p| p.name.as_str()).collect();
                let error = Error::usage(format!("there is no column {}", quoted(name)));
                return Err(error
                    .at("--columns")
                    .hint(match text::nearest(name, &known) {
                        Some(near) => format!("did you mean {}?", quoted(near)),
                        None => format!("the columns are {}", self.names()),
                    }));
            }
        }
        Ok(())
    }

    /// The column that was named, else the first that has one of these names.
    fn pick(&self, column: Column, names: &[&str]) -> Option<Profile> {
        if let Some(name) = self.options.columns.get(column) {
            return named(self.sample, name);
        }
        names.iter().find_map(|name| self.known(name))
    }

    /// The column of that name, whatever its case.
    fn known(&self, name: &str) -> Option<Profile> {
        let profile = self
            .profiles
            .iter()
            .find(|profile| profile.name.eq_ignore_ascii_case(name))?;
        named(self.sample, &profile.name)
    }

    fn messages(&self) -> Found {
        let is_given = self.options.columns.get(Column::Messages).is_some();
        let column = self.pick(Column::Messages, MESSAGES);
        let column = column.filter(|p| is_given || p.holds_objects());
        let tasks = vec![TextGeneration];
        Ok(column.map(|p| (Shape::Messages { messages: p.name }, tasks)))
    }

    fn tags(&self) -> Found {
        let last = self.profiles.len().to_string();
        let (words, tags) = if self.format == Format::Conll {
            (&["1"][..], &[last.as_str()][..])
        } else {
            (WORDS, TAGS)
        };
        let pair = self
            .pick(Column::Words, words)
            .zip(self.pick(Column::Tags, tags));
        let pair = pair.filter(|(words, tags)| words.is_list() && tags.is_list());
        let tasks = vec![TokenClassification];
        Ok(pair.map(|(words, tags)| {
            (
                Shape::Tags {
                    words: words.name,
                    tags: tags.name,
                },
                tasks,
            )
        }))
    }

    fn questions(&self) -> Found {
        let columns = self
            .pick(Column::Question, &["question"])
            .zip(self.pick(Column::Context, &["context", "passage"]))
            .zip(self.pick(Column::Answers, &["answers"]));
        Ok(columns.map(|((question, context), answers)| {
            let id = self.pick(Column::Id, &["id", "qid"]).map(|p| p.name);
            let (question, context, answers) = (question.name, context.name, answers.name);
            (
                Shape::Questions {
                    id,
                    question,
                    context,
                    answers,
                },
                vec![QuestionAnswering],
            )
        }))
    }

    fn instructions(&self) -> Found {
        let pair = self
            .pick(Column::Instruction, INSTRUCTION)
            .zip(self.pick(Column::Output, OUTPUT));
        let Some((instruction, output)) = pair else {
            return Ok(None);
        };
        let input = self.pick(Column::Input, GIVEN).map(|p| p.name);
        let (instruction, output) = (instruction.name, output.name);
        let writes = [Text2TextGeneration, Summarization, Translation];
        if let Some(task) = self
            .choose(&writes)
            .filter(|_| self.choose(&[TextGeneration]).is_none())
        {
            let shape = Shape::Pairs {
                source: instruction,
                input,
                target: output,
            };
            return Ok(Some((shape, vec![task])));
        }
        Ok(Some((
            Shape::Instructions {
                instruction,
                input,
                output,
            },
            vec![TextGeneration],
        )))
    }

    /// Texts with a column that is called a label.
    fn classes(&self) -> Found {
        let Some((text, pair)) = self.texts() else {
            return Ok(None);
        };
        let column = self.pick(Column::Label, LABEL).filter(|p| p.name != text);
        match self.options.columns.get(Column::Label) {
            Some(several) if several.contains('+') => {
                let columns = several.split('+').map(str::to_owned).collect();
                self.classified(text, pair, Labels::Columns(columns))
            }
            _ => match column {
                Some(column) => self.classified(text, pair, self.kind_of_label(&column)?),
                None => Ok(None),
            },
        }
    }

    /// Texts with columns that look like labels.
    fn perhaps_classes(&self) -> Found {
        let Some((text, pair)) = self.texts() else {
            return Ok(None);
        };
        let is_text = |name: &str| name == text || Some(name) == pair.as_deref();
        let others = || self.profiles.iter().filter(|p| !is_text(&p.name));
        let flags: Vec<String> = others()
            .filter(|p| p.is_flag())
            .map(|p| p.name.clone())
            .collect();
        if flags.len() > 1 {
            return self.classified(text, pair, Labels::Columns(flags));
        }
        let like: Vec<&Profile> = others()
            .filter(|p| looks_like_label(p, self.sample.len()))
            .collect();
        let by_name = PERHAPS_LABEL
            .iter()
            .find_map(|name| like.iter().find(|p| p.name.eq_ignore_ascii_case(name)));
        let ((Some(column), _) | (None, [column])) = (by_name, &like[..]) else {
            return Ok(None);
        };
        let Some(column) = named(self.sample, &column.name) else {
            return Ok(None);
        };
        self.classified(text, pair, self.kind_of_label(&column)?)
    }

    fn classified(&self, text: String, pair: Option<String>, labels: Labels) -> Found {
        // A model that writes learns to write the label.
        if let Labels::One(label) = &labels
            && let Some(task) = self.choose(&[TextClassification, Text2TextGeneration])
            && task == Text2TextGeneration
        {
            let shape = Shape::Pairs {
                source: text,
                input: pair,
                target: label.clone(),
            };
            return Ok(Some((shape, vec![task])));
        }
        Ok(Some((
            Shape::Classes { text, pair, labels },
            vec![TextClassification],
        )))
    }

    /// The text that is classified, and the second of a pair.
    fn texts(&self) -> Option<(String, Option<String>)> {
        let columns = &self.options.columns;
        if columns.get(Column::Text).is_none() && columns.get(Column::Pair).is_none() {
            for (first, second) in PAIRS {
                let pair = self.known(first).zip(self.known(second));
                if let Some((first, second)) = pair.filter(|(a, b)| a.is_text() && b.is_text()) {
                    return Some((first.name, Some(second.name)));
                }
            }
        }
        let is_given = columns.get(Column::Text).is_some();
        let by_name = self
            .pick(Column::Text, TEXT)
            .filter(|p| is_given || p.is_text());
        let pair = columns.get(Column::Pair).map(str::to_owned);
        let text = by_name.map(|p| p.name).or_else(|| self.longest_text())?;
        Some((text, pair))
    }

    /// The column with the longest texts.
    fn longest_text(&self) -> Option<String> {
        let texts = self.profiles.iter().filter(|p| p.is_text());
        texts.max_by_key(|p| p.mean()).map(|p| p.name.clone())
    }

    /// How the labels of a column are read.
    fn kind_of_label(&self, column: &Profile) -> Result<Labels> {
        let name = column.name.clone();
        let kind = self.options.problem.unwrap_or_else(|| {
            let measures =
                column.is_number() && (column.fractions > 0 || column.distinct.len() > CLASSES);
            match column {
                _ if column.is_list() => ProblemType::MultiLabel,
                _ if measures => ProblemType::Regression,
                _ => ProblemType::SingleLabel,
            }
        });
        match kind {
            ProblemType::SingleLabel => Ok(Labels::One(name)),
            ProblemType::Regression => Ok(Labels::Number(name)),
            ProblemType::MultiLabel if column.is_list() => Ok(Labels::List(name)),
            ProblemType::MultiLabel => Err(Error::usage(format!(
                "the column {} has no lists of labels",
                quoted(&name)
            ))
            .at(format!("--problem-type {}", problem(kind)))
            .hint("name the columns of 0 and 1: --columns label=ONE+TWO")),
        }
    }

    fn pairs(&self) -> Found {
        let found = self
            .named_pair()
            .or_else(|| self.languages())
            .or_else(|| self.summary())
            .or_else(|| {
                let known = |(a, b): &(&str, &str)| self.known(a).zip(self.known(b));
                let (source, target) = SOURCES.iter().find_map(known)?;
                Some((
                    source.name,
                    target.name,
                    vec![Text2TextGeneration, Summarization, Translation],
                ))
            });
        let Some((source, target, tasks)) = found else {
            return Ok(None);
        };
        if self.choose(&tasks).is_none() && self.choose(&[TextGeneration]).is_some() {
            let shape = Shape::Instructions {
                instruction: source,
                input: None,
                output: target,
            };
            return Ok(Some((shape, vec![TextGeneration])));
        }
        Ok(Some((
            Shape::Pairs {
                source,
                input: None,
                target,
            },
            tasks,
        )))
    }

    /// The columns that were named.
    fn named_pair(&self) -> Option<(String, String, Vec<Task>)> {
        let columns = &self.options.columns;
        let (source, target) = columns
            .get(Column::Source)
            .zip(columns.get(Column::Target))?;
        let tasks = vec![Text2TextGeneration, Summarization, Translation];
        Some((source.to_owned(), target.to_owned(), tasks))
    }

    /// The columns of two languages, or an object with them.
    fn languages(&self) -> Option<(String, String, Vec<Task>)> {
        let is_language =
            |name: &&str| name.len() == 2 && name.bytes().all(|b| b.is_ascii_lowercase());
        let two = |names: Vec<&str>| match names[..] {
            [a, b] if is_language(&a) && is_language(&b) => Some((a.to_owned(), b.to_owned())),
            _ => None,
        };
        let tasks = vec![Translation, Text2TextGeneration];
        let object = self
            .sample
            .first()
            .and_then(|record| record.get("translation"));
        if let Some(Value::Object(object)) = object {
            let (a, b) = two(object.keys().map(String::as_str).collect())?;
            return Some((
                format!("translation.{a}"),
                format!("translation.{b}"),
                tasks,
            ));
        }
        let texts = self
            .profiles
            .iter()
            .filter(|p| p.is_text())
            .map(|p| p.name.as_str());
        let (a, b) = two(texts.filter(is_language).collect())?;
        Some((a, b, tasks))
    }

    /// A text with its summary.
    fn summary(&self) -> Option<(String, String, Vec<Task>)> {
        let known = |names: &[&str]| names.iter().find_map(|name| self.known(name));
        let (source, target) = known(LONG).zip(known(SHORT))?;
        Some((
            source.name,
            target.name,
            vec![Summarization, Text2TextGeneration],
        ))
    }

    fn plain(&self) -> Found {
        let is_given =
            self.options.columns.get(Column::Text).is_some() || self.options.task.is_some();
        let lone = self.profiles.iter().filter(|p| p.is_text()).count() == 1;
        let by_name = self.pick(Column::Text, TEXT).map(|p| p.name);
        let text = by_name.or_else(|| self.longest_text().filter(|_| lone || is_given));
        let ends = self.format != Format::Text;
        let tasks = vec![TextGeneration, FillMask];
        Ok(text.map(|text| (Shape::Plain { text, ends }, tasks)))
    }

    fn names(&self) -> String {
        let names: Vec<String> = self
            .profiles
            .iter()
            .map(|p| quoted(&p.name))
            .take(20)
            .collect();
        names.join(", ")
    }

    /// The error that rows do not say what they are, or are not of the task.
    fn unclear(&self, found: &[Task]) -> Error {
        let names = |tasks: &[Task]| {
            tasks
                .iter()
                .map(|t| t.name())
                .collect::<Vec<_>>()
                .join(", ")
        };
        if let Some(task) = self.options.task {
            return Error::new(format!("these rows have no columns for {task}")).hint(format!(
                "the columns are {}; say what they are with --columns {}",
                self.names(),
                example(task)
            ));
        }
        if !found.is_empty() {
            return Error::new(format!("these rows are for {}", names(found))).hint(format!(
                "the model learns {}; choose another one",
                names(&self.options.possible)
            ));
        }
        Error::new("it is not clear what its columns are for").hint(format!(
            "the columns are {}; say what they are, for example --columns text=NAME,label=NAME",
            self.names()
        ))
    }
}

/// What is to be said for a task.
fn example(task: Task) -> &'static str {
    match task {
        TokenClassification => "words=NAME,tags=NAME",
        QuestionAnswering => "question=NAME,context=NAME,answers=NAME",
        Summarization | Translation | Text2TextGeneration => "source=NAME,target=NAME",
        TextGeneration => "messages=NAME, instruction=NAME,output=NAME or text=NAME",
        FillMask => "text=NAME",
        _ => "text=NAME,label=NAME",
    }
}

/// Whether a column has few short values that come again and again.
fn looks_like_label(profile: &Profile, rows: usize) -> bool {
    let distinct = profile.distinct.len();
    let recurs = distinct > 1 && distinct <= (profile.filled / 2).max(2) && distinct <= 100;
    profile.filled * 2 > rows && recurs && profile.mean() <= LONGEST_LABEL && !profile.is_list()
}
