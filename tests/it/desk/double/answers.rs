//! Answers that the stand-in gives.

use modeldesk::advisor::answer::{
    Action, Availability, Cell, Citation, Claim, Column, Comparison, Criterion, Part, Ranked,
    Reason, Row, RunsHere, Source, Table,
};
use modeldesk::advisor::{Answer, Reading};

const LED: &str = "nsi319/legal-led-base-16384";
const FLAN: &str = "google/flan-t5-base";

fn claim(text: &str) -> Claim {
    Claim {
        text: text.to_owned(),
        source: Source::Computed,
    }
}

fn model(id: &str, availability: Availability, reason: &str) -> Ranked {
    Ranked {
        id: id.to_owned(),
        name: id.rsplit('/').next().unwrap().to_owned(),
        score: 0.5,
        runs_here: match availability {
            Availability::No => RunsHere::No,
            _ => RunsHere::Yes,
        },
        availability,
        reason: reason.to_owned(),
        why: vec![Criterion {
            name: "domain".to_owned(),
            value: 1.0,
            weight: 0.3,
            note: "legal".to_owned(),
        }],
    }
}

fn table(models: &[Ranked]) -> Table {
    let column = |title: &str, right| Column {
        title: title.to_owned(),
        right,
        drop: 0,
    };
    let cell = |text: &str| Cell {
        text: text.to_owned(),
        citation: None,
    };
    Table {
        columns: vec![column("model", false), column("here", false)],
        rows: models
            .iter()
            .take(3)
            .map(|m| vec![cell(&m.name), cell(&m.reason)])
            .collect(),
        of_models: true,
    }
}

/// An answer about summarizing legal documents: five models, three sources, one script.
pub(in crate::desk) fn legal(question: &str) -> Answer {
    let models = vec![
        model(LED, Availability::No, "no: LED"),
        model(FLAN, Availability::Fetch, "fetch 990 MB"),
        model("nsi319/legal-pegasus", Availability::No, "no: Pegasus"),
        model("facebook/bart-large-cnn", Availability::No, "no: BART"),
        model("google-t5/t5-small", Availability::Ready, "ready"),
    ];
    let cite = |card: &str, line| Citation {
        card: card.to_owned(),
        line,
    };
    Answer {
        reading: Reading {
            question: question.to_owned(),
            ..Reading::default()
        },
        parts: vec![
            Part::Paragraph {
                claims: vec![claim(
                    "For the work itself: legal-led-base-16384, which reads a long contract in \
                     one pass [1] but does not run at this desk. Here: flan-t5-base, once its \
                     990 MB are fetched. [2]",
                )],
            },
            Part::Table(table(&models)),
            Part::Notes {
                claims: vec![claim("A: the authors' own figure on their own split.")],
            },
        ],
        citations: vec![cite(LED, 31), cite(FLAN, 44), cite(FLAN, 3)],
        models,
        plan: None,
        comparison: None,
        actions: vec![Action {
            kind: "script".to_owned(),
            label: "run legal-led-base-16384 with transformers".to_owned(),
            text: "from transformers import pipeline\n".to_owned(),
        }],
        swap: None,
    }
}

/// The models with these ids side by side: eight fields, one of which may not be compared.
pub(in crate::desk) fn side_by_side(ids: &[String]) -> Answer {
    let cell = |id: &str, line, text: &str| Cell {
        text: text.to_owned(),
        citation: (line > 0).then(|| Citation {
            card: id.to_owned(),
            line,
        }),
    };
    let fields = [
        ("parameters", 8, "162,000,000"),
        ("weights", 9, "648 MB f32"),
        ("memory to run", 0, "810 MB est"),
        (
            "speed, card",
            12,
            "\"60% faster than BERT\": 1.6 times; one processor, batch 1",
        ),
        ("speed, here", 0, "not measured here"),
        ("licence", 2, "apache-2.0"),
        (
            "tasks",
            14,
            "summarization; after fine-tuning text classification and translation",
        ),
        ("F1, SQuAD 1.1", 31, "not comparable (1)"),
    ];
    let source = |id: &str| Source::Card {
        card: id.to_owned(),
        line: 31,
    };
    let sentence = |id: &String| Claim {
        text: format!("{id}: F1 88.5 on SQuAD 1.1 (split unclear)."),
        source: source(id),
    };
    let mut claims: Vec<Claim> = ids.iter().map(sentence).collect();
    claims.push(claim("These are not comparable: the split is unclear."));
    let rows = fields.map(|(field, line, text)| Row {
        field: field.to_owned(),
        cells: ids.iter().map(|id| cell(id, line, text)).collect(),
        not_comparable: text
            .ends_with("(1)")
            .then(|| claims[ids.len()].text.clone()),
        reason: text.ends_with("(1)").then_some(1),
    });
    Answer {
        parts: Vec::new(),
        citations: Vec::new(),
        models: Vec::new(),
        actions: Vec::new(),
        comparison: Some(Comparison {
            models: ids.to_vec(),
            names: ids
                .iter()
                .map(|id| id.rsplit('/').next().unwrap().to_owned())
                .collect(),
            rows: rows.to_vec(),
            reasons: vec![Reason { claims }],
        }),
        ..legal("")
    }
}
