//! The sentence for a filter that finds nothing, and the model nearest to it.

use super::conditions::{Clause, Condition};
use super::measure::Measure;
use super::{Catalogue, Sort};
use crate::advisor::compose::joined;

/// Values of a facet that are told of one model.
const MOST_VALUES: usize = 3;

impl Catalogue {
    /// `No model under 10 MB that translates. Nearest: opus-mt-en-de, 298 MB.`
    pub(super) fn nothing(&self, conditions: &[Condition]) -> String {
        let mut sentence = "No model".to_owned();
        let mut that = Vec::new();
        for condition in conditions {
            match &condition.clause {
                Clause::With(words) => {
                    sentence.push(' ');
                    sentence.push_str(words);
                }
                Clause::That(words) if !that.contains(&words) => that.push(words),
                Clause::That(_) => {}
            }
        }
        if !that.is_empty() {
            sentence = format!("{sentence} that {}", joined(&that));
        }
        if conditions.is_empty() {
            sentence.push_str(" here yet");
        }
        match self.nearest(conditions) {
            Some(nearest) => format!("{sentence}. Nearest: {nearest}."),
            None => format!("{sentence}."),
        }
    }

    /// The model that breaks one condition only, and by the least where that can be told; else one
    /// that breaks the last that can be given up. No starter: they are for learning the desk.
    fn nearest(&self, conditions: &[Condition]) -> Option<String> {
        let mut by_amount: Option<(f64, u32, &Condition)> = None;
        let mut by_other: Option<(u32, &Condition)> = None;
        for (at, broken) in conditions.iter().enumerate() {
            let others = conditions.iter().enumerate().filter(|(n, _)| *n != at);
            let left = self.met(others.map(|(_, condition)| condition));
            if left.is_empty() {
                continue;
            }
            let in_order = self.orders.by(Sort::Origin).pick(&left, false);
            let mut rows = in_order.into_iter().filter(|row| !self.is_starter(*row));
            if matches!(broken.measure, Measure::Facet(_) | Measure::None) {
                by_other = rows.next().map(|row| (row, broken)).or(by_other);
                continue;
            }
            for row in rows {
                if let Some(by) = broken.measure.excess(self, row)
                    && by_amount.is_none_or(|(least, ..)| by < least)
                {
                    by_amount = Some((by, row, broken));
                }
            }
        }
        let (row, broken) = by_amount
            .map(|(_, row, broken)| (row, broken))
            .or(by_other)?;
        let name = self.names.get(row as usize);
        Some(match self.said(row, &broken.measure) {
            Some(said) => format!("{name}, {said}"),
            None => name.to_owned(),
        })
    }

    fn is_starter(&self, row: u32) -> bool {
        self.ids.get(row as usize).starts_with("modeldesk/")
    }

    /// What the row has instead of what was asked.
    fn said(&self, row: u32, measure: &Measure) -> Option<String> {
        match measure {
            Measure::AtMost(_, amount) | Measure::AtLeast(_, amount) => {
                let value = self.amount(row, *amount)?;
                let mark = if self.is_verified(row, *amount) {
                    ""
                } else {
                    " (no source found)"
                };
                Some(format!("{}{mark}", amount.shown(value)))
            }
            Measure::Facet(name) if name == "here" => {
                Some(self.needs(row).on(&self.machine).words())
            }
            Measure::Facet(name) => {
                let values = self.facets.values(name);
                let of_row = values.filter(|(_, rows)| rows.binary_search(&row).is_ok());
                let values: Vec<&str> = of_row.map(|(value, _)| value).take(MOST_VALUES).collect();
                (!values.is_empty()).then(|| joined(&values))
            }
            Measure::None => None,
        }
    }
}
