//! The hub's own fields.

use super::Reader;
use crate::card::facts::{Fact, Facts};
use crate::card::yaml::Node;

/// Reads `license`, `language`, `tags` and their like.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node, facts: &mut Facts) {
    facts.license = reader.text_fact(root, "license", "license").map(lower);
    facts.library_name = reader.text_fact(root, "library_name", "library_name");
    facts.pipeline_tag = reader
        .text_fact(root, "pipeline_tag", "pipeline_tag")
        .map(lower);
    facts.languages = lowered(reader.list(root, "language", "language"));
    facts.tags = lowered(reader.list(root, "tags", "tags"));
    facts.datasets = reader.list(root, "datasets", "datasets");
    facts.metrics = reader.list(root, "metrics", "metrics");
    facts.base_model = reader.list(root, "base_model", "base_model");
}

fn lower(mut fact: Fact<String>) -> Fact<String> {
    fact.value = fact.value.trim().to_lowercase();
    fact
}

fn lowered(list: Vec<Fact<String>>) -> Vec<Fact<String>> {
    list.into_iter().map(lower).collect()
}
