//! The shape of a network, from its card: which weights a token passes, which a low rank wraps.

use crate::card::Card;

/// The shape of the network, with what a card leaves out filled in from its parameter count.
pub(super) struct Shape {
    pub(super) parameters: f64,
    pub(super) layers: f64,
    pub(super) hidden: f64,
    pub(super) heads: f64,
    /// Heads of keys and values, where the card or the architecture tells.
    kv_heads: Option<f64>,
    /// Width of one head.
    head_width: f64,
    pub(super) vocabulary: f64,
    /// The card states vocabulary and width, so weights that are only looked up can be told.
    pub(super) embeddings_known: bool,
    pub(super) model_type: String,
}

impl Shape {
    /// `None` where the card states neither parameters nor an architecture.
    pub(super) fn of(card: &Card) -> Option<Self> {
        let parameters = card.facts.parameters.as_ref()?.value as f64;
        let a = &card.facts.architecture.as_ref()?.value;
        let float = |n: Option<u64>| n.map(|n| n as f64);
        // Twelve matrices of hidden x hidden a layer, twelve layers: the shape of BERT and GPT-2.
        let hidden = float(a.hidden_size).unwrap_or_else(|| (parameters / 144.0).sqrt());
        let heads = float(a.heads).unwrap_or(hidden / 64.0);
        let usual = match a.model_type.as_str() {
            // T5 has heads of 64 whatever its width.
            "t5" | "mt5" => 64.0,
            _ => hidden / heads,
        };
        let grouped = is_grouped(&a.model_type);
        Some(Self {
            parameters,
            layers: float(a.layers).unwrap_or(12.0),
            hidden,
            heads,
            kv_heads: float(a.kv_heads).or_else(|| (!grouped).then_some(heads)),
            head_width: float(a.head_dim).unwrap_or(usual),
            vocabulary: float(a.vocab_size).unwrap_or(30_000.0),
            embeddings_known: a.vocab_size.is_some() && a.hidden_size.is_some(),
            model_type: a.model_type.clone(),
        })
    }

    /// An encoder and a decoder: a token passes one of them.
    pub(super) fn has_two_halves(&self) -> bool {
        const BOTH: [&str; 7] = ["t5", "mt5", "bart", "led", "pegasus", "marian", "m2m_100"];
        BOTH.contains(&self.model_type.as_str())
    }

    /// Weights of the embedding, which are only looked up.
    pub(super) fn looked_up(&self) -> f64 {
        let width = match self.model_type.as_str() {
            "albert" => 128.0,
            // ELECTRA small looks up 128 numbers and widens them; the larger ones do not.
            "electra" if self.hidden < 768.0 => 128.0,
            _ => self.hidden,
        };
        self.vocabulary * width
    }

    /// Weights that a token of the input passes in a forward pass that does `task`: all that are not
    /// looked up, of a model of two halves the encoder's where it writes; as often as they are used.
    pub(super) fn passed(&self, task: Option<&str>) -> f64 {
        let embeddings = if self.embeddings_known {
            self.looked_up()
        } else {
            0.0
        };
        let rest = (self.parameters - embeddings).max(self.parameters * 0.01);
        match self.model_type.as_str() {
            // All layers share one set of weights.
            "albert" => rest * self.layers,
            _ if self.has_two_halves() && task.is_none_or(writes) => rest / 2.0,
            _ => rest,
        }
    }

    /// Whether the count of a low rank's weights is an upper bound: keys and values may have fewer
    /// heads than is assumed.
    pub(super) fn is_bound(&self, targets: &[String]) -> bool {
        let of_groups = ["k_proj", "v_proj"];
        self.kv_heads.is_none() && targets.iter().any(|t| of_groups.contains(&t.as_str()))
    }

    /// Weights that a low rank of 1 adds on `targets`: in + out of each wrapped matrix (Hu et al.
    /// 2021, "`LoRA`", section 4.1).
    pub(super) fn rank_one(&self, targets: &[String]) -> f64 {
        let wide = self.hidden;
        let inner = self.heads * self.head_width;
        let grouped = self.kv_heads.unwrap_or(self.heads) * self.head_width;
        // A decoder layer of a model of two halves attends twice: to itself and to the encoder.
        let attentions = if self.has_two_halves() {
            self.layers * 1.5
        } else {
            self.layers
        };
        let of = |target: &String| match target.as_str() {
            "c_attn" => self.layers * (wide + 3.0 * wide),
            "c_fc" | "fc1" | "fc2" => self.layers * (wide + 4.0 * wide),
            "gate_proj" | "up_proj" | "down_proj" => self.layers * (wide + self.feed_forward()),
            "k_proj" | "v_proj" => attentions * (wide + grouped),
            _ => attentions * (wide + inner),
        };
        targets.iter().map(of).sum()
    }

    /// The inner width of a gated feed-forward network: what the attention, the norms and the
    /// embedding leave of the parameters, in three matrices a layer.
    fn feed_forward(&self) -> f64 {
        let inner = self.heads * self.head_width;
        let grouped = self.kv_heads.unwrap_or(self.heads) * self.head_width;
        let attention = self.hidden * (2.0 * inner + 2.0 * grouped);
        let layer = (self.parameters - self.looked_up()) / self.layers;
        ((layer - attention) / (3.0 * self.hidden)).floor().max(0.0)
    }
}

/// Architectures whose keys and values may have fewer heads than the queries.
fn is_grouped(model_type: &str) -> bool {
    const FAMILIES: [&str; 5] = ["llama", "mistral", "qwen", "gemma", "phi"];
    FAMILIES.iter().any(|f| model_type.starts_with(f))
}

/// Whether the task's output is a text of its own.
pub(super) fn writes(task: &str) -> bool {
    matches!(
        task,
        "text-generation" | "summarization" | "translation" | "text2text-generation"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Origin;

    fn shape(front: &str) -> Shape {
        let text = format!("---\nmodeldesk:\n{front}\n---\n");
        Shape::of(&Card::parse("a/b", Origin::User, text)).unwrap()
    }

    fn targets(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    const BERT: &str = "  parameters: 109482240\n  architecture: {value: bert, kind: encoder, \
                        layers: 12, hidden_size: 768, heads: 12, vocab_size: 30522}";

    const SMOLLM: &str = "  parameters: 134515008\n  architecture: {value: llama, layers: 30, \
                          hidden_size: 576, heads: 9, vocab_size: 49152";

    #[test]
    fn a_low_rank_counts_what_peft_counts() {
        let gpt2 = "  parameters: 124439808\n  architecture: {value: gpt2, layers: 12, \
                    hidden_size: 768, heads: 12, vocab_size: 50257}";
        let t5 = "  parameters: 247577856\n  architecture: {value: t5, layers: 12+12, \
                  hidden_size: 768, heads: 12, vocab_size: 32128}";
        let grouped = format!("{SMOLLM}, kv_heads: 3}}");
        for (front, wrapped, count) in [
            (gpt2, &["c_attn"][..], 294_912),
            (t5, &["q", "v"], 884_736),
            // 30 layers x 8 x (576 + 576 + 576 + 192).
            (&grouped, &["q_proj", "v_proj"], 460_800),
        ] {
            let shape = shape(front);
            let wrapped = targets(wrapped);
            assert_eq!((8.0 * shape.rank_one(&wrapped)) as u64, count, "{front}");
            assert!(!shape.is_bound(&wrapped), "{front}");
        }
    }

    #[test]
    fn a_count_without_the_heads_of_keys_and_values_is_a_bound() {
        let unknown = shape(&format!("{SMOLLM}}}"));
        assert!(unknown.is_bound(&targets(&["q_proj", "v_proj"])));
        assert!(!unknown.is_bound(&targets(&["q_proj"])));
        let known = shape(&format!("{SMOLLM}, kv_heads: 3}}"));
        let both = targets(&["q_proj", "v_proj"]);
        assert!(known.rank_one(&both) < unknown.rank_one(&both));
    }

    #[test]
    fn a_gated_network_is_as_wide_as_its_config_says() {
        assert!((shape(&format!("{SMOLLM}, kv_heads: 3}}")).feed_forward() - 1536.0).abs() < 2.0);
    }

    #[test]
    fn what_is_looked_up_is_not_passed() {
        let bert = shape(BERT);
        assert!((85e6..87e6).contains(&bert.passed(Some("text-classification"))));
        let unknown = shape(&BERT.replace(", vocab_size: 30522", ""));
        assert!(!unknown.embeddings_known);
        assert!((unknown.passed(None) - 109_482_240.0).abs() < 1.0);
        let shared = shape(
            "  parameters: 11683584\n  architecture: {value: albert, layers: 12, \
             hidden_size: 768, heads: 12, vocab_size: 30000}",
        );
        assert!((80e6..100e6).contains(&shared.passed(None)));
    }
}
