//! M5: `config.json`, as transformers writes it and as nobody should.

use std::path::Path;

use modeldesk::model::config::{BertConfig, Config, Head, ProblemType};
use modeldesk::model::kernels::activation::Activation;
use serde_json::{Value, json};

use super::{Folder, failure};
use crate::counts;

fn read(config: &Value) -> modeldesk::error::Result<Config> {
    let folder = Folder::new();
    folder.put("config.json", config.to_string().as_bytes());
    Config::read(folder.path())
}

fn bert(config: &Value) -> BertConfig {
    match read(config).unwrap() {
        Config::Bert(config) => config,
        other => panic!("{other:?}"),
    }
}

/// A configuration of one field beside its type.
fn with(kind: &str, field: &str, value: Value) -> Value {
    let mut config = json!({"model_type": kind});
    config[field] = value;
    config
}

#[test]
fn defaults_have_as_many_parameters_as_the_published_models() {
    let flan = |d_model, d_ff, layers, heads| {
        json!({"model_type": "t5", "d_model": d_model, "d_ff": d_ff, "num_layers": layers,
               "num_heads": heads, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false})
    };
    let gpt2 = |n_embd, n_layer, n_head| json!({"model_type": "gpt2", "n_embd": n_embd, "n_layer": n_layer, "n_head": n_head});
    let (bert, distilbert) = (
        json!({"model_type": "bert"}),
        json!({"model_type": "distilbert"}),
    );
    let cases = [
        (bert.clone(), Head::Base, 109_482_240),
        (bert.clone(), Head::MaskedLm, 109_514_298),
        (bert.clone(), Head::SequenceClassification, 109_483_778),
        (bert, Head::QuestionAnswering, 108_893_186),
        (distilbert.clone(), Head::Base, 66_362_880),
        (distilbert.clone(), Head::MaskedLm, 66_985_530),
        (distilbert, Head::SequenceClassification, 66_955_010),
        (gpt2(768, 12, 12), Head::CausalLm, 124_439_808),
        (gpt2(1024, 24, 16), Head::CausalLm, 354_823_168),
        (gpt2(1280, 36, 20), Head::CausalLm, 774_030_080),
        (gpt2(1600, 48, 25), Head::CausalLm, 1_557_611_200),
        (json!({"model_type": "t5"}), Head::Generation, 60_506_624),
        (flan(512, 1024, 8, 6), Head::Generation, 76_961_152),
        (flan(768, 2048, 12, 12), Head::Generation, 247_577_856),
        (
            json!({"model_type": "mt5", "tie_word_embeddings": false}),
            Head::Generation,
            300_176_768,
        ),
    ];
    for (config, head, parameters) in cases {
        assert_eq!(
            read(&config).unwrap().parameters(head),
            parameters,
            "{config}"
        );
    }
}

#[test]
fn fields_are_read_under_their_names_and_their_other_names() {
    let Config::Gpt2(gpt2) = read(&json!({
        "model_type": "gpt2", "hidden_size": 30, "num_attention_heads": 3, "n_ctx": 40,
        "num_hidden_layers": 2, "vocab_size": 101, "n_inner": null, "pad_token_id": 7,
        "scale_attn_by_inverse_layer_idx": true, "activation_function": "relu",
        "eos_token_id": [100, 50256], "attn_pdrop": 0, "layer_norm_epsilon": 1e-3,
    }))
    .unwrap() else {
        panic!("not GPT-2");
    };
    assert_eq!((gpt2.n_embd, gpt2.n_head, gpt2.n_layer), (30, 3, 2));
    assert_eq!((gpt2.n_positions, gpt2.n_inner), (40, 120));
    assert_eq!(gpt2.activation_function, Activation::Relu);
    assert!(gpt2.scale_attn_by_inverse_layer_idx && gpt2.scale_attn_weights);
    assert_eq!(gpt2.attn_pdrop.to_bits(), 0);
    // The default of what begins a text is beyond this vocabulary.
    assert_eq!((gpt2.bos_token_id, gpt2.pad_token_id), (None, Some(7)));
    assert_eq!(gpt2.eos_token_id, [100]);

    let Config::T5(t5) = read(&json!({
        "model_type": "t5", "tie_word_embeddings": false, "feed_forward_proj": "gated-gelu",
        "num_layers": 3, "num_decoder_layers": null, "eos_token_id": 1, "head_dim": 6,
        "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12,
    }))
    .unwrap() else {
        panic!("not T5");
    };
    assert_eq!((t5.num_layers, t5.num_decoder_layers, t5.d_kv), (3, 3, 6));
    assert_eq!((t5.activation, t5.gated), (Activation::GeluTanh, true));
    assert!(!t5.scale_decoder_outputs && !t5.common.tie_word_embeddings);
    assert_eq!((t5.decoder_start_token_id, t5.pad_token_id), (0, Some(0)));
    let again =
        json!({"model_type": "t5", "tie_word_embeddings": true, "scale_decoder_outputs": false});
    let Config::T5(t5) = read(&again).unwrap() else {
        panic!("not T5");
    };
    assert!(!t5.scale_decoder_outputs && t5.common.tie_word_embeddings);
    assert_eq!((t5.activation, t5.gated), (Activation::Relu, false));

    let Config::DistilBert(distilbert) = read(&json!({
        "architectures": ["DistilBertForSequenceClassification"], "hidden_size": 30, "n_heads": 3,
        "qa_dropout": 0.3, "activation": "gelu_new", "sinusoidal_pos_embds": true,
        "problem_type": "multi_label_classification", "torch_dtype": "float16",
    }))
    .unwrap() else {
        panic!("not DistilBERT");
    };
    assert_eq!((distilbert.dim, distilbert.n_layers), (30, 6));
    assert!(distilbert.sinusoidal_pos_embds);
    assert_eq!(distilbert.common.head(), Some(Head::SequenceClassification));
    assert_eq!(
        distilbert.common.problem_type,
        Some(ProblemType::MultiLabel)
    );
    assert_eq!(distilbert.common.dtype.as_deref(), Some("float16"));
}

#[test]
fn labels_are_in_the_order_of_their_ids() {
    let labels = |field: &str, value| bert(&with("bert", field, value)).common.labels;
    assert_eq!(
        bert(&json!({"model_type": "bert"})).common.labels.names(),
        ["LABEL_0", "LABEL_1"]
    );
    assert_eq!(labels("num_labels", json!(3)).len(), 3);
    let named = labels(
        "id2label",
        json!({"10": "k", "2": "c", "0": "a", "1": "b", "3": "d", "4": "e",
        "5": "f", "6": "g", "7": "h", "8": "i", "9": "j"}),
    );
    assert_eq!(named.names().concat(), "abcdefghijk");
    assert_eq!(
        (named.id("k"), named.name(2), named.id("z")),
        (Some(10), Some("c"), None)
    );
}

#[test]
fn the_class_that_saved_a_model_says_its_head() {
    for (class, head) in [
        ("BertModel", Head::Base),
        ("BertForPreTraining", Head::MaskedLm),
        ("DistilBertForMaskedLM", Head::MaskedLm),
        ("GPT2LMHeadModel", Head::CausalLm),
        ("GPT2DoubleHeadsModel", Head::CausalLm),
        ("T5WithLMHeadModel", Head::Generation),
        ("T5ForConditionalGeneration", Head::Generation),
        (
            "GPT2ForSequenceClassification",
            Head::SequenceClassification,
        ),
        ("BertForTokenClassification", Head::TokenClassification),
        ("DistilBertForQuestionAnswering", Head::QuestionAnswering),
    ] {
        assert_eq!(Head::of(class), Some(head), "{class}");
    }
    assert_eq!(Head::of("BertForNextSentencePrediction"), None);
}

/// Types, fields beside them, and a part of what is said of those.
const EDITS: [(&str, &str, &str); 50] = [
    (
        "bert",
        r#""hidden_size":1000000000000"#,
        "`hidden_size` is 1000000000000, and must be a whole number from 1 to 65536",
    ),
    (
        "bert",
        r#""hidden_size":1e12"#,
        "`hidden_size` is 1000000000000.0, and must",
    ),
    ("bert", r#""hidden_size":0"#, "`hidden_size` is 0, and must"),
    (
        "bert",
        r#""hidden_size":-768"#,
        "`hidden_size` is -768, and must",
    ),
    (
        "bert",
        r#""hidden_size":"768""#,
        r#"`hidden_size` is "768", and must"#,
    ),
    (
        "bert",
        r#""hidden_size":768.5"#,
        "`hidden_size` is 768.5, and must",
    ),
    (
        "bert",
        r#""hidden_size":770"#,
        "a divisor of `hidden_size`, which is 770",
    ),
    (
        "bert",
        r#""num_attention_heads":0"#,
        "`num_attention_heads` is 0, and must",
    ),
    (
        "bert",
        r#""num_attention_heads":7"#,
        "`num_attention_heads` is 7, and must be a divisor",
    ),
    (
        "bert",
        r#""num_hidden_layers":1000000000"#,
        "must be a whole number from 1 to 1024",
    ),
    (
        "bert",
        r#""num_hidden_layers":[12]"#,
        "`num_hidden_layers` is [12], and must",
    ),
    (
        "bert",
        r#""intermediate_size":18446744073709551615"#,
        "`intermediate_size` is 18446744073709551615",
    ),
    ("bert", r#""vocab_size":0"#, "`vocab_size` is 0"),
    (
        "bert",
        r#""vocab_size":1099511627776"#,
        "`vocab_size` is 1099511627776",
    ),
    (
        "bert",
        r#""vocab_size":10,"pad_token_id":10"#,
        "`pad_token_id` is 10, and must be below `vocab_size`",
    ),
    (
        "bert",
        r#""pad_token_id":-1"#,
        "`pad_token_id` is -1, and must be the id of a token",
    ),
    (
        "bert",
        r#""max_position_embeddings":1073741824"#,
        "`max_position_embeddings` is 1073741824",
    ),
    ("bert", r#""type_vocab_size":0"#, "`type_vocab_size` is 0"),
    (
        "bert",
        r#""layer_norm_eps":0"#,
        "`layer_norm_eps` is 0, and must be a number between 0 and 1",
    ),
    (
        "bert",
        r#""layer_norm_eps":1e-300"#,
        "`layer_norm_eps` is 1e-300",
    ),
    (
        "bert",
        r#""hidden_dropout_prob":1.5"#,
        "`hidden_dropout_prob` is 1.5, and must be a probability",
    ),
    (
        "bert",
        r#""attention_probs_dropout_prob":-0.1"#,
        "`attention_probs_dropout_prob` is -0.1",
    ),
    (
        "bert",
        r#""classifier_dropout":1"#,
        "`classifier_dropout` is 1, and must",
    ),
    (
        "bert",
        r#""hidden_act":"mish""#,
        r#"`hidden_act` is "mish", and must be gelu"#,
    ),
    (
        "bert",
        r#""position_embedding_type":"relative_key""#,
        "and must be absolute",
    ),
    (
        "bert",
        r#""is_decoder":true"#,
        "`is_decoder` is true, and must be false",
    ),
    (
        "bert",
        r#""pruned_heads":{"0":[1]}"#,
        r#"`pruned_heads` is {"0":[1]}"#,
    ),
    (
        "bert",
        r#""id2label":{"0":"a","2":"b"}"#,
        "the ids 0 to 1, and `2` is none of them",
    ),
    (
        "bert",
        r#""id2label":{"0":"a","00":"b"}"#,
        "`00` is none of them",
    ),
    ("bert", r#""id2label":{"0":["a"]}"#, "an object of texts"),
    (
        "bert",
        r#""num_labels":3,"id2label":{"0":"a"}"#,
        "`num_labels` is 3, and must be 1",
    ),
    (
        "bert",
        r#""num_labels":1000000000"#,
        "`num_labels` is 1000000000",
    ),
    (
        "bert",
        r#""architectures":"BertModel""#,
        r#"`architectures` is "BertModel", and must be a list"#,
    ),
    (
        "bert",
        r#""problem_type":"x\u001b[2J""#,
        r#"`problem_type` is "x\u001b[2J""#,
    ),
    (
        "bert",
        r#""hidden_size":65536,"num_attention_heads":8,"num_hidden_layers":1024,"intermediate_size":262144"#,
        "describes a model of",
    ),
    (
        "distilbert",
        r#""dim":768,"hidden_size":32"#,
        "`dim` is 768 and `hidden_size`, its other name, is 32",
    ),
    (
        "distilbert",
        r#""seq_classif_dropout":"a lot""#,
        r#"`seq_classif_dropout` is "a lot""#,
    ),
    (
        "gpt2",
        r#""n_head":5"#,
        "`n_head` is 5, and must be a divisor of `n_embd`, which is 768",
    ),
    ("gpt2", r#""n_inner":-4"#, "`n_inner` is -4"),
    ("gpt2", r#""n_ctx":0"#, "`n_ctx` is 0"),
    (
        "gpt2",
        r#""eos_token_id":[1,"2"]"#,
        r#"`eos_token_id` is [1,"2"]"#,
    ),
    (
        "gpt2",
        r#""add_cross_attention":true"#,
        "`add_cross_attention` is true",
    ),
    (
        "gpt2",
        r#""initializer_range":-1"#,
        "`initializer_range` is -1",
    ),
    (
        "t5",
        r#""relative_attention_num_buckets":2"#,
        "`relative_attention_num_buckets` is 2",
    ),
    (
        "t5",
        r#""relative_attention_max_distance":16"#,
        "must be a whole number from 17",
    ),
    (
        "t5",
        r#""feed_forward_proj":"gated""#,
        r#"`feed_forward_proj` is "gated""#,
    ),
    (
        "t5",
        r#""decoder_start_token_id":40000"#,
        "`decoder_start_token_id` is 40000, and must be below",
    ),
    (
        "t5",
        r#""pad_token_id":null"#,
        "`decoder_start_token_id` must be there",
    ),
    (
        "t5",
        r#""tie_word_embeddings":"no""#,
        "and must be true or false",
    ),
    (
        "bart",
        r#""hidden_size":8"#,
        "models of type `bart` do not run here\n  hint: these types run: bert, distilbert, gpt2, t5",
    ),
];

#[test]
fn what_cannot_be_is_refused_by_the_name_of_its_field() {
    let row = counts::row("M5");
    let folder = Folder::new();
    for (kind, fields, expected) in EDITS {
        let config = format!("{{\"model_type\":\"{kind}\",{fields}}}");
        folder.put("config.json", config.as_bytes());
        let said = failure(Config::read(folder.path()));
        assert!(said.contains("config.json: "), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    let said = failure(read(&json!({})));
    assert!(said.contains("`model_type` must be there"), "{said}");
    row.held(EDITS.len() + 1);
}

#[test]
fn text_that_is_no_json_object_is_refused_with_its_line() {
    let row = counts::row("M5");
    let deep = |open: &str| format!("{{\"model_type\":\"bert\",\"x\":{}", open.repeat(10_000));
    let (lists, objects) = (deep("["), deep("{\"a\":"));
    let cases = [
        (
            "{\"model_type\": \"bert\",\n\"hidden_size\": NaN}",
            "config.json:2: is not valid",
        ),
        (
            "{\"model_type\": \"bert\",\n\"hidden_size\": 1e999}",
            "config.json:2: is not valid: number out of range",
        ),
        (
            "{\"hidden_size\": 8,\n\n\"hidden_size\": 16}",
            "config.json:3: is not valid: `hidden_size` stands there twice",
        ),
        (
            "{\"id2label\": {\"0\": \"a\",\n \"0\": \"b\"}}",
            "config.json:2: is not valid: `0` stands there twice",
        ),
        (&lists, "recursion limit exceeded"),
        (&objects, "recursion limit exceeded"),
        ("[]", "config.json: is not a JSON object"),
        (
            "{\"model_type\": \"bert\",}",
            "config.json:1: is not valid: trailing comma",
        ),
        ("{\"model_type\": \"be", "config.json:1: is truncated"),
    ];
    for (text, expected) in cases {
        let folder = Folder::new();
        folder.put("config.json", text.as_bytes());
        let said = failure(Config::read(folder.path()));
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(failure(Config::read(Folder::new().path())).contains("has no config.json"));
    assert!(failure(Config::read(Path::new("/no/such/folder"))).contains("cannot read"));
    row.held(cases.len());
}
