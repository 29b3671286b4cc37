//! The weights of a model, in a folder as the hub lays it out.
//!
//! - `folder`: which files they are; why a folder has none
//! - `source`: a file, read by position and never mapped
//! - `header`: what is in it, checked before anything is allocated for it
//! - `dtype`: number formats
//! - `adapter`: a low-rank adapter over the checkpoint of its base
//! - [`write()`]: the way back

mod adapter;
mod dtype;
mod folder;
mod header;
pub mod kept;
mod source;
mod write;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

pub use dtype::Dtype;
pub use write::{Stored, write};

use crate::error::{Error, Result};
use crate::model::tape::buffer::Buffer;
use crate::text;
use adapter::Delta;
use folder::{Layout, Shards};
use header::Entry;
use source::Source;

/// How many values are read and converted at a time.
const BLOCK: usize = 64 * 1024;

/// A checkpoint's tensors, by name. Its files stay open; tensors are read by position, in blocks.
#[derive(Debug)]
pub struct Checkpoint {
    sources: Vec<Source>,
    tensors: BTreeMap<String, Tensor>,
    /// What an adapter adds, by the tensor's name.
    deltas: BTreeMap<String, Delta>,
    /// The factor of the adapter, which its settings say and not its file.
    scale: f32,
    any_values: bool,
}

/// A tensor, and the file that it is in.
#[derive(Debug)]
struct Tensor {
    source: usize,
    entry: Entry,
}

impl Checkpoint {
    /// Opens the weights in `folder`: `model.safetensors`, or the files that
    /// `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// When there are none in safetensors, or a file is missing, is truncated, is something else,
    /// or says of itself what cannot be.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut checkpoint = Self {
            sources: Vec::new(),
            tensors: BTreeMap::new(),
            deltas: BTreeMap::new(),
            scale: 1.0,
            any_values: false,
        };
        match folder::find(folder)? {
            Layout::One(path) => checkpoint.add(&path)?,
            Layout::Shards(shards) => {
                for name in &shards.files {
                    checkpoint.add(&folder.join(name))?;
                }
                checkpoint.agrees(&shards)?;
            }
        }
        Ok(checkpoint)
    }

    /// Lets tensors have values that are infinite or not a number.
    #[must_use]
    pub fn with_any_values(mut self) -> Self {
        self.any_values = true;
        self
    }

    /// The names of the tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor that is there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.tensors.get(name)?.entry.shape)
    }

    /// Whether there is such a tensor.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The number format that a tensor is stored in.
    pub fn dtype(&self, name: &str) -> Option<Dtype> {
        Some(self.tensors.get(name)?.entry.dtype)
    }

    /// How many bytes all its files have.
    pub fn bytes(&self) -> u64 {
        self.sources.iter().map(Source::bytes).sum()
    }

    /// Its files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.sources.iter().map(Source::path)
    }

    /// What the weights are known by: other weights have another. ASCII letters, digits, `-`, and
    /// a `.` between files.
    pub fn fingerprint(&self) -> String {
        let mut all: Vec<String> = self.sources.iter().map(Source::fingerprint).collect();
        if !self.deltas.is_empty() {
            all.push(format!("{:08x}", self.scale.to_bits()));
        }
        all.join(".")
    }

    /// Whether the tensor `name` is there in this shape, in a format that is read.
    ///
    /// # Errors
    /// When it is not; with the name and both shapes.
    pub fn expect(&self, name: &str, shape: &[usize]) -> Result<()> {
        let tensor = self.tensor(name)?;
        if *tensor.entry.shape != *shape {
            let has = &tensor.entry.shape;
            let what = format!("has the shape {has:?}, and the model needs {shape:?}");
            return Err(self
                .wrong(name, tensor, &what)
                .hint("config.json and the weights are not of one model"));
        }
        self.readable(name, tensor)
    }

    /// Reads a whole tensor as f32.
    ///
    /// # Errors
    /// When it is not there, is in a format that is not read, has values that are infinite or not
    /// a number, or its file changed.
    pub fn read(&self, name: &str) -> Result<Buffer> {
        let tensor = self.tensor(name)?;
        self.readable(name, tensor)?;
        let mut out = Buffer::stale(tensor.entry.len());
        self.fill(name, tensor, 0, &mut out)?;
        Ok(out)
    }

    /// Reads some rows of a tensor, which are its parts along the first dimension, into `out`.
    ///
    /// # Errors
    /// As [`Checkpoint::read`]; and when it has fewer rows, or `out` has not their length.
    pub fn read_rows(&self, name: &str, rows: Range<usize>, out: &mut [f32]) -> Result<()> {
        let tensor = self.tensor(name)?;
        self.readable(name, tensor)?;
        let (all, width) = match *tensor.entry.shape {
            [] => (1, 1),
            [all, ref rest @ ..] => (all, rest.iter().product()),
        };
        if rows.start > rows.end || rows.end > all {
            let what = format!("has {all} rows, and not {} to {}", rows.start, rows.end);
            return Err(self.wrong(name, tensor, &what));
        }
        if out.len() != rows.len() * width {
            let (count, length) = (rows.len(), out.len());
            let what = format!("has {width} values a row: {count} rows are not {length} values");
            return Err(self.wrong(name, tensor, &what));
        }
        self.fill(name, tensor, rows.start * width, out)
    }

    /// Opens one more file.
    fn add(&mut self, path: &Path) -> Result<()> {
        let (source, header) = Source::open(path)?;
        let at = self.sources.len();
        for (name, entry) in header.tensors {
            match self.tensors.entry(name) {
                Place::Vacant(place) => {
                    place.insert(Tensor { source: at, entry });
                }
                Place::Occupied(place) => {
                    let first = self.sources[place.get().source].path();
                    let first = first.file_name().unwrap_or_default().to_string_lossy();
                    let (name, first) = (text::ident(place.key()), text::ident(&first));
                    let what = format!("has the tensor `{name}`, which {first} has too");
                    return Err(Error::new(what).at_path(path));
                }
            }
        }
        self.sources.push(source);
        Ok(())
    }

    /// Whether each tensor of the index is in the file that it names.
    fn agrees(&self, shards: &Shards) -> Result<()> {
        for (name, at) in &shards.tensors {
            if self.tensors.get(name).map(|tensor| tensor.source) != Some(*at) {
                let (name, file) = (text::ident(name), text::ident(&shards.files[*at]));
                let what = format!("says that {file} has the tensor `{name}`, and it has not");
                return Err(Error::new(what).at_path(&shards.index));
            }
        }
        Ok(())
    }

    fn tensor(&self, name: &str) -> Result<&Tensor> {
        self.tensors.get(name).ok_or_else(|| {
            let path = self.sources.first().map(Source::path);
            let folder = path.and_then(Path::parent).unwrap_or_else(|| Path::new(""));
            Error::new(format!("has no tensor `{}`", text::ident(name)))
                .at_path(folder)
                .hint("config.json and the weights are not of one model")
        })
    }

    fn readable(&self, name: &str, tensor: &Tensor) -> Result<()> {
        let dtype = tensor.entry.dtype;
        if dtype.is_read() {
            return Ok(());
        }
        let what = format!("holds {dtype}; weights are F32, F16, BF16 or F64");
        Err(self.wrong(name, tensor, &what))
    }

    fn wrong(&self, name: &str, tensor: &Tensor, what: &str) -> Error {
        Error::new(format!("tensor `{}` {what}", text::ident(name)))
            .at_path(self.sources[tensor.source].path())
    }

    /// Reads the values from the `first` on.
    fn fill(&self, name: &str, tensor: &Tensor, first: usize, out: &mut [f32]) -> Result<()> {
        let Tensor { source, entry } = tensor;
        let (source, size) = (&self.sources[*source], entry.dtype.bits() / 8);
        let part = format!("the tensor `{}`", text::ident(name));
        let wrong = AtomicUsize::new(0);
        out.par_chunks_mut(BLOCK)
            .enumerate()
            .try_for_each_init(Vec::new, |bytes, (block, out)| {
                bytes.resize(out.len() * size as usize, 0);
                let at = entry.start + (first + block * BLOCK) as u64 * size;
                source.read_at(bytes, at)?;
                wrong.fetch_add(entry.dtype.decode(bytes, out), Ordering::Relaxed);
                Ok(())
            })
            .map_err(|e: io::Error| source.failed(e, &part))?;
        source.unchanged(&part)?;
        if let Some(delta) = self.deltas.get(name) {
            delta.add_to(out, first);
        }
        match wrong.into_inner() {
            wrong if wrong == 0 || self.any_values => Ok(()),
            wrong => {
                let all = out.len();
                let what = format!("has {wrong} values of {all} that are infinite or not a number");
                Err(self
                    .wrong(name, tensor, &what)
                    .hint("the weights are damaged, or their training diverged"))
            }
        }
    }
}
