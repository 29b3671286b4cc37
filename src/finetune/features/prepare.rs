//! The features of a whole part, made on all threads and written in order.

use std::path::Path;

use rayon::prelude::*;

use super::make::{Made, Maker};
use super::{Blocks, Writer};
use crate::error::{Error, Result};
use crate::finetune::dataset::{Place, Row};
use crate::model::kernels::pooled;
use crate::model::pipeline::Stop;

/// How many rows are taken apart at once.
const AT_ONCE: usize = 1024;
/// How many rows without features are named.
const NAMED: usize = 20;

/// What was written of a part.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// Rows that were read.
    pub rows: u64,
    /// Features that were written: windows, blocks, or one a row.
    pub features: u64,
    /// Tokens of them.
    pub tokens: u64,
    /// Rows of which tokens were left out.
    pub cut: u64,
    /// Rows of which nothing is left to learn.
    pub without: u64,
    /// The first of those, and why.
    pub first_without: Vec<(Place, String)>,
}

/// Writes the features of `rows` to `path`, all of them or none.
///
/// # Errors
/// When a row cannot be read, the file cannot be written, or `stop` says so. A row that cannot be
/// taken apart is counted and left out.
pub fn prepare(
    rows: impl Iterator<Item = Result<Row>>,
    maker: &Maker<'_>,
    path: &Path,
    stop: Stop<'_>,
) -> Result<Written> {
    Writer::create(path, |writer| {
        let mut preparation = Preparation {
            writer,
            blocks: maker.recipe().block().map(Blocks::new),
            written: Written::default(),
        };
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            if stop() {
                return Err(Error::interrupted());
            }
            let some: Vec<Row> = rows.by_ref().take(AT_ONCE).collect::<Result<_>>()?;
            let made: Vec<Result<Made>> = pooled(|| {
                some.par_iter()
                    .map(|row| maker.make(&row.example))
                    .collect()
            });
            for (row, made) in some.into_iter().zip(made) {
                preparation.take(row.place, made)?;
            }
        }
        preparation.finish()
    })
}

struct Preparation<'a, 'f> {
    writer: &'a mut Writer<'f>,
    blocks: Option<Blocks>,
    written: Written,
}

impl Preparation<'_, '_> {
    fn take(&mut self, place: Place, made: Result<Made>) -> Result<()> {
        let row = self.written.rows;
        self.written.rows += 1;
        let made = match made {
            Ok(made) if made.features.is_empty() => {
                self.leave_out(
                    place,
                    "nothing is left to learn within the most tokens".to_owned(),
                );
                return Ok(());
            }
            Ok(made) => made,
            Err(error) => {
                self.leave_out(place, error.to_string());
                return Ok(());
            }
        };
        self.written.cut += u64::from(made.cut);
        for features in made.features {
            match self.blocks.as_mut().filter(|_| made.packs) {
                Some(blocks) => {
                    for (block, first) in blocks.add(features, row) {
                        self.write(&block, first)?;
                    }
                }
                None => self.write(&features, row)?,
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, place: Place, why: String) {
        self.written.without += 1;
        if self.written.first_without.len() < NAMED {
            self.written.first_without.push((place, why));
        }
    }

    fn write(&mut self, features: &super::Features, row: u64) -> Result<()> {
        self.written.features += 1;
        self.written.tokens += features.len() as u64;
        self.writer.add(features, row)
    }

    fn finish(mut self) -> Result<Written> {
        if let Some((block, first)) = self.blocks.take().and_then(Blocks::finish) {
            self.write(&block, first)?;
        }
        Ok(self.written)
    }
}
