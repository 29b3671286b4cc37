//! Events of the parser become blocks, and each block at once its rows.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::Row;
use super::html::{self, Piece};
use super::lead::Leads;
use super::prose::Prose;
use super::table::Table;
use crate::advisor::present::Role;

/// Cells before a line of code.
const CODE_INDENT: &str = "  ";

/// The longest rule, in cells.
const LONGEST_RULE: usize = 40;

/// What the text that comes belongs to.
#[derive(Debug, PartialEq, Eq)]
enum Into {
    Prose,
    Code,
    Html,
}

/// How text is set off, by how many open marks.
#[derive(Debug, Default)]
struct Style {
    strong: usize,
    emphasis: usize,
    heading: bool,
    image: usize,
}

impl Style {
    fn role(&self) -> Role {
        match self {
            Self { image: 1.., .. } => Role::Dim,
            Self { heading: true, .. } | Self { strong: 1.., .. } => Role::Strong,
            Self { emphasis: 1.., .. } => Role::Emphasis,
            _ => Role::Plain,
        }
    }
}

/// Reads events one after the other. Only the block at hand and the rows are kept.
pub(super) struct Reader {
    /// Where each line begins.
    starts: Vec<usize>,
    first: usize,
    width: usize,
    rows: Vec<Row>,
    leads: Leads,
    /// How many lists are open.
    lists: Vec<Option<u64>>,
    /// An empty row comes before the next one.
    gap: bool,
    prose: Prose,
    style: Style,
    to: Into,
    /// The HTML of a block, whose tags may go over several lines.
    html: String,
    html_line: usize,
    /// Where links lead, and where their text begins.
    links: Vec<(String, usize)>,
    /// Links that have been shown.
    shown: HashSet<String>,
    table: Option<Table>,
    /// Where the links of a table lead, to be said below it: a cell has no room for that.
    below: Vec<Prose>,
}

impl Reader {
    /// A reader of `text`, whose first line has the number `first`.
    pub(super) fn new(text: &str, first: usize, width: usize) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        Self {
            starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
            first,
            width,
            rows: Vec::new(),
            leads: Leads::default(),
            lists: Vec::new(),
            gap: false,
            prose: Prose::default(),
            style: Style::default(),
            to: Into::Prose,
            html: String::new(),
            html_line: 0,
            links: Vec::new(),
            shown: HashSet::new(),
            table: None,
            below: Vec::new(),
        }
    }

    /// How many rows there are so far.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// All rows.
    pub(super) fn end(mut self) -> Vec<Row> {
        self.flush();
        self.rows
    }

    fn line_of(&self, at: usize) -> usize {
        self.first + self.starts.partition_point(|start| *start <= at) - 1
    }

    /// Takes the next event, which stands on these bytes.
    pub(super) fn event(&mut self, event: Event<'_>, at: &Range<usize>) {
        let line = self.line_of(at.start);
        match event {
            Event::Start(tag) => self.start(tag, line),
            Event::End(tag) => {
                let line = self.line_of(at.end.saturating_sub(1).max(at.start));
                self.finish(tag, line);
            }
            Event::Text(text) => self.text(&text, line),
            // The marks stay: without colour nothing else tells code from words.
            Event::Code(text) => self.prose.push(&format!("`{text}`"), Role::Code, line),
            Event::Html(html) => {
                self.html_line = if self.html.is_empty() {
                    line
                } else {
                    self.html_line
                };
                self.html.push_str(&html);
            }
            Event::InlineHtml(html) => self.pieces(&html, line),
            Event::SoftBreak => self.prose.space(self.style.role(), line),
            Event::HardBreak => self.prose.break_line(line),
            Event::Rule => self.rule(line),
            Event::TaskListMarker(done) => {
                let mark = if done { "[x] " } else { "[ ] " };
                self.prose.push(mark, Role::Plain, line);
            }
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.prose.push(&text, self.style.role(), line);
            }
        }
    }

    fn text(&mut self, text: &str, line: usize) {
        match self.to {
            Into::Prose => self.prose.push(text, self.style.role(), line),
            Into::Html => self.html.push_str(text),
            Into::Code => {
                for (n, part) in text.split_inclusive('\n').enumerate() {
                    self.prose.push(part, Role::Code, line + n);
                    if part.ends_with('\n') {
                        self.code_line(line + n);
                    }
                }
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, line: usize) {
        match tag {
            Tag::Paragraph => self.block(),
            Tag::Heading { level, .. } => {
                self.block();
                self.style.heading = true;
                let marks = "#".repeat(level as usize);
                self.prose.push(&format!("{marks} "), Role::Strong, line);
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.leads.open_quote();
            }
            Tag::CodeBlock(_) => {
                self.block();
                self.to = Into::Code;
            }
            Tag::HtmlBlock => {
                self.flush();
                self.to = Into::Html;
            }
            Tag::List(number) => {
                self.flush();
                self.gap |= self.lists.is_empty() && !self.rows.is_empty();
                self.lists.push(number);
            }
            Tag::Item => {
                self.flush();
                let number = self.lists.last_mut().and_then(|next| {
                    let number = *next;
                    *next = next.map(|n| n.saturating_add(1));
                    number
                });
                self.leads.open_item(number);
            }
            Tag::Table(aligned) => {
                self.block();
                self.table = Some(Table::new(aligned));
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.open_row(line);
                }
            }
            Tag::Emphasis => self.style.emphasis += 1,
            Tag::Strong => self.style.strong += 1,
            Tag::Strikethrough => self.prose.push("~~", self.style.role(), line),
            Tag::Link { dest_url, .. } => {
                self.links
                    .push((dest_url.into_string(), self.prose.text().len()));
            }
            Tag::Image { .. } => {
                self.image(line);
                self.style.image += 1;
            }
            _ => {}
        }
    }

    fn finish(&mut self, tag: TagEnd, line: usize) {
        match tag {
            TagEnd::Paragraph => self.end_block(),
            TagEnd::Heading(_) => {
                self.style.heading = false;
                self.end_block();
            }
            TagEnd::BlockQuote(_) => {
                self.end_block();
                self.leads.close();
            }
            TagEnd::CodeBlock => {
                if !self.prose.text().is_empty() {
                    self.code_line(line);
                }
                self.to = Into::Prose;
                self.gap = true;
            }
            TagEnd::HtmlBlock => self.end_html(),
            TagEnd::Item => {
                self.flush();
                if self.leads.is_at_mark() {
                    self.lay("", |_| vec![Row::begun(line)]);
                }
                self.leads.close();
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
                self.gap |= self.lists.is_empty();
            }
            TagEnd::Table => self.end_table(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.prose);
                if let Some(table) = &mut self.table {
                    table.cell(cell);
                }
            }
            TagEnd::Emphasis => self.style.emphasis = self.style.emphasis.saturating_sub(1),
            TagEnd::Strong => self.style.strong = self.style.strong.saturating_sub(1),
            TagEnd::Strikethrough => self.prose.push("~~", self.style.role(), line),
            TagEnd::Link => self.end_link(line),
            TagEnd::Image => {
                self.style.image = self.style.image.saturating_sub(1);
                self.prose.push("]", Role::Dim, line);
            }
            _ => {}
        }
    }

    /// A block begins, apart from the one before.
    fn block(&mut self) {
        self.flush();
        self.gap |= !self.rows.is_empty();
    }

    fn end_block(&mut self) {
        self.flush();
        self.gap = true;
    }

    fn image(&mut self, line: usize) {
        self.prose.push("[image: ", Role::Dim, line);
    }

    /// Shows where a link leads, once; a place in the same text leads nowhere here.
    fn end_link(&mut self, line: usize) {
        let Some((url, from)) = self.links.pop() else {
            return;
        };
        let text = self.prose.text().get(from..).unwrap_or_default();
        let said = url == text || url.strip_prefix("mailto:") == Some(text);
        if said || url.is_empty() || url.starts_with('#') || self.shown.contains(&url) {
            return;
        }
        let shown = url.replace(['\n', ' '], "%20");
        if self.table.is_some() {
            let mut below = Prose::default();
            below.push(&format!("{text}: {shown}"), Role::Dim, line);
            self.below.push(below);
        } else {
            self.prose.space(Role::Plain, line);
            self.prose.push(&format!("({shown})"), Role::Dim, line);
        }
        self.shown.insert(url);
    }

    fn rule(&mut self, line: usize) {
        self.block();
        self.lay("", |room| {
            let mut row = Row::begun(line);
            row.push(&"-".repeat(room.min(LONGEST_RULE)), Role::Dim);
            vec![row]
        });
        self.gap = true;
    }

    fn pieces(&mut self, html: &str, first: usize) {
        for piece in html::pieces(html) {
            match piece {
                Piece::Text(text, n) if text.trim().is_empty() => {
                    self.prose.space(self.style.role(), first + n);
                }
                Piece::Text(text, n) => self.prose.push(&text, self.style.role(), first + n),
                Piece::Image(alt, n) => {
                    self.image(first + n);
                    self.prose
                        .push(&alt.replace('\n', " "), Role::Dim, first + n);
                    self.prose.push("]", Role::Dim, first + n);
                }
                Piece::Break => self.prose.break_line(first),
                Piece::Gap => self.prose.push("  ", Role::Plain, first),
            }
        }
    }

    fn end_html(&mut self) {
        self.to = Into::Prose;
        let html = std::mem::take(&mut self.html);
        self.pieces(&html, self.html_line);
        if self.prose.is_blank() {
            self.prose = Prose::default();
        } else {
            self.gap |= !self.rows.is_empty();
            self.end_block();
        }
    }

    fn end_table(&mut self) {
        if let Some(table) = self.table.take() {
            self.lay("", |room| table.rows(room));
        }
        for mut link in std::mem::take(&mut self.below) {
            link.clean();
            self.lay("", |room| link.wrapped(room));
        }
        self.gap = true;
    }

    /// One line of code is whole.
    fn code_line(&mut self, line: usize) {
        let mut code = std::mem::take(&mut self.prose);
        code.trim_end();
        code.clean();
        self.lay(CODE_INDENT, |room| {
            let mut rows = code.wrapped(room);
            for (n, row) in rows.iter_mut().enumerate() {
                (row.line, row.last, row.starts) = (line, line, n == 0);
            }
            rows
        });
    }

    /// The prose so far becomes rows.
    fn flush(&mut self) {
        let mut prose = std::mem::take(&mut self.prose);
        if self.table.is_some() || prose.is_blank() {
            return;
        }
        prose.clean();
        prose.trim_end();
        self.lay("", |room| {
            let mut rows = prose.wrapped(room);
            if let Some(row) = rows.first_mut() {
                row.starts = true;
            }
            rows
        });
    }

    /// Puts the rows of a block, made for the room there is, below the others: an empty one where
    /// it is due, then each behind the marks of what is open.
    fn lay(&mut self, indent: &str, make: impl FnOnce(usize) -> Vec<Row>) {
        let most = self.width / 2;
        if std::mem::take(&mut self.gap) && !self.rows.is_empty() {
            let mut row = Row::default();
            row.push(&self.leads.between(most), Role::Dim);
            self.rows.push(row);
        }
        let (first, others) = self.leads.take(most);
        let block = make(self.width.saturating_sub(first.len() + indent.len()));
        for (n, inner) in block.into_iter().enumerate() {
            let mut row = Row {
                spans: Vec::with_capacity(inner.spans.len() + 1),
                ..inner
            };
            row.push(if n == 0 { &first } else { &others }, Role::Dim);
            row.push(indent, Role::Code);
            row.spans.extend(inner.spans);
            self.rows.push(row);
        }
    }
}
