//! An answer as lines of a given width: the one layout that the desk and the command line share.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::answer::{Answer, Citation, Claim, Part, Source, Table};
use super::compose::claims;
use super::quantity::grouped;
use super::question::{Field, Intent};

/// Columns left free at the left of every line.
const INDENT: usize = 2;

/// Columns between the columns of a table.
const GAP: usize = 2;

/// A column of a comparison narrower than this is set below instead of beside.
const NARROWEST: usize = 14;

/// What a run of text is, from which a style is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Plain,
    /// What is to be seen first: names, headings.
    Strong,
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
            Part::Table(table) => comparison(table, width),
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
        let sources = sources(answer, width);
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

/// Words with their role; a space stands between two of them, unless `glued` to the one before.
struct Word {
    text: String,
    role: Role,
}

fn words_of(claims: &[Claim], citations: &[Citation], role: Role) -> Vec<Word> {
    let mut words = Vec::new();
    for claim in claims {
        let text = claim.text.split_whitespace();
        words.extend(text.map(|w| Word {
            text: w.to_owned(),
            role,
        }));
        if let Some(n) = number(claim, citations) {
            words.push(Word {
                text: format!("[{}]", n + 1),
                role: Role::Cite,
            });
        }
    }
    words
}

fn number(claim: &Claim, citations: &[Citation]) -> Option<usize> {
    let (Source::Card { card, line } | Source::Glossary { card, line }) = &claim.source else {
        return None;
    };
    citations
        .iter()
        .position(|c| c.card == *card && c.line == *line)
}

/// Lays words out in lines; the first starts after `first` columns, the others after `hang`.
fn flow(words: &[Word], first: usize, hang: usize, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = Line::indented(first);
    let mut used = first;
    let mut empty = true;
    for word in words {
        for piece in pieces(&word.text, width.saturating_sub(hang).max(8)) {
            let long = piece.width();
            if !empty && used + 1 + long > width {
                lines.push(std::mem::replace(&mut line, Line::indented(hang)));
                used = hang;
                empty = true;
            }
            if !empty {
                line.push(" ", Role::Plain);
                used += 1;
            }
            if let (Role::Cite, Some(n)) = (word.role, cite_number(&piece)) {
                let range = used as u16..(used + long) as u16;
                line.targets.push((Target::Citation(n), range));
            }
            line.push(piece, word.role);
            used += long;
            empty = false;
        }
    }
    if !empty {
        lines.push(line);
    }
    lines
}

fn cite_number(text: &str) -> Option<usize> {
    text.strip_prefix('[')?
        .strip_suffix(']')?
        .parse::<usize>()
        .ok()?
        .checked_sub(1)
}

/// A word cut into pieces that fit a line.
fn pieces(word: &str, most: usize) -> Vec<String> {
    if word.width() <= most {
        return vec![word.to_owned()];
    }
    let mut all = vec![String::new()];
    let mut used = 0;
    for letter in unicode_segmentation::UnicodeSegmentation::graphemes(word, true) {
        if used + letter.width() > most {
            all.push(String::new());
            used = 0;
        }
        used += letter.width();
        if let Some(last) = all.last_mut() {
            last.push_str(letter);
        }
    }
    all
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

/// One line a model; the columns that do not fit go, the least needed first.
fn model_table(table: &Table, width: usize) -> Vec<Line> {
    let natural = |at: usize| {
        let cells = table.rows.iter().map(|row| row[at].text.width());
        cells
            .chain([table.columns[at].title.width()])
            .max()
            .unwrap_or_default()
    };
    let mut kept: Vec<usize> = (0..table.columns.len()).collect();
    let total =
        |kept: &[usize]| INDENT + 2 + kept.iter().map(|at| natural(*at) + GAP).sum::<usize>() - GAP;
    while total(&kept) > width {
        let Some(at) = kept
            .iter()
            .copied()
            .filter(|at| table.columns[*at].drop > 0)
            .max_by_key(|at| table.columns[*at].drop)
        else {
            break;
        };
        kept.retain(|k| *k != at);
    }
    let over = total(&kept).saturating_sub(width);
    let width_of = |at: usize| {
        if at == 0 {
            natural(0).saturating_sub(over).max(6)
        } else {
            natural(at)
        }
    };
    let mut lines = Vec::new();
    let mut head = Line::indented(INDENT + 2);
    for (nth, at) in kept.iter().enumerate() {
        let column = &table.columns[*at];
        head.push(
            padded(
                &column.title,
                width_of(*at),
                column.right,
                nth + 1 == kept.len(),
            ),
            Role::Dim,
        );
    }
    lines.push(head);
    for (n, row) in table.rows.iter().enumerate() {
        let mut line = Line::indented(INDENT);
        line.push(format!("{} ", n + 1), Role::Dim);
        for (nth, at) in kept.iter().enumerate() {
            let role = if *at == 0 { Role::Strong } else { Role::Plain };
            let text = padded(
                &row[*at].text,
                width_of(*at),
                table.columns[*at].right,
                nth + 1 == kept.len(),
            );
            line.push(text, role);
        }
        let whole = 0..line.width().min(usize::from(u16::MAX)) as u16;
        line.targets.push((Target::Model(n), whole));
        lines.push(line);
    }
    lines
}

fn padded(text: &str, width: usize, right: bool, last: bool) -> String {
    let text = cut(text, width);
    let space = " ".repeat(width.saturating_sub(text.width()));
    let gap = if last { "" } else { "  " };
    if right {
        format!("{space}{text}{gap}")
    } else if last {
        text
    } else {
        format!("{text}{space}{gap}")
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for letter in unicode_segmentation::UnicodeSegmentation::graphemes(text, true) {
        if out.width() + letter.width() + 1 > width {
            break;
        }
        out.push_str(letter);
    }
    out.push('…');
    out
}

/// Fields as rows and models as columns, cells wrapped; stacked where columns would be too narrow.
fn comparison(table: &Table, width: usize) -> Vec<Line> {
    let label = table
        .rows
        .iter()
        .map(|r| r[0].text.width())
        .max()
        .unwrap_or_default()
        .min(width / 4);
    let models = table.columns.len() - 1;
    let each = (width - INDENT - label - GAP * models) / models.max(1);
    if each < NARROWEST {
        return stacked(table, width);
    }
    let mut lines = Vec::new();
    let mut head = vec![(String::new(), Role::Dim)];
    head.extend(
        table.columns[1..]
            .iter()
            .map(|c| (c.title.clone(), Role::Strong)),
    );
    lines.extend(beside(&head, label, each));
    for row in &table.rows {
        let cells: Vec<_> = row
            .iter()
            .enumerate()
            .map(|(n, c)| (c.text.clone(), if n == 0 { Role::Dim } else { Role::Plain }))
            .collect();
        lines.extend(beside(&cells, label, each));
    }
    lines
}

fn beside(cells: &[(String, Role)], label: usize, each: usize) -> Vec<Line> {
    let wrapped: Vec<Vec<Line>> = cells
        .iter()
        .enumerate()
        .map(|(n, (text, role))| {
            let words: Vec<Word> = text
                .split_whitespace()
                .map(|w| Word {
                    text: w.to_owned(),
                    role: *role,
                })
                .collect();
            flow(&words, 0, 0, if n == 0 { label } else { each })
        })
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or_default();
    let mut lines = Vec::new();
    for at in 0..height {
        let mut line = Line::indented(INDENT);
        for (n, cell) in wrapped.iter().enumerate() {
            let room = if n == 0 { label } else { each };
            let mut used = 0;
            for span in cell.get(at).map(|l| l.spans.as_slice()).unwrap_or_default() {
                used += span.text.width();
                line.push(span.text.clone(), span.role);
            }
            if n + 1 < wrapped.len() {
                line.push(" ".repeat(room.saturating_sub(used) + GAP), Role::Plain);
            }
        }
        lines.push(line);
    }
    lines
}

fn stacked(table: &Table, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for row in &table.rows {
        let mut head = Line::indented(INDENT);
        head.push(cut(&row[0].text, width - INDENT), Role::Dim);
        lines.push(head);
        for (column, cell) in table.columns[1..].iter().zip(&row[1..]) {
            let name = Word {
                text: format!("{}:", column.title),
                role: Role::Strong,
            };
            let text = cell.text.split_whitespace();
            let words: Vec<Word> = std::iter::once(name)
                .chain(text.map(|w| Word {
                    text: w.to_owned(),
                    role: Role::Plain,
                }))
                .collect();
            lines.extend(flow(&words, INDENT + 2, INDENT + 4, width));
        }
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
fn sources(answer: &Answer, width: usize) -> Vec<Line> {
    let in_sentences = |c: &Citation| {
        answer.parts.iter().flat_map(claims).any(|claim| {
            matches!(&claim.source, Source::Card { card, line } | Source::Glossary { card, line }
                if *card == c.card && *line == c.line)
        })
    };
    let mut lines: Vec<Line> = Vec::new();
    let mut used = width;
    let mut more = 0;
    for (n, citation) in answer.citations.iter().enumerate() {
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

/// The `read as` line's text: `recommend, summarization, legal, any hardware`; what a follow-up
/// carried over has a `+`; then what was corrected and what was not used.
pub fn read_as(answer: &Answer) -> String {
    let reading = &answer.reading;
    let fields = reading.fields();
    let mut words: Vec<String> = fields.iter().map(field_words).collect();
    let c = &reading.constraints;
    if reading.intent == Intent::Recommend && c.hardware.is_none() && !c.must_run_here {
        words.push("any hardware".to_owned());
    }
    let mut text = words.join(", ");
    for (typed, meant) in &reading.corrections {
        let _ = write!(text, "; read \"{typed}\" as {meant}");
    }
    if !reading.unused.is_empty() && reading.intent != Intent::OutOfScope {
        let most: Vec<&str> = reading.unused.iter().take(5).map(String::as_str).collect();
        let _ = write!(text, "; not used: {}", most.join(", "));
    }
    if reading.cut {
        text += "; the end of a long question was not read";
    }
    text
}

fn field_words(field: &Field) -> String {
    let value = &field.value;
    let words = match field.name.as_str() {
        "commercial" => "commercial use".to_owned(),
        "permissive" => "permissive licence".to_owned(),
        "must_run_here" => "must run here".to_owned(),
        "long_context" => "long inputs".to_owned(),
        "trainable" => "to fine-tune".to_owned(),
        "hub_cards" => "hub cards too".to_owned(),
        "max_parameters" => format!("at most {value} parameters"),
        "min_parameters" => format!("at least {value} parameters"),
        "max_size" => format!("at most {value} on disk"),
        "max_memory" => format!("at most {value} of memory"),
        "max_latency_ms" => format!("within {value}"),
        "min_context" => format!("reads {value}"),
        "examples" => format!("{value} examples"),
        "prefer" => format!("{value} first"),
        "exclude" => format!("not {value}"),
        "license" => format!("licence {value}"),
        _ => value.clone(),
    };
    if field.carried {
        format!("+ {words}")
    } else {
        words
    }
}

/// Why the models stand in this order: each criterion with value and weight, and what would swap
/// the first two.
pub fn present_why(answer: &Answer, width: u16) -> Vec<Line> {
    let width = usize::from(width).max(20);
    let mut lines = Vec::new();
    let scored: Vec<_> = answer.models.iter().filter(|m| !m.why.is_empty()).collect();
    for (n, model) in scored.iter().take(3).enumerate() {
        if n > 0 {
            lines.push(Line::default());
        }
        let mut head = Line::indented(INDENT);
        head.push(format!("{} {}", n + 1, model.name), Role::Strong);
        head.push(format!("  {:.1} points", model.score), Role::Dim);
        lines.push(head);
        for c in &model.why {
            let sum = c.value * c.weight;
            let start = format!(
                "{:10} {:4.2} x {:2.0} = {sum:4.1}",
                c.name, c.value, c.weight
            );
            let words: Vec<Word> = c
                .note
                .split_whitespace()
                .map(|w| Word {
                    text: crate::text::line(w).into_owned(),
                    role: Role::Dim,
                })
                .collect();
            let hang = INDENT + 2 + start.width() + GAP;
            let mut made = flow(&words, hang, hang, width.max(hang + 10));
            if made.is_empty() {
                made.push(Line::indented(hang));
            }
            made[0].spans[0] = Span {
                text: format!("    {start}  "),
                role: Role::Plain,
            };
            lines.extend(made);
        }
    }
    if lines.is_empty() {
        let mut line = Line::indented(INDENT);
        line.push("Nothing was ranked for this answer.", Role::Plain);
        return vec![line];
    }
    lines.push(Line::default());
    let swap = answer.swap.clone().unwrap_or_else(|| {
        "No single criterion, left out, would change which model is first.".to_owned()
    });
    let rest = answer.models.len().saturating_sub(3);
    let more = format!(
        "{} more models were ranked; weights: index/ranking.yaml.",
        grouped(rest as u64)
    );
    for text in [swap, more] {
        let words: Vec<Word> = text
            .split_whitespace()
            .map(|w| Word {
                text: w.to_owned(),
                role: Role::Dim,
            })
            .collect();
        lines.extend(flow(&words, INDENT, INDENT, width));
    }
    lines
}
