//! The fields below `modeldesk`, which the hub keeps and does not know.

use super::{Reader, Stated, scalar, short};
use crate::card::facts::{Architecture, Fact, Facts, Kind, Quantity, Recipe, Speed};
use crate::card::yaml::{Data, Node};

/// Reads the extension; without one the tasks come from `pipeline_tag`.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node, facts: &mut Facts) {
    if let Some(desk) = Reader::stated(root, "modeldesk") {
        if matches!(desk.data, Data::Map(_)) {
            read_names(reader, desk, facts);
            read_scalars(reader, desk, facts);
            facts.speed = read_speed(reader, desk);
            facts.fine_tuning = read_recipes(reader, desk);
        } else {
            reader.warn(
                desk,
                "modeldesk",
                "not a mapping",
                "write `key: value` lines below it",
            );
        }
    }
    if facts.tasks.ready.is_empty() && facts.tasks.tuned.is_empty() {
        facts.tasks.ready.extend(facts.pipeline_tag.clone());
    }
}

fn read_names(reader: &mut Reader<'_>, desk: &Node, facts: &mut Facts) {
    if let Some(kind) = Reader::stated(desk, "kind") {
        match scalar(kind) {
            Some("model") => facts.kind = Kind::Model,
            Some("guide") => facts.kind = Kind::Guide,
            _ => reader.warn(
                kind,
                "modeldesk.kind",
                "an unknown kind",
                "use model or guide",
            ),
        }
    }
    facts.name = reader.text_fact(desk, "name", "modeldesk.name");
    facts.author = reader.text_fact(desk, "author", "modeldesk.author");
    facts.family = reader.text_fact(desk, "family", "modeldesk.family");
    if let Some(family) = &mut facts.family {
        family.value = family.value.to_lowercase();
    }
    let aliases = reader.list(desk, "aliases", "modeldesk.aliases");
    facts.aliases = aliases
        .into_iter()
        .map(|alias| alias.value.to_lowercase())
        .collect();
    facts.domains = reader.list(desk, "domains", "modeldesk.domains");
    facts.translates = reader.list(desk, "translates", "modeldesk.translates");
    facts.see = reader.list(desk, "see", "modeldesk.see");
    if let Some(tasks) = mapping(reader, desk, "tasks") {
        facts.tasks.ready = reader.list(tasks, "ready", "modeldesk.tasks.ready");
        facts.tasks.tuned = reader.list(tasks, "tuned", "modeldesk.tasks.tuned");
    }
    if let Some(here) = mapping(reader, desk, "desk") {
        facts.desk_tasks = reader.list(here, "tasks", "modeldesk.desk.tasks");
        facts.desk_tuning = reader.list(here, "tuning", "modeldesk.desk.tuning");
    }
}

/// The mapping below `key`; a warning where something else stands there.
fn mapping<'n>(reader: &mut Reader<'_>, desk: &'n Node, key: &str) -> Option<&'n Node> {
    let node = Reader::stated(desk, key)?;
    if matches!(node.data, Data::Map(_)) {
        return Some(node);
    }
    let what = "not a mapping";
    reader.warn(
        node,
        &format!("modeldesk.{key}"),
        what,
        "write `key: value` lines below it",
    );
    None
}

fn read_scalars(reader: &mut Reader<'_>, desk: &Node, facts: &mut Facts) {
    facts.parameters = sourced_count(reader, desk, "parameters");
    facts.context_length = sourced_count(reader, desk, "context_length");
    facts.architecture = read_architecture(reader, desk);
    facts.size = read_size(reader, desk);
}

/// `key: {value, source, unverified}`, or just the value, with where it came from.
fn sourced<'n>(
    reader: &mut Reader<'_>,
    desk: &'n Node,
    key: &str,
    field: &str,
) -> Option<(&'n Node, Stated)> {
    let node = Reader::stated(desk, key)?;
    if !matches!(node.data, Data::Map(_)) {
        return Some((node, Stated::default()));
    }
    let stated = reader.stated_by(node, field);
    let Some(value) = Reader::stated(node, "value") else {
        reader.warn(node, field, "states no value", "add `value:`");
        return None;
    };
    Some((value, stated))
}

fn sourced_count(reader: &mut Reader<'_>, desk: &Node, key: &str) -> Option<Fact<u64>> {
    let field = format!("modeldesk.{key}");
    let (value, stated) = sourced(reader, desk, key, &field)?;
    let count = reader.count(value, &field)?;
    Some(stated.fact(count, value.line))
}

fn read_architecture(reader: &mut Reader<'_>, desk: &Node) -> Option<Fact<Architecture>> {
    let field = "modeldesk.architecture";
    let (value, stated) = sourced(reader, desk, "architecture", field)?;
    let (model_type, line) = reader.text(value, field)?;
    let node = Reader::stated(desk, "architecture")?;
    let mut size = |key: &str| {
        let value = Reader::stated(node, key)?;
        reader.count(value, &format!("{field}.{key}"))
    };
    let (hidden_size, vocab_size) = (size("hidden_size"), size("vocab_size"));
    let (heads, kv_heads, head_dim) = (size("heads"), size("kv_heads"), size("head_dim"));
    let architecture = Architecture {
        model_type,
        kind: reader.part(node, "kind", field),
        layers: read_layers(reader, node),
        hidden_size,
        heads,
        kv_heads,
        head_dim,
        vocab_size,
    };
    Some(stated.fact(architecture, line))
}

/// `12`, or `12+12` for an encoder and a decoder: 24.
fn read_layers(reader: &mut Reader<'_>, architecture: &Node) -> Option<u64> {
    let node = Reader::stated(architecture, "layers")?;
    let layers = scalar(node).and_then(|text| {
        text.split('+').try_fold(0_u64, |sum, part| {
            sum.checked_add(part.trim().parse().ok()?)
        })
    });
    if layers.is_none() {
        let hint = "write `12`, or \"12+12\" for an encoder and a decoder";
        reader.warn(
            node,
            "modeldesk.architecture.layers",
            "not a number of layers",
            hint,
        );
    }
    layers
}

fn read_size(reader: &mut Reader<'_>, desk: &Node) -> Option<Fact<Quantity>> {
    let field = "modeldesk.size";
    let node = mapping(reader, desk, "size")?;
    let (value, stated) = sourced(reader, desk, "size", field)?;
    let number = reader.number(value, field)?;
    let digits = scalar(value)?;
    let unit = reader.part(node, "unit", field).unwrap_or_default();
    let factor = match unit.as_str() {
        "B" | "bytes" => 1.0,
        "KB" | "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => {
            let what = format!("the unit `{}` is unknown", short(&unit));
            reader.warn(
                node,
                &format!("{field}.unit"),
                what,
                "use KB, MB or GB (decimal)",
            );
            return None;
        }
    };
    if !(0.0..=1e15).contains(&(number * factor)) {
        reader.warn(value, field, "not the size of a file", "");
        return None;
    }
    let quantity = Quantity {
        bytes: (number * factor).round() as u64,
        digits: format!("{digits} {unit}"),
        precision: reader.part(node, "precision", field),
    };
    Some(stated.fact(quantity, value.line))
}

/// The mappings of a list; a single mapping counts as a list of one.
fn mappings<'n>(reader: &mut Reader<'_>, desk: &'n Node, key: &str) -> Vec<&'n Node> {
    let Some(node) = Reader::stated(desk, key) else {
        return Vec::new();
    };
    let items = match &node.data {
        Data::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut found = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        if matches!(item.data, Data::Map(_)) {
            found.push(item);
        } else {
            let field = format!("modeldesk.{key}[{i}]");
            reader.warn(
                item,
                &field,
                "not a mapping",
                "write `key: value` lines below it",
            );
        }
    }
    found
}

fn read_speed(reader: &mut Reader<'_>, desk: &Node) -> Vec<Fact<Speed>> {
    let mut speeds = Vec::new();
    for (i, node) in mappings(reader, desk, "speed").into_iter().enumerate() {
        let field = format!("modeldesk.speed[{i}]");
        let Some(claim) = Reader::stated(node, "claim") else {
            reader.warn(node, &field, "states no claim", "add `claim:`");
            continue;
        };
        let Some((text, line)) = reader.label(claim, &format!("{field}.claim")) else {
            continue;
        };
        let stated = reader.stated_by(node, &field);
        let times =
            Reader::stated(node, "times").and_then(|n| reader.number(n, &format!("{field}.times")));
        let speed = Speed {
            claim: text,
            against: reader.part(node, "against", &field),
            times,
            hardware: reader.part(node, "hardware", &field),
        };
        speeds.push(stated.fact(speed, line));
    }
    speeds
}

fn read_recipes(reader: &mut Reader<'_>, desk: &Node) -> Vec<Fact<Recipe>> {
    let mut recipes = Vec::new();
    for (i, node) in mappings(reader, desk, "fine_tuning")
        .into_iter()
        .enumerate()
    {
        let field = format!("modeldesk.fine_tuning[{i}]");
        let stated = reader.stated_by(node, &field);
        let method = reader.part(node, "method", &field).unwrap_or_default();
        if !matches!(method.as_str(), "full" | "lora" | "head") {
            let what = format!("the method `{}` is unknown", short(&method));
            reader.warn(
                node,
                &format!("{field}.method"),
                what,
                "use full, lora or head",
            );
            continue;
        }
        let recipe = RecipeReader {
            node,
            field: &field,
            stated: &stated,
        }
        .read(reader, method);
        recipes.push(stated.fact(recipe, node.line));
    }
    recipes
}

/// The options of one method, each with the recipe's source.
struct RecipeReader<'a> {
    node: &'a Node,
    field: &'a str,
    stated: &'a Stated,
}

impl RecipeReader<'_> {
    fn read(&self, reader: &mut Reader<'_>, method: String) -> Recipe {
        let mut list = |key: &str| -> Vec<String> {
            let items = reader.list(self.node, key, &self.path(key));
            items.into_iter().map(|item| item.value).collect()
        };
        let (tasks, target_modules) = (list("tasks"), list("target_modules"));
        Recipe {
            method,
            tasks,
            learning_rate: self.number(reader, "learning_rate"),
            learning_rate_digits: Reader::stated(self.node, "learning_rate")
                .and_then(scalar)
                .map(str::to_owned),
            lr_scheduler_type: Reader::stated(self.node, "lr_scheduler_type").and_then(|node| {
                let (text, line) = reader.text(node, &self.path("lr_scheduler_type"))?;
                Some(self.stated.fact(text, line))
            }),
            warmup_ratio: self.number(reader, "warmup_ratio"),
            warmup_steps: self.count(reader, "warmup_steps"),
            batch_size: self.count(reader, "batch_size"),
            epochs: self.count(reader, "epochs"),
            max_length: self.count(reader, "max_length"),
            lora_r: self.count(reader, "lora_r"),
            lora_alpha: self.count(reader, "lora_alpha"),
            target_modules,
        }
    }

    fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.field)
    }

    fn number(&self, reader: &mut Reader<'_>, key: &str) -> Option<Fact<f64>> {
        let node = Reader::stated(self.node, key)?;
        let number = reader.number(node, &self.path(key))?;
        if number < 0.0 {
            reader.warn(node, &self.path(key), "a number below 0", "");
            return None;
        }
        Some(self.stated.fact(number, node.line))
    }

    fn count(&self, reader: &mut Reader<'_>, key: &str) -> Option<Fact<u64>> {
        let node = Reader::stated(self.node, key)?;
        let count = reader.count(node, &self.path(key))?;
        Some(self.stated.fact(count, node.line))
    }
}
