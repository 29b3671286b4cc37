//! What decides the computation of the architectures that candle runs.

use super::size::{linear, matrix, sum, times};
use super::{Common, Fields, Head, INNER, LAYERS, POSITIONS, VOCABULARY, WIDTH, heads_of, limited};
use crate::error::Result;
use crate::model::kernels::activation::Activation;

/// Bases of rotations.
const BASE: &str = "a number of at least 1";

/// A model that candle runs, under transformers' names.
#[derive(Debug, Clone, PartialEq)]
pub struct CandleConfig {
    /// What is not of one architecture.
    pub common: Common,
    /// Number of word embeddings.
    pub vocab_size: usize,
    /// Width of the hidden states.
    pub hidden_size: usize,
    /// Width inside a feed-forward layer.
    pub intermediate_size: usize,
    /// Number of layers.
    pub num_hidden_layers: usize,
    /// Heads of the queries of a layer.
    pub num_attention_heads: usize,
    /// The longest text.
    pub max_position_embeddings: usize,
    /// What norms add to a variance.
    pub norm_eps: f32,
    /// What ends a text, as far as the vocabulary has it.
    pub eos_token_id: Vec<u32>,
    /// What texts begin with, if the vocabulary has it.
    pub bos_token_id: Option<u32>,
    /// What fills up short inputs of a batch, if the vocabulary has it.
    pub pad_token_id: Option<u32>,
    /// What is the architecture's own.
    pub own: Own,
}

/// What is an architecture's own.
#[derive(Debug, Clone, PartialEq)]
pub enum Own {
    /// ModernBERT.
    ModernBert(ModernBert),
    /// Llama, Qwen2 and Qwen3.
    Causal(Causal),
}

/// What only ModernBERT has.
#[derive(Debug, Clone, PartialEq)]
pub struct ModernBert {
    /// Every so many layers one sees the whole text.
    pub global_attn_every_n_layers: usize,
    /// The base of rotations where the whole text is seen.
    pub global_rope_theta: f32,
    /// How many neighbours the other layers see.
    pub local_attention: usize,
    /// The base of rotations where neighbours are seen.
    pub local_rope_theta: f32,
    /// Whether a text is classified by the mean of its tokens, not by the first.
    pub pools_mean: bool,
}

/// What only the decoders have.
#[derive(Debug, Clone, PartialEq)]
pub struct Causal {
    /// Which of them.
    pub family: Family,
    /// Heads of the keys and values of a layer.
    pub num_key_value_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// The base of rotations.
    pub rope_theta: f32,
    /// How rotations are slowed down for texts that are longer than in the first training.
    pub rope_scaling: Option<Scaling>,
    /// Whether queries, keys and values have a bias.
    pub attention_bias: bool,
}

/// A family of decoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Llama, and SmolLM.
    Llama,
    /// Qwen2 and Qwen2.5.
    Qwen2,
    /// Qwen3.
    Qwen3,
}

/// Llama 3's way to slow down rotations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// By how much the slowest are.
    pub factor: f32,
    /// From which wavelength on.
    pub low_freq_factor: f32,
    /// Up to which wavelength none is.
    pub high_freq_factor: f32,
    /// The longest text of the first training.
    pub original_max_position_embeddings: usize,
}

impl CandleConfig {
    pub(super) fn modern_bert(fields: Fields<'_>) -> Result<Self> {
        for name in ["attention_bias", "mlp_bias", "norm_bias", "classifier_bias"] {
            fields.never(name)?;
        }
        for name in ["hidden_activation", "classifier_activation"] {
            if fields.activation(name, Activation::Gelu)? != Activation::Gelu {
                return Err(fields.wrong(name, "gelu: no other is computed here"));
            }
        }
        let of = |kind: &str, old: &str, default| theta(fields, Some(kind), old, default);
        let own = ModernBert {
            global_attn_every_n_layers: fields.count("global_attn_every_n_layers", 3, LAYERS)?,
            global_rope_theta: of("full_attention", "global_rope_theta", 160_000.0)?,
            local_attention: fields.count("local_attention", 128, POSITIONS)?,
            local_rope_theta: of("sliding_attention", "local_rope_theta", 10_000.0)?,
            pools_mean: match fields.text("classifier_pooling")? {
                None | Some("cls") => false,
                Some("mean") => true,
                Some(_) => return Err(fields.wrong("classifier_pooling", "cls or mean")),
            },
        };
        let config = Self {
            num_hidden_layers: fields.count("num_hidden_layers", 22, LAYERS)?,
            intermediate_size: fields.count("intermediate_size", 1152, INNER)?,
            max_position_embeddings: fields.count("max_position_embeddings", 8192, POSITIONS)?,
            norm_eps: fields.epsilon("norm_eps", 1e-5)?,
            ..Self::shared(
                fields,
                "modernbert",
                [50_368, 768],
                true,
                Own::ModernBert(own),
            )?
        };
        config.regular(fields)?;
        limited(fields, config.parameters(Head::MaskedLm))?;
        Ok(config)
    }

    pub(super) fn causal(fields: Fields<'_>, family: Family) -> Result<Self> {
        fields.never("use_sliding_window")?;
        fields.never("mlp_bias")?;
        if fields.activation("hidden_act", Activation::Silu)? != Activation::Silu {
            return Err(fields.wrong("hidden_act", "silu: no other is computed here"));
        }
        let name = family.name();
        // Every one of these models says its own: the defaults are Llama's.
        let sizes = [32_000, 4096];
        let width = fields.count("hidden_size", sizes[1], WIDTH)?;
        let heads = fields.count("num_attention_heads", 32, super::HEADS)?;
        let groups = fields.count("num_key_value_heads", heads, super::HEADS)?;
        if !heads.is_multiple_of(groups) {
            let must = format!("a divisor of `num_attention_heads`, which is {heads}");
            return Err(fields.wrong("num_key_value_heads", must));
        }
        let usual = width / heads;
        let head_dim = match fields.maybe_count("head_dim", 2..=1 << 12)? {
            Some(given) if given != usual && family != Family::Qwen3 => {
                let must = format!("{usual}: the heads share `hidden_size`");
                return Err(fields.wrong("head_dim", must));
            }
            given => given.unwrap_or(usual),
        };
        if !head_dim.is_multiple_of(2) {
            return Err(fields.wrong("head_dim", "even: its halves are rotated"));
        }
        let attention_bias = fields.flag("attention_bias", false)?;
        if attention_bias && family == Family::Llama {
            return Err(fields.wrong("attention_bias", "false: no Llama here has one"));
        }
        let own = Causal {
            family,
            num_key_value_heads: groups,
            head_dim,
            rope_theta: theta(fields, None, "rope_theta", 10_000.0)?,
            rope_scaling: scaling(fields, family)?,
            attention_bias: attention_bias || family == Family::Qwen2,
        };
        let config = Self {
            num_hidden_layers: fields.count("num_hidden_layers", 32, LAYERS)?,
            intermediate_size: fields.count("intermediate_size", 11_008, INNER)?,
            max_position_embeddings: fields.count("max_position_embeddings", 2048, POSITIONS)?,
            norm_eps: fields.epsilon("rms_norm_eps", 1e-6)?,
            num_attention_heads: heads,
            ..Self::shared(fields, name, sizes, false, Own::Causal(own))?
        };
        limited(fields, config.parameters(Head::CausalLm))?;
        Ok(config)
    }

    /// What all of them read alike; `sizes` are the usual vocabulary and width.
    fn shared(
        fields: Fields<'_>,
        name: &'static str,
        sizes: [usize; 2],
        tied: bool,
        own: Own,
    ) -> Result<Self> {
        let vocab_size = fields.count("vocab_size", sizes[0], VOCABULARY)?;
        let hidden_size = fields.count("hidden_size", sizes[1], WIDTH)?;
        let has = |id: &u32| (*id as usize) < vocab_size;
        let mut eos_token_id = fields.ids("eos_token_id", &[])?;
        eos_token_id.retain(has);
        let num_attention_heads = match own {
            Own::ModernBert(_) => {
                heads_of(fields, "num_attention_heads", "hidden_size", hidden_size)?
            }
            Own::Causal(_) => 1,
        };
        Ok(Self {
            common: Common {
                tie_word_embeddings: fields.flag("tie_word_embeddings", tied)?,
                ..Common::read(fields, name)?
            },
            vocab_size,
            hidden_size,
            intermediate_size: 0,
            num_hidden_layers: 0,
            num_attention_heads,
            max_position_embeddings: 0,
            norm_eps: 0.0,
            eos_token_id,
            bos_token_id: fields.id("bos_token_id", None)?.filter(has),
            pad_token_id: fields.id("pad_token_id", None)?.filter(has),
            own,
        })
    }

    /// Refuses layers that see the whole text elsewhere than candle has them.
    fn regular(&self, fields: Fields<'_>) -> Result<()> {
        let Own::ModernBert(own) = &self.own else {
            return Ok(());
        };
        let Some(kinds) = fields
            .get("layer_types")?
            .and_then(|kinds| kinds.as_array())
        else {
            return Ok(());
        };
        let every = own.global_attn_every_n_layers;
        let is_regular = kinds
            .iter()
            .enumerate()
            .all(|(i, kind)| (kind.as_str() == Some("full_attention")) == i.is_multiple_of(every));
        if is_regular && kinds.len() == self.num_hidden_layers {
            return Ok(());
        }
        let must = format!("`full_attention` every {every} layers and `sliding_attention` between");
        Err(fields.wrong("layer_types", must))
    }

    /// How many parameters it has with a head that it can have, or without any.
    pub fn parameters(&self, head: Head) -> u64 {
        let (width, inner) = (self.hidden_size, self.intermediate_size);
        let words = matrix(self.vocab_size, width);
        let labels = self.common.labels.len();
        match &self.own {
            Own::ModernBert(_) => {
                let layer = sum([
                    times(4, matrix(width, width)),
                    times(3, matrix(width, inner)),
                ]);
                let layers = times(self.num_hidden_layers, sum([layer, 2 * width as u64]));
                let before = sum([matrix(width, width), width as u64]);
                let head = match head {
                    Head::MaskedLm => sum([before, self.vocab_size as u64]),
                    Head::SequenceClassification | Head::TokenClassification => {
                        sum([before, linear(width, labels)])
                    }
                    _ => 0,
                };
                // The first layer has no norm before its attention, and the embeddings have one.
                sum([words, layers, width as u64, head])
            }
            Own::Causal(own) => {
                let all = self.num_attention_heads * own.head_dim;
                let grouped = own.num_key_value_heads * own.head_dim;
                let attention = sum([
                    times(2, matrix(width, all)),
                    times(2, matrix(width, grouped)),
                ]);
                let biases = if own.attention_bias {
                    all + 2 * grouped
                } else {
                    0
                };
                let norms = 2 * width
                    + if own.family == Family::Qwen3 {
                        2 * own.head_dim
                    } else {
                        0
                    };
                let layer = [
                    attention,
                    times(3, matrix(width, inner)),
                    (biases + norms) as u64,
                ];
                let head = match head {
                    Head::CausalLm if !self.common.tie_word_embeddings => words,
                    _ => 0,
                };
                sum([
                    words,
                    times(self.num_hidden_layers, sum(layer)),
                    width as u64,
                    head,
                ])
            }
        }
    }
}

impl Family {
    fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }
}

/// The base of rotations: under the name `old`, or in `rope_parameters`, there below `kind` if that
/// is given.
fn theta(fields: Fields<'_>, kind: Option<&str>, old: &str, default: f32) -> Result<f32> {
    let mut found = fields.maybe_number(old, |x| x >= 1.0, BASE)?;
    if let Some(object) = fields.object("rope_parameters")? {
        let mut inside = Some(fields.within(object));
        if let Some(kind) = kind {
            inside = match inside {
                Some(all) => all.object(kind)?.map(|one| all.within(one)),
                None => None,
            };
        }
        if let Some(inside) = inside {
            found = inside
                .maybe_number("rope_theta", |x| x >= 1.0, BASE)?
                .or(found);
        }
    }
    Ok(found.unwrap_or(default))
}

/// How rotations are slowed down, from `rope_scaling` or `rope_parameters`.
fn scaling(fields: Fields<'_>, family: Family) -> Result<Option<Scaling>> {
    let object = match fields.object("rope_parameters")? {
        Some(object) => Some(object),
        None => fields.object("rope_scaling")?,
    };
    let Some(inside) = object.map(|object| fields.within(object)) else {
        return Ok(None);
    };
    let kind = match inside.text("rope_type")? {
        Some(kind) => Some(kind),
        None => inside.text("type")?,
    };
    match (kind, family) {
        (None | Some("default"), _) => Ok(None),
        (Some("llama3"), Family::Llama) => {
            let number = |name: &str, default| -> Result<f32> {
                let number = inside.maybe_number(name, |x| x > 0.0, "a number above 0")?;
                Ok(number.unwrap_or(default))
            };
            let original = "original_max_position_embeddings";
            Ok(Some(Scaling {
                factor: number("factor", 8.0)?,
                low_freq_factor: number("low_freq_factor", 1.0)?,
                high_freq_factor: number("high_freq_factor", 4.0)?,
                original_max_position_embeddings: inside.count(original, 8192, POSITIONS)?,
            }))
        }
        _ => Err(inside.wrong("rope_type", "default, or llama3 for a Llama")),
    }
}
