//! A low-rank adapter laid over the checkpoint of its base: reading a tensor gives what the two
//! make together.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Checkpoint, Tensor};
use crate::error::{Error, Result};
use crate::model::kernels::Write;
use crate::model::kernels::rows;
use crate::model::lora::{self, AdapterConfig};
use crate::model::tape::buffer::Buffer;
use crate::text;

/// What an adapter adds to one tensor: `left right`, scaled.
#[derive(Debug)]
pub(super) struct Delta {
    /// `[rows, rank]`, with the scale in it.
    left: Vec<f32>,
    /// `[rank, cols]`
    right: Buffer,
    rank: usize,
}

impl Delta {
    /// Adds to the values from the `first` on.
    pub(super) fn add_to(&self, out: &mut [f32], first: usize) {
        let cols = self.right.len() / self.rank;
        let mut at = 0;
        while at < out.len() {
            let (row, col) = ((first + at) / cols, (first + at) % cols);
            let count = (cols - col).min(out.len() - at);
            for (k, factor) in self.left[row * self.rank..][..self.rank].iter().enumerate() {
                let right = &self.right[k * cols + col..][..count];
                rows::scale(&mut out[at..at + count], Write::Add, right, *factor);
            }
            at += count;
        }
    }
}

impl Checkpoint {
    /// The same with the adapter in `folder` laid over it. `prefix` is what the names of the body
    /// begin with in models that have a head.
    ///
    /// # Errors
    /// When the adapter's weights cannot be read, or are not of this checkpoint; with the tensor.
    pub fn adapted(mut self, folder: &Path, config: &AdapterConfig, prefix: &str) -> Result<Self> {
        let path = folder.join(lora::WEIGHTS);
        let mut adapter = Self {
            sources: Vec::new(),
            tensors: BTreeMap::new(),
            deltas: BTreeMap::new(),
            scale: 1.0,
            any_values: self.any_values,
        };
        adapter.add(&path)?;
        let wrong = |name: &str, what: &str| {
            Error::new(format!("tensor `{}` {what}", text::ident(name)))
                .at_path(&path)
                .hint("the adapter belongs to another model; `base_model_name_or_path` names it")
        };
        let names: Vec<String> = adapter.names().map(str::to_owned).collect();
        let mut saved = Vec::new();
        for full in &names {
            let Some(name) = full.strip_prefix(lora::PREFIX) else {
                return Err(wrong(full, "does not begin as PEFT's do"));
            };
            // What learns as a whole in a layer that has an adapter.
            let name = &name.replace(lora::BASE_LAYER, ".");
            if let Some(module) = name.strip_suffix(".lora_A.weight") {
                let other = format!("{}{module}.lora_B.weight", lora::PREFIX);
                if !adapter.contains(&other) {
                    return Err(wrong(full, "has no `lora_B` beside it"));
                }
                let weight = self
                    .under(&format!("{module}.weight"), prefix)
                    .ok_or_else(|| wrong(full, "is for a layer that the model does not have"))?;
                let shape = self.shape(&weight).unwrap_or_default().to_vec();
                let delta = delta(&adapter, full, &other, &shape, config)
                    .ok_or_else(|| wrong(full, "does not fit the layer that it is for"))??;
                self.deltas.insert(weight, delta);
            } else if !name.contains(".lora_") {
                saved.push((full.clone(), name.to_owned()));
            } else if !name.ends_with(".lora_B.weight") {
                return Err(wrong(full, "is of a kind that does not run here"));
            }
        }
        let at = self.sources.len();
        for (full, name) in saved {
            let own = self.under(&name, prefix).unwrap_or(name);
            if let Some(Tensor { entry, .. }) = adapter.tensors.remove(&full) {
                self.tensors.insert(own, Tensor { source: at, entry });
            }
        }
        self.sources.append(&mut adapter.sources);
        self.scale = config.lora.scale();
        Ok(self)
    }

    /// The name that this checkpoint has for `name`: as it is, or without or with `prefix`.
    fn under(&self, name: &str, prefix: &str) -> Option<String> {
        let bare = name
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('.'));
        [
            Some(name.to_owned()),
            bare.map(str::to_owned),
            Some(format!("{prefix}.{name}")),
        ]
        .into_iter()
        .flatten()
        .find(|name| self.contains(name))
    }
}

/// What the pair `a` `[rank, in]` and `b` `[out, rank]` adds to a weight of `shape`; `None` if it
/// does not fit.
fn delta(
    adapter: &Checkpoint,
    a: &str,
    b: &str,
    shape: &[usize],
    config: &AdapterConfig,
) -> Option<Result<Delta>> {
    let (&[rank, inputs], &[outputs, second]) = (adapter.shape(a)?, adapter.shape(b)?) else {
        return None;
    };
    let turned = config.fan_in_fan_out;
    let fits = if turned {
        shape == [inputs, outputs]
    } else {
        shape == [outputs, inputs]
    };
    if rank == 0 || rank != second || rank != config.lora.r || !fits {
        return None;
    }
    let read = || -> Result<Delta> {
        let (a, b) = (adapter.read(a)?, adapter.read(b)?);
        let scale = config.lora.scale();
        let (left, right) = if turned {
            (transposed(&a, inputs), Buffer::from(transposed(&b, rank)))
        } else {
            (b.to_vec(), a)
        };
        let left = left.into_iter().map(|x| x * scale).collect();
        Ok(Delta { left, right, rank })
    };
    Some(read())
}

/// A matrix of `cols` columns, turned.
fn transposed(x: &[f32], cols: usize) -> Vec<f32> {
    let rows = x.len() / cols;
    let at = |i: usize| x[i % rows * cols + i / rows];
    (0..x.len()).map(at).collect()
}
