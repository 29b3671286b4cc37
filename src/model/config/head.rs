//! What stands on top of a model, by the names of transformers' classes.

use std::fmt;

/// What a model computes from its hidden states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Head {
    /// Nothing: the hidden states are the result.
    Base,
    /// The word behind each mask.
    MaskedLm,
    /// The next word.
    CausalLm,
    /// The next word of a text that an encoder has read another for.
    Generation,
    /// A label of the text.
    SequenceClassification,
    /// A label of each token.
    TokenClassification,
    /// Where the answer begins and ends.
    QuestionAnswering,
}

/// How the names of the classes end. The first that fits counts.
const ENDS: [(&str, Head); 11] = [
    ("ForMaskedLM", Head::MaskedLm),
    ("ForPreTraining", Head::MaskedLm),
    ("ForCausalLM", Head::CausalLm),
    ("ForConditionalGeneration", Head::Generation),
    ("WithLMHeadModel", Head::Generation),
    ("LMHeadModel", Head::CausalLm),
    ("DoubleHeadsModel", Head::CausalLm),
    ("ForSequenceClassification", Head::SequenceClassification),
    ("ForTokenClassification", Head::TokenClassification),
    ("ForQuestionAnswering", Head::QuestionAnswering),
    ("Model", Head::Base),
];

impl Head {
    /// The head of an entry of `architectures`, such as `BertForMaskedLM`.
    pub fn of(architecture: &str) -> Option<Self> {
        let mut ends = ENDS.iter();
        let (_, head) = ends.find(|(end, _)| architecture.ends_with(end))?;
        Some(*head)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "no head",
            Self::MaskedLm => "masked language model",
            Self::CausalLm => "causal language model",
            Self::Generation => "text to text generation",
            Self::SequenceClassification => "sequence classification",
            Self::TokenClassification => "token classification",
            Self::QuestionAnswering => "question answering",
        })
    }
}
