//! Why the models stand in their order.

use unicode_width::UnicodeWidthStr;

use super::super::answer::Answer;
use super::super::quantity::grouped;
use super::flow::{Word, flow};
use super::{GAP, INDENT, Line, Role, Span};

/// Why the models stand in this order: each criterion with value and weight, and what would swap
/// the first two.
pub fn present_why(answer: &Answer, width: u16) -> Vec<Line> {
    let width = usize::from(width).max(20);
    let mut lines = Vec::new();
    let scored: Vec<_> = answer.models.iter().filter(|m| !m.why.is_empty()).collect();
    for (n, model) in scored.iter().take(3).enumerate() {
        if n > 0 {
            lines.push(Line::default());
        }
        let mut head = Line::indented(INDENT);
        head.push(format!("{} {}", n + 1, model.name), Role::Strong);
        head.push(format!("  {:.1} points", model.score), Role::Dim);
        let ahead = scored
            .get(n + 1)
            .is_some_and(|next| next.score > model.score);
        if ahead {
            head.push("; stands here because it runs here", Role::Dim);
        }
        lines.push(head);
        for c in &model.why {
            let sum = c.value * c.weight;
            let start = format!(
                "{:10} {:4.2} x {:2.0} = {sum:4.1}",
                c.name, c.value, c.weight
            );
            let words: Vec<Word> = c
                .note
                .split_whitespace()
                .map(|w| Word {
                    text: crate::text::line(w).into_owned(),
                    role: Role::Dim,
                })
                .collect();
            let hang = INDENT + 2 + start.width() + GAP;
            let mut made = flow(&words, hang, hang, width.max(hang + 10));
            if made.is_empty() {
                made.push(Line::indented(hang));
            }
            made[0].spans[0] = Span {
                text: format!("    {start}  "),
                role: Role::Plain,
            };
            lines.extend(made);
        }
    }
    if lines.is_empty() {
        let mut line = Line::indented(INDENT);
        line.push("Nothing was ranked for this answer.", Role::Plain);
        return vec![line];
    }
    lines.push(Line::default());
    let swap = answer.swap.clone().unwrap_or_else(|| {
        "No single criterion, left out, would change which model is first.".to_owned()
    });
    let rest = answer.models.len().saturating_sub(3);
    let more = format!(
        "{} more models were ranked; weights: index/ranking.yaml.",
        grouped(rest as u64)
    );
    for text in [swap, more] {
        let words: Vec<Word> = text
            .split_whitespace()
            .map(|w| Word {
                text: w.to_owned(),
                role: Role::Dim,
            })
            .collect();
        lines.extend(flow(&words, INDENT, INDENT, width));
    }
    lines
}
