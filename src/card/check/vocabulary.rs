//! The names that the hub knows: fields, licences, tasks, languages.

/// Top-level fields of a card on the hub, and our own.
pub(super) const FIELDS: &[&str] = &[
    "language",
    "language_bcp47",
    "license",
    "license_name",
    "license_link",
    "library_name",
    "tags",
    "datasets",
    "metrics",
    "base_model",
    "base_model_relation",
    "new_version",
    "pipeline_tag",
    "model-index",
    "model_name",
    "widget",
    "inference",
    "thumbnail",
    "mask_token",
    "instance_prompt",
    "co2_eq_emissions",
    "extra_gated_prompt",
    "extra_gated_fields",
    "extra_gated_heading",
    "extra_gated_description",
    "extra_gated_button_content",
    "extra_gated_eu_disallowed",
    "quantized_by",
    "pretty_name",
    "arxiv",
    "modeldesk",
];

/// Licence ids of the hub.
pub(super) const LICENSES: &[&str] = &[
    "apache-2.0",
    "mit",
    "openrail",
    "bigscience-openrail-m",
    "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0",
    "bigcode-openrail-m",
    "afl-3.0",
    "artistic-2.0",
    "bsl-1.0",
    "bsd",
    "bsd-2-clause",
    "bsd-3-clause",
    "bsd-3-clause-clear",
    "c-uda",
    "cc",
    "cc0-1.0",
    "cc-by-2.0",
    "cc-by-2.5",
    "cc-by-3.0",
    "cc-by-4.0",
    "cc-by-sa-3.0",
    "cc-by-sa-4.0",
    "cc-by-nc-2.0",
    "cc-by-nc-3.0",
    "cc-by-nc-4.0",
    "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0",
    "cc-by-nc-sa-4.0",
    "cdla-sharing-1.0",
    "cdla-permissive-1.0",
    "cdla-permissive-2.0",
    "wtfpl",
    "ecl-2.0",
    "epl-1.0",
    "epl-2.0",
    "etalab-2.0",
    "eupl-1.1",
    "eupl-1.2",
    "agpl-3.0",
    "gfdl",
    "gpl",
    "gpl-2.0",
    "gpl-3.0",
    "lgpl",
    "lgpl-2.1",
    "lgpl-3.0",
    "isc",
    "h-research",
    "intel-research",
    "lppl-1.3c",
    "ms-pl",
    "apple-ascl",
    "apple-amlr",
    "mpl-2.0",
    "odc-by",
    "odbl",
    "openmdw-1.0",
    "openrail++",
    "osl-3.0",
    "postgresql",
    "ofl-1.1",
    "ncsa",
    "unlicense",
    "zlib",
    "pddl",
    "lgpl-lr",
    "deepfloyd-if-license",
    "fair-noncommercial-research-license",
    "llama2",
    "llama3",
    "llama3.1",
    "llama3.2",
    "llama3.3",
    "llama4",
    "grok2-community",
    "gemma",
    "unknown",
    "other",
];

/// Tasks of the hub.
pub(super) const TASKS: &[&str] = &[
    "text-classification",
    "token-classification",
    "table-question-answering",
    "question-answering",
    "zero-shot-classification",
    "translation",
    "summarization",
    "feature-extraction",
    "text-generation",
    "text2text-generation",
    "fill-mask",
    "sentence-similarity",
    "text-ranking",
    "text-retrieval",
    "multiple-choice",
    "conversational",
    "text-to-speech",
    "text-to-audio",
    "automatic-speech-recognition",
    "audio-to-audio",
    "audio-classification",
    "audio-text-to-text",
    "voice-activity-detection",
    "depth-estimation",
    "image-classification",
    "object-detection",
    "image-segmentation",
    "text-to-image",
    "image-to-text",
    "image-to-image",
    "image-to-video",
    "unconditional-image-generation",
    "video-classification",
    "video-to-video",
    "video-text-to-text",
    "text-to-video",
    "reinforcement-learning",
    "robotics",
    "tabular-classification",
    "tabular-regression",
    "tabular-to-text",
    "table-to-text",
    "time-series-forecasting",
    "image-text-to-text",
    "image-text-to-image",
    "image-text-to-video",
    "visual-question-answering",
    "document-question-answering",
    "visual-document-retrieval",
    "zero-shot-image-classification",
    "zero-shot-object-detection",
    "graph-ml",
    "mask-generation",
    "text-to-3d",
    "image-to-3d",
    "image-feature-extraction",
    "keypoint-detection",
    "any-to-any",
    "other",
];

/// The two-letter codes of ISO 639-1, one after the other.
const TWO_LETTERS: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce \
    ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv \
    ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr \
    ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn \
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn \
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo \
    xh yi yo za zh zu";

/// Names that people write instead of a code.
const NAMED: &[(&str, &str)] = &[
    ("english", "en"),
    ("german", "de"),
    ("french", "fr"),
    ("spanish", "es"),
    ("italian", "it"),
    ("portuguese", "pt"),
    ("dutch", "nl"),
    ("russian", "ru"),
    ("chinese", "zh"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("arabic", "ar"),
    ("hindi", "hi"),
    ("turkish", "tr"),
    ("polish", "pl"),
    ("swedish", "sv"),
    ("finnish", "fi"),
    ("danish", "da"),
    ("czech", "cs"),
    ("greek", "el"),
    ("hebrew", "he"),
    ("persian", "fa"),
    ("vietnamese", "vi"),
    ("thai", "th"),
    ("ukrainian", "uk"),
    ("romanian", "ro"),
    ("hungarian", "hu"),
    ("indonesian", "id"),
    ("jp", "ja"),
    ("kr", "ko"),
    ("cn", "zh"),
    ("cz", "cs"),
    ("gr", "el"),
    ("ua", "uk"),
    ("multi", "multilingual"),
    ("python", "code"),
];

/// Whether `code` is a language for the hub: ISO 639-1, three letters of ISO 639-2 or -3 (which
/// are thousands, so only their shape is checked), `multilingual` or `code`.
pub(super) fn is_language(code: &str) -> bool {
    match code.len() {
        2 => TWO_LETTERS.split(' ').any(|known| known == code),
        3 => code.bytes().all(|b| b.is_ascii_lowercase()),
        _ => matches!(code, "multilingual" | "code"),
    }
}

/// The code that somebody meant who wrote `name`.
pub(super) fn language_named(name: &str) -> Option<&'static str> {
    NAMED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, code)| *code)
}

/// The name that `word` is a likely misspelling of.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // Longer is no misspelling of ours, and distance costs the product of both lengths.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase().replace(' ', "-");
    let allowed = if word.len() < 5 { 1 } else { 2 };
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&word, name), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// "did you mean" for a likely misspelling; empty without one.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    nearest(word, known).map_or_else(String::new, |meant| format!("did you mean `{meant}`?"))
}
