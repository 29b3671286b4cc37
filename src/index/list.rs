//! Lists of cards, from the index's columns: no card is parsed.

use tantivy::collector::DocSetCollector;
use tantivy::columnar::StrColumn;
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
    /// Number of parameters.
    pub parameters: Option<u64>,
    /// Bytes of the weights.
    pub bytes: Option<u64>,
    /// Tokens.
    pub context: Option<u64>,
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

/// The cards that pass `wanted`, ordered by id and origin.
pub(super) fn list(
    home: &Home,
    searcher: &Searcher,
    wanted: &Filter,
) -> Result<Vec<Summary>, Fault> {
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
    let mut found = guarded(|| {
        let mut by_segment = vec![Vec::new(); searcher.segment_readers().len()];
        for address in searcher.search(&query, &DocSetCollector)? {
            by_segment[address.segment_ord as usize].push(address.doc_id);
        }
        let mut found = Vec::new();
        for (segment, docs) in searcher.segment_readers().iter().zip(by_segment) {
            summaries(segment, docs, &mut found)?;
        }
        Ok(found)
    })?;
    found.sort_by(|a: &Summary, b| a.id.cmp(&b.id).then(a.origin.cmp(&b.origin)));
    Ok(found)
}

fn summaries(
    segment: &SegmentReader,
    docs: Vec<u32>,
    found: &mut Vec<Summary>,
) -> tantivy::Result<()> {
    let columns = segment.fast_fields();
    let wanted = docs.len();
    let text = |name: &str| Values::of(columns.str(name)?, wanted);
    let (mut id, mut label) = (text("id")?, text("label")?);
    let (mut task, mut license) = (text("task")?, text("license")?);
    let number = |name: &str| columns.u64(name);
    let (origin, guide) = (number("origin")?, number("guide")?);
    let (parameters, bytes) = (number("parameters")?, number("bytes")?);
    let context = number("context")?;
    for doc in docs {
        let code = origin.first(doc).unwrap_or(3) as usize;
        found.push(Summary {
            id: id.get(doc)?.unwrap_or_default(),
            origin: ORIGINS.get(code).copied().unwrap_or(Origin::Imported),
            guide: guide.first(doc) == Some(1),
            name: label.get(doc)?.unwrap_or_default(),
            task: task.get(doc)?,
            license: license.get(doc)?,
            parameters: parameters.first(doc),
            bytes: bytes.first(doc),
            context: context.first(doc),
        });
    }
    Ok(())
}

/// A text column, read at once when most of it is wanted.
struct Values {
    column: Option<StrColumn>,
    all: Vec<String>,
}

impl Values {
    fn of(column: Option<StrColumn>, wanted: usize) -> tantivy::Result<Self> {
        let mut all = Vec::new();
        if let Some(column) = &column
            && wanted * 8 > column.num_terms()
        {
            let mut terms = column.dictionary().stream()?;
            while terms.advance() {
                all.push(String::from_utf8_lossy(terms.key()).into_owned());
            }
        }
        Ok(Self { column, all })
    }

    fn get(&mut self, doc: u32) -> tantivy::Result<Option<String>> {
        let Some(column) = &self.column else {
            return Ok(None);
        };
        let Some(ord) = column.ords().first(doc) else {
            return Ok(None);
        };
        if let Some(value) = self.all.get(ord as usize) {
            return Ok(Some(value.clone()));
        }
        let mut value = String::new();
        column.ord_to_str(ord, &mut value)?;
        Ok(Some(value))
    }
}
