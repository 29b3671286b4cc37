//! Lists of cards, from the index's columns: no card is parsed.

use tantivy::collector::DocSetCollector;
use tantivy::columnar::{Column, StrColumn};
use tantivy::query::{AllQuery, BooleanQuery, Query};
use tantivy::{Searcher, SegmentReader};

use super::build::Home;
use super::document::ORIGINS;
use super::guard::{Fault, guarded};
use super::query::filter;
use crate::card::Origin;

/// One card of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The card's id.
    pub id: String,
    /// Where it came from.
    pub origin: Origin,
    /// Whether it is a card of the guide.
    pub guide: bool,
    /// The name to show; untrusted unless built in.
    pub name: String,
    /// The task it is made for.
    pub task: Option<String>,
    /// The licence's id.
    pub license: Option<String>,
    /// config.json's `model_type`.
    pub architecture: Option<String>,
    /// Number of parameters.
    pub parameters: Option<u64>,
    /// Bytes of the weights.
    pub bytes: Option<u64>,
    /// Tokens.
    pub context: Option<u64>,
    /// What the card can be narrowed to, as `task:summarization`, in lower case.
    pub facets: Vec<String>,
}

/// Which cards to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Facets that must hold, as `task:summarization`; all of them.
    pub facets: Vec<String>,
    /// Origins to list; empty means all.
    pub origins: Vec<Origin>,
    /// List the guide's cards too.
    pub guide: bool,
}

/// Hands the cards that pass `wanted` to `take`, in no order.
pub(super) fn each(
    home: &Home,
    searcher: &Searcher,
    wanted: &Filter,
    take: &mut dyn FnMut(Summary),
) -> Result<(), Fault> {
    let mut facets = wanted.facets.clone();
    if !wanted.guide {
        facets.push("kind:model".to_owned());
    }
    let clauses = filter(home, &facets, &wanted.origins);
    let query: Box<dyn Query> = if clauses.is_empty() {
        Box::new(AllQuery)
    } else {
        Box::new(BooleanQuery::new(clauses))
    };
    guarded(|| {
        let mut by_segment = vec![Vec::new(); searcher.segment_readers().len()];
        for address in searcher.search(&query, &DocSetCollector)? {
            by_segment[address.segment_ord as usize].push(address.doc_id);
        }
        for (segment, docs) in searcher.segment_readers().iter().zip(by_segment) {
            let columns = Columns::of(segment, docs.len())?;
            for doc in docs {
                take(columns.summary(doc)?);
            }
        }
        Ok(())
    })
}

/// The columns of one segment.
struct Columns {
    id: Values,
    label: Values,
    task: Values,
    license: Values,
    architecture: Values,
    facet: Values,
    origin: Column<u64>,
    guide: Column<u64>,
    parameters: Column<u64>,
    bytes: Column<u64>,
    context: Column<u64>,
}

impl Columns {
    fn of(segment: &SegmentReader, wanted: usize) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        let text = |name: &str| Values::of(columns.str(name)?, wanted);
        let number = |name: &str| columns.u64(name);
        Ok(Self {
            id: text("id")?,
            label: text("label")?,
            task: text("task")?,
            license: text("license")?,
            architecture: text("architecture")?,
            facet: text("facet")?,
            origin: number("origin")?,
            guide: number("guide")?,
            parameters: number("parameters")?,
            bytes: number("bytes")?,
            context: number("context")?,
        })
    }

    fn summary(&self, doc: u32) -> tantivy::Result<Summary> {
        let code = self.origin.first(doc).unwrap_or(3) as usize;
        Ok(Summary {
            id: self.id.first(doc)?.unwrap_or_default(),
            origin: ORIGINS.get(code).copied().unwrap_or(Origin::Imported),
            guide: self.guide.first(doc) == Some(1),
            name: self.label.first(doc)?.unwrap_or_default(),
            task: self.task.first(doc)?,
            license: self.license.first(doc)?,
            architecture: self.architecture.first(doc)?,
            parameters: self.parameters.first(doc),
            bytes: self.bytes.first(doc),
            context: self.context.first(doc),
            facets: self.facet.all(doc)?,
        })
    }
}

/// A text column, read at once when most of it is wanted.
struct Values {
    column: Option<StrColumn>,
    /// The column's texts one after another, and where each ends.
    read: String,
    ends: Vec<usize>,
}

impl Values {
    fn of(column: Option<StrColumn>, wanted: usize) -> tantivy::Result<Self> {
        let (mut read, mut ends) = (String::new(), Vec::new());
        if let Some(column) = &column
            && wanted * 8 > column.num_terms()
        {
            let mut terms = column.dictionary().stream()?;
            while terms.advance() {
                read.push_str(&String::from_utf8_lossy(terms.key()));
                ends.push(read.len());
            }
        }
        Ok(Self { column, read, ends })
    }

    /// The document's only text, or its first.
    fn first(&self, doc: u32) -> tantivy::Result<Option<String>> {
        let ord = self.column.as_ref().and_then(|c| c.ords().first(doc));
        ord.map(|ord| self.text(ord)).transpose()
    }

    /// All texts of the document.
    fn all(&self, doc: u32) -> tantivy::Result<Vec<String>> {
        let Some(column) = &self.column else {
            return Ok(Vec::new());
        };
        let ords = column.ords().values_for_doc(doc);
        ords.map(|ord| self.text(ord)).collect()
    }

    fn text(&self, ord: u64) -> tantivy::Result<String> {
        let at = ord as usize;
        if let Some(end) = self.ends.get(at) {
            let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
            return Ok(self.read[start..*end].to_owned());
        }
        let mut value = String::new();
        if let Some(column) = &self.column {
            column.ord_to_str(ord, &mut value)?;
        }
        Ok(value)
    }
}
