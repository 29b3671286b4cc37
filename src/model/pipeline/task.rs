//! The tasks, by the names that the hub has for them, and which of them a model does.

use std::fmt;

use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::text;

/// What a model can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// Fill in masked tokens.
    FillMask,
    /// Name the label of a text, or of a pair.
    TextClassification,
    /// Name the labels of tokens, or of what they make up.
    TokenClassification,
    /// Find the answer in a text.
    QuestionAnswering,
    /// Give the hidden states of a text.
    FeatureExtraction,
    /// Say how close texts are.
    SentenceSimilarity,
    /// Continue a text.
    TextGeneration,
    /// Make a text of another.
    Text2TextGeneration,
    /// Make a text shorter.
    Summarization,
    /// Say a text in another language.
    Translation,
}

use Task::{
    FeatureExtraction, FillMask, QuestionAnswering, SentenceSimilarity, Summarization,
    Text2TextGeneration, TextClassification, TextGeneration, TokenClassification, Translation,
};

/// What encoders can do, what needs no head first.
const ENCODER: &[Task] = &[
    FeatureExtraction,
    SentenceSimilarity,
    FillMask,
    TextClassification,
    TokenClassification,
    QuestionAnswering,
];

/// What ModernBERT can do here.
const MODERN: &[Task] = &[
    FeatureExtraction,
    SentenceSimilarity,
    FillMask,
    TextClassification,
    TokenClassification,
];

/// What GPT-2 can do.
const DECODER: &[Task] = &[
    TextGeneration,
    TextClassification,
    FeatureExtraction,
    SentenceSimilarity,
];

/// What T5 can do.
const BOTH: &[Task] = &[Text2TextGeneration, Summarization, Translation];

/// What the names of transformers' classes end with, and what their heads are for.
const CLASSES: [(&str, Task); 7] = [
    ("ForMaskedLM", FillMask),
    ("ForPreTraining", FillMask),
    ("ForSequenceClassification", TextClassification),
    ("ForTokenClassification", TokenClassification),
    ("ForQuestionAnswering", QuestionAnswering),
    ("LMHeadModel", TextGeneration),
    ("DoubleHeadsModel", TextGeneration),
];

impl Task {
    /// All of them.
    pub const ALL: [Self; 10] = [
        FillMask,
        TextClassification,
        TokenClassification,
        QuestionAnswering,
        FeatureExtraction,
        SentenceSimilarity,
        TextGeneration,
        Text2TextGeneration,
        Summarization,
        Translation,
    ];

    /// The hub's name.
    pub fn name(self) -> &'static str {
        match self {
            FillMask => "fill-mask",
            TextClassification => "text-classification",
            TokenClassification => "token-classification",
            QuestionAnswering => "question-answering",
            FeatureExtraction => "feature-extraction",
            SentenceSimilarity => "sentence-similarity",
            TextGeneration => "text-generation",
            Text2TextGeneration => "text2text-generation",
            Summarization => "summarization",
            Translation => "translation",
        }
    }

    /// The task of that name, or of one that transformers has for it.
    ///
    /// # Errors
    /// When there is none; with the one that is nearest.
    pub fn named(name: &str) -> Result<Self> {
        let known = match name {
            "sentiment-analysis" => Some(TextClassification),
            "ner" => Some(TokenClassification),
            _ => Self::ALL.into_iter().find(|task| task.name() == name),
        };
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let hint = match text::nearest(name, &names) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the tasks are {}", names.join(", ")),
            };
            let name = text::line(name);
            Error::usage(format!("there is no task `{}`", text::ident(&name)))
                .at("--task")
                .hint(hint)
        })
    }

    /// What a model does by the class that it was saved as, the usual first. A model that does not
    /// say what it was saved as may have any head that its kind can have.
    pub fn of(config: &Config) -> Vec<Self> {
        let possible = match config {
            Config::Bert(_) | Config::DistilBert(_) => ENCODER,
            Config::Gpt2(_) => DECODER,
            Config::T5(_) => return BOTH.to_vec(),
            Config::Candle(_) if config.is_causal() => return vec![TextGeneration],
            Config::Candle(_) => MODERN,
        };
        let Some(class) = config.common().architectures.first() else {
            return possible.to_vec();
        };
        let head = CLASSES.iter().find(|(end, _)| class.ends_with(end));
        let head = head
            .map(|(_, task)| *task)
            .filter(|task| possible.contains(task));
        head.into_iter()
            .chain([FeatureExtraction, SentenceSimilarity])
            .collect()
    }

    /// The task that is asked for, else what the model is for.
    ///
    /// # Errors
    /// When the model does not do what is asked for; with what it does.
    pub fn choose(asked: Option<Self>, config: &Config) -> Result<Self> {
        let tasks = Self::of(config);
        match asked {
            Some(task) if tasks.contains(&task) => Ok(task),
            Some(task) => Err(Error::new(format!("this model does not do {task}"))
                .hint(format!("it does {}", names(&tasks)))),
            None => Ok(tasks[0]),
        }
    }
}

/// The names of tasks, one after the other.
pub(super) fn names(tasks: &[Task]) -> String {
    tasks
        .iter()
        .map(|task| task.name())
        .collect::<Vec<_>>()
        .join(", ")
}

impl serde::Serialize for Task {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Task {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Self::named(&name).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_name_leads_to_its_task() {
        for task in Task::ALL {
            assert_eq!(Task::named(task.name()).expect("a task"), task);
        }
        assert_eq!(Task::named("ner").expect("a task"), TokenClassification);
        assert_eq!(
            Task::named("sentiment-analysis").expect("a task"),
            TextClassification
        );
    }

    fn of(kind: &str, class: &[&str]) -> Vec<Task> {
        let json = serde_json::json!({"model_type": kind, "architectures": class});
        let object = json.as_object().expect("an object");
        Task::of(&Config::of(object, Path::new("config.json")).expect("config"))
    }

    #[test]
    fn a_model_does_what_its_class_has_a_head_for_and_its_kind_can() {
        let body = [FeatureExtraction, SentenceSimilarity];
        let with = |head| vec![head, FeatureExtraction, SentenceSimilarity];
        assert_eq!(of("bert", &["BertForMaskedLM"]), with(FillMask));
        assert_eq!(of("bert", &["BertForPreTraining"]), with(FillMask));
        assert_eq!(
            of("distilbert", &["DistilBertForQuestionAnswering"]),
            with(QuestionAnswering)
        );
        assert_eq!(of("gpt2", &["GPT2LMHeadModel"]), with(TextGeneration));
        assert_eq!(
            of("gpt2", &["GPT2ForSequenceClassification"]),
            with(TextClassification)
        );
        assert_eq!(of("gpt2", &["GPT2ForTokenClassification"]), body);
        assert_eq!(of("bert", &["BertLMHeadModel"]), body);
        assert_eq!(of("bert", &["BertModel"]), body);
        assert_eq!(of("t5", &["T5WithLMHeadModel"]), BOTH);
        assert_eq!(of("bert", &[]), ENCODER);
        assert_eq!(of("gpt2", &[]), DECODER);
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest() {
        let error = Task::named("fil-mask").expect_err("no task");
        assert_eq!(error.to_string(), "--task: there is no task `fil-mask`");
        assert_eq!(error.hint_text(), Some("did you mean fill-mask?"));
        let error = Task::named("image-to-text").expect_err("no task");
        assert!(error.hint_text().is_some());
    }
}
