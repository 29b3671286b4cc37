//! Where a model's weights come from: a checkpoint under any of the names it was saved with, or
//! random numbers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Embedding, Learning, Linear, Lora, Precision, Weight};
use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::model::kernels::norm::Kind;
use crate::model::kernels::quant::{Format, Packed};
use crate::model::kernels::random::Stream;
use crate::model::tape::buffer::Buffer;
use crate::model::tape::{Layout, Norm, Param};
use crate::model::weights::Checkpoint;
use crate::model::weights::kept::Kept;

/// Reads or makes the weights of one model, and remembers what it gave.
pub struct Source<'a> {
    checkpoint: Option<&'a Checkpoint>,
    /// What all names of the body begin with, which a checkpoint of the body alone leaves out.
    prefix: &'static str,
    precision: Precision,
    learning: Learning,
    /// Heads are made even if the checkpoint has one.
    new_heads: bool,
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

    /// The tensors of `checkpoint`, under the names of the architecture that `config` describes and
    /// in the precision that it runs in where `precision` is wanted.
    pub fn of(checkpoint: &'a Checkpoint, config: &Config, precision: Precision) -> Self {
        Self::checkpoint(checkpoint, config.prefix(), precision.of(config))
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
            learning: Learning::Nothing,
            new_heads: false,
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

    /// The same, with weights that learn: their gradients are computed.
    ///
    /// # Panics
    /// If the precision is not `f32`, which alone can be trained.
    #[must_use]
    pub fn learning(self, learning: Learning) -> Self {
        assert_eq!(
            self.precision,
            Precision::F32,
            "packed weights cannot be trained"
        );
        Self { learning, ..self }
    }

    /// The same, with random numbers by `seed` for what has to be made, and with `new` heads even
    /// where the checkpoint has some: for other labels than it was trained for.
    #[must_use]
    pub fn making(self, seed: u64, range: f32, new_heads: bool) -> Self {
        Self {
            random: Stream::new(seed, 0x5eed),
            range,
            new_heads,
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

    /// What of the weights learns.
    pub fn learns(&self) -> &Learning {
        &self.learning
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
        Ok(self.give(Param::new(name, shape, value, self.learning.whole(name))))
    }

    /// Remembers a parameter that was made or read.
    fn give(&self, param: Param) -> Param {
        let given = &mut *self.given.borrow_mut();
        given.bytes += 4 * param.len() as u64;
        given.params.push(param.clone());
        param
    }

    /// The adapter of the layer `name`, if it learns by one: `a` of the uniform distribution that
    /// PEFT starts it with, within one by the square root of its inputs, and `b` of zeros.
    fn lora(&self, name: &str, inputs: usize, outputs: usize) -> Option<Lora> {
        let config = self.learning.adapter(name)?;
        let stream = self.stream(&format!("{name}.lora_A.weight"));
        let bound = (inputs as f32).sqrt().recip();
        let a: Vec<f32> = (0..(config.r * inputs) as u64)
            .map(|i| bound * (2.0 * stream.uniform(i) - 1.0))
            .collect();
        let param = |end: &str, shape: &[usize], values: Vec<f32>| {
            self.give(Param::new(
                format!("{name}.{end}.weight"),
                shape,
                values,
                true,
            ))
        };
        Some(Lora {
            a: param("lora_A", &[config.r, inputs], a),
            b: param(
                "lora_B",
                &[outputs, config.r],
                vec![0.0; outputs * config.r],
            ),
            scale: config.scale(),
            dropout: config.lora_dropout,
        })
    }

    fn random_values(&self, name: &str, len: usize, fill: Fill) -> Buffer {
        self.given.borrow_mut().made.push(name.to_owned());
        match fill {
            Fill::Normal => {
                let mut values = Buffer::stale(len);
                self.stream(name).fill_normal(&mut values, self.range);
                values
            }
            Fill::Constant(x) => Buffer::from(vec![x; len]),
        }
    }

    /// The random numbers of a parameter: a matter of seed and name, whatever else is made.
    fn stream(&self, name: &str) -> Stream {
        let bytes = name.bytes().map(u64::from);
        bytes.fold(self.random, Stream::at)
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
            lora: self.lora(name, inputs, outputs),
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
        let source = self
            .checkpoint
            .filter(|_| self.has(&weight) && !self.new_heads);
        let part = Source {
            checkpoint: source,
            precision: Precision::F32,
            kept: None,
            learning: self.learning.of_heads(),
            given: RefCell::default(),
            ..*self
        };
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
