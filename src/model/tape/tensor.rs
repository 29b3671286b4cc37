//! Matrices, and the parameters of a model.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::buffer::Buffer;

/// A matrix of f32, shared and never changed; and where on the tape it was made, if its gradient
/// is wanted.
///
/// Every activation of a model is one: `[tokens, width]`, with the tokens of all sequences of a
/// batch one after another.
#[derive(Clone, Debug)]
pub struct Tensor {
    rows: usize,
    cols: usize,
    data: Arc<Buffer>,
    pub(super) node: Option<usize>,
}

impl Tensor {
    /// A matrix of `cols` columns.
    ///
    /// # Panics
    /// If `data` is not a whole number of rows.
    pub fn new(cols: usize, data: impl Into<Buffer>) -> Self {
        let data = data.into();
        let rows = data.len().checked_div(cols).unwrap_or(0);
        assert_eq!(rows * cols, data.len(), "whole rows of {cols}");
        Self {
            rows,
            cols,
            data: Arc::new(data),
            node: None,
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.data
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.cols..][..self.cols]
    }

    /// The same values without a gradient.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            node: None,
            ..self.clone()
        }
    }

    /// Whether its gradient is wanted.
    pub fn tracked(&self) -> bool {
        self.node.is_some()
    }
}

/// A weight of a model: named as in its checkpoint, shared by everything that uses it.
#[derive(Clone, Debug)]
pub struct Param(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: usize,
    name: String,
    shape: Vec<usize>,
    trainable: bool,
    value: RwLock<Buffer>,
}

static IDS: AtomicUsize = AtomicUsize::new(0);

impl Param {
    /// A weight of `shape`, to be trained or left as it is.
    ///
    /// # Panics
    /// If `value` has not as many values as `shape` says.
    pub fn new(
        name: impl Into<String>,
        shape: &[usize],
        value: impl Into<Buffer>,
        trainable: bool,
    ) -> Self {
        let value = value.into();
        assert_eq!(shape.iter().product::<usize>(), value.len());
        Self(Arc::new(Inner {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            name: name.into(),
            shape: shape.to_vec(),
            trainable,
            value: RwLock::new(value),
        }))
    }

    /// Its number: later parameters have larger ones.
    pub(super) fn id(&self) -> usize {
        self.0.id
    }

    /// Its name in the checkpoint.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its shape in the checkpoint.
    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    /// Whether it has a gradient.
    pub fn trainable(&self) -> bool {
        self.0.trainable
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        self.0.shape.iter().product()
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its values, to read.
    pub fn read(&self) -> RwLockReadGuard<'_, Buffer> {
        self.0.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its values, to change: for optimizers and for loading.
    pub fn write(&self) -> RwLockWriteGuard<'_, Buffer> {
        self.0.value.write().unwrap_or_else(PoisonError::into_inner)
    }
}
