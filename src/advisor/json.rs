//! An answer as `ask --json` prints it.

use serde_json::{Value, json};

use super::answer::{Answer, Claim, Part, Source};
use super::compose::claims;

impl Answer {
    /// The answer's fields, as scripts rely on them.
    pub fn to_json(&self) -> Value {
        let reading = &self.reading;
        let mut out = json!({
            "question": reading.question,
            "intent": reading.intent,
            "constraints": reading.constraints,
            "answer": self.text(),
            "models": self.models,
            "claims": self.claims(),
            "actions": self.actions,
            "corrections": reading.corrections,
            "unused": reading.unused,
        });
        let mut put = |key: &str, value: Value| out[key] = value;
        if let Some(plan) = &self.plan {
            put("plan", json!(plan));
        }
        if let Some(comparison) = &self.comparison {
            put("comparison", json!(comparison));
        }
        if let Some(topic) = &reading.topic {
            put("topic", json!(topic.trim_start_matches("guide/")));
        }
        if !reading.models.is_empty() {
            put("named", json!(reading.models));
        }
        if !reading.fields.is_empty() {
            put("fields", json!(reading.fields));
        }
        out
    }

    /// The verdict: the sentences of the first part.
    pub fn text(&self) -> String {
        let first = self
            .parts
            .iter()
            .find(|p| matches!(p, Part::Paragraph { .. }));
        let sentences = first.map(claims).unwrap_or_default();
        sentences
            .iter()
            .map(|c| c.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// All sentences, and all cells that a card carries, as `row, column: value`.
    pub fn claims(&self) -> Vec<Claim> {
        let mut all: Vec<Claim> = self.parts.iter().flat_map(claims).cloned().collect();
        for part in &self.parts {
            let Part::Table(table) = part else { continue };
            for row in &table.rows {
                for (cell, column) in row.iter().zip(&table.columns) {
                    let Some(at) = &cell.citation else { continue };
                    let head = row.first().map_or("", |c| c.text.as_str());
                    let source = Source::Card {
                        card: at.card.clone(),
                        line: at.line,
                    };
                    all.push(Claim {
                        text: format!("{head}, {}: {}", column.title, cell.text),
                        source,
                    });
                }
            }
        }
        all
    }
}
