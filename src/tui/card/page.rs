//! One card: its text, what the desk reads of it, and the cards beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::entries::{beside, fact, header, problem};
use super::listing::Listing;
use super::source::Source;
use crate::advisor;
use crate::advisor::offer::Offer;
use crate::card::Kind;
use crate::error::{Error, Result};
use crate::jobs::OpenCard;
use crate::tui::awaited::Awaited;
use crate::tui::chrome;
use crate::tui::keymap::Command;
use crate::tui::markdown::Row;
use crate::tui::plain::scrolled;
use crate::tui::theme::Theme;

/// Rows above what is read: header and tabs.
const ABOVE: u16 = 2;

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Card,
    Facts,
    Related,
}

const TABS: [(Tab, &str); 3] = [
    (Tab::Card, "card"),
    (Tab::Facts, "facts"),
    (Tab::Related, "related"),
];

/// What there is to show.
#[derive(Debug)]
struct Open {
    header: String,
    /// What it can be tried for, if it runs here.
    offer: Option<Offer>,
    /// It is of a model, and not of a word.
    is_model: bool,
    source: Source,
    facts: Listing,
    /// The line of each entry of `facts`.
    lines: Vec<usize>,
    related: Listing,
    /// The id of each entry of `related`.
    ids: Vec<String>,
}

/// A card, and where its reader is.
#[derive(Debug)]
pub(super) struct Page {
    id: String,
    cited: usize,
    state: Awaited<Box<Open>>,
    tab: Tab,
    raw: bool,
    rows: Vec<Row>,
    scroll: usize,
    /// The rows have to be made again.
    stale: bool,
    /// The cited line has to be brought in sight.
    hidden: bool,
    /// A fact was opened: the line and the scroll before.
    from_facts: Option<(usize, usize)>,
    size: (u16, u16),
}

impl Page {
    /// The card `id` at line `cited`, 0 for none, once request `ticket` is answered.
    pub(super) fn new(id: &str, cited: usize, ticket: u64) -> Self {
        Self {
            id: id.to_owned(),
            cited,
            state: Awaited::Waiting(ticket),
            tab: Tab::Card,
            raw: false,
            rows: Vec::new(),
            scroll: 0,
            stale: true,
            hidden: true,
            from_facts: None,
            size: (0, 0),
        }
    }

    /// Whether it waits for this request.
    pub(super) fn waits_for(&self, ticket: u64) -> bool {
        self.state.waits_for(ticket)
    }

    /// Takes the card that was asked for.
    pub(super) fn hear(&mut self, card: Result<Option<OpenCard>>) {
        let id = crate::text::ident(&self.id);
        let gone = || Error::new(format!("There is no card {id} any more."));
        let card = card.and_then(|card| card.ok_or_else(gone));
        let open = card.map(|card| Box::new(Open::new(&card)));
        self.state.hear(open);
        (self.stale, self.hidden) = (true, true);
    }

    fn open(&self) -> Option<&Open> {
        self.state.here().map(|open| &**open)
    }

    /// The id of the card, once it is there and of a model; and what it can be tried for.
    pub(super) fn model(&self) -> Option<(&str, Option<&Offer>)> {
        let open = self.open().filter(|open| open.is_model)?;
        Some((&self.id, open.offer.as_ref()))
    }

    /// `id:line` of what is read, or the id of the selected card.
    pub(super) fn place(&self) -> String {
        let open = self.open();
        let selected = match self.tab {
            Tab::Card => None,
            Tab::Facts => open.and_then(|open| open.lines.get(open.facts.selected()?)),
            Tab::Related => {
                let id = open.and_then(|open| open.ids.get(open.related.selected()?));
                return id.unwrap_or(&self.id).clone();
            }
        };
        match selected.unwrap_or(&self.cited) {
            0 => self.id.clone(),
            line => format!("{}:{line}", self.id),
        }
    }

    /// The selected one of the cards beside it.
    pub(super) fn wanted(&self) -> Option<String> {
        let open = self.open().filter(|_| self.tab == Tab::Related)?;
        open.ids.get(open.related.selected()?).cloned()
    }

    /// Fits what is shown to an area of that size.
    pub(super) fn layout(&mut self, columns: u16, rows: u16) {
        self.stale |= self.size.0 != columns;
        self.size = (columns, rows);
        let (columns, height) = (usize::from(columns), self.height());
        let Some(open) = self.state.here_mut() else {
            return;
        };
        open.facts.layout(columns, height);
        open.related.layout(columns, height);
        if std::mem::take(&mut self.stale) {
            let read = self.rows[self.scroll.min(self.rows.len())..].iter();
            let read = read.map(|row| row.line).find(|line| *line > 0);
            let room = columns.saturating_sub(open.source.number_cells() + 4);
            self.rows = open.source.rows(self.raw, room);
            self.scroll = read.map_or(0, |line| self.row_of(line));
        }
        if std::mem::take(&mut self.hidden) {
            self.scroll = self.row_of(self.cited).saturating_sub(height / 3);
        }
        self.scroll = self.scroll.min(self.last());
    }

    /// The row that shows a line, or what is nearest above it.
    fn row_of(&self, line: usize) -> usize {
        let rows = &self.rows;
        let shown = rows.iter().position(|row| row.shows(line));
        let above = || {
            rows.iter()
                .rposition(|row| row.line > 0 && row.line <= line)
        };
        shown.or_else(above).unwrap_or(0)
    }

    fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(ABOVE))
    }

    fn last(&self) -> usize {
        self.rows.len().saturating_sub(self.height().max(1))
    }

    /// Whether `command` would do something now.
    pub(super) fn can(&self, command: Command) -> bool {
        let Some(open) = self.open() else {
            return false;
        };
        match command {
            Command::Left | Command::Right => true,
            Command::Open => match self.tab {
                Tab::Card => false,
                Tab::Facts => open.facts.selected().is_some(),
                Tab::Related => open.related.selected().is_some(),
            },
            Command::Raw => self.tab == Tab::Card,
            _ if !command.moves() => false,
            _ => match self.tab {
                Tab::Card => self.last() > 0,
                Tab::Facts => open.facts.moves(),
                Tab::Related => open.related.moves(),
            },
        }
    }

    /// Scrolls, walks the tabs, opens a fact at its line, shows the text as it is or as it is
    /// meant.
    pub(super) fn run(&mut self, command: Command) {
        let height = self.height();
        let last = self.last();
        let Some(open) = self.state.here_mut() else {
            return;
        };
        match (command, self.tab) {
            (Command::Left, _) => self.go(TABS.len() - 1),
            (Command::Right, _) => self.go(1),
            (Command::Raw, Tab::Card) => {
                self.raw = !self.raw;
                self.stale = true;
            }
            (Command::Open, Tab::Facts) => {
                let line = open.facts.selected().and_then(|at| open.lines.get(at));
                if let Some(line) = line {
                    self.from_facts = Some((self.cited, self.scroll));
                    self.cited = *line;
                    (self.tab, self.hidden) = (Tab::Card, true);
                }
            }
            (_, Tab::Card) => self.scroll = scrolled(self.scroll, command, height, last),
            (_, Tab::Facts) => open.facts.run(command),
            (_, Tab::Related) => open.related.run(command),
        }
    }

    /// Whether there is more text below.
    pub(super) fn goes_on(&self) -> bool {
        self.is_text() && self.scroll < self.last()
    }

    /// Whether the card's text is what is shown.
    pub(super) fn is_text(&self) -> bool {
        self.tab == Tab::Card && self.open().is_some()
    }

    /// Goes to the next or the previous line that has `words`, from either end to the other;
    /// false when no line has them.
    pub(super) fn find(&mut self, words: &str, forward: bool) -> bool {
        let Some(open) = self.open() else {
            return false;
        };
        let lines = open.source.lines_with(words);
        let next = lines
            .iter()
            .find(|line| **line > self.cited)
            .or_else(|| lines.first());
        let previous = lines
            .iter()
            .rfind(|line| **line < self.cited)
            .or_else(|| lines.last());
        let Some(line) = (if forward { next } else { previous }) else {
            return false;
        };
        (self.cited, self.hidden) = (*line, true);
        true
    }

    /// Goes to the tab so many further on; behind the last is the first.
    fn go(&mut self, steps: usize) {
        let at = TABS.iter().position(|(tab, _)| *tab == self.tab);
        self.tab = TABS[(at.unwrap_or(0) + steps) % TABS.len()].0;
        self.from_facts = None;
    }

    /// Goes back to the facts that a line was opened from; whether there was such a way.
    pub(super) fn back(&mut self) -> bool {
        let Some((cited, scroll)) = self.from_facts.take() else {
            return false;
        };
        (self.cited, self.scroll, self.tab) = (cited, scroll, Tab::Facts);
        true
    }

    /// Draws what is in sight.
    pub(super) fn view(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let at = |x: u16, y: u16| (area.x + x, area.y + y);
        let waits = "Reading the card.";
        let Some(open) = self.state.or_draw(waits, theme, area, buffer) else {
            return;
        };
        chrome::put(buffer, area, at(2, 0), &open.header, theme.strong());
        self.tabs(theme, area, buffer);
        let below = Rect {
            y: area.y.saturating_add(ABOVE).min(area.bottom()),
            height: area.height.saturating_sub(ABOVE),
            ..area
        };
        match self.tab {
            Tab::Card => self.text(open.source.number_cells(), theme, below, buffer),
            Tab::Facts => open.facts.view(theme, below, buffer),
            Tab::Related => open.related.view(theme, below, buffer),
        }
    }

    /// `[card] facts  related`.
    fn tabs(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let mut x = area.x + 1;
        for (tab, name) in TABS {
            let (text, style) = if tab == self.tab {
                (format!("[{name}]"), theme.strong())
            } else {
                (format!(" {name} "), theme.dim())
            };
            x = chrome::put(buffer, area, (x, area.y + 1), &text, style);
        }
        if self.raw && self.tab == Tab::Card {
            chrome::put(buffer, area, (x + 2, area.y + 1), "as it is", theme.dim());
        }
    }

    /// The text in sight; the cited line is marked and reversed.
    fn text(&self, digits: usize, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let mut numbered = 0;
        let mut said = false;
        for (y, row) in
            (area.top()..area.bottom()).zip(&self.rows[self.scroll.min(self.rows.len())..])
        {
            let cited = row.shows(self.cited);
            if cited {
                chrome::put(buffer, area, (area.x, y), ">", theme.strong());
            }
            // Inside a block the cited line is numbered too.
            let number = match (row.starts, cited && !said) {
                (true, _) => Some(row.line),
                (false, true) => Some(self.cited),
                (false, false) => None,
            };
            said |= cited;
            if let Some(number) = number.filter(|number| *number != numbered) {
                let shown = format!("{number:>digits$}");
                chrome::put(buffer, area, (area.x + 2, y), &shown, theme.dim());
                numbered = number;
            }
            let mut x = area.x + digits as u16 + 3;
            for span in &row.spans {
                let style = if cited {
                    theme.selected()
                } else {
                    theme.role(span.role)
                };
                x = chrome::put(buffer, area, (x, y), &span.text, style);
            }
        }
    }
}

impl Open {
    fn new(open: &OpenCard) -> Self {
        let card = &open.card;
        let stated = advisor::sheet(card);
        let marked = stated.iter().any(|entry| !entry.mark.is_empty());
        let lines = stated.iter().map(|entry| entry.line);
        let lines = lines
            .chain(open.problems.iter().map(|problem| problem.line))
            .collect();
        let facts = stated
            .iter()
            .map(fact)
            .chain(open.problems.iter().map(problem));
        let below = match (stated.is_empty(), marked) {
            (true, _) => "This card states nothing that the desk reads.",
            (_, true) => "A the authors' own   ~ derived   ? no source found",
            _ => "",
        };
        let related = open.related.iter().map(beside).collect::<Vec<_>>();
        let none = if related.is_empty() {
            "No card here is related to this one."
        } else {
            ""
        };
        Self {
            header: header(card),
            offer: open.offer.clone(),
            is_model: card.facts.kind == Kind::Model,
            source: Source::new(card),
            facts: Listing::new(facts.collect(), below),
            lines,
            related: Listing::new(related, none),
            ids: open
                .related
                .iter()
                .map(|related| related.id.clone())
                .collect(),
        }
    }
}
