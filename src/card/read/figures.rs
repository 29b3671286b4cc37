//! `model-index`: one figure a value, with how far it can be relied on.

use super::{Reader, scalar, short};
use crate::card::Origin;
use crate::card::check::{Problem, Severity};
use crate::card::facts::{Facts, Figure, Rank};
use crate::card::yaml::{Data, Node};

/// Reads every value of `model-index`.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node, facts: &mut Facts) {
    let Some(index) = Reader::stated(root, "model-index") else {
        return;
    };
    for (m, model) in items(reader, index, "model-index").iter().enumerate() {
        let field = format!("model-index[{m}].results");
        let Some(results) = Reader::stated(model, "results") else {
            continue;
        };
        for (r, result) in items(reader, results, &field).iter().enumerate() {
            read_result(reader, result, &format!("{field}[{r}]"), &mut facts.figures);
        }
    }
}

/// The items of a list; a warning where there is none.
fn items<'n>(reader: &mut Reader<'_>, node: &'n Node, field: &str) -> &'n [Node] {
    if let Data::List(items) = &node.data {
        return items;
    }
    reader.warn(node, field, "not a list", "write `- name: ...` items");
    &[]
}

fn read_result(reader: &mut Reader<'_>, result: &Node, field: &str, figures: &mut Vec<Figure>) {
    let task = Reader::stated(result, "task");
    let dataset = Reader::stated(result, "dataset");
    let in_dataset = format!("{field}.dataset");
    let of_dataset =
        |reader: &mut Reader<'_>, key| dataset.and_then(|d| reader.part(d, key, &in_dataset));
    let common = Figure {
        task: task.and_then(|t| reader.part(t, "type", &format!("{field}.task"))),
        dataset: of_dataset(reader, "type"),
        dataset_name: of_dataset(reader, "name"),
        config: of_dataset(reader, "config"),
        split: of_dataset(reader, "split"),
        metric: String::new(),
        digits: String::new(),
        number: None,
        rank: Rank::Unverified,
        source: read_source(reader, result, field),
        line: result.line,
    };
    let Some(metrics) = Reader::stated(result, "metrics") else {
        return;
    };
    let field = format!("{field}.metrics");
    for (i, metric) in items(reader, metrics, &field).iter().enumerate() {
        if let Some(figure) = read_metric(reader, metric, &format!("{field}[{i}]"), &common) {
            figures.push(figure);
        }
    }
}

/// `source.name`, or a `source` that is just a text.
fn read_source(reader: &mut Reader<'_>, result: &Node, field: &str) -> Option<String> {
    let source = Reader::stated(result, "source")?;
    match source.data {
        Data::Map(_) => reader.part(source, "name", &format!("{field}.source")),
        _ => reader.part(result, "source", field),
    }
}

fn read_metric(
    reader: &mut Reader<'_>,
    metric: &Node,
    field: &str,
    common: &Figure,
) -> Option<Figure> {
    let kind = reader.part(metric, "type", field);
    let name = reader.part(metric, "name", field).or_else(|| kind.clone());
    let value = Reader::stated(metric, "value")?;
    let field = format!("{field}.value");
    let Some(digits) = scalar(value) else {
        reader.warn(
            value,
            &field,
            "a list or mapping where a number belongs",
            "write one number",
        );
        return None;
    };
    let Some(name) = name else {
        reader.warn(
            metric,
            &field,
            "a value of a metric with no name",
            "add `type:`",
        );
        return None;
    };
    let mut figure = Figure {
        metric: name,
        digits: digits.to_owned(),
        number: yaml_number(digits),
        line: value.line,
        ..common.clone()
    };
    figure.rank = read_rank(reader, metric, &field);
    let sane = figure.number.is_none_or(|n| {
        in_range(&figure.metric, n) && kind.as_deref().is_none_or(|kind| in_range(kind, n))
    });
    if figure.number.is_none() {
        let what = format!("`{}` is not a number", short(digits));
        reader.warn(value, &field, what, "write the number alone");
        figure.rank = Rank::Unverified;
    } else if !sane {
        let what = format!("{} cannot be {}", short(&figure.metric), short(digits));
        reader.warn(
            value,
            &field,
            what,
            "read it again in its source; it counts as unverified",
        );
        figure.rank = Rank::Unverified;
    }
    Some(figure)
}

/// A number in YAML's spelling; `.nan` and `.inf` are numbers too, and out of every range.
fn yaml_number(digits: &str) -> Option<f64> {
    match digits.trim() {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        digits => digits.parse().ok(),
    }
}

/// `args.rank`. An imported card's word about its own checking is worth nothing.
fn read_rank(reader: &mut Reader<'_>, metric: &Node, field: &str) -> Rank {
    let Some(node) = Reader::stated(metric, "args").and_then(|a| Reader::stated(a, "rank")) else {
        return Rank::Unverified;
    };
    let rank = match scalar(node) {
        Some("card") => Rank::Card,
        Some("author") => Rank::Author,
        Some("derived") => Rank::Derived,
        Some("unverified") => Rank::Unverified,
        _ => {
            let hint = "use card, author, derived or unverified";
            reader.warn(
                node,
                field,
                "an unknown rank; it counts as unverified",
                hint,
            );
            Rank::Unverified
        }
    };
    if reader.origin == Origin::Imported && rank != Rank::Unverified {
        reader.problems.push(Problem {
            severity: Severity::Note,
            line: node.line,
            field: field.to_owned(),
            what: "an imported card ranks its own figure; it counts as unverified".to_owned(),
            hint: None,
        });
        return Rank::Unverified;
    }
    rank
}

/// Whether `value` is one that `metric` can have, as a share of 1 or of 100.
///
/// True for every finite value of a metric that is not known here.
pub(in crate::card) fn in_range(metric: &str, value: f64) -> bool {
    if !value.is_finite() {
        return false;
    }
    let name: String = metric
        .to_lowercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let is = |names: &[&str]| names.iter().any(|n| name.contains(n));
    if is(&["pearson", "spearman", "matthews", "mcc", "correlation"]) {
        return (-100.0..=100.0).contains(&value);
    }
    if is(&["perplexity", "ppl"]) {
        return value >= 1.0;
    }
    if is(&["loss", "mse", "mae", "wer", "cer", "ter", "latency"]) && !is(&["meter"]) {
        return value >= 0.0;
    }
    if is(&[
        "rouge",
        "bleu",
        "chrf",
        "meteor",
        "accuracy",
        "precision",
        "recall",
        "exactmatch",
    ]) || is(&[
        "ndcg",
        "mrr",
        "glue",
        "average",
        "bertscore",
        "hitrate",
        "auc",
    ]) || name.starts_with("f1")
        || name.ends_with("f1")
        || matches!(name.as_str(), "em" | "acc" | "map" | "f1score" | "ap")
    {
        return (0.0..=100.0).contains(&value);
    }
    true
}
