//! Questions about fine-tuning: what a plan is made of.

use super::{ask, screen};

#[test]
fn the_fine_tune_question_gets_a_plan_for_its_number_of_rows() {
    let answer = ask("How can I fine-tune GPT-2 with 1000 examples?");
    let plan = answer.plan.as_ref().unwrap();
    assert_eq!(plan.model, "openai-community/gpt2");
    assert_eq!((plan.train, plan.check, plan.test), (900, 50, 50));
    assert_eq!(plan.steps, plan.steps_per_epoch * plan.epochs);
    assert_eq!(plan.method, "lora");
    assert_eq!(plan.trainable_parameters, 294_912);
    let seconds = plan.seconds.unwrap();
    assert!(seconds.low < seconds.likely && seconds.likely < seconds.high);
    assert!(
        plan.command
            .starts_with("modeldesk tune start --model openai-community/gpt2")
    );
    let shown = screen(&answer);
    for words in ["messages", "test rows", "perplexity", "GFLOP/s", "assumed"] {
        assert!(shown.contains(words), "{words:?} is missing from\n{shown}");
    }
    let more = ask("How can I fine-tune GPT-2 with 5000 examples?")
        .plan
        .unwrap();
    assert_eq!(more.steps, plan.steps * 5);
}

#[test]
fn a_recipe_counts_only_for_the_tasks_that_it_was_made_for() {
    let other = ask("how do I fine-tune bert for named entity recognition with 1000 examples?");
    let plan = other.plan.as_ref().unwrap();
    assert_eq!(
        (plan.task.as_str(), plan.recipe_line),
        ("token-classification", None)
    );
    assert!(
        screen(&other).contains("no recipe for token classification; the program's own: within")
    );
    // Control: for its own task the card is cited.
    let own = ask("how do I fine-tune bert for text classification with 1000 examples?");
    assert!(own.plan.as_ref().unwrap().recipe_line.is_some());
    assert!(screen(&own).contains("The recipe, says the card: MRPC"));
}

#[test]
fn an_embedder_is_planned_with_pairs_and_not_trained_here() {
    let answer = ask("how do I fine-tune all-MiniLM-L6-v2 with 2000 examples?");
    let plan = answer.plan.as_ref().unwrap();
    assert_eq!((plan.task.as_str(), plan.epochs), ("feature-extraction", 1));
    assert!(plan.command.is_empty());
    assert!(answer.actions.iter().all(|a| a.kind != "command"));
    let shown = screen(&answer);
    for words in [
        "does not train embeddings",
        "MultipleNegativesRankingLoss",
        "\"anchor\"",
        "SentenceTransformerTrainer",
    ] {
        assert!(shown.contains(words), "{words:?} is missing from\n{shown}");
    }
    let asked = ask("fine-tune all-MiniLM-L6-v2 for text classification with 2000 examples");
    assert!(
        asked
            .plan
            .unwrap()
            .command
            .starts_with("modeldesk tune start")
    );
    let reranker = ask("how do I fine-tune ms-marco-MiniLM-L6-v2?");
    assert_eq!(reranker.plan.as_ref().unwrap().task, "text-ranking");
    assert!(screen(&reranker).contains("BinaryCrossEntropyLoss"));
}

#[test]
fn low_ranks_are_counted_with_the_heads_of_keys_and_values() {
    let plan = ask("fine-tune smollm2-135m with 1000 examples")
        .plan
        .unwrap();
    assert_eq!(plan.method, "lora");
    assert_eq!(
        (plan.trainable_parameters, plan.trainable_at_most),
        (460_800, false)
    );
}
