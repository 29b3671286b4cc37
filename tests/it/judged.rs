//! index/questions.yaml: questions with the answers that count as right, and how they are scored.

use modeldesk::advisor::{Advisor, Answer};
use modeldesk::card::Kind;
use modeldesk::index::Search;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The judged questions.
const QUESTIONS: &str = include_str!("../../index/questions.yaml");

/// One question and its right answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "the benchmark and the tests read different fields"
)]
pub(crate) struct Judged {
    pub(crate) id: String,
    pub(crate) part: String,
    pub(crate) kind: String,
    /// The question before it, for a follow-up.
    #[serde(default)]
    pub(crate) after: Option<String>,
    pub(crate) question: String,
    pub(crate) intent: String,
    #[serde(default)]
    pub(crate) constraints: Map<String, Value>,
    #[serde(default)]
    pub(crate) models: Vec<String>,
    #[serde(default)]
    pub(crate) topic: Option<String>,
    #[serde(default)]
    pub(crate) fields: Vec<String>,
    /// Models that may stand first.
    #[serde(default)]
    pub(crate) first: Vec<String>,
}

/// What was right of one answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Score {
    /// Intent, constraints, models, topic and fields are those that were judged.
    pub(crate) read: bool,
    /// The first model is acceptable; `None` where the question asks for none.
    pub(crate) first: Option<bool>,
    /// What differs, for people.
    pub(crate) differs: Vec<String>,
}

/// All judged questions.
pub(crate) fn questions() -> Vec<Judged> {
    serde_yaml::from_str(QUESTIONS).expect("index/questions.yaml reads")
}

/// The parts that have questions: `tune`, and `held-out` where there is one.
pub(crate) fn parts(questions: &[Judged]) -> Vec<&'static str> {
    let known = ["tune", "held-out"].into_iter();
    known
        .filter(|part| questions.iter().any(|q| q.part == *part))
        .collect()
}

/// Asks a question, after the one before it where it is a follow-up.
pub(crate) fn ask(advisor: &Advisor, judged: &Judged) -> Answer {
    let before = judged
        .after
        .as_ref()
        .map(|q| advisor.ask(q, None).expect("answers").reading);
    advisor
        .ask(&judged.question, before.as_ref())
        .expect("answers")
}

/// Scores an answer.
pub(crate) fn score(judged: &Judged, answer: &Answer) -> Score {
    let json = answer.to_json();
    let mut score = Score::default();
    let mut same = |name: &str, got: Value, wanted: Value| {
        if got != wanted {
            score
                .differs
                .push(format!("{name}: {got} instead of {wanted}"));
        }
    };
    same(
        "intent",
        json["intent"].clone(),
        judged.intent.clone().into(),
    );
    same(
        "constraints",
        sorted(&json["constraints"]),
        sorted(&judged.constraints.clone().into()),
    );
    if judged.intent != "recommend" {
        let named = |v: &Value| v.as_array().cloned().unwrap_or_default();
        same(
            "models",
            named(&json["named"]).into(),
            judged.models.clone().into(),
        );
    }
    if judged.topic.is_some() {
        let topic = json.get("topic").cloned().unwrap_or(Value::Null);
        same("topic", topic, judged.topic.clone().into());
    }
    for field in &judged.fields {
        if !answer.reading.fields.contains(field) {
            score
                .differs
                .push(format!("fields: no {field} in {:?}", answer.reading.fields));
        }
    }
    score.read = score.differs.is_empty();
    if !judged.first.is_empty() {
        let first = answer
            .models
            .first()
            .map(|m| m.id.clone())
            .unwrap_or_default();
        let right = answer.reading.intent == modeldesk::advisor::Intent::Recommend
            && judged.first.contains(&first);
        if !right {
            score
                .differs
                .push(format!("first: {first} instead of {:?}", judged.first));
        }
        score.first = Some(right);
    }
    score
}

/// The same constraints in one order.
fn sorted(value: &Value) -> Value {
    let map = value.as_object().cloned().unwrap_or_default();
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(entries.into_iter().collect())
}

/// The control: the first model card that plain BM25 finds with the question's words.
pub(crate) fn bm25_first(advisor: &Advisor, judged: &Judged) -> bool {
    let text = judged.question.clone();
    let hits = advisor.library().search(&Search {
        text,
        limit: 20,
        ..Search::default()
    });
    let model = hits.expect("searches").into_iter().find(|hit| {
        let card = advisor.library().card(&hit.id).expect("reads");
        card.is_some_and(|c| c.facts.kind == Kind::Model)
    });
    model.is_some_and(|hit| judged.first.contains(&hit.id))
}
