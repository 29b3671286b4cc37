//! An answer as lines of a given width: the one layout that the desk and the command line share.

mod comparison;
mod flow;
mod reading;
mod table;
mod why;

use unicode_width::UnicodeWidthStr;

use super::answer::{Answer, Citation, Claim, Part, Source};
use super::compose::claims;
pub use comparison::{Place, Sheet, sheet};
use comparison::{beside, reasons};
use flow::{Word, cut, flow, words_of};
pub(super) use reading::field_words;
pub use reading::read_as;
use table::model_table;
pub use why::present_why;

/// Columns left free at the left of every line.
const INDENT: usize = 2;

/// Columns between the columns of a table.
const GAP: usize = 2;

/// What a run of text is, from which a style is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Plain,
    /// What is to be seen first: names, headings.
    Strong,
    /// What a text stresses.
    Emphasis,
    /// Secondary.
    Dim,
    /// To be copied as it is.
    Code,
    /// `[n]`.
    Cite,
}

/// What Enter opens, when a line is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Model n of `answer.models`.
    Model(usize),
    /// Citation n of `answer.citations`, 0-based.
    Citation(usize),
}

/// A run of text of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Safe text, no newline.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// One line, at most as wide as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its runs.
    pub spans: Vec<Span>,
    /// What its cells, from `start` to `end`, stand for; several lines may share a target.
    pub targets: Vec<(Target, std::ops::Range<u16>)>,
}

impl Line {
    fn push(&mut self, text: impl Into<String>, role: Role) {
        let text = text.into();
        if !text.is_empty() {
            self.spans.push(Span { text, role });
        }
    }

    /// Its width in terminal cells.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|s| s.text.width()).sum()
    }

    /// Its text without roles.
    pub fn text(&self) -> String {
        self.spans.iter().map(|s| s.text.as_str()).collect()
    }

    fn indented(by: usize) -> Self {
        let mut line = Self::default();
        line.push(" ".repeat(by), Role::Plain);
        line
    }
}

/// The answer as lines at most `width` cells wide.
pub fn present(answer: &Answer, width: u16) -> Vec<Line> {
    let width = usize::from(width).max(20);
    let mut lines = Vec::new();
    let mut cited = 0;
    for part in &answer.parts {
        let made = match part {
            Part::Paragraph { claims } => flow(
                &words_of(claims, &answer.citations, Role::Plain),
                INDENT,
                INDENT,
                width,
            ),
            Part::Steps { claims } => bullets(claims, &answer.citations, Role::Plain, width),
            Part::Notes { claims } => notes(claims, &answer.citations, width),
            Part::Fields { rows } => fields(rows, &answer.citations, width),
            Part::Table(table) if table.of_models => model_table(table, width),
            Part::Table(table) => beside(table, width),
            Part::Reasons { reasons: all } => reasons(all, &answer.citations, width),
            Part::Code {
                title,
                text,
                shown: true,
            } => code(title, text, width),
            Part::Code { shown: false, .. } => continue,
        };
        let of_sentences = claims(part);
        cited += of_sentences.len();
        if !made.is_empty() {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            lines.extend(made);
        }
    }
    if cited > 0 {
        let sources = sources(
            answer.parts.iter().flat_map(claims),
            &answer.citations,
            width,
        );
        if !sources.is_empty() {
            // Notes are dim already; a gap would cost a line of a small screen.
            if !matches!(
                answer.parts.last(),
                Some(Part::Notes { .. } | Part::Code { .. })
            ) {
                lines.push(Line::default());
            }
            lines.extend(sources);
        }
    }
    lines
}

fn bullets(claims: &[Claim], citations: &[Citation], role: Role, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for claim in claims {
        let mut words = vec![Word {
            text: "-".to_owned(),
            role: Role::Dim,
        }];
        words.extend(words_of(std::slice::from_ref(claim), citations, role));
        lines.extend(flow(&words, INDENT, INDENT + 2, width));
    }
    lines
}

fn notes(claims: &[Claim], citations: &[Citation], width: usize) -> Vec<Line> {
    let each = claims
        .iter()
        .map(|c| words_of(std::slice::from_ref(c), citations, Role::Dim));
    each.flat_map(|words| flow(&words, INDENT, INDENT + 2, width))
        .collect()
}

fn fields(rows: &[(String, Claim)], citations: &[Citation], width: usize) -> Vec<Line> {
    let label_width = rows
        .iter()
        .map(|(label, _)| label.width())
        .max()
        .unwrap_or_default();
    let hang = INDENT + label_width + GAP;
    let mut lines = Vec::new();
    for (label, claim) in rows {
        let words = words_of(std::slice::from_ref(claim), citations, Role::Plain);
        let mut made = flow(&words, hang, hang, width);
        if let Some(first) = made.first_mut() {
            let padded = format!(
                "{}{label:label_width$}{}",
                " ".repeat(INDENT),
                " ".repeat(GAP)
            );
            first.spans[0] = Span {
                text: padded,
                role: Role::Dim,
            };
        }
        lines.extend(made);
    }
    lines
}

/// Text to copy. A command is broken with backslashes, so that it still is one.
fn code(title: &str, text: &str, width: usize) -> Vec<Line> {
    let mut head = Line::indented(INDENT);
    head.push(format!("{title}:"), Role::Dim);
    let mut lines = vec![head];
    let is_command = title == "command";
    for source in text.lines() {
        let words: Vec<Word> = source
            .split(' ')
            .map(|w| Word {
                text: w.to_owned(),
                role: Role::Code,
            })
            .collect();
        let room = if is_command { width - 2 } else { width };
        let mut made = if source.width() + INDENT + 2 <= width {
            let mut line = Line::indented(INDENT + 2);
            line.push(source, Role::Code);
            vec![line]
        } else {
            flow(&words, INDENT + 2, INDENT + 4, room)
        };
        let last = made.len().saturating_sub(1);
        if is_command {
            made[..last]
                .iter_mut()
                .for_each(|l| l.push(" \\", Role::Code));
        }
        lines.extend(made);
    }
    lines
}

/// `[1] card:line   [2] card:line   +2 more`: those that sentences cite, then how many cells do.
fn sources<'a>(
    sentences: impl Iterator<Item = &'a Claim>,
    citations: &[Citation],
    width: usize,
) -> Vec<Line> {
    let sentences: Vec<&Claim> = sentences.collect();
    let in_sentences = |c: &Citation| {
        sentences.iter().any(|claim| {
            matches!(&claim.source, Source::Card { card, line } | Source::Glossary { card, line }
                if *card == c.card && *line == c.line)
        })
    };
    let mut lines: Vec<Line> = Vec::new();
    let mut used = width;
    let mut more = 0;
    for (n, citation) in citations.iter().enumerate() {
        if !in_sentences(citation) {
            more += 1;
            continue;
        }
        let place = format!("{}:{}", crate::text::ident(&citation.card), citation.line);
        let text = cut(&format!("[{}] {place}", n + 1), width - INDENT);
        let long = text.width();
        if used + 3 + long > width {
            lines.push(Line::indented(INDENT));
            used = INDENT;
        }
        let Some(line) = lines.last_mut() else {
            continue;
        };
        if used > INDENT {
            line.push("   ", Role::Plain);
            used += 3;
        }
        line.targets
            .push((Target::Citation(n), used as u16..(used + long) as u16));
        line.push(text, Role::Cite);
        used += long;
    }
    if more > 0
        && let Some(line) = lines.last_mut()
    {
        let text = format!("   +{more} more");
        if line.width() + text.width() <= width {
            line.push(text, Role::Dim);
        }
    }
    lines
}
