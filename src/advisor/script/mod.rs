//! Short scripts to copy: the same work with transformers or sentence-transformers, for models that
//! do not run here.

mod pairs;

use super::plan::{self, Plan, rate};
use crate::card::Card;

/// A Python script that runs `card` on one task with transformers; `language` are names: source and
/// target of a translation.
pub(super) fn run(card: &Card, task: Option<&str>, language: &[String]) -> String {
    let id = &card.id;
    let tag = card.facts.pipeline_tag.as_ref().map(|t| t.value.as_str());
    let task = task.or(tag).unwrap_or("feature-extraction");
    let length = card.facts.context_length.as_ref().map_or(512, |l| l.value);
    let head = format!(
        "from transformers import pipeline\n\npipe = pipeline(\"{task}\", model=\"{id}\")\n"
    );
    match task {
        "summarization" | "text2text-generation" | "translation" => {
            sequence(card, task, language, length)
        }
        "question-answering" => {
            format!("{head}print(pipe(question=\"...\", context=open(\"document.txt\").read()))\n")
        }
        "text-generation" => {
            format!("{head}print(pipe(\"...\", max_new_tokens=128)[0][\"generated_text\"])\n")
        }
        "token-classification" => format!(
            "from transformers import pipeline\n\npipe = pipeline(\"{task}\", model=\"{id}\", \
             aggregation_strategy=\"simple\")\nprint(pipe(\"...\"))\n"
        ),
        "zero-shot-classification" => {
            format!("{head}print(pipe(\"...\", candidate_labels=[\"first\", \"second\"]))\n")
        }
        "fill-mask" => format!("{head}print(pipe(f\"... {{pipe.tokenizer.mask_token}} ...\"))\n"),
        "text-ranking" => format!(
            "from sentence_transformers import CrossEncoder\n\nmodel = CrossEncoder(\"{id}\")\n\
             print(model.predict([(\"query\", \"passage\")]))\n"
        ),
        "sentence-similarity" | "feature-extraction" => format!(
            "from sentence_transformers import SentenceTransformer\n\n\
             model = SentenceTransformer(\"{id}\")\nvectors = model.encode([\"...\", \"...\"])\n\
             print(model.similarity(vectors, vectors))\n"
        ),
        _ => format!("{head}print(pipe(\"...\"))\n"),
    }
}

fn sequence(card: &Card, task: &str, language: &[String], length: u64) -> String {
    let kind = card
        .facts
        .architecture
        .as_ref()
        .map_or("", |a| a.value.model_type.as_str());
    let prefix = match (kind, task) {
        ("t5" | "mt5", "summarization") => "\"summarize: \" + ".to_owned(),
        ("t5" | "mt5", "translation") => {
            let name =
                |at: usize, or: &str| language.get(at).cloned().unwrap_or_else(|| or.to_owned());
            format!(
                "\"translate {} to {}: \" + ",
                name(0, "English"),
                name(1, "German")
            )
        }
        _ => String::new(),
    };
    let global = if kind == "led" {
        "# LED reads the whole document through its first token.\n\
         mask = torch.zeros_like(inputs[\"input_ids\"])\nmask[:, 0] = 1\n\
         inputs[\"global_attention_mask\"] = mask\n"
    } else {
        ""
    };
    let torch = if kind == "led" { "import torch\n" } else { "" };
    format!(
        "{torch}from transformers import AutoModelForSeq2SeqLM, AutoTokenizer\n\n\
         name = \"{id}\"\n\
         tokenizer = AutoTokenizer.from_pretrained(name)\n\
         model = AutoModelForSeq2SeqLM.from_pretrained(name)\n\
         text = {prefix}open(\"document.txt\").read()\n\
         inputs = tokenizer(text, return_tensors=\"pt\", truncation=True, max_length={length})\n\
         {global}output = model.generate(**inputs, max_new_tokens=256, num_beams=4)\n\
         print(tokenizer.decode(output[0], skip_special_tokens=True))\n",
        id = card.id,
    )
}

/// The plan as a script for transformers (and PEFT), or as a call of transformers' own example where
/// rows have to be aligned to sub-words.
pub(super) fn tune(plan: &Plan) -> String {
    match plan.task.as_str() {
        "token-classification" => example(plan, "token-classification/run_ner.py"),
        "question-answering" => example(plan, "question-answering/run_qa.py"),
        "text-classification" => trainer(plan, &CLASSIFIER),
        "text-generation" => trainer(plan, &WRITER),
        "feature-extraction" | "sentence-similarity" => pairs::embedder(plan),
        "text-ranking" => pairs::reranker(plan),
        _ => trainer(plan, &SEQUENCE),
    }
}

fn example(plan: &Plan, script: &str) -> String {
    format!(
        "# examples/pytorch/{script} of transformers; rows as JSON\n\
         python {file} --model_name_or_path {model} --train_file train.json \\\n  \
         --validation_file check.json --test_file test.json --output_dir run --do_train \\\n  \
         --do_eval --do_predict --learning_rate {rate} --num_train_epochs {epochs} \\\n  \
         --per_device_train_batch_size {batch} --max_seq_length {length} --seed 42\n",
        file = script.rsplit('/').next().unwrap_or(script),
        model = plan.model,
        rate = rate(plan.learning_rate),
        epochs = plan.epochs,
        batch = plan.batch_size,
        length = plan.max_length,
    )
}

/// What differs between tasks in a script of the Trainer.
struct Kind {
    model: &'static str,
    peft: &'static str,
    collator: &'static str,
    /// Before the model is loaded; `{length}` is the longest row.
    prepare: &'static str,
    labels: &'static str,
    collate: &'static str,
}

const CLASSIFIER: Kind = Kind {
    model: "AutoModelForSequenceClassification",
    peft: "SEQ_CLS",
    collator: "DataCollatorWithPadding",
    prepare: "rows = rows.class_encode_column(\"label\")\n\
              def encode(row):\n    \
              return tokenizer(row[\"text\"], truncation=True, max_length={length})\n",
    labels: ", num_labels=rows.features[\"label\"].num_classes",
    collate: "DataCollatorWithPadding(tokenizer)",
};

const WRITER: Kind = Kind {
    model: "AutoModelForCausalLM",
    peft: "CAUSAL_LM",
    collator: "DataCollatorForLanguageModeling",
    prepare: "tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token\n\
              def encode(row):\n    \
              turns = [m[\"role\"] + \": \" + m[\"content\"] for m in row[\"messages\"]]\n    \
              text = \"\\n\".join(turns) + tokenizer.eos_token\n    \
              return tokenizer(text, truncation=True, max_length={length})\n",
    labels: "",
    collate: "DataCollatorForLanguageModeling(tokenizer, mlm=False)",
};

const SEQUENCE: Kind = Kind {
    model: "AutoModelForSeq2SeqLM",
    peft: "SEQ_2_SEQ_LM",
    collator: "DataCollatorForSeq2Seq",
    prepare: "def encode(row):\n    \
              source, target = list(row.values())[:2]\n    \
              return tokenizer(source, text_target=target, truncation=True, max_length={length})\n",
    labels: "",
    collate: "DataCollatorForSeq2Seq(tokenizer, model=model)",
};

/// The warm-up in steps: they mean the same in every version of transformers, a share does not.
fn warmup_steps(plan: &Plan) -> f64 {
    if plan.warmup_steps < 1.0 {
        (plan.warmup_steps * plan.steps as f64).round()
    } else {
        plan.warmup_steps
    }
}

fn trainer(plan: &Plan, kind: &Kind) -> String {
    let (import, wrap) = match &plan.lora {
        Some(l) => (
            "from peft import LoraConfig, get_peft_model\n",
            format!(
                "model = get_peft_model(model, LoraConfig(task_type=\"{}\", r={}, lora_alpha={},\n    \
                 target_modules={:?}))\n",
                kind.peft, l.r, l.alpha, l.target_modules
            ),
        ),
        None => ("", String::new()),
    };
    format!(
        "from datasets import load_dataset\n\
         from transformers import (AutoTokenizer, {model}, {collator},\n    \
         Trainer, TrainingArguments)\n{import}\n\
         name = \"{id}\"\n\
         tokenizer = AutoTokenizer.from_pretrained(name)\n\
         rows = load_dataset(\"{loader}\", data_files=\"{file}\")[\"train\"]\n\
         {prepare}\
         rows = rows.map(encode).train_test_split({held}, seed=42)\n\
         held = rows[\"test\"].train_test_split({test}, seed=42)  # check, and test for the end\n\
         model = {model}.from_pretrained(name{labels})\n{wrap}\
         arguments = TrainingArguments(\n    output_dir=\"run\", learning_rate={rate}, \
         lr_scheduler_type=\"{scheduler}\",\n    warmup_steps={warmup}, \
         num_train_epochs={epochs}, per_device_train_batch_size={batch},\n    \
         eval_strategy=\"epoch\", seed=42)\n\
         trainer = Trainer(model=model, args=arguments, train_dataset=rows[\"train\"],\n    \
         eval_dataset=held[\"train\"], data_collator={collate})\n\
         trainer.train()\n\
         print(trainer.evaluate(held[\"test\"]))\n\
         model.save_pretrained(\"run/model\")\ntokenizer.save_pretrained(\"run/model\")\n",
        model = kind.model,
        collator = kind.collator,
        id = plan.model,
        loader = if plan.task == "text-classification" {
            "csv"
        } else {
            "json"
        },
        file = plan::file(&plan.task),
        prepare = kind
            .prepare
            .replace("{length}", &plan.max_length.to_string()),
        held = plan.check + plan.test,
        test = plan.test,
        labels = kind.labels,
        rate = rate(plan.learning_rate),
        scheduler = plan.lr_scheduler_type,
        warmup = warmup_steps(plan),
        epochs = plan.epochs,
        batch = plan.batch_size,
        collate = kind.collate,
    )
}
