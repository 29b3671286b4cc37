//! Scripts for models that are trained on pairs: embedders and rerankers, with
//! sentence-transformers.

use super::super::plan::{self, Plan, rate};

/// A script that tunes an embedder on pairs that mean the same: each other pair of the batch is a
/// wrong answer.
pub(super) fn embedder(plan: &Plan) -> String {
    let adapter = plan.lora.as_ref().map_or_else(String::new, |l| {
        format!(
            "model.add_adapter(LoraConfig(task_type=\"FEATURE_EXTRACTION\", r={}, lora_alpha={},\n    \
             target_modules={:?}))\n",
            l.r, l.alpha, l.target_modules
        )
    });
    let peft = if plan.lora.is_some() {
        "from peft import LoraConfig\n"
    } else {
        ""
    };
    format!(
        "from datasets import load_dataset\n{peft}\
         from sentence_transformers import (SentenceTransformer, SentenceTransformerTrainer,\n    \
         SentenceTransformerTrainingArguments)\n\
         from sentence_transformers.evaluation import InformationRetrievalEvaluator\n\
         from sentence_transformers.losses import MultipleNegativesRankingLoss\n\
         from sentence_transformers.training_args import BatchSamplers\n\n\
         model = SentenceTransformer(\"{id}\")\n{adapter}\
         model.max_seq_length = {length}\n\
         {rows}\
         pairs = list(held[\"test\"])\n\
         queries = {{str(n): row[\"anchor\"] for n, row in enumerate(pairs)}}\n\
         corpus = {{str(n): row[\"positive\"] for n, row in enumerate(pairs)}}\n\
         judge = InformationRetrievalEvaluator(queries, corpus, {{n: {{n}} for n in queries}})\n\
         print(judge(model))  # before\n\
         arguments = SentenceTransformerTrainingArguments(\n    {settings},\n    \
         batch_sampler=BatchSamplers.NO_DUPLICATES)\n\
         trainer = SentenceTransformerTrainer(model=model, args=arguments,\n    \
         train_dataset=rows[\"train\"], eval_dataset=held[\"train\"],\n    \
         loss=MultipleNegativesRankingLoss(model))\n\
         trainer.train()\n\
         print(judge(model))  # after\n\
         model.save_pretrained(\"run/model\")\n",
        id = plan.model,
        length = plan.max_length,
        rows = rows(plan),
        settings = settings(plan),
    )
}

/// A script that tunes a reranker on queries with passages that answer them, and some that do not.
pub(super) fn reranker(plan: &Plan) -> String {
    format!(
        "from datasets import load_dataset\n\
         from sentence_transformers.cross_encoder import (CrossEncoder, CrossEncoderTrainer,\n    \
         CrossEncoderTrainingArguments)\n\
         from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss\n\n\
         model = CrossEncoder(\"{id}\", num_labels=1, max_length={length})\n\
         {rows}\
         arguments = CrossEncoderTrainingArguments(\n    {settings})\n\
         trainer = CrossEncoderTrainer(model=model, args=arguments,\n    \
         train_dataset=rows[\"train\"], eval_dataset=held[\"train\"],\n    \
         loss=BinaryCrossEntropyLoss(model))\n\
         print(trainer.evaluate(held[\"test\"]))  # before\n\
         trainer.train()\n\
         print(trainer.evaluate(held[\"test\"]))  # after\n\
         model.save_pretrained(\"run/model\")\n",
        id = plan.model,
        length = plan.max_length,
        rows = rows(plan),
        settings = settings(plan),
    )
}

fn rows(plan: &Plan) -> String {
    format!(
        "rows = load_dataset(\"json\", data_files=\"{file}\")[\"train\"]\n\
         rows = rows.train_test_split({held}, seed=42)\n\
         held = rows[\"test\"].train_test_split({test}, seed=42)  # check, and test for the end\n",
        file = plan::file(&plan.task),
        held = plan.check + plan.test,
        test = plan.test,
    )
}

fn settings(plan: &Plan) -> String {
    format!(
        "output_dir=\"run\", learning_rate={rate}, lr_scheduler_type=\"{scheduler}\",\n    \
         warmup_steps={warmup}, num_train_epochs={epochs}, per_device_train_batch_size={batch},\n    \
         seed=42",
        rate = rate(plan.learning_rate),
        scheduler = plan.lr_scheduler_type,
        warmup = super::warmup_steps(plan),
        epochs = plan.epochs,
        batch = plan.batch_size,
    )
}
