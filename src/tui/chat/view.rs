//! How the Chat pane looks.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::dialogue::{Exchange, State};
use super::{ABOVE, BELOW, ChatPane, Part};
use crate::advisor::quantity;
use crate::model::generate::Finish;
use crate::text;
use crate::tui::flow::{self, Row, Run, flow};
use crate::tui::pane::Shell;
use crate::tui::theme::Theme;
use crate::tui::{chrome, wrap};

/// Columns before what is said.
const MARGIN: usize = 8;

/// Cells of the meter.
const METER: usize = 20;

impl ChatPane {
    /// The conversation, or the text that was sent, in rows of `cells`.
    pub(super) fn lay_out(&self, shell: &Shell, cells: usize) -> Vec<Row> {
        let theme = shell.theme;
        if let Some(sent) = self.sent.as_ref().filter(|_| self.shows_sent) {
            let title = format!("The text that was sent last, {} tokens:", sent.tokens);
            let mut rows = vec![flow::row(title, theme.strong()), Row::new()];
            rows.extend(flow(&[(sent.text.clone(), Style::new())], cells));
            return rows;
        }
        let mut rows = Vec::new();
        if let Some(system) = &self.system {
            let said = text::block(system).into_owned();
            speak("system", &[(said, theme.dim())], cells, theme, &mut rows);
        }
        for one in &self.dialogue.exchanges {
            let asked = text::block(&one.asked).into_owned();
            speak("you", &[(asked, Style::new())], cells, theme, &mut rows);
            answer(one, cells, theme, &mut rows);
        }
        if let Some(note) = &self.note {
            rows.extend(flow(&[(format!("note: {note}"), theme.dim())], cells));
        }
        if self.dialogue.exchanges.is_empty() {
            rows.extend(self.welcome(shell, cells));
        }
        rows
    }

    /// What stands where nothing was said.
    fn welcome(&self, shell: &Shell, cells: usize) -> Vec<Row> {
        let theme = shell.theme;
        let mut runs: Vec<Run> = Vec::new();
        if self.shelf.is_none() {
            runs.push((
                "Looking which models are on the disk.".to_owned(),
                theme.dim(),
            ));
        } else if self.speaker().is_some() {
            let how = "Type a message. /system TEXT sets what the system says, /template shows \
                       the exact text that is sent.";
            runs.push((how.to_owned(), Style::new()));
        } else {
            let none = "No model on this disk answers messages.";
            runs.push((none.to_owned(), theme.strong()));
        }
        let mut rows = flow(&runs, cells);
        if let Some(offer) = self.offer(shell) {
            let (id, bytes) = (text::ident(&offer.id), quantity::bytes(offer.weights));
            let host = text::line(&shell.host);
            let price = format!("p fetches {id}: {bytes} from {host}.");
            rows.extend(flow(&[(price, Style::new())], cells));
            if let Some((lines, bad)) = shell.fetches.lines(&offer.id) {
                let style = if bad { theme.trouble() } else { Style::new() };
                for line in lines {
                    rows.extend(flow(&[(line, style)], cells));
                }
            }
        }
        rows
    }

    /// Draws head, conversation, meter and input; returns the cell of the cursor.
    pub(super) fn draw(&self, shell: &Shell, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let theme = shell.theme;
        let body = chrome::body(area, self.input.rows(area.width));
        let content = body.content;
        let cells = usize::from(content.width.saturating_sub(2));
        let head = self.head();
        let at = (content.x + 1, content.y);
        chrome::put(buffer, content, at, wrap::fit(&head, cells), theme.strong());
        chrome::rule(buffer, content, content.y + 1, theme);
        let inner = Rect {
            x: content.x + 1,
            y: content.y + ABOVE.min(content.height),
            width: content.width.saturating_sub(2),
            height: content.height.saturating_sub(ABOVE + BELOW),
        };
        for (line, row) in inner.rows().zip(self.rows.iter().skip(self.scroll)) {
            flow::put(row, line, buffer);
        }
        if let Some(meter) = self.meter().filter(|_| content.height > ABOVE + BELOW) {
            let at = (content.x + 1, content.bottom() - 1);
            chrome::put(buffer, content, at, wrap::fit(&meter, cells), theme.dim());
        }
        let typing = self.part == Part::Input;
        let at = self.input.view(&[], typing, theme, body.input, buffer);
        // On the rule of the input, which is drawn by now.
        if self.scroll < self.last() {
            chrome::more_below(buffer, area, content.bottom(), theme);
        }
        typing.then_some(at)
    }

    /// The weights, whose they are, the template and who says so.
    fn head(&self) -> String {
        let Some(one) = self.speaker() else {
            return "no model".to_owned();
        };
        let (form, origin) = self.form();
        let template = format!("template: {}, {}", form.name(), origin.words());
        let whose = match &one.made {
            Some(made) => format!("yours, {made}"),
            None => "on disk".to_owned(),
        };
        let parts = [one.shown(), whose, template, "q8  temp 0.7".to_owned()];
        parts.join("  ")
    }

    /// `context 301 of 1,024 [######----]`.
    fn meter(&self) -> Option<String> {
        let sent = self.sent.as_ref()?;
        let last = self.dialogue.exchanges.last();
        let pace = last.and_then(Exchange::answer).and_then(|a| a.pace);
        let used = sent.tokens + pace.map_or(0, |pace| pace.tokens);
        let bar = flow::bar(used as f32 / sent.of.max(1) as f32, METER);
        let (used, of) = (
            quantity::grouped(used as u64),
            quantity::grouped(sent.of as u64),
        );
        let more = match sent.dropped {
            0 => "oldest turns drop when full".to_owned(),
            n => format!("{} dropped", quantity::counted(n as u64, "turn")),
        };
        Some(format!("context {used} of {of} [{bar}]  {more}"))
    }
}

/// Adds what somebody says, with the name at its left.
fn speak(who: &str, runs: &[Run], cells: usize, theme: Theme, rows: &mut Vec<Row>) {
    let said = flow(runs, cells.saturating_sub(MARGIN).max(1));
    for (n, mut row) in said.into_iter().enumerate() {
        let name = if n == 0 { who } else { "" };
        row.insert(0, (format!("{name:<MARGIN$}"), theme.strong()));
        rows.push(row);
    }
    rows.push(Row::new());
}

/// Adds the answer that is shown, and how it stands.
fn answer(one: &Exchange, cells: usize, theme: Theme, rows: &mut Vec<Row>) {
    let Some(answer) = one.answer() else { return };
    let mut runs: Vec<Run> = Vec::new();
    if !answer.shown.is_empty() {
        runs.push((answer.shown.trim_end().to_owned(), Style::new()));
    }
    let line = |runs: &mut Vec<Run>, text: String, style: Style| {
        if !runs.is_empty() {
            runs.push(("\n".to_owned(), style));
        }
        runs.push((text, style));
    };
    let mut said: Vec<String> = Vec::new();
    match &answer.state {
        State::Waiting => said.push("waiting for the engine".to_owned()),
        State::Loading(bytes) => said.push(format!("loading {}", quantity::bytes(*bytes))),
        State::Running if answer.pace.is_none() => said.push("reading".to_owned()),
        State::Failed(lines) => {
            for text in lines {
                line(&mut runs, text.clone(), theme.trouble());
            }
        }
        State::Running | State::Done(_) | State::Stopped => {}
    }
    said.extend(answer.pace.map(|pace| pace.words()));
    match &answer.state {
        State::Stopped => said.push("stopped".to_owned()),
        State::Done(Some(Finish::Length)) => said.push("cut at its longest".to_owned()),
        State::Done(Some(Finish::ContextFull)) => said.push("the context is full".to_owned()),
        _ => {}
    }
    if one.answers.len() > 1 {
        said.push(format!("answer {} of {}", one.at + 1, one.answers.len()));
    }
    if !said.is_empty() {
        line(&mut runs, said.join("  "), theme.dim());
    }
    speak("model", &runs, cells, theme, rows);
}
