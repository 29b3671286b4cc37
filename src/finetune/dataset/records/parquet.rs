//! Rows of Parquet files.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::data_type::AsBytes;
use parquet::errors::ParquetError;
use parquet::file::reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use serde_json::{Value, json};

use super::lines::Quirks;
use super::{Found, Record, Records};
use crate::error::{Error, Result};
use crate::finetune::dataset::fault::{Fault, Kind};
use crate::text;

/// The rows of a file, by their number.
pub(super) struct Rows {
    rows: RowIter<'static>,
    number: u64,
}

impl Rows {
    /// # Errors
    /// When the file is damaged, or packed in a way that is not read here.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io("read", path, e))?;
        let rows = guarded(|| {
            let reader = SerializedFileReader::new(file)?;
            Ok(RowIter::from_file_into(Box::new(reader)))
        })?;
        Ok(Self { rows, number: 0 })
    }
}

impl Records for Rows {
    fn next(&mut self) -> Result<Option<Found>> {
        let row = guarded(|| self.rows.next().transpose())?;
        self.number += 1;
        Ok(row.map(|row| Found {
            line: self.number,
            record: object(row),
        }))
    }

    fn quirks(&self) -> Quirks {
        Quirks::default()
    }
}

/// Runs the library; what it fails and panics with becomes an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    let hint = "write it again with snappy or zstd, or as JSON lines";
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(cause)) => Err(Error::new("cannot be read as Parquet")
            .caused_by(cause)
            .hint(hint)),
        Err(_) => Err(Error::new("is damaged: reading it as Parquet broke down").hint(hint)),
    }
}

fn object(row: Row) -> Result<Record, Fault> {
    row.into_columns()
        .into_iter()
        .map(|(name, field)| Ok((name, value(field)?)))
        .collect()
}

/// A field as JSON; what is no text, number or list of them is written as text.
fn value(field: Field) -> Result<Value, Fault> {
    Ok(match field {
        Field::Null => Value::Null,
        Field::Bool(on) => on.into(),
        Field::Byte(n) => n.into(),
        Field::Short(n) => n.into(),
        Field::Int(n) => n.into(),
        Field::Long(n) => n.into(),
        Field::UByte(n) => n.into(),
        Field::UShort(n) => n.into(),
        Field::UInt(n) => n.into(),
        Field::ULong(n) => n.into(),
        // What JSON has no number for is said as a text, and refused where a number must be.
        Field::Float(n) => float(f64::from(n)),
        Field::Double(n) => float(n),
        Field::Str(text) => text.into(),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.as_bytes()) {
            Ok(text) => text.into(),
            Err(_) => return Err(Fault::new(Kind::NotUtf8, "not UTF-8")),
        },
        Field::Group(row) => Value::Object(object(row)?),
        Field::ListInternal(list) => {
            let values = list.elements().iter().cloned().map(value);
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        other => json!(text::line(&other.to_string())),
    })
}

fn float(number: f64) -> Value {
    serde_json::Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
}
