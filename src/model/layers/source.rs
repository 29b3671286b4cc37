//! Where a model's weights come from: a checkpoint under any of the names it was saved with, or
//! random numbers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Embedding, Linear, Weight};
use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::model::kernels::norm::Kind;
use crate::model::kernels::quant::{Format, Packed};
use crate::model::kernels::random::Stream;
use crate::model::tape::buffer::Buffer;
use crate::model::tape::{Layout, Norm, Param};
use crate::model::weights::Checkpoint;
use crate::model::weights::kept::Kept;

/// What the weights of products are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// As 32-bit numbers: exact, and needed for training.
    #[default]
    F32,
    /// As 8-bit integers with a scale for each group.
    Q8,
    /// As 4-bit integers with a scale for each group.
    Q4,
}

impl Precision {
    /// `f32`, `q8` or `q4`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Q8 => "q8",
            Self::Q4 => "q4",
        }
    }

    /// The precision of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::F32, Self::Q8, Self::Q4]
            .into_iter()
            .find(|p| p.name() == name)
    }

    /// The precision that models of this architecture run in where this one is wanted.
    #[must_use]
    pub fn of(self, config: &Config) -> Self {
        match config {
            Config::Candle(_) => Self::F32,
            _ => self,
        }
    }

    fn format(self) -> Option<Format> {
        match self {
            Self::F32 => None,
            Self::Q8 => Some(Format::Q8),
            Self::Q4 => Some(Format::Q4),
        }
    }
}

/// Reads or makes the weights of one model, and remembers what it gave.
pub struct Source<'a> {
    checkpoint: Option<&'a Checkpoint>,
    /// What all names of the body begin with, which a checkpoint of the body alone leaves out.
    prefix: &'static str,
    precision: Precision,
    trainable: bool,
    random: Stream,
    /// The standard deviation of random weights.
    range: f32,
    kept: Option<Kept>,
    given: RefCell<Given>,
}

/// What a source gave.
#[derive(Default)]
struct Given {
    params: Vec<Param>,
    made: Vec<String>,
    count: u64,
    bytes: u64,
    packed: BTreeMap<String, Arc<Packed>>,
    /// Whether one of them was not kept from earlier.
    fresh: bool,
}

impl<'a> Source<'a> {
    /// The tensors of `checkpoint`.
    ///
    /// `prefix` is the name of the body in the architecture's models with a head, as in
    /// `bert.encoder.layer.0`: both forms are found.
    pub fn checkpoint(
        checkpoint: &'a Checkpoint,
        prefix: &'static str,
        precision: Precision,
    ) -> Self {
        Self {
            checkpoint: Some(checkpoint),
            precision,
            ..Self::random(prefix, 0, 0.02)
        }
    }

    /// The tensors of `checkpoint`, under the names of the architecture that `config` describes.
    pub fn of(checkpoint: &'a Checkpoint, config: &Config, precision: Precision) -> Self {
        Self::checkpoint(checkpoint, config.prefix(), precision)
    }

    /// The same, with packed weights kept in `folder` for the next time.
    #[must_use]
    pub fn kept_in(mut self, folder: Option<&Path>) -> Self {
        if let (Some(folder), Some(checkpoint)) = (folder, self.checkpoint)
            && self.precision != Precision::F32
        {
            self.kept = Some(Kept::open(folder, checkpoint, self.precision.name()));
        }
        self
    }

    /// Keeps what was packed, if a folder was given and something is new.
    ///
    /// # Errors
    /// When it cannot be written, which costs time and nothing else.
    pub fn keep(&self) -> Result<()> {
        let given = self.given.borrow();
        match &self.kept {
            Some(kept) if given.fresh => kept.write(&given.packed),
            _ => Ok(()),
        }
    }

    /// Random weights of the normal distribution with deviation `range`, as transformers
    /// initializes these architectures; norms of 1, biases of 0.
    pub fn random(prefix: &'static str, seed: u64, range: f32) -> Self {
        Self {
            checkpoint: None,
            prefix,
            precision: Precision::F32,
            trainable: false,
            random: Stream::new(seed, 0x5eed),
            range,
            kept: None,
            given: RefCell::default(),
        }
    }

    /// The same, with the weights of products kept in `precision`.
    #[must_use]
    pub fn at(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The same, with weights that have gradients.
    ///
    /// # Panics
    /// If the precision is not `f32`, which alone can be trained.
    #[must_use]
    pub fn trainable(self) -> Self {
        assert_eq!(
            self.precision,
            Precision::F32,
            "packed weights cannot be trained"
        );
        Self {
            trainable: true,
            ..self
        }
    }

    /// All tensors, for what reads them under names of its own; none if they are random.
    pub(in crate::model) fn whole(&self) -> Option<&'a Checkpoint> {
        self.checkpoint
    }

    /// Counts bytes of weights that were read so.
    pub(in crate::model) fn count(&self, bytes: u64) {
        self.given.borrow_mut().bytes += bytes;
    }

    /// The parameters given so far, in order.
    pub fn params(&self) -> Vec<Param> {
        self.given.borrow().params.clone()
    }

    /// How many bytes the weights given so far take.
    pub fn bytes(&self) -> u64 {
        self.given.borrow().bytes
    }

    /// The names of weights that were made because the checkpoint has none.
    pub fn made(&self) -> Vec<String> {
        self.given.borrow().made.clone()
    }

    /// Whether there is a tensor `name`; random weights have all.
    pub fn has(&self, name: &str) -> bool {
        self.checkpoint
            .is_none_or(|checkpoint| self.find(checkpoint, name).is_some())
    }

    /// The name under which the checkpoint has `name`: with the prefix or without, and with
    /// `gamma` and `beta` for a norm's weight and bias, as files of 2018 and 2019 have them.
    fn find(&self, checkpoint: &Checkpoint, name: &str) -> Option<String> {
        let old = |name: &str| {
            let (stem, last) = name.rsplit_once('.')?;
            let last = match last {
                "weight" => "gamma",
                "bias" => "beta",
                _ => return None,
            };
            Some(format!("{stem}.{last}"))
        };
        let bare = name
            .strip_prefix(self.prefix)
            .and_then(|rest| rest.strip_prefix('.'));
        let names = [Some(name), bare];
        names
            .into_iter()
            .flatten()
            .flat_map(|name| [Some(name.to_owned()), old(name)])
            .flatten()
            .find(|name| checkpoint.contains(name))
    }

    /// The checkpoint's tensor for `name`, of that shape.
    fn locate(&self, name: &str, shape: &[usize]) -> Result<Option<(&'a Checkpoint, String)>> {
        let Some(checkpoint) = self.checkpoint else {
            return Ok(None);
        };
        let Some(found) = self.find(checkpoint, name) else {
            return Err(Error::new(format!("the checkpoint has no tensor `{name}`"))
                .hint("its config.json may be another model's; fetch the folder again"));
        };
        checkpoint.expect(&found, shape)?;
        Ok(Some((checkpoint, found)))
    }

    /// The parameter `name`; `fill` says what a random one is made of.
    fn param(&self, name: &str, shape: &[usize], fill: Fill) -> Result<Param> {
        let value = match self.locate(name, shape)? {
            Some((checkpoint, found)) => checkpoint.read(&found)?,
            None => self.random_values(name, shape.iter().product(), fill),
        };
        let param = Param::new(name, shape, value, self.trainable);
        let given = &mut *self.given.borrow_mut();
        given.bytes += 4 * param.len() as u64;
        given.params.push(param.clone());
        Ok(param)
    }

    fn random_values(&self, name: &str, len: usize, fill: Fill) -> Buffer {
        let given = &mut *self.given.borrow_mut();
        given.count += 1;
        given.made.push(name.to_owned());
        match fill {
            Fill::Normal => {
                let mut values = Buffer::stale(len);
                self.random
                    .at(given.count)
                    .fill_normal(&mut values, self.range);
                values
            }
            Fill::Constant(x) => Buffer::from(vec![x; len]),
        }
    }

    /// A linear layer, `weight` and `bias` below `name`.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn linear(&self, name: &str, inputs: usize, outputs: usize) -> Result<Linear> {
        self.linear_with(name, inputs, outputs, Layout::OutIn, true)
    }

    /// A linear layer with its weight in `layout`, with a bias or without.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn linear_with(
        &self,
        name: &str,
        inputs: usize,
        outputs: usize,
        layout: Layout,
        bias: bool,
    ) -> Result<Linear> {
        let weight = self.weight(&format!("{name}.weight"), inputs, outputs, layout)?;
        let bias = bias
            .then(|| self.bias(&format!("{name}.bias"), outputs))
            .transpose()?;
        Ok(Linear {
            weight,
            bias,
            lora: None,
        })
    }

    /// A vector that random models start at 0.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn bias(&self, name: &str, len: usize) -> Result<Param> {
        self.param(name, &[len], Fill::Constant(0.0))
    }

    /// The weight of a product.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn weight(
        &self,
        name: &str,
        inputs: usize,
        outputs: usize,
        layout: Layout,
    ) -> Result<Weight> {
        let shape = match layout {
            Layout::OutIn => [outputs, inputs],
            Layout::InOut => [inputs, outputs],
        };
        match self.precision.format() {
            None => Ok(Weight::Full(
                self.param(name, &shape, Fill::Normal)?,
                layout,
            )),
            Some(format) => Ok(Weight::Packed(self.packed(name, shape, layout, format)?)),
        }
    }

    /// The weight `name`, packed: as it was kept, else made of the checkpoint's.
    fn packed(
        &self,
        name: &str,
        shape: [usize; 2],
        layout: Layout,
        format: Format,
    ) -> Result<Arc<Packed>> {
        let (inputs, outputs) = layout.sizes(&shape);
        let found = self.locate(name, &shape)?;
        let kept = self.kept.as_ref().and_then(|kept| kept.get(name));
        let kept = kept.filter(|kept| {
            (kept.format(), kept.outputs(), kept.inputs()) == (format, outputs, inputs)
        });
        let fresh = kept.is_none();
        let packed = match (kept, found, layout) {
            (Some(kept), ..) => kept,
            // A few rows at a time: the whole table in f32 is never in memory.
            (None, Some((checkpoint, found)), Layout::OutIn) => {
                let failed = Mutex::new(None);
                let packed = Packed::pack_rows(format, outputs, inputs, |rows, to| {
                    if let Err(error) = checkpoint.read_rows(&found, rows, to) {
                        failed
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(error);
                    }
                });
                match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
                    Some(error) => return Err(error),
                    None => packed,
                }
            }
            (None, found, _) => {
                let values = match found {
                    Some((checkpoint, found)) => checkpoint.read(&found)?,
                    None => self.random_values(name, inputs * outputs, Fill::Normal),
                };
                Packed::pack_rows(format, outputs, inputs, |rows, to| match layout {
                    Layout::OutIn => {
                        to.copy_from_slice(&values[rows.start * inputs..rows.end * inputs]);
                    }
                    Layout::InOut => {
                        for (j, column) in values.chunks_exact(outputs).enumerate() {
                            for (i, x) in column[rows.clone()].iter().enumerate() {
                                to[i * inputs + j] = *x;
                            }
                        }
                    }
                })
            }
        };
        let packed = Arc::new(packed);
        let given = &mut *self.given.borrow_mut();
        given.bytes += packed.bytes() as u64;
        given.fresh |= fresh;
        given.packed.insert(name.to_owned(), packed.clone());
        Ok(packed)
    }

    /// A table of `rows` rows, packed if weights are.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn embedding(&self, name: &str, rows: usize, width: usize) -> Result<Embedding> {
        match self.weight(&format!("{name}.weight"), width, rows, Layout::OutIn)? {
            Weight::Full(table, _) => Ok(Embedding::Full(table)),
            Weight::Packed(table) => Ok(Embedding::Packed(table)),
        }
    }

    /// A table of `rows` rows that is always f32: too small to be worth packing.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn table(&self, name: &str, rows: usize, width: usize) -> Result<Param> {
        self.param(&format!("{name}.weight"), &[rows, width], Fill::Normal)
    }

    /// A layer norm, `weight` and `bias` below `name`.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn layer_norm(&self, name: &str, width: usize, eps: f32) -> Result<Norm> {
        let weight = self.param(&format!("{name}.weight"), &[width], Fill::Constant(1.0))?;
        let bias = Some(self.bias(&format!("{name}.bias"), width)?);
        Ok(Norm {
            kind: Kind::Layer,
            weight,
            bias,
            eps,
        })
    }

    /// A layer norm without a bias, `weight` below `name`.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn scale_norm(&self, name: &str, width: usize, eps: f32) -> Result<Norm> {
        let weight = self.param(&format!("{name}.weight"), &[width], Fill::Constant(1.0))?;
        Ok(Norm {
            kind: Kind::Layer,
            weight,
            bias: None,
            eps,
        })
    }

    /// An RMS norm, `weight` below `name`.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn rms_norm(&self, name: &str, width: usize, eps: f32) -> Result<Norm> {
        let weight = self.param(&format!("{name}.weight"), &[width], Fill::Constant(1.0))?;
        Ok(Norm {
            kind: Kind::Rms,
            weight,
            bias: None,
            eps,
        })
    }

    /// A head's linear layer in f32: read, or made if the checkpoint has none.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape, or a file that cannot be read.
    pub fn head(&self, name: &str, inputs: usize, outputs: usize, bias: bool) -> Result<Linear> {
        let weight = format!("{name}.weight");
        let source = if self.has(&weight) {
            self.checkpoint
        } else {
            None
        };
        let part = Source {
            checkpoint: source,
            precision: Precision::F32,
            kept: None,
            given: RefCell::default(),
            ..*self
        };
        part.given.borrow_mut().count = self.given.borrow().count + 1_000_000;
        let linear = part.linear_with(name, inputs, outputs, Layout::OutIn, bias)?;
        let given = part.given.into_inner();
        let all = &mut *self.given.borrow_mut();
        all.params.extend(given.params);
        all.made.extend(given.made);
        all.bytes += given.bytes;
        Ok(linear)
    }
}

/// What a random parameter is made of.
#[derive(Clone, Copy)]
enum Fill {
    Normal,
    Constant(f32),
}
