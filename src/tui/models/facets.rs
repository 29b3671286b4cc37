//! What the models can be narrowed by: task, licence, language, domain, size, architecture,
//! origin, and what stands in the way here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::advisor::catalogue::FacetCount;
use crate::tui::keymap::Command;
use crate::tui::plain::scrolled;
use crate::tui::theme::Theme;
use crate::tui::{chrome, wrap};

/// Values of one facet that are offered; the filter's words reach the others.
const MOST: usize = 12;

/// One line of the list.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Title(String),
    Value {
        facet: String,
        set: bool,
        count: usize,
    },
}

/// The list and the mark in it.
#[derive(Debug, Default)]
pub(super) struct Facets {
    lines: Vec<Line>,
    /// Which of the values is marked.
    marked: usize,
}

impl Facets {
    /// Shows what was found; `set` are the facets that hold already.
    pub(super) fn renew(&mut self, counts: &[FacetCount], set: &[String]) {
        let kept = self.marked_facet().map(str::to_owned);
        self.lines.clear();
        let mut title = "";
        let mut shown = 0;
        for count in counts {
            if count.facet != title {
                title = &count.facet;
                shown = 0;
                self.lines.push(Line::Title(label(title)));
            }
            let facet = format!("{}:{}", count.facet, count.value);
            let is_set = set.contains(&facet);
            shown += 1;
            if shown <= MOST || is_set {
                self.lines.push(Line::Value {
                    facet,
                    set: is_set,
                    count: count.count,
                });
            }
        }
        self.add_missing(set);
        let kept = kept.and_then(|facet| self.values().position(|known| known == facet));
        self.marked = kept
            .unwrap_or(0)
            .min(self.values().count().saturating_sub(1));
    }

    /// A facet that holds can always be taken back, also where it leaves nothing.
    fn add_missing(&mut self, set: &[String]) {
        let missing: Vec<_> = set
            .iter()
            .filter(|f| self.values().all(|known| known != *f))
            .cloned()
            .collect();
        if !missing.is_empty() {
            self.lines.push(Line::Title("set".to_owned()));
        }
        self.lines
            .extend(missing.into_iter().map(|facet| Line::Value {
                facet,
                set: true,
                count: 0,
            }));
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Line::Value { facet, .. } => Some(facet.as_str()),
            Line::Title(_) => None,
        })
    }

    /// The facet that the mark stands on.
    pub(super) fn marked_facet(&self) -> Option<&str> {
        self.values().nth(self.marked)
    }

    /// Whether there is another value to move to.
    pub(super) fn moves(&self) -> bool {
        self.values().nth(1).is_some()
    }

    /// Moves the mark.
    pub(super) fn run(&mut self, command: Command, page: usize) {
        let last = self.values().count().saturating_sub(1);
        self.marked = scrolled(self.marked, command, page, last);
    }

    /// Marks what stands at a row in sight; true when it was marked already.
    pub(super) fn point(&mut self, row: usize, height: usize) -> bool {
        let line = self.first(height) + row;
        let before = self
            .lines
            .iter()
            .take(line)
            .filter(|l| matches!(l, Line::Value { .. }))
            .count();
        match self.lines.get(line) {
            Some(Line::Value { .. }) => std::mem::replace(&mut self.marked, before) == before,
            _ => false,
        }
    }

    /// The first line in sight.
    fn first(&self, height: usize) -> usize {
        let mut values = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, l)| matches!(l, Line::Value { .. }));
        let at = values.nth(self.marked).map_or(0, |(line, _)| line);
        (at + 1).saturating_sub(height.max(1))
    }

    /// Draws as many lines as fit.
    pub(super) fn view(&self, focused: bool, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let first = self.first(usize::from(area.height));
        let mut value = self
            .lines
            .iter()
            .take(first)
            .filter(|l| matches!(l, Line::Value { .. }))
            .count();
        for (y, line) in (area.top()..area.bottom()).zip(self.lines.iter().skip(first)) {
            match line {
                Line::Title(title) => {
                    chrome::put(buffer, area, (area.x, y), title, theme.dim());
                }
                Line::Value { facet, set, count } => {
                    let marked = value == self.marked;
                    value += 1;
                    let style = if marked && focused {
                        theme.selected()
                    } else {
                        Style::new()
                    };
                    let mark = if marked && focused { ">" } else { " " };
                    chrome::put(buffer, area, (area.x, y), mark, theme.strong());
                    let tick = if *set { "*" } else { " " };
                    chrome::put(buffer, area, (area.x + 1, y), tick, theme.strong());
                    let name = facet
                        .split_once(':')
                        .map_or(facet.as_str(), |(_, value)| value);
                    let number = count.to_string();
                    let room = usize::from(area.width).saturating_sub(number.len() + 5);
                    let name = wrap::fit(name, room);
                    let x = chrome::put(buffer, area, (area.x + 3, y), name, style);
                    chrome::put(buffer, area, (x + 1, y), &number, theme.dim());
                }
            }
        }
    }
}

/// What a facet is called on the screen.
fn label(facet: &str) -> String {
    match facet {
        "license" => "licence".to_owned(),
        "tuned" => "tuned for".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, &str, usize)]) -> Vec<FacetCount> {
        let count = |&(facet, value, count): &(&str, &str, usize)| FacetCount {
            facet: facet.to_owned(),
            value: value.to_owned(),
            count,
        };
        of.iter().map(count).collect()
    }

    #[test]
    fn the_mark_stays_on_its_facet_when_counts_change() {
        let mut facets = Facets::default();
        facets.renew(
            &counts(&[("task", "a", 3), ("task", "b", 2), ("license", "mit", 1)]),
            &[],
        );
        facets.run(Command::Down, 10);
        facets.run(Command::Down, 10);
        assert_eq!(facets.marked_facet(), Some("license:mit"));
        facets.renew(
            &counts(&[("license", "mit", 1), ("license", "other", 1)]),
            &[],
        );
        assert_eq!(facets.marked_facet(), Some("license:mit"));
    }

    #[test]
    fn what_is_set_can_be_taken_back_where_nothing_is_left() {
        let mut facets = Facets::default();
        facets.renew(&[], &["task:a".to_owned()]);
        assert_eq!(facets.marked_facet(), Some("task:a"));
    }

    #[test]
    fn a_click_on_a_title_marks_nothing() {
        let mut facets = Facets::default();
        facets.renew(&counts(&[("task", "a", 3), ("task", "b", 2)]), &[]);
        assert!(!facets.point(0, 10));
        assert!(!facets.point(2, 10));
        assert_eq!(facets.marked_facet(), Some("task:b"));
        assert!(facets.point(2, 10), "a second click on the same");
    }
}
