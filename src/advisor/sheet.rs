//! What the desk reads of a card, one fact an entry, each with its rank and its line.

use super::compose::{figure_mark, mark};
use super::quantity::{count, grouped};
use crate::card::{Card, Fact, Figure, Kind, Recipe};
use crate::text;

/// Something that a card states. Its texts are safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The field, in a word or two.
    pub field: &'static str,
    /// The value, in the card's own digits.
    pub value: String,
    /// The mark of its rank: empty where it was checked, `A`, `~` or `?`.
    pub mark: &'static str,
    /// Who says so, where the card tells.
    pub source: Option<String>,
    /// The 1-based line of the card.
    pub line: usize,
}

/// All that `card` states and the desk reads, in a fixed order; figures last.
pub fn sheet(card: &Card) -> Vec<Stated> {
    let facts = &card.facts;
    let mut sheet = Sheet(Vec::new());
    sheet.text("name", facts.name.as_ref());
    sheet.text("licence", facts.license.as_ref());
    sheet.text("author", facts.author.as_ref());
    sheet.text("family", facts.family.as_ref());
    sheet.list("base model", &facts.base_model);
    sheet.text("task on the hub", facts.pipeline_tag.as_ref());
    if facts.kind == Kind::Model {
        sheet.list("does as it is", &facts.tasks.ready);
        sheet.list("does once tuned", &facts.tasks.tuned);
    }
    sheet.list("translates", &facts.translates);
    sheet.list("domains", &facts.domains);
    sheet.list("languages", &facts.languages);
    sheet.fact("parameters", facts.parameters.as_ref(), |n| {
        format!("{} ({})", count(*n), grouped(*n))
    });
    sheet.fact("reads", facts.context_length.as_ref(), |n| {
        format!("{} tokens", grouped(*n))
    });
    sheet.fact("weights", facts.size.as_ref(), |size| {
        let precision = size.precision.iter().map(|p| format!(" {p}"));
        size.digits.clone() + &precision.collect::<String>()
    });
    sheet.fact("network", facts.architecture.as_ref(), network);
    for speed in &facts.speed {
        sheet.fact("speed", Some(speed), |speed| {
            let on = speed
                .hardware
                .iter()
                .map(|hardware| format!(", on {hardware}"));
            speed.claim.clone() + &on.collect::<String>()
        });
    }
    for recipe in &facts.fine_tuning {
        sheet.fact("recipe", Some(recipe), recipe_words);
    }
    sheet.text("library", facts.library_name.as_ref());
    sheet.list("datasets", &facts.datasets);
    sheet.list("metrics", &facts.metrics);
    sheet.list("tags", &facts.tags);
    sheet.list("tasks here", &facts.desk_tasks);
    sheet.list("tuning here", &facts.desk_tuning);
    sheet.list("see", &facts.see);
    sheet.0.extend(facts.figures.iter().map(figure));
    sheet.0
}

struct Sheet(Vec<Stated>);

impl Sheet {
    fn fact<T>(
        &mut self,
        field: &'static str,
        fact: Option<&Fact<T>>,
        words: impl Fn(&T) -> String,
    ) {
        let stated = fact.map(|fact| Stated {
            field,
            value: text::line(&words(&fact.value)).into_owned(),
            mark: mark(fact),
            source: fact.source.as_deref().map(|s| text::line(s).into_owned()),
            line: fact.line,
        });
        self.0.extend(stated);
    }

    fn text(&mut self, field: &'static str, fact: Option<&Fact<String>>) {
        self.fact(field, fact, |value| text::ident(value).into_owned());
    }

    /// A list is one entry, or one for each rank and source in it.
    fn list(&mut self, field: &'static str, facts: &[Fact<String>]) {
        let same = |a: &Fact<String>, b: &Fact<String>| mark(a) == mark(b) && a.source == b.source;
        for group in facts.chunk_by(same) {
            let values: Vec<String> = group
                .iter()
                .map(|fact| text::ident(&fact.value).into_owned())
                .collect();
            self.fact(field, group.first(), |_| values.join(", "));
        }
    }
}

fn network(network: &crate::card::Architecture) -> String {
    let mut words = vec![network.model_type.clone()];
    words.extend(network.kind.clone());
    for (number, what) in [
        (network.layers, "layers"),
        (network.hidden_size, "wide"),
        (network.heads, "heads"),
        (network.vocab_size, "words"),
    ] {
        words.extend(number.map(|number| format!("{} {what}", grouped(number))));
    }
    words.join(", ")
}

fn recipe_words(recipe: &Recipe) -> String {
    let mut words = vec![recipe.method.clone()];
    let rate = recipe.learning_rate_digits.clone();
    words.extend(rate.map(|digits| format!("rate {digits}")));
    words.extend(
        recipe
            .lr_scheduler_type
            .as_ref()
            .map(|fact| fact.value.clone()),
    );
    let warm = recipe.warmup_ratio.as_ref();
    words.extend(warm.map(|fact| format!("warm-up {}", fact.value)));
    for (fact, what) in [
        (&recipe.warmup_steps, "steps of warm-up"),
        (&recipe.batch_size, "rows a step"),
        (&recipe.epochs, "epochs"),
        (&recipe.max_length, "tokens a row"),
    ] {
        words.extend(
            fact.as_ref()
                .map(|fact| format!("{} {what}", grouped(fact.value))),
        );
    }
    words.extend(
        recipe
            .lora_r
            .as_ref()
            .map(|fact| format!("r {}", fact.value)),
    );
    words.extend(
        recipe
            .lora_alpha
            .as_ref()
            .map(|fact| format!("alpha {}", fact.value)),
    );
    if !recipe.target_modules.is_empty() {
        words.push(format!("on {}", recipe.target_modules.join(" ")));
    }
    words.join(", ")
}

fn figure(figure: &Figure) -> Stated {
    let dataset = figure.dataset_name.as_ref().or(figure.dataset.as_ref());
    let mut on: Vec<&str> = dataset.map(String::as_str).into_iter().collect();
    on.extend(figure.config.as_deref());
    let split = super::compose::split(figure);
    on.push(&split);
    Stated {
        field: "figure",
        value: text::line(&format!(
            "{} {} on {}",
            figure.metric,
            figure.digits,
            on.join(", ")
        ))
        .into_owned(),
        mark: figure_mark(figure).trim_start(),
        source: figure.source.as_deref().map(|s| text::line(s).into_owned()),
        line: figure.line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Origin;

    #[test]
    fn every_entry_of_a_built_in_card_knows_its_line_and_rank() {
        let card = crate::index::embedded::card("google/flan-t5-base").unwrap();
        let sheet = sheet(card);
        let find = |field: &str| sheet.iter().find(|entry| entry.field == field).unwrap();
        let line = |n: usize| card.text.lines().nth(n - 1).unwrap();
        assert_eq!(find("languages").value, "en, fr, ro, de");
        assert!(line(find("licence").line).contains("apache-2.0"));
        assert!(line(find("figure").line).contains("35.9"));
        assert_eq!(find("parameters").value, "248M (247,577,856)");
        assert_eq!(find("weights").value, "990 MB f32");
    }

    #[test]
    fn what_a_card_states_is_made_safe_and_marked() {
        let text = "---\nlicense: \"mit\\e[2J\"\nmodel-index:\n- name: x\n  results:\n  - task: {type: t}\n    dataset: {type: d, name: \"D\\e[31m\"}\n    metrics:\n    - {type: acc, value: 1}\n---\n";
        let sheet = sheet(&Card::parse("a/b", Origin::Imported, text));
        assert!(sheet.iter().all(|entry| !entry.value.contains('\u{1b}')));
        let figure = sheet.last().unwrap();
        assert_eq!((figure.mark, figure.line), ("?", 9));
    }
}
