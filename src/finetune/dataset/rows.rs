//! The rows of a part, read from their file.

use std::sync::Arc;

use super::example::{Place, Row};
use super::identity::Identity;
use super::names::Names;
use super::records::{self, Records};
use super::split::Part;
use super::{Dataset, Source};
use crate::error::Result;

/// The rows of a part one after another; those that are bad are left out.
pub struct Rows<'a> {
    dataset: &'a Dataset,
    source: &'a Source,
    /// The part, where its rows stand among those of others.
    among: Option<Part>,
    names: Names,
    records: Option<Box<dyn Records>>,
}

impl<'a> Rows<'a> {
    pub(super) fn open(dataset: &'a Dataset, part: Part) -> Result<Self> {
        let own = dataset.sources.iter().find(|source| source.part == part);
        let source = own.unwrap_or(&dataset.sources[0]);
        let names = if dataset.given {
            Names::given(&dataset.names)
        } else {
            Names::fixed(&dataset.names)
        };
        Ok(Self {
            dataset,
            source,
            among: (source.part == Part::Train).then_some(part),
            names,
            records: Some(records::open(&source.path, &source.layout)?),
        })
    }

    fn advance(&mut self) -> Result<Option<Row>> {
        let Some(records) = &mut self.records else {
            return Ok(None);
        };
        let shape = &self.dataset.understood.shape;
        while let Some(found) = records
            .next()
            .map_err(|e| records::placed(&self.source.path, e))?
        {
            let Ok(record) = found.record else { continue };
            let Ok(reading) = shape.read(&record, &mut self.names) else {
                continue;
            };
            if let Some(part) = self.among {
                let group = Identity::of(&reading.example).group;
                if self.dataset.bounds.part(reading.class, group) != part {
                    continue;
                }
            }
            let place = Place {
                file: Arc::clone(&self.source.path),
                line: found.line,
            };
            return Ok(Some(Row {
                place,
                example: reading.example,
            }));
        }
        Ok(None)
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Result<Row>> {
        let row = self.advance().transpose();
        if !matches!(row, Some(Ok(_))) {
            self.records = None;
        }
        row
    }
}
