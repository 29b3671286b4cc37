//! How far a row is from what was asked.

use std::num::NonZeroU64;

use super::Catalogue;
use super::conditions::Clause;
use super::facets::UNVERIFIED;
use crate::advisor::quantity;

/// What a row that breaks a condition says of itself, and by how much it breaks it.
pub(super) enum Measure {
    /// No more than this.
    AtMost(u64, Amount),
    /// No less than this.
    AtLeast(u64, Amount),
    /// The facet of that name.
    Facet(String),
    /// Nothing: it is no matter of more or less.
    None,
}

/// An amount of a row.
#[derive(Clone, Copy)]
pub(super) enum Amount {
    Parameters,
    Weights,
    Memory,
    Context,
}

impl Measure {
    /// By which factor the row goes beyond the limit; at most 1 where it keeps to it, none where
    /// its amount is not known or there is no limit.
    pub(super) fn excess(&self, of: &Catalogue, row: u32) -> Option<f64> {
        match *self {
            Self::AtMost(most, amount) => Some(of.amount(row, amount)? as f64 / most.max(1) as f64),
            Self::AtLeast(least, amount) => {
                Some(least as f64 / of.amount(row, amount)?.max(1) as f64)
            }
            Self::Facet(_) | Self::None => None,
        }
    }

    /// Whether the row keeps to the limit for all that is known. What is unknown or unverified does
    /// not, as in an answer.
    pub(super) fn holds(&self, of: &Catalogue, row: u32) -> bool {
        let (Self::AtMost(_, amount) | Self::AtLeast(_, amount)) = *self else {
            return false;
        };
        self.excess(of, row).is_some_and(|by| by <= 1.0) && of.is_verified(row, amount)
    }

    /// The limit in words.
    pub(super) fn clause(&self) -> Clause {
        let (bound, limit, amount) = match *self {
            Self::AtMost(most, amount) => ("under", most, amount),
            Self::AtLeast(least, amount) => ("over", least, amount),
            Self::Facet(_) | Self::None => return Clause::With(String::new()),
        };
        match amount {
            Amount::Context => Clause::That(format!("reads {} tokens", quantity::grouped(limit))),
            _ => Clause::With(format!("{bound} {}", amount.shown(limit))),
        }
    }
}

impl Amount {
    /// `298 MB`, `124M parameters`.
    pub(super) fn shown(self, value: u64) -> String {
        match self {
            Self::Parameters => format!("{} parameters", quantity::count(value)),
            Self::Weights => quantity::bytes(value),
            Self::Memory => format!("{} of memory", quantity::bytes(value)),
            Self::Context => format!("{} tokens at once", quantity::grouped(value)),
        }
    }
}

impl Catalogue {
    /// Whether an amount of a row has a source that was checked.
    pub(super) fn is_verified(&self, row: u32, amount: Amount) -> bool {
        let name = match amount {
            Amount::Parameters => "parameters",
            Amount::Weights | Amount::Memory => "size",
            Amount::Context => "context",
        };
        !self.facets.has(row, &format!("{UNVERIFIED}:{name}"))
    }

    /// An amount of a row, where it is known.
    pub(super) fn amount(&self, row: u32, amount: Amount) -> Option<u64> {
        let needs = self.needs(row);
        match amount {
            Amount::Parameters => needs.parameters,
            Amount::Weights => needs.weights(),
            Amount::Memory => needs.memory(),
            Amount::Context => self.rows[row as usize].context.map(NonZeroU64::get),
        }
    }
}
