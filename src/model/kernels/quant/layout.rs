//! Where the values of a packed weight lie.
//!
//! Outputs are taken sixteen at a time, as a panel. A panel is a row of groups along the inputs; a
//! group is its sixteen scales, then its steps; a step holds eight inputs of all sixteen outputs,
//! as two quads. In a quad, the four inputs of an output lie side by side, output after output,
//! as the processor's products of bytes want them. With eight bits a value is a byte, and a step's
//! quads follow one another; with four bits its first quad is in the lower halves of 64 bytes and
//! its second in the upper ones. Values are stored without sign: raised by half their range.
//!
//! A product reads all this once, from front to back.

use std::ops::Range;

/// How many outputs lie side by side.
pub(super) const PANEL: usize = 16;

/// How many inputs of an output lie side by side.
pub(super) const QUAD: usize = 4;

/// How many values a quad of all outputs of a panel holds.
pub(super) const QUAD_VALUES: usize = PANEL * QUAD;

/// How many inputs a step holds; rows of activations are filled up with zeros to whole steps.
pub(super) const STEP: usize = 2 * QUAD;

/// How many activations share a scale.
pub(super) const BLOCK: usize = 64;

/// For how many activations a sum is kept.
pub(super) const SUM: usize = 32;

/// How many bytes the scales of a group take: each is the upper half of an f32.
const SCALES: usize = 2 * PANEL;

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Eight bits a weight, and a scale for 64 of them.
    Q8,
    /// Four bits a weight, and a scale for 32 of them.
    Q4,
}

impl Format {
    /// How many inputs share a scale.
    pub(super) const fn group(self) -> usize {
        match self {
            Self::Q8 => BLOCK,
            Self::Q4 => SUM,
        }
    }

    /// How many bytes a step takes.
    pub(super) const fn step_bytes(self) -> usize {
        match self {
            Self::Q8 => 2 * QUAD_VALUES,
            Self::Q4 => QUAD_VALUES,
        }
    }

    /// How much values are raised by.
    pub(super) const fn raised(self) -> i32 {
        match self {
            Self::Q8 => 128,
            Self::Q4 => 8,
        }
    }
}

/// The form of a packed weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) format: Format,
    pub(super) outputs: usize,
    pub(super) inputs: usize,
}

impl Layout {
    /// How many panels hold the outputs.
    pub(super) fn panels(self) -> usize {
        self.outputs.div_ceil(PANEL)
    }

    /// How many bytes a panel takes.
    pub(super) fn panel_bytes(self) -> usize {
        let groups = self.inputs.div_ceil(self.format.group());
        groups * SCALES + padded(self.inputs) / STEP * self.format.step_bytes()
    }

    /// How many bytes all panels take, if so many can be.
    pub(super) fn bytes(self) -> Option<usize> {
        // With its share of the scales, an input of a panel takes less than 64 bytes.
        let inputs = self.inputs.checked_next_multiple_of(BLOCK)?;
        let most = inputs.max(1).checked_mul(64)?.checked_mul(self.panels())?;
        isize::try_from(most).ok()?;
        Some(self.panels() * self.panel_bytes())
    }

    /// Panel `i` of `bytes`.
    pub(super) fn panel(self, bytes: &[u8], i: usize) -> &[u8] {
        let size = self.panel_bytes();
        &bytes[i * size..][..size]
    }
}

/// A group: which inputs it holds, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// Its inputs, with those that fill the last step.
    pub(super) inputs: Range<usize>,
    /// Its scales' bytes in the panel.
    pub(super) scales: Range<usize>,
    /// Its steps' bytes in the panel.
    pub(super) steps: Range<usize>,
}

/// The groups of a panel of `width` inputs, which are whole steps.
#[inline(always)]
pub(super) fn groups(format: Format, width: usize) -> impl Iterator<Item = Group> {
    let whole = SCALES + format.group() / STEP * format.step_bytes();
    (0..width.div_ceil(format.group())).map(
        #[inline(always)]
        move |i| {
            let inputs = i * format.group()..width.min((i + 1) * format.group());
            let scales = i * whole..i * whole + SCALES;
            let end = scales.end + inputs.len() / STEP * format.step_bytes();
            Group {
                steps: scales.end..end,
                inputs,
                scales,
            }
        },
    )
}

/// `inputs`, filled up to whole steps.
pub(super) fn padded(inputs: usize) -> usize {
    inputs.next_multiple_of(STEP)
}
