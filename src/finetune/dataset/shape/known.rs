//! The names that columns go by in data on the hub, the usual first.

/// Texts.
pub(super) const TEXT: &[&str] = &[
    "text",
    "sentence",
    "content",
    "review",
    "review_text",
    "reviewtext",
    "review_body",
    "comment",
    "comment_text",
    "message",
    "sms",
    "tweet",
    "body",
    "document",
    "article",
    "headline",
    "description",
    "utterance",
    "query",
    "question",
    "input",
    "inputs",
    "sentence1",
    "premise",
];
/// Pairs of texts.
pub(super) const PAIRS: &[(&str, &str)] = &[
    ("sentence1", "sentence2"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("text", "text_pair"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("sentence_a", "sentence_b"),
    ("question", "sentence"),
    ("query", "passage"),
    ("query", "document"),
];
/// Labels.
pub(super) const LABEL: &[&str] = &[
    "label",
    "labels",
    "class",
    "category",
    "sentiment",
    "score",
    "rating",
    "stars",
    "label_text",
    "coarse_label",
];
/// Names that labels have, and other things too.
pub(super) const PERHAPS_LABEL: &[&str] = &[
    "intent", "emotion", "topic", "target", "is_spam", "spam", "toxic", "type", "y",
];
/// Lists of words.
pub(super) const WORDS: &[&str] = &["tokens", "words", "token"];
/// Lists of tags.
pub(super) const TAGS: &[&str] = &[
    "ner_tags",
    "tags",
    "labels",
    "ner",
    "pos_tags",
    "chunk_tags",
    "tag",
];
/// Lists of turns.
pub(super) const MESSAGES: &[&str] = &[
    "messages",
    "conversations",
    "conversation",
    "chat",
    "dialog",
    "turns",
];
/// What is to be done.
pub(super) const INSTRUCTION: &[&str] = &["instruction", "instructions", "prompt"];
/// What is given with it.
pub(super) const GIVEN: &[&str] = &["input", "inputs", "context"];
/// What is answered.
pub(super) const OUTPUT: &[&str] = &[
    "output",
    "outputs",
    "response",
    "completion",
    "answer",
    "chosen",
];
/// Texts of which there are summaries.
pub(super) const LONG: &[&str] = &[
    "article",
    "document",
    "dialogue",
    "original_text",
    "report",
    "source",
    "text",
    "content",
    "bill",
    "body",
];
/// Summaries.
pub(super) const SHORT: &[&str] = &[
    "highlights",
    "summary",
    "abstract",
    "reference_summary",
    "tldr",
    "short_text",
    "summaries",
];
/// Texts, and what is made of them.
pub(super) const SOURCES: &[(&str, &str)] = &[
    ("source", "target"),
    ("src", "tgt"),
    ("source_text", "target_text"),
    ("input_text", "target_text"),
    ("input", "output"),
    ("inputs", "targets"),
    ("question", "answer"),
    ("query", "response"),
];

/// Whether texts or labels are usually called so.
pub(in super::super) fn is_usual_name(name: &str) -> bool {
    [TEXT, LABEL, SHORT]
        .iter()
        .any(|names| names.contains(&name.to_lowercase().as_str()))
}
