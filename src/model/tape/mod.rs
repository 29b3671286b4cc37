//! Gradients: a tape of what was computed, read backwards.
//!
//! Operations are methods of [`Tape`]. A tape that records keeps, for each operation whose inputs
//! want a gradient, a closure that turns the gradient of the output into those of the inputs. The
//! closures are called in reverse and dropped at once, which frees the activations that they hold.
//! What needs no gradient (a frozen weight, what comes before the first trainable one) costs
//! nothing; gradients are added where they belong, without zeros or copies first.
//!
//! ```
//! use modeldesk::model::tape::{Param, Tape, Tensor};
//!
//! let weight = Param::new("weight", &[1, 2], vec![3.0, 4.0], true);
//! let mut tape = Tape::training(Default::default(), 0);
//! let y = tape.linear(&Tensor::new(2, vec![1.0, 2.0]), &weight, Default::default(), None);
//! let gradients = tape.backward(&y, &[1.0]);
//! assert_eq!(y.values(), [11.0]);
//! assert_eq!(gradients.of(&weight), Some([1.0, 2.0].as_slice()));
//! ```

pub mod buffer;
mod gradients;
mod ops;
mod tensor;

pub use gradients::Gradients;
pub use ops::{Attention, Layout, Loss, Norm, Qkv, RelativeBias};
pub use tensor::{Param, Tensor};

use std::sync::Arc;

use crate::model::kernels::random::Stream;
use buffer::Buffer;

/// Turns the gradient of an operation's output into those of its inputs.
type Backward = Box<dyn FnOnce(&Arc<Buffer>, &mut Gradients) + Send>;

/// Records operations, or only computes them.
pub struct Tape {
    /// What dropout drops by; nothing is dropped without.
    random: Option<Random>,
    recording: Option<Recording>,
    /// Whether activations within a part are computed again instead of kept.
    frugal: bool,
}

/// A source of streams, each used once.
struct Random {
    stream: Stream,
    taken: u64,
}

/// What a tape that records holds.
#[derive(Default)]
struct Recording {
    /// Each operation's output has its place here as its node.
    nodes: Vec<Option<Backward>>,
    gradients: Gradients,
}

impl Tape {
    /// A tape that records nothing: for inference. Dropout does nothing on it.
    pub fn off() -> Self {
        Self {
            random: None,
            recording: None,
            frugal: false,
        }
    }

    /// Whether it records nothing.
    pub fn is_off(&self) -> bool {
        self.recording.is_none()
    }

    /// A tape that records, and adds to `gradients`; nothing is dropped.
    pub fn recording(gradients: Gradients) -> Self {
        let recording = Recording {
            nodes: Vec::new(),
            gradients,
        };
        Self {
            random: None,
            recording: Some(recording),
            frugal: false,
        }
    }

    /// A tape that records, and adds to `gradients`; `seed` decides what dropout drops.
    pub fn training(gradients: Gradients, seed: u64) -> Self {
        let random = Random {
            stream: Stream::new(seed, 0),
            taken: 0,
        };
        Self {
            random: Some(random),
            ..Self::recording(gradients)
        }
    }

    /// The same with gradient checkpointing: of each [`Tape::part`] only the inputs are kept.
    #[must_use]
    pub fn checkpointing(self, frugal: bool) -> Self {
        Self { frugal, ..self }
    }

    /// Whether operations are recorded.
    pub fn records(&self) -> bool {
        self.recording.is_some()
    }

    /// A stream of random numbers that no earlier operation had.
    fn stream(&mut self) -> Option<Stream> {
        let random = self.random.as_mut()?;
        random.taken += 1;
        Some(random.stream.at(random.taken))
    }

    /// Puts `output` on the tape if it is recording and `wanted`.
    fn record(
        &mut self,
        mut output: Tensor,
        wanted: bool,
        backward: impl FnOnce(&Arc<Buffer>, &mut Gradients) + Send + 'static,
    ) -> Tensor {
        if let Some(recording) = &mut self.recording
            && wanted
        {
            output.node = Some(recording.nodes.len());
            recording.nodes.push(Some(Box::new(backward)));
        }
        output
    }

    /// Reads the tape backwards from `output`, whose gradient is `gradient`; gives the gradients
    /// of the parameters, added to those that the tape was made with.
    pub fn backward(self, output: &Tensor, gradient: &[f32]) -> Gradients {
        let Some(mut recording) = self.recording else {
            return Gradients::default();
        };
        recording.backward(output, Buffer::copy(gradient));
        recording.gradients
    }

    /// The gradients so far, of a tape whose last operation was a loss.
    pub fn finish(self) -> Gradients {
        self.recording
            .map(|recording| recording.gradients)
            .unwrap_or_default()
    }
}

impl Recording {
    fn backward(&mut self, output: &Tensor, gradient: Buffer) {
        let Some(last) = output.node else { return };
        self.gradients.give(output.node, gradient);
        for at in (0..=last).rev() {
            // A node without an operation is an input whose gradient is wanted.
            let Some(backward) = self.nodes[at].take() else {
                continue;
            };
            if let Some(gradient) = self.gradients.take(at) {
                backward(&gradient, &mut self.gradients);
            }
        }
    }
}
