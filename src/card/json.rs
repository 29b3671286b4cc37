//! A card as JSON, for scripts and for comparison with other readers.

use serde_json::{Map, Value, json};

use super::facts::{Fact, Figure, Quantity, Rank, Recipe, Speed};
use super::{Card, front, yaml};

impl Card {
    /// The card as one JSON object.
    ///
    /// `id`, `source` (its origin), the facts under the names of the front matter, each sourced
    /// fact as `{value, line, source, unverified}`, and `metadata`: the front matter as it is,
    /// null where there is none or it cannot be read. Texts are the card's own, unescaped: JSON
    /// has its own escapes.
    pub fn to_json(&self) -> Value {
        let facts = &self.facts;
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("id", json!(self.id));
        put("source", json!(self.origin));
        put("kind", json!(facts.kind));
        put("name", json!(self.name()));
        put("license", plain(facts.license.as_ref()));
        put("language", values(&facts.languages));
        put("library_name", plain(facts.library_name.as_ref()));
        put("pipeline_tag", plain(facts.pipeline_tag.as_ref()));
        put("tags", values(&facts.tags));
        put("datasets", values(&facts.datasets));
        put("metrics", values(&facts.metrics));
        put("base_model", values(&facts.base_model));
        put("aliases", json!(facts.aliases));
        put("family", plain(facts.family.as_ref()));
        put("author", plain(facts.author.as_ref()));
        put(
            "tasks",
            json!({
                "ready": values(&facts.tasks.ready),
                "tuned": values(&facts.tasks.tuned),
            }),
        );
        put("domains", values(&facts.domains));
        put("translates", values(&facts.translates));
        put(
            "parameters",
            sourced(facts.parameters.as_ref(), |n| json!(n)),
        );
        put(
            "architecture",
            sourced(facts.architecture.as_ref(), |a| {
                json!({
                    "model_type": a.model_type,
                    "kind": a.kind,
                    "layers": a.layers,
                    "hidden_size": a.hidden_size,
                    "heads": a.heads,
                    "kv_heads": a.kv_heads,
                    "head_dim": a.head_dim,
                    "vocab_size": a.vocab_size,
                })
            }),
        );
        put(
            "context_length",
            sourced(facts.context_length.as_ref(), |n| json!(n)),
        );
        put("size", sourced(facts.size.as_ref(), size));
        put(
            "speed",
            facts
                .speed
                .iter()
                .map(|s| sourced(Some(s), speed))
                .collect(),
        );
        put(
            "fine_tuning",
            facts
                .fine_tuning
                .iter()
                .map(|r| sourced(Some(r), recipe))
                .collect(),
        );
        put(
            "desk",
            json!({
                "tasks": values(&facts.desk_tasks),
                "tuning": values(&facts.desk_tuning),
            }),
        );
        put("see", values(&facts.see));
        put("figures", facts.figures.iter().map(figure).collect());
        put("problems", json!(self.problems));
        put("metadata", self.metadata());
        Value::Object(object)
    }

    /// The front matter as plain JSON; null where there is none or it cannot be read.
    pub fn metadata(&self) -> Value {
        let front::Split::Found(front) = front::split(&self.text) else {
            return Value::Null;
        };
        yaml::read(front.yaml, front.line, &mut Vec::new())
            .map_or(Value::Null, |document| yaml::to_json(&document.value))
    }
}

fn plain(fact: Option<&Fact<String>>) -> Value {
    fact.map_or(Value::Null, |f| json!(f.value))
}

fn values(facts: &[Fact<String>]) -> Value {
    facts.iter().map(|f| f.value.as_str()).collect()
}

fn sourced<T>(fact: Option<&Fact<T>>, value: impl Fn(&T) -> Value) -> Value {
    fact.map_or(Value::Null, |f| {
        json!({
            "value": value(&f.value),
            "line": f.line,
            "source": f.source,
            "unverified": f.unverified,
        })
    })
}

fn size(quantity: &Quantity) -> Value {
    json!({
        "bytes": quantity.bytes,
        "digits": quantity.digits,
        "precision": quantity.precision,
    })
}

fn speed(speed: &Speed) -> Value {
    json!({
        "claim": speed.claim,
        "against": speed.against,
        "times": speed.times,
        "hardware": speed.hardware,
    })
}

fn recipe(recipe: &Recipe) -> Value {
    fn of<T: serde::Serialize>(fact: Option<&Fact<T>>) -> Value {
        fact.map_or(Value::Null, |f| json!(f.value))
    }
    json!({
        "method": recipe.method,
        "learning_rate": of(recipe.learning_rate.as_ref()),
        "lr_scheduler_type": of(recipe.lr_scheduler_type.as_ref()),
        "warmup_ratio": of(recipe.warmup_ratio.as_ref()),
        "warmup_steps": of(recipe.warmup_steps.as_ref()),
        "batch_size": of(recipe.batch_size.as_ref()),
        "epochs": of(recipe.epochs.as_ref()),
        "max_length": of(recipe.max_length.as_ref()),
        "lora_r": of(recipe.lora_r.as_ref()),
        "lora_alpha": of(recipe.lora_alpha.as_ref()),
        "target_modules": recipe.target_modules,
        "tasks": recipe.tasks,
    })
}

fn figure(figure: &Figure) -> Value {
    let rank = match figure.rank {
        Rank::Card => "card",
        Rank::Author => "author",
        Rank::Derived => "derived",
        Rank::Unverified => "unverified",
    };
    json!({
        "task": figure.task,
        "dataset": figure.dataset,
        "dataset_name": figure.dataset_name,
        "config": figure.config,
        "split": figure.split,
        "metric": figure.metric,
        "value": figure.digits,
        "rank": rank,
        "source": figure.source,
        "line": figure.line,
    })
}
