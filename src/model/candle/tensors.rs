//! A checkpoint as candle asks for it: tensor by tensor, read by position.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use super::failed;
use crate::error::{Error, Result};
use crate::model::layers::Source;
use crate::model::weights::Checkpoint;

/// The tensors of a checkpoint.
struct Tensors<'a> {
    checkpoint: &'a Checkpoint,
    /// What is wrong with one of them: candle only hands on its words.
    wrong: &'a Mutex<Option<Error>>,
    bytes: &'a AtomicU64,
}

/// Lets `load` read a model of candle's from the checkpoint of `source`; each tensor that is in
/// `shapes` is there in its shape before `load` begins.
///
/// # Errors
/// A tensor that is missing or of another shape, or a file that cannot be read.
pub(super) fn load<M>(
    source: &Source<'_>,
    shapes: impl IntoIterator<Item = (String, Vec<usize>)>,
    load: impl FnOnce(VarBuilder<'_>) -> candle_core::Result<M>,
) -> Result<M> {
    let Some(checkpoint) = source.whole() else {
        return Err(Error::new("this architecture has no random weights"));
    };
    for (name, shape) in shapes {
        checkpoint.expect(&name, &shape)?;
    }
    let (wrong, bytes) = (Mutex::new(None), AtomicU64::new(0));
    let tensors = Tensors {
        checkpoint,
        wrong: &wrong,
        bytes: &bytes,
    };
    let made = load(VarBuilder::from_backend(
        Box::new(tensors),
        DType::F32,
        Device::Cpu,
    ));
    source.count(bytes.into_inner());
    made.map_err(|error| {
        let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
        wrong.unwrap_or_else(|| failed(&error))
    })
}

impl Tensors<'_> {
    fn read(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.checkpoint.expect(name, shape)?;
        let mut values = vec![0.0f32; shape.iter().product()];
        let rows = shape.first().copied().unwrap_or(1);
        self.checkpoint.read_rows(name, 0..rows, &mut values)?;
        self.bytes
            .fetch_add(4 * values.len() as u64, Ordering::Relaxed);
        Tensor::from_vec(values, shape, &Device::Cpu).map_err(|error| failed(&error))
    }

    fn give(&self, name: &str, shape: &[usize]) -> candle_core::Result<Tensor> {
        self.read(name, shape).map_err(|error| {
            let words = error.to_string();
            self.wrong
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
            candle_core::Error::msg(words)
        })
    }
}

impl SimpleBackend for Tensors<'_> {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        _: DType,
        _: &Device,
    ) -> candle_core::Result<Tensor> {
        // Candle takes it that a tensor is left out where this fails.
        if !self.contains_tensor(name) {
            return Err(candle_core::Error::msg(format!("no tensor {name}")));
        }
        self.give(name, shape.dims())
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        let shape = self.checkpoint.shape(name).unwrap_or_default().to_vec();
        self.give(name, &shape)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.checkpoint.contains(name)
    }
}
