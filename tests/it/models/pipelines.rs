//! Pipelines, from texts to outputs, against transformers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::slice::from_ref;

use modeldesk::error::Result;
use modeldesk::jobs::Cancel;
use modeldesk::model::layers::Precision;
use modeldesk::model::pipeline::{
    FeatureExtraction, FillMask, Generation, Note, Outcome, Parts, QuestionAnswering,
    SentenceEmbedding, Task, TextClassification, TokenClassification, fill_mask, generation,
    question_answering, similarity, text_classification, token_classification,
};
use serde::Serialize;
use serde_json::Value;

/// The most that a score may differ by.
const TOLERANCE: f64 = 1e-4;

fn parity() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity")
}

fn folder(model: &str) -> PathBuf {
    parity().join("pipelines").join(model)
}

/// One run of one of transformers' pipelines.
struct Case(Value);

impl Case {
    fn all() -> Vec<Self> {
        let text = std::fs::read(parity().join("models/pipelines.json")).expect("cases");
        let cases: Vec<Value> = serde_json::from_slice(&text).expect("JSON");
        cases.into_iter().map(Self).collect()
    }

    fn task(&self) -> &str {
        self.0["task"].as_str().expect("a task")
    }

    fn folder(&self) -> PathBuf {
        folder(self.0["model"].as_str().expect("a model"))
    }

    fn option(&self, name: &str) -> Option<&Value> {
        self.0["options"].get(name)
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.option(name)?.as_u64().map(|n| n as usize)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.option(name)?.as_bool()
    }

    fn names(&self, name: &str) -> Option<Vec<String>> {
        let names = self.option(name)?.as_array()?.iter();
        Some(
            names
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect(),
        )
    }

    /// The inputs, and whether they are a list.
    fn inputs(&self) -> (Vec<&Value>, bool) {
        match &self.0["inputs"] {
            Value::Array(inputs) => (inputs.iter().collect(), true),
            one => (vec![one], false),
        }
    }

    fn texts(&self) -> Vec<&str> {
        self.inputs()
            .0
            .into_iter()
            .map(|text| text.as_str().expect("a text"))
            .collect()
    }

    /// Outputs as the pipeline gives them: those of one input are no list.
    fn shaped<T: Serialize>(&self, outcomes: &[Outcome<T>]) -> Value {
        let is_list = self.inputs().1;
        let mut outputs = serde_json::to_value(outcomes).expect("JSON");
        if is_list { outputs } else { outputs[0].take() }
    }

    fn run(&self) -> Result<Value> {
        let never = &mut || false;
        Ok(match self.task() {
            "fill-mask" => {
                let model = FillMask::open(&self.folder(), Precision::F32)?;
                let mut options = fill_mask::Options::default();
                options.top_k = self.number("top_k").unwrap_or(options.top_k);
                options.targets = self.names("targets");
                self.shaped(&model.run(&self.texts(), &options, never)?)
            }
            "text-classification" => self.text_classification()?,
            "token-classification" => {
                let model = TokenClassification::open(&self.folder(), Precision::F32)?;
                let mut options = token_classification::Options::default();
                if let Some(name) = self.option("aggregation_strategy").and_then(Value::as_str) {
                    options.aggregation =
                        token_classification::Aggregation::named(name).expect("a strategy");
                }
                options.ignore_labels =
                    self.names("ignore_labels").unwrap_or(options.ignore_labels);
                options.stride = self.number("stride");
                self.shaped(&model.run(&self.texts(), &options, never)?)
            }
            "question-answering" => self.question_answering()?,
            "feature-extraction" => {
                let model = FeatureExtraction::open(&self.folder(), Precision::F32)?;
                self.shaped(&model.run(&self.texts(), never)?)
            }
            "sentence-similarity" => {
                let model = SentenceEmbedding::open(&self.folder(), Precision::F32)?;
                assert!(model.pooling().declared);
                self.shaped(&model.run(&self.texts(), never)?)
            }
            _ => self.written()?,
        })
    }

    /// What the tasks that write give: a list of texts for each input.
    fn written(&self) -> Result<Value> {
        let parts = Parts::read(&self.folder())?;
        let model = Generation::load(parts, Task::named(self.task())?, Precision::F32)?;
        let mut asked = self.0["options"].clone();
        asked
            .as_object_mut()
            .expect("options")
            .remove("return_full_text");
        let mut options = model.options();
        options.update(&asked)?;
        let run = |text: &&str| {
            let ask = generation::Ask {
                text,
                prefix: None,
                options: &options,
                return_full_text: self.flag("return_full_text").unwrap_or(true),
                cancel: &Cancel::new(),
            };
            let written = model.run(&ask, &mut |_| ControlFlow::Continue(()))?;
            Ok(serde_json::to_value(written.output).expect("JSON"))
        };
        let mut outputs: Vec<Value> = self.texts().iter().map(run).collect::<Result<_>>()?;
        let is_list = self.inputs().1;
        Ok(if is_list {
            outputs.into()
        } else {
            outputs.remove(0)
        })
    }

    fn text_classification(&self) -> Result<Value> {
        use text_classification::{Function, Input, Options, Top};
        let (inputs, is_list) = self.inputs();
        let inputs: Vec<Input> = inputs
            .into_iter()
            .map(|input| match input.as_str() {
                Some(text) => Input::from(text),
                None => Input {
                    text: input["text"].as_str().expect("a text"),
                    pair: input["text_pair"].as_str(),
                },
            })
            .collect();
        let function = self.option("function_to_apply").and_then(Value::as_str);
        let options = Options {
            function: function.map(|name| Function::named(name).expect("a function")),
            top: match self.option("top_k") {
                Some(Value::Null) => Top::All,
                Some(count) => Top::Most(count.as_u64().expect("a count") as usize),
                // One text by itself has its label in a list.
                None if !is_list && inputs[0].pair.is_none() => Top::Most(1),
                None => Top::Best,
            },
        };
        let model = TextClassification::open(&self.folder(), Precision::F32)?;
        Ok(self.shaped(&model.run(&inputs, &options, &mut || false)?))
    }

    fn question_answering(&self) -> Result<Value> {
        use question_answering::{Input, Options};
        let (inputs, _) = self.inputs();
        let inputs: Vec<Input> = inputs
            .into_iter()
            .map(|input| Input {
                question: input["question"].as_str().expect("a question"),
                context: input["context"].as_str().expect("a text"),
            })
            .collect();
        let usual = Options::default();
        let options = Options {
            top_k: self.number("top_k").unwrap_or(usual.top_k),
            doc_stride: self.number("doc_stride"),
            max_answer_len: self
                .number("max_answer_len")
                .unwrap_or(usual.max_answer_len),
            max_seq_len: self.number("max_seq_len"),
            handle_impossible_answer: self.flag("handle_impossible_answer").unwrap_or(false),
            align_to_words: self.flag("align_to_words").unwrap_or(true),
        };
        let model = QuestionAnswering::open(&self.folder(), Precision::F32)?;
        Ok(self.shaped(&model.run(&inputs, &options, &mut || false)?))
    }
}

/// Where two values differ, if they do: numbers that are not whole may by the tolerance.
fn difference(ours: &Value, theirs: &Value, at: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(i, (a, b))| difference(a, b, &format!("{at}[{i}]"))),
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => b
            .iter()
            .find_map(|(key, b)| difference(&a[key], b, &format!("{at}.{key}"))),
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().expect("a number"), b.as_f64().expect("a number"));
            let off = (a - b).abs() / 1f64.max(b.abs());
            (off > TOLERANCE).then(|| format!("{at}: {a} for {b}"))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{at}: {a} for {b}")),
    }
}

/// Every output of one pipeline agrees, under every option.
fn agrees(task: &str, least: usize) {
    let cases: Vec<Case> = Case::all()
        .into_iter()
        .filter(|case| case.task() == task)
        .collect();
    assert!(cases.len() >= least, "{task} has {} cases", cases.len());
    let mut wrong = BTreeMap::new();
    for (i, case) in cases.iter().enumerate() {
        let ours = case.run().unwrap_or_else(|e| panic!("{task} {i}: {e}"));
        if let Some(what) = difference(&ours, &case.0["outputs"], "outputs") {
            wrong.insert(
                i,
                format!("{} {}: {what}", case.0["inputs"], case.0["options"]),
            );
        }
    }
    let (count, of) = (wrong.len(), cases.len());
    assert!(
        wrong.is_empty(),
        "{count} of {of} cases of {task} differ: {wrong:#?}"
    );
}

#[test]
fn filled_masks_agree() {
    agrees("fill-mask", 6);
}

#[test]
fn labels_of_texts_agree() {
    agrees("text-classification", 20);
}

#[test]
fn labels_of_tokens_agree() {
    agrees("token-classification", 30);
}

#[test]
fn answers_agree() {
    agrees("question-answering", 11);
}

#[test]
fn hidden_states_agree() {
    agrees("feature-extraction", 2);
}

#[test]
fn vectors_of_texts_agree() {
    agrees("sentence-similarity", 1);
}

#[test]
fn texts_agree() {
    agrees("text-generation", 9);
    for task in ["text2text-generation", "summarization", "translation"] {
        agrees(task, 4);
    }
}

/// Texts of many lengths, more than one batch of them.
fn texts() -> Vec<String> {
    let words = "The train to Paris leaves at nine and the soup was cold"
        .split(' ')
        .cycle();
    (0..400)
        .map(|i| {
            words
                .clone()
                .skip(i)
                .take(i * 7 % 30)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

#[test]
fn many_inputs_keep_their_order_and_give_what_each_gives_alone() {
    let model = SentenceEmbedding::open(&folder("sentence-embedding"), Precision::F32);
    let model = model.expect("a model");
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let all = model.run(&texts, &mut || false).expect("vectors");
    assert_eq!(all.len(), texts.len());
    for i in (0..texts.len()).step_by(29) {
        let alone = model.run(&texts[i..=i], &mut || false).expect("a vector");
        assert_eq!(alone[0].notes, all[i].notes);
        let (alone, among) = (&alone[0].output, &all[i].output);
        let close = similarity::cosines(from_ref(alone), from_ref(among)).expect("cosines");
        assert!(close[0][0] > 1.0 - 1e-5, "text {i}");
    }
    let mut batches = 0;
    let mut stop = || {
        batches += 1;
        batches > 1
    };
    let stopped = model.run(&texts, &mut stop).expect_err("stopped");
    assert_eq!(stopped.to_string(), "interrupted");
}

#[test]
fn notes_say_what_the_model_did_not_see() {
    let model = TextClassification::open(&folder("text-classification"), Precision::F32);
    let model = model.expect("a model");
    let long = "The soup was cold. ".repeat(20);
    let inputs = [long.as_str(), "ქართული", "", "The soup was cold."].map(Into::into);
    let outcomes = model
        .run(
            &inputs,
            &text_classification::Options::default(),
            &mut || false,
        )
        .expect("labels");
    let [left_out, unknown, empty, fine] = &outcomes[..] else {
        panic!("four outcomes")
    };
    let [Note::LeftOut { tokens, of }] = left_out.notes[..] else {
        panic!("{:?}", left_out.notes)
    };
    assert_eq!(of - tokens, 40);
    assert_eq!(
        unknown.notes,
        [Note::Unknown {
            characters: 7,
            of: 7
        }]
    );
    assert_eq!(empty.notes, [Note::Empty]);
    assert_eq!(fine.notes, []);
}

#[test]
fn masks_that_are_not_there_or_cut_off_are_errors() {
    let model = FillMask::open(&folder("fill-mask"), Precision::F32).expect("a model");
    let run = |texts: &[&str]| model.run(texts, &fill_mask::Options::default(), &mut || false);
    let error = run(&["The train leaves."]).expect_err("no mask");
    assert_eq!(error.to_string(), "the text has no [MASK]");
    let late = format!("{} [MASK].", "The soup was cold. ".repeat(20));
    let error = run(&["The [MASK] leaves.", &late]).expect_err("cut off");
    assert_eq!(
        error.to_string(),
        "input 2: the text has no [MASK] in the 40 tokens that are read"
    );
    let options = fill_mask::Options {
        top_k: 1,
        targets: Some(vec!["unheard".to_owned()]),
    };
    let outcomes = model
        .run(&["The [MASK]."], &options, &mut || false)
        .expect("filled");
    assert!(matches!(outcomes[0].notes[..], [Note::Replaced { .. }]));
}

#[test]
fn windows_find_what_a_cut_text_loses() {
    let model = TokenClassification::open(&folder("token-classification"), Precision::F32);
    let model = model.expect("a model");
    let text = "Anna Berger of Alder Motors met Doctor Lena Fischer in Paris. ".repeat(4);
    let mut options = token_classification::Options {
        aggregation: token_classification::Aggregation::Simple,
        ..Default::default()
    };
    let cut = model
        .run(&[&text], &options, &mut || false)
        .expect("entities");
    assert!(matches!(cut[0].notes[..], [Note::LeftOut { .. }]));
    options.stride = Some(8);
    let whole = model
        .run(&[&text], &options, &mut || false)
        .expect("entities");
    assert!(whole[0].notes.is_empty());
    assert!(whole[0].output.len() > cut[0].output.len());
    let ordered = whole[0]
        .output
        .windows(2)
        .all(|pair| pair[0].end <= pair[1].start);
    assert!(ordered, "entities overlap");
    options.aggregation = token_classification::Aggregation::None;
    assert!(model.run(&[&text], &options, &mut || false).is_err());
}

#[test]
fn options_that_do_not_fit_are_named() {
    let model = QuestionAnswering::open(&folder("question-answering"), Precision::F32);
    let model = model.expect("a model");
    let input = question_answering::Input {
        question: "Who?",
        context: "Anna lives in Vienna.",
    };
    let failed = |input, change: fn(&mut question_answering::Options)| {
        let mut options = question_answering::Options::default();
        change(&mut options);
        model
            .run(&[input], &options, &mut || false)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(failed(input, |o| o.top_k = 0), "top_k: must be at least 1");
    assert_eq!(
        failed(input, |o| o.max_seq_len = Some(512)),
        "max_seq_len: is 512, and the model reads 40 tokens"
    );
    assert_eq!(
        failed(input, |o| o.doc_stride = Some(50)),
        "doc_stride: is 50, and a window has 40 tokens"
    );
    let empty = question_answering::Input {
        context: "",
        ..input
    };
    assert_eq!(failed(empty, |_| ()), "context: is empty");
    // Of a question that leaves little room windows share less by themselves.
    let question = "Who opened the bridge, and who lives in Vienna, and why?";
    let context = "Peter Marsh, the mayor of Cork, opened the bridge on Monday.";
    let input = question_answering::Input { question, context };
    assert!(
        model
            .run(
                &[input],
                &question_answering::Options::default(),
                &mut || false
            )
            .is_ok()
    );
}

#[test]
fn a_model_does_what_it_was_trained_for() {
    for (model, first) in [
        ("fill-mask", Task::FillMask),
        ("text-classification", Task::TextClassification),
        ("text-classification-multi-label", Task::TextClassification),
        ("token-classification", Task::TokenClassification),
        ("question-answering", Task::QuestionAnswering),
        ("feature-extraction", Task::FeatureExtraction),
        ("text-generation", Task::TextGeneration),
        ("text2text-generation", Task::Text2TextGeneration),
    ] {
        let parts = Parts::read(&folder(model)).expect("parts");
        assert_eq!(parts.task(None).expect("a task"), first, "{model}");
    }
    let error = TextClassification::open(&folder("token-classification"), Precision::F32);
    let error = error.err().expect("refused");
    assert!(
        error
            .to_string()
            .ends_with("this model does not do text-classification"),
        "{error}"
    );
    assert_eq!(
        error.hint_text(),
        Some("it does token-classification, feature-extraction, sentence-similarity")
    );
}

#[test]
fn a_head_that_was_never_trained_is_refused() {
    let from = folder("feature-extraction");
    let to = tempfile::tempdir().expect("folder");
    for name in [
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ] {
        std::fs::copy(from.join(name), to.path().join(name)).expect("copied");
    }
    let config = std::fs::read_to_string(from.join("config.json")).expect("a config");
    for (class, task) in [
        ("DistilBertForMaskedLM", "fill-mask"),
        ("DistilBertForSequenceClassification", "text-classification"),
        ("DistilBertForTokenClassification", "token-classification"),
        ("DistilBertForQuestionAnswering", "question-answering"),
    ] {
        let config = config.replace("DistilBertModel", class);
        modeldesk::files::write(&to.path().join("config.json"), config.as_bytes())
            .expect("written");
        let open = match task {
            "fill-mask" => FillMask::open(to.path(), Precision::F32).err(),
            "text-classification" => TextClassification::open(to.path(), Precision::F32).err(),
            "token-classification" => TokenClassification::open(to.path(), Precision::F32).err(),
            _ => QuestionAnswering::open(to.path(), Precision::F32).err(),
        };
        let error = open.expect("refused");
        let expected = format!("this checkpoint has no trained head for {task}");
        assert!(error.to_string().ends_with(&expected), "{error}");
        assert!(
            error
                .hint_text()
                .is_some_and(|hint| hint.contains("feature-extraction"))
        );
    }
    assert!(FeatureExtraction::open(to.path(), Precision::F32).is_ok());
}
