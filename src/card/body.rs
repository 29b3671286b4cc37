//! The Markdown of a card, by heading and by sentence, with lines.
//!
//! pulldown-cmark's events carry byte offsets, which become lines through a table made in one
//! pass. What a hostile body can cost is capped: bytes, depth of nesting, number of sentences.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::check::{Problem, Severity};
use super::lines::Lines;

/// Most bytes of a body that are read.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Most sentences and headings that are kept.
pub const MAX_BLOCKS: usize = 20_000;

/// One paragraph or bullet of a card, as plain text (Markdown marks removed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Its text, white space folded.
    pub text: String,
    /// The 1-based line of the README.md on which it starts.
    pub line: usize,
}

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading's text; empty for text above the first heading.
    pub title: String,
    /// 1 to 6; 0 above the first heading.
    pub level: u8,
    /// The heading's 1-based line.
    pub line: usize,
    /// Paragraphs and bullets (code and tables are left out).
    pub sentences: Vec<Sentence>,
}

/// Reads the body of a card, whose first line is `line` of the README.md.
pub(super) fn sections(body: &str, line: usize, problems: &mut Vec<Problem>) -> Vec<Section> {
    let (body, cut) = capped(body);
    let lines = Lines::new(body, line);
    let mut reader = BodyReader::new(line);
    for (event, range) in events(body) {
        reader.event(event, range.start, &lines);
        if reader.blocks >= MAX_BLOCKS {
            break;
        }
    }
    let full = reader.blocks >= MAX_BLOCKS;
    let sections = reader.end();
    if cut || full {
        let last = if cut {
            lines.last()
        } else {
            last_line(&sections)
        };
        problems.push(Problem {
            severity: Severity::Note,
            line: last,
            field: String::new(),
            what: format!(
                "the text below this line is not read: over {MAX_BYTES} bytes or {MAX_BLOCKS} \
                 paragraphs"
            ),
            hint: None,
        });
    }
    sections
}

/// The Markdown of a body as events, each with the bytes that it stands on.
pub(crate) fn events(body: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(body, options).into_offset_iter()
}

/// The first [`MAX_BYTES`] of a body, to the end of a line where there is one; and whether it was
/// cut.
fn capped(body: &str) -> (&str, bool) {
    if body.len() <= MAX_BYTES {
        return (body, false);
    }
    let head = &body[..body.floor_char_boundary(MAX_BYTES)];
    let end = head.rfind('\n').map_or(head.len(), |at| at + 1);
    (&head[..end], true)
}

fn last_line(sections: &[Section]) -> usize {
    sections.last().map_or(1, |s| {
        s.sentences.last().map_or(s.line, |sentence| sentence.line)
    })
}

/// Collects text between the events that start and end a block.
struct BodyReader {
    sections: Vec<Section>,
    current: Section,
    /// The block being read, and the line it starts on.
    text: String,
    line: Option<usize>,
    /// Inside a heading, whose text becomes a title.
    heading: bool,
    /// How many code blocks, tables, images and the like are open.
    hidden: usize,
    /// Sentences and headings so far.
    blocks: usize,
}

impl BodyReader {
    fn new(line: usize) -> Self {
        Self {
            sections: Vec::new(),
            current: Section {
                title: String::new(),
                level: 0,
                line,
                sentences: Vec::new(),
            },
            text: String::new(),
            line: None,
            heading: false,
            hidden: 0,
            blocks: 0,
        }
    }

    fn event(&mut self, event: Event<'_>, at: usize, lines: &Lines) {
        match event {
            Event::Start(tag) => self.start(&tag, at, lines),
            Event::End(tag) => self.finish(tag),
            Event::Text(text) | Event::Code(text) if self.hidden == 0 => {
                self.line.get_or_insert_with(|| lines.of(at));
                self.text.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => self.text.push(' '),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, at: usize, lines: &Lines) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.open(*level, lines.of(at));
            }
            Tag::Paragraph => {
                self.flush();
                self.line.get_or_insert_with(|| lines.of(at));
            }
            Tag::Item | Tag::BlockQuote(_) | Tag::List(_) => self.flush(),
            Tag::CodeBlock(_) | Tag::Table(_) | Tag::HtmlBlock => {
                self.flush();
                self.hidden += 1;
            }
            Tag::Image { .. } => self.hidden += 1,
            _ => {}
        }
    }

    fn finish(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.current.title = folded(&std::mem::take(&mut self.text));
                self.heading = false;
                self.line = None;
            }
            TagEnd::CodeBlock | TagEnd::Table | TagEnd::HtmlBlock | TagEnd::Image => {
                self.hidden = self.hidden.saturating_sub(1);
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::List(_) | TagEnd::BlockQuote(_) => {
                self.flush();
            }
            _ => {}
        }
    }

    /// Ends the section that is being read and opens another.
    fn open(&mut self, level: HeadingLevel, line: usize) {
        let next = Section {
            title: String::new(),
            level: level as u8,
            line,
            sentences: Vec::new(),
        };
        let done = std::mem::replace(&mut self.current, next);
        self.keep(done);
        self.heading = true;
        self.blocks += 1;
    }

    fn keep(&mut self, section: Section) {
        if section.level > 0 || !section.sentences.is_empty() {
            self.sections.push(section);
        }
    }

    /// Keeps the block read so far as a sentence.
    fn flush(&mut self) {
        if self.heading {
            return;
        }
        let line = self.line.take();
        let text = folded(&self.text);
        self.text.clear();
        if let (Some(line), false) = (line, text.is_empty()) {
            self.current.sentences.push(Sentence { text, line });
            self.blocks += 1;
        }
    }

    fn end(mut self) -> Vec<Section> {
        self.flush();
        let last = std::mem::replace(
            &mut self.current,
            Section {
                title: String::new(),
                level: 0,
                line: 0,
                sentences: Vec::new(),
            },
        );
        self.keep(last);
        self.sections
    }
}

/// Text with its white space folded into single spaces.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
