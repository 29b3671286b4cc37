//! `generation_config.json`, and what older models have in its place.

use modeldesk::error::Result;
use modeldesk::model::config::{Config, EarlyStopping, Generation};
use serde_json::{Value, json};

use super::{Folder, failure};

/// What a folder with these two files says, the second if there is one.
fn read(config: &Value, generation: Option<&Value>) -> Result<(Config, Generation)> {
    let folder = Folder::new();
    folder.put("config.json", config.to_string().as_bytes());
    if let Some(generation) = generation {
        folder.put("generation_config.json", generation.to_string().as_bytes());
    }
    let config = Config::read(folder.path())?;
    let generation = Generation::read(folder.path(), &config)?;
    Ok((config, generation))
}

#[test]
fn the_file_alone_counts_where_there_is_one() {
    let config = json!({"model_type": "gpt2", "max_length": 50, "eos_token_id": 5});
    let file = json!({
        "max_new_tokens": 20, "min_length": 3, "num_beams": 4, "length_penalty": -0.5,
        "early_stopping": "never", "no_repeat_ngram_size": 3, "temperature": 0.7, "top_k": 0,
        "top_p": 0.9, "do_sample": true, "repetition_penalty": 1.2, "eos_token_id": [7, 60_000],
        "forced_bos_token_id": 9, "transformers_version": "5.0.0", "use_cache": true,
        "bad_words_ids": [[1]], "num_beam_groups": 1, "diversity_penalty": 0.0, "suppress_tokens": null,
        "guidance_scale": 2.0,
    });
    let (_, generation) = read(&config, Some(&file)).unwrap();
    let expected = Generation {
        max_new_tokens: Some(20),
        min_length: Some(3),
        num_beams: Some(4),
        length_penalty: Some(-0.5),
        early_stopping: Some(EarlyStopping::Never),
        no_repeat_ngram_size: Some(3),
        temperature: Some(0.7),
        top_k: Some(0),
        top_p: Some(0.9),
        do_sample: Some(true),
        repetition_penalty: Some(1.2),
        eos_token_id: vec![7],
        forced_bos_token_id: Some(9),
        ignored: vec!["bad_words_ids", "guidance_scale"],
        ..Generation::default()
    };
    assert_eq!(generation, expected);
    let (_, generation) = read(&config, Some(&json!({}))).unwrap();
    assert_eq!(generation, Generation::default());
}

#[test]
fn older_models_say_it_in_their_configuration_and_for_each_task() {
    let config = json!({
        "model_type": "t5", "max_length": 50, "num_beams": 1, "early_stopping": null,
        "task_specific_params": {
            "summarization": {"early_stopping": true, "length_penalty": 2.0, "max_length": 200,
                "min_length": 30, "no_repeat_ngram_size": 3, "num_beams": 4, "prefix": "summarize: "},
            "translation_en_to_de": {"prefix": "translate English to German: "},
        },
    });
    let (config, generation) = read(&config, None).unwrap();
    assert_eq!(
        (generation.max_length, generation.num_beams),
        (Some(50), Some(1))
    );
    assert_eq!(generation.early_stopping, None);
    assert_eq!(
        (generation.decoder_start_token_id, generation.pad_token_id),
        (Some(0), Some(0))
    );
    assert_eq!(generation.eos_token_id, [1]);
    let own = generation.clone().for_task(&config, "summarization");
    assert_eq!(
        (own.max_length, own.min_length, own.num_beams),
        (Some(200), Some(30), Some(4))
    );
    assert_eq!(own.early_stopping, Some(EarlyStopping::Yes));
    assert_eq!(
        (own.prefix.as_deref(), own.eos_token_id.as_slice()),
        (Some("summarize: "), [1].as_slice())
    );
    let own = generation.clone().for_task(&config, "translation_en_to_de");
    assert_eq!((own.max_length, own.prefix.is_some()), (Some(50), true));
    assert_eq!(generation.clone().for_task(&config, "none"), generation);
}

#[test]
fn what_cannot_be_is_refused_by_the_name_of_its_field() {
    let config = json!({"model_type": "t5"});
    for (field, value) in [
        ("num_beams", json!(0)),
        ("num_beams", json!(1_000_000)),
        ("max_new_tokens", json!(-1)),
        ("temperature", json!(-0.5)),
        ("temperature", json!(1e300)),
        ("top_p", json!(1.5)),
        ("top_k", json!(2.5)),
        ("repetition_penalty", json!(0)),
        ("length_penalty", json!("long")),
        ("early_stopping", json!("soon")),
        ("do_sample", json!(1)),
        ("eos_token_id", json!([[1]])),
        ("pad_token_id", json!(-1)),
        ("decoder_start_token_id", json!(32_128)),
        ("forced_bos_token_id", json!(1u64 << 40)),
    ] {
        let said = failure(read(&config, Some(&json!({field: value}))));
        let expected = format!("generation_config.json: `{field}` is {value}, and must be ");
        assert!(said.contains(&expected), "{expected}: {said}");
    }
    let said = failure(read(&config, Some(&json!([]))));
    assert!(
        said.contains("generation_config.json: is not a JSON object"),
        "{said}"
    );
}
