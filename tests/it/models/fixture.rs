//! Models and numbers that tests/parity/models.py wrote.

use std::path::{Path, PathBuf};

use modeldesk::model::batch::Batch;
use modeldesk::model::config::Config;
use modeldesk::model::kernels::cross_entropy::Target;
use modeldesk::model::weights::Checkpoint;
use safetensors::SafeTensors;

/// One folder of tests/parity/models.
pub(super) struct Fixture {
    pub folder: PathBuf,
    bytes: Vec<u8>,
    pub checkpoint: Checkpoint,
    pub config: Config,
}

impl Fixture {
    pub(super) fn open(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/parity/models")
            .join(name);
        Self {
            bytes: std::fs::read(folder.join("expected.safetensors")).expect("expected numbers"),
            checkpoint: Checkpoint::open(&folder).expect("a checkpoint"),
            config: Config::read(&folder).expect("a config"),
            folder,
        }
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).expect("safetensors")
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors().tensor(name).is_ok()
    }

    pub(super) fn f32(&self, name: &str) -> Vec<f32> {
        floats(&self.tensors(), name)
    }

    /// The rows of a padded matrix of whole numbers.
    pub(super) fn rows(&self, name: &str) -> Vec<Vec<i64>> {
        let tensors = self.tensors();
        let tensor = tensors.tensor(name).expect(name);
        let cols = tensor.shape().get(1).copied().unwrap_or(1);
        let (whole, _) = tensor.data().as_chunks::<8>();
        let values: Vec<i64> = whole
            .iter()
            .map(|bytes| i64::from_le_bytes(*bytes))
            .collect();
        values.chunks(cols).map(<[i64]>::to_vec).collect()
    }

    /// The length of each sequence.
    pub(super) fn lengths(&self) -> Vec<usize> {
        self.rows("attention_mask")
            .iter()
            .map(|row| row.iter().sum::<i64>() as usize)
            .collect()
    }

    /// The inputs without their padding.
    pub(super) fn batch(&self) -> Batch {
        let types = self
            .has("token_type_ids")
            .then(|| self.rows("token_type_ids"));
        let mut batch = Batch::default();
        for (i, (row, n)) in self
            .rows("input_ids")
            .iter()
            .zip(self.lengths())
            .enumerate()
        {
            let types = types.as_ref().map(|types| ids(&types[i][..n]));
            batch.push(&ids(&row[..n]), types.as_deref());
        }
        batch
    }

    /// The rows of `name`, `[sequences, padded, width]`, that are no padding.
    pub(super) fn unpadded(&self, name: &str, lengths: &[usize]) -> Vec<f32> {
        let tensors = self.tensors();
        let shape = tensors.tensor(name).expect(name).shape().to_vec();
        let width = shape.get(2).copied().unwrap_or(1);
        let values = self.f32(name);
        let sequences = values.chunks(shape[1] * width).zip(lengths);
        sequences
            .flat_map(|(values, n)| values[..n * width].to_vec())
            .collect()
    }

    /// The gradient that the reference found for each parameter.
    pub(super) fn gradients(&self) -> Vec<(String, Vec<f32>)> {
        let bytes = std::fs::read(self.folder.join("gradients.safetensors")).expect("gradients");
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
        let named = tensors.names().into_iter();
        named
            .map(|name| {
                let short = name.strip_prefix("grad.").unwrap_or(name);
                (short.to_owned(), floats(&tensors, name))
            })
            .collect()
    }
}

fn floats(tensors: &SafeTensors, name: &str) -> Vec<f32> {
    let tensor = tensors.tensor(name).expect(name);
    let (whole, _) = tensor.data().as_chunks::<4>();
    whole
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

/// Ids from the reference's whole numbers.
pub(super) fn ids(row: &[i64]) -> Vec<u32> {
    row.iter()
        .map(|id| u32::try_from(*id).expect("an id"))
        .collect()
}

/// Targets from labels of which -100 counts nothing, each weighted so that the sum is a mean.
pub(super) fn targets(labels: impl IntoIterator<Item = i64>) -> Vec<Option<Target>> {
    let labels: Vec<i64> = labels.into_iter().collect();
    let counted = labels.iter().filter(|label| **label != -100).count().max(1);
    let weight = 1.0 / counted as f32;
    labels
        .into_iter()
        .map(|label| {
            (label != -100).then_some(Target {
                id: label as u32,
                weight,
            })
        })
        .collect()
}

/// Asserts that two lists agree within `tolerance`, absolutely or relative to the larger.
#[track_caller]
pub(super) fn assert_close(ours: &[f32], theirs: &[f32], tolerance: f32, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}: how many");
    let off = |(a, b): (&f32, &f32)| (a - b).abs() / 1f32.max(a.abs()).max(b.abs());
    let worst = ours.iter().zip(theirs).map(off).fold(0.0, f32::max);
    assert!(worst <= tolerance, "{what}: off by {worst:e}");
}
