//! Short scripts to copy: the same work with transformers, for models that do not run here.

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
