//! What the Models pane's commands do: find, mark, open, compare, hand over.

use std::sync::Arc;
use std::time::SystemTime;

use ratatui::layout::{Position, Rect};

use super::{Asks, Models, Part, Shown, view};
use crate::advisor::answer::RunsHere;
use crate::advisor::catalogue::{Catalogue, Found, Sort};
use crate::error::Result;
use crate::jobs::Request;
use crate::tui::chrome;
use crate::tui::event::Effect;
use crate::tui::history::Kept;
use crate::tui::keymap::Command;
use crate::tui::pane::{Errand, Pane, Shell, Wish, told};
use crate::tui::picker::Picker;

/// Models that fit side by side.
const MOST_COMPARED: usize = 5;

impl Models {
    /// Asks for what is wanted now; a search that is under way is forgotten.
    pub(super) fn find(&mut self, shell: &mut Shell) {
        let wanted = self.wanted.clone();
        self.ticket = Some(shell.request(|ticket| Request::Find { ticket, wanted }));
    }

    /// The filter's text may have changed.
    pub(super) fn filtered(&mut self, shell: &mut Shell) {
        let text = self.filter.text();
        if text != self.wanted.text {
            self.wanted.text = text;
            (self.selected, self.scroll) = (0, 0);
            self.find(shell);
        }
    }

    /// Takes what was found. The mark stays on its model.
    pub(super) fn heard(&mut self, at: SystemTime, found: Result<(Arc<Catalogue>, Found)>) {
        let kept = self.selected_id();
        match found {
            Ok((catalogue, found)) => {
                self.trouble.clear();
                self.facets.renew(&found.facets, &self.wanted.facets);
                self.shown = Some(Shown {
                    catalogue,
                    found,
                    at,
                });
            }
            Err(error) => self.trouble = told(&error),
        }
        let in_sight = self.scroll..self.scroll + self.height.max(1);
        let kept = kept.filter(|_| self.selected > 0);
        let again = kept.and_then(|id| {
            in_sight
                .clone()
                .find(|at| self.entry_at(*at).is_some_and(|entry| entry.id == id))
        });
        self.selected = again.unwrap_or(self.selected);
    }

    /// Edits the filter.
    pub(super) fn run_filter(&mut self, command: Command, shell: &mut Shell) {
        self.filter
            .run(command, shell.history(Kept::Filters).entries(), &[]);
        self.filtered(shell);
    }

    /// Enter in the filter: a typed command, else on to the list.
    pub(super) fn keep_filter(&mut self, shell: &mut Shell) {
        let text = self.filter.text();
        let said = text.trim();
        if let Some(obeyed) = shell.obey(said) {
            if obeyed {
                self.filter.take();
                self.filtered(shell);
            }
            return;
        }
        if !said.is_empty() {
            shell.keep(Kept::Filters, said);
        }
        self.part = Part::List;
    }

    /// Whether Esc leads anywhere.
    pub(super) fn can_go_back(&self) -> bool {
        match self.focus() {
            Part::List => {
                !self.views.is_empty() || !self.filter.is_empty() || !self.wanted.facets.is_empty()
            }
            Part::Filter | Part::Facets | Part::View => true,
        }
    }

    /// One step back: out of a view, out of facets and filter, then the whole list again.
    pub(super) fn back(&mut self, shell: &mut Shell) {
        match self.focus() {
            Part::View => {
                self.views.back();
                if self.views.is_empty() {
                    self.part = Part::List;
                    self.room.zoomed = false;
                }
            }
            Part::Filter | Part::Facets => self.part = Part::List,
            Part::List if !self.views.is_empty() => self.views.clear(),
            Part::List => {
                let typed = self.filter.take();
                if !typed.trim().is_empty() {
                    shell.history_mut(Kept::Filters).push(&typed);
                }
                self.wanted.facets.clear();
                self.wanted.text.clear();
                self.find(shell);
            }
        }
    }

    /// Narrows to the marked facet, or takes it back.
    pub(super) fn set_facet(&mut self, shell: &mut Shell) {
        let Some(facet) = self.facets.marked_facet().map(str::to_owned) else {
            return;
        };
        let set = &mut self.wanted.facets;
        match set.iter().position(|known| *known == facet) {
            Some(at) => drop(set.remove(at)),
            None => set.push(facet),
        }
        (self.selected, self.scroll) = (0, 0);
        self.find(shell);
    }

    /// Sorts by the next column in sight; behind the last comes the usual order again.
    pub(super) fn sort(&mut self, shell: &mut Shell) {
        let mut orders = vec![Sort::default()];
        orders.extend(
            self.fitting()
                .sorts()
                .filter(|sort| *sort != Sort::default()),
        );
        let at = orders.iter().position(|sort| *sort == self.wanted.sort);
        self.wanted.sort = orders[at.map_or(0, |at| at + 1) % orders.len()];
        self.wanted.descending = self.wanted.sort == Sort::LastUsed;
        self.find(shell);
    }

    /// Marks the selected model for comparing, or takes the mark away.
    pub(super) fn mark(&mut self, shell: &mut Shell) {
        let Some(id) = self.selected_id() else { return };
        match self.marked.iter().position(|known| *known == id) {
            Some(at) => drop(self.marked.remove(at)),
            None if self.marked.len() == MOST_COMPARED => {
                shell.say(format!(
                    "{MOST_COMPARED} models are marked; no more fit side by side."
                ));
                return;
            }
            None => self.marked.push(id),
        }
        self.run_move(Command::Down);
    }

    /// Opens the card of the selected model.
    pub(super) fn open(&mut self, shell: &mut Shell) {
        if let Some(id) = self.selected_id() {
            self.views.clear();
            self.views.open_card(&id, 0, shell);
            self.part = Part::View;
        }
    }

    /// Sets the marked models side by side.
    pub(super) fn compare(&mut self, shell: &mut Shell) {
        self.views.clear();
        self.views.open_comparison(self.marked.clone(), shell);
        self.part = Part::View;
    }

    /// Copies the id of the selected model.
    pub(super) fn copy(&self, shell: &mut Shell) {
        if let Some(id) = self.selected_id() {
            let what = crate::text::ident(&id).into_owned();
            shell.effect(Effect::Copy { what, text: id });
        }
    }

    /// Hands the selected model over to be tried; shows what to do with one that does not run here.
    pub(super) fn try_out(&mut self, shell: &mut Shell) {
        let Some(entry) = self.selected_entry() else {
            return;
        };
        let id = entry.id.to_owned();
        if entry.runs == RunsHere::Yes {
            shell.errand = Some(Errand::Try(Wish {
                task: entry.task.map(str::to_owned),
                id,
                ..Wish::default()
            }));
            return;
        }
        self.views.clear();
        self.views.open_script(&id, shell);
        self.part = Part::View;
    }

    /// Whether the selected model is on the disk and runs here.
    pub(super) fn can_measure(&self) -> bool {
        let entry = self.selected_entry();
        entry.is_some_and(|entry| {
            entry.runs == RunsHere::Yes && entry.on_disk.is_some_and(|disk| disk.whole)
        })
    }

    /// Hands the selected model over to be measured.
    pub(super) fn measure(&mut self, shell: &mut Shell) {
        if let Some(id) = self.selected_id() {
            shell.errand = Some(Errand::Try(Wish {
                id,
                then: Some(Command::Measure),
                ..Wish::default()
            }));
        }
    }

    /// The id of the selected model and its bytes, if it runs here and is not on the disk.
    pub(super) fn to_fetch(&self, shell: &Shell) -> Option<(String, u64)> {
        let entry = self.selected_entry()?;
        let there = entry.on_disk.is_some_and(|disk| disk.whole);
        let runs = entry.runs == RunsHere::Yes && !there && !shell.fetches.is_busy(entry.id);
        let bytes = entry.bytes.or_else(|| Some(entry.parameters? * 4));
        Some((entry.id.to_owned(), bytes.unwrap_or(0))).filter(|_| runs)
    }

    /// Asks whether to fetch the selected model.
    pub(super) fn fetch(&mut self, shell: &mut Shell) {
        let Some((id, bytes)) = self.to_fetch(shell) else {
            return;
        };
        let shown = crate::text::ident(&id);
        let (amount, host) = (crate::text::bytes(bytes), crate::text::line(&shell.host));
        let line = format!("fetch {shown}: {amount} from {host}");
        shell.list = Some(Picker::question(line));
        self.asks = Some(Asks::Fetch(id, bytes));
    }

    /// The id of the selected model, if it is being fetched.
    pub(super) fn fetched(&self, shell: &Shell) -> Option<String> {
        let id = self.selected_id()?;
        shell.fetches.is_busy(&id).then_some(id)
    }

    /// The id of the selected model and its bytes on the disk, where it has any.
    pub(super) fn to_delete(&self, shell: &Shell) -> Option<(String, u64)> {
        let entry = self.selected_entry()?;
        let idle = !shell.fetches.is_busy(entry.id);
        let disk = entry.on_disk.filter(|disk| idle && disk.bytes > 0)?;
        Some((entry.id.to_owned(), disk.bytes))
    }

    /// Asks whether to delete the selected model.
    pub(super) fn delete(&mut self, shell: &mut Shell) {
        let Some((id, bytes)) = self.to_delete(shell) else {
            return;
        };
        let (shown, freed) = (crate::text::ident(&id), crate::text::bytes(bytes));
        let line = format!("delete {shown} from this disk: frees {freed}, for other programs too");
        shell.list = Some(Picker::question(line));
        self.asks = Some(Asks::Delete(id));
    }

    /// Does what was asked about.
    pub(super) fn answer(&mut self, shell: &mut Shell) {
        match self.asks.take() {
            Some(Asks::Fetch(id, bytes)) => shell.fetch(&id, bytes),
            Some(Asks::Delete(id)) => shell.effect(Effect::Delete(id)),
            None => {}
        }
    }

    /// Has a fine-tune of the selected model planned: from its files, or from its card where it is
    /// not on the disk.
    pub(super) fn tune(&mut self, shell: &mut Shell) {
        let Some(id) = self.selected_id() else { return };
        shell.errand = Some(if self.can_measure() {
            Errand::Tune(id)
        } else {
            Errand::Ask(format!("How can I fine-tune {id}?"))
        });
    }

    /// A click selects, and on what is selected already opens.
    pub(super) fn clicked(&mut self, at: Position, shell: &mut Shell) {
        let whole = Rect::new(0, 0, shell.size.width, shell.size.height);
        let body = chrome::body(chrome::pane_area(whole), 1);
        if body.input.contains(at) {
            self.part = Part::Filter;
            return;
        }
        let (left, right) = self.columns(body.content);
        let covered = !self.views.is_empty() && (right.contains(at) || !self.beside());
        let on_facets = self.views.is_empty()
            && (self.beside() && right.contains(at)
                || !self.beside() && self.focus() == Part::Facets);
        let row = usize::from(at.y.saturating_sub(left.y));
        let again = if covered {
            self.part = Part::View;
            false
        } else if on_facets {
            self.part = Part::Facets;
            self.facets.point(row, usize::from(right.height))
        } else {
            self.part = Part::List;
            let pointed = row
                .checked_sub(usize::from(view::ABOVE))
                .map(|row| self.scroll + row);
            match pointed.filter(|at| self.in_sight().contains(at)) {
                Some(at) => std::mem::replace(&mut self.selected, at) == at,
                None => false,
            }
        };
        if again && self.can(Command::Open, shell) {
            self.run(Command::Open, shell);
        }
    }
}
