//! Writes tensors as safetensors.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde_json::{Map, json};

use super::header::PREFIX;
use crate::error::{Error, Result};
use crate::{files, text};

/// A tensor to write.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// Its values, as many as the shape says.
    pub values: &'a [f32],
}

/// Writes `tensors` to `path` in f32, in the order of their names, as any reader
/// of safetensors takes them.
///
/// A crash leaves the old file or the new one, whole and on the disk.
///
/// # Errors
/// When it cannot be written; when two tensors have one name, or one has not the values that its
/// shape needs.
pub fn write(path: &Path, tensors: &[Stored<'_>]) -> Result<()> {
    let mut tensors = tensors.to_vec();
    tensors.sort_by_key(|tensor| tensor.name);
    let header = header(&tensors).map_err(|what| Error::new(what).at_path(path))?;
    files::write_with(path, |file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        for value in tensors.iter().flat_map(|tensor| tensor.values) {
            out.write_all(&value.to_le_bytes())?;
        }
        out.flush()
    })
}

/// The header, filled up with spaces so that the tensors begin at a multiple of eight bytes.
fn header(tensors: &[Stored<'_>]) -> Result<String, String> {
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!({"format": "pt"}));
    let mut end = 0;
    for Stored {
        name,
        shape,
        values,
    } in tensors
    {
        let start = end;
        end += size_of_val(*values);
        if shape.iter().product::<usize>() != values.len() {
            let (name, count) = (text::ident(name), values.len());
            return Err(format!("tensor `{name}` has {count} values, not {shape:?}"));
        }
        let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]});
        if header.insert((*name).to_owned(), entry).is_some() {
            return Err(format!("has two tensors `{}`", text::ident(name)));
        }
    }
    let mut text = serde_json::Value::Object(header).to_string();
    let padding = text.len().next_multiple_of(PREFIX as usize) - text.len();
    text.push_str(&" ".repeat(padding));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::Checkpoint;
    use super::*;

    #[test]
    fn what_was_written_is_read_again_bit_by_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let long: Vec<f32> = (0..200_000u32).map(|i| i as f32 * -0.3).collect();
        let tensors = [
            Stored {
                name: "b",
                shape: &[2, 100_000],
                values: &long,
            },
            Stored {
                name: "a \"é\"",
                shape: &[],
                values: &[f32::MIN_POSITIVE],
            },
            Stored {
                name: "empty",
                shape: &[0, 3],
                values: &[],
            },
        ];
        write(&path, &tensors).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let header = u64::from_le_bytes(*bytes.first_chunk().unwrap());
        assert_eq!(header % 8, 0);
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        assert_eq!(checkpoint.bytes(), bytes.len() as u64);
        assert_eq!(
            checkpoint.names().collect::<Vec<_>>(),
            ["a \"é\"", "b", "empty"]
        );
        for Stored {
            name,
            shape,
            values,
        } in tensors
        {
            checkpoint.expect(name, shape).unwrap();
            assert_eq!(*checkpoint.read(name).unwrap(), *values);
        }
        let mut rows = vec![0.0; 100_000];
        checkpoint.read_rows("b", 1..2, &mut rows).unwrap();
        assert_eq!(rows, long[100_000..]);
    }

    #[test]
    fn what_is_no_file_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let tensor = Stored {
            name: "a",
            shape: &[2],
            values: &[1.0],
        };
        assert!(write(&path, &[tensor]).is_err());
        let tensor = Stored {
            values: &[1.0, 2.0],
            ..tensor
        };
        assert!(write(&path, &[tensor, tensor]).is_err());
        assert!(!path.exists());
    }
}
