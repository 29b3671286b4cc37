//! From the summaries of cards to a catalogue.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU64;
use std::sync::Arc;

use super::facets::{FacetsDraft, here_facet};
use super::order::{Order, Orders};
use super::rows::Rows;
use super::texts::{Texts, Words};
use super::{Catalogue, Facets, OnDisk, Row, Sort};
use crate::advisor::machine::Machine;
use crate::advisor::reading::vocabulary::Vocabulary;
use crate::card::Origin;
use crate::index::{State, Summary, precedence};
use crate::text;

/// A catalogue that cards are being added to.
#[derive(Default)]
pub(super) struct Draft {
    ids: Texts,
    names: Texts,
    folded: Texts,
    words: Words,
    rows: Vec<Row>,
    facets: FacetsDraft,
}

impl Draft {
    pub(super) fn add(&mut self, card: Summary) {
        if card.guide {
            return;
        }
        let name = shown_name(&card);
        self.folded.push(&format!(
            "{}\n{}",
            name.to_lowercase(),
            card.id.to_lowercase()
        ));
        self.ids.push(&card.id);
        self.names.push(&name);
        let mut word = |text: Option<String>| {
            let text = text?;
            let safe = text::line(&text);
            let safe = safe.trim();
            (!safe.is_empty()).then(|| self.words.word(safe)).flatten()
        };
        let at = self.rows.len() as u32;
        self.rows.push(Row {
            origin: card.origin,
            task: word(card.task),
            license: word(card.license),
            architecture: word(card.architecture),
            parameters: card.parameters.and_then(NonZeroU64::new),
            bytes: card.bytes.and_then(NonZeroU64::new),
            context: card.context.and_then(NonZeroU64::new),
        });
        for facet in &card.facets {
            self.facets.add(facet, at);
        }
    }

    pub(super) fn finish(
        mut self,
        on_disk: &[(String, OnDisk)],
        machine: Machine,
        vocabulary: Arc<Vocabulary>,
        state: Option<State>,
    ) -> Catalogue {
        let shadowed = self.shadowed();
        let listed = Rows::those(self.rows.len(), |row| !shadowed.contains(&row));
        for texts in [&mut self.ids, &mut self.names, &mut self.folded] {
            texts.shrink();
        }
        self.rows.shrink_to_fit();
        let mut made = Catalogue {
            on_disk: self.on_disk(on_disk),
            orders: Orders::default(),
            ids: self.ids,
            names: self.names,
            folded: self.folded,
            words: self.words,
            rows: self.rows,
            facets: Facets::default(),
            listed,
            machine,
            vocabulary,
            state,
        };
        for row in 0..made.rows.len() as u32 {
            let availability = made.needs(row).on(&made.machine).availability;
            self.facets.add(here_facet(availability), row);
        }
        made.facets = self.facets.finish(&made.listed);
        made.orders = made.sorted();
        made
    }

    /// The rows whose id a card of more weight answers to.
    fn shadowed(&self) -> HashSet<u32> {
        let few = |row: &Row| row.origin != Origin::Imported;
        let mut first: HashMap<&str, (u8, u32)> = HashMap::new();
        for (at, row) in self.rows.iter().enumerate().filter(|(_, row)| few(row)) {
            let this = (precedence(row.origin), at as u32);
            let best = first.entry(self.ids.get(at)).or_insert(this);
            *best = (*best).min(this);
        }
        let shadowed = (0..self.rows.len() as u32).filter(|row| {
            let best = first.get(self.ids.get(*row as usize));
            best.is_some_and(|(_, stands)| stands != row)
        });
        shadowed.collect()
    }

    fn on_disk(&self, on_disk: &[(String, OnDisk)]) -> HashMap<u32, OnDisk> {
        let files: HashMap<&str, OnDisk> =
            on_disk.iter().map(|(id, of)| (id.as_str(), *of)).collect();
        if files.is_empty() {
            return HashMap::new();
        }
        let ids = self.ids.iter().enumerate();
        ids.filter_map(|(row, id)| files.get(id).map(|of| (row as u32, *of)))
            .collect()
    }
}

impl Catalogue {
    /// The rows in the order of each column.
    fn sorted(&self) -> Orders {
        let origin = |row: u32| precedence(self.rows[row as usize].origin);
        let folded = |row: u32| self.folded.get(row as usize);
        let name = |row: u32| folded(row).split('\n').next().unwrap_or_default();
        let mut rows: Vec<u32> = (0..self.rows.len() as u32)
            .filter(|row| self.listed.has(*row))
            .collect();
        rows.sort_unstable_by(|a, b| {
            let by_name = origin(*a).cmp(&origin(*b)).then(folded(*a).cmp(folded(*b)));
            by_name.then_with(|| self.ids.get(*a as usize).cmp(self.ids.get(*b as usize)))
        });
        let ranks = self.words.ranks();
        let rank = |word: Option<super::Word>| word.map(|word| ranks[word.get() as usize - 1]);
        let of = |row: u32| &self.rows[row as usize];
        Orders::of(|sort| match sort {
            Sort::Origin => Order::of(&rows, |row| Some(origin(row))),
            Sort::Name => Order::of(&rows, |row| Some(name(row))),
            Sort::Parameters => Order::of(&rows, |row| of(row).parameters),
            Sort::Bytes => Order::of(&rows, |row| of(row).bytes),
            Sort::Context => Order::of(&rows, |row| of(row).context),
            Sort::Task => Order::of(&rows, |row| rank(of(row).task)),
            Sort::License => Order::of(&rows, |row| rank(of(row).license)),
            Sort::LastUsed => Order::of(&rows, |row| self.on_disk.get(&row)?.last_used),
        })
    }
}

/// The name to show; a card may have named itself in characters that cannot be seen.
fn shown_name(card: &Summary) -> String {
    let name = text::line(&card.name);
    if name.trim().is_empty() {
        text::ident(&card.id).into_owned()
    } else {
        name.trim().to_owned()
    }
}
