//! Where gradients are added.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::buffer::Buffer;
use super::tensor::{Param, Tensor};
use crate::model::kernels::{Write, rows};

/// Gradients by parameter, and, while a tape is read, by node.
///
/// Parameters are in the order in which they were made, so that sums over all of them are the
/// same every time.
#[derive(Default)]
pub struct Gradients {
    params: BTreeMap<usize, Buffer>,
    nodes: Vec<Option<Arc<Buffer>>>,
}

impl Gradients {
    /// The gradient of `param`, if one was computed.
    pub fn of(&self, param: &Param) -> Option<&[f32]> {
        self.params.get(&param.id()).map(|buffer| &**buffer)
    }

    /// The square of the norm of all gradients together.
    pub fn sum_of_squares(&self) -> f64 {
        self.params
            .values()
            .map(|buffer| rows::sum_of_squares(buffer))
            .sum()
    }

    /// Forgets every gradient and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.params.clear();
        self.nodes.clear();
    }

    /// Lets `f` write or add the gradient of `param`, if it is trainable.
    pub(super) fn param(&mut self, param: &Param, f: impl FnOnce(&mut [f32], Write)) {
        if !param.trainable() {
            return;
        }
        if let Some(sum) = self.params.get_mut(&param.id()) {
            f(sum, Write::Add);
        } else {
            let mut sum = Buffer::stale(param.len());
            f(&mut sum, Write::Set);
            self.params.insert(param.id(), sum);
        }
    }

    /// Lets `f` write or add the gradient of `tensor`, if it is wanted.
    pub(super) fn tensor(&mut self, tensor: &Tensor, f: impl FnOnce(&mut [f32], Write)) {
        let Some(node) = tensor.node else { return };
        let slot = self.slot(node);
        if let Some(sum) = slot {
            if Arc::get_mut(sum).is_none() {
                *sum = Arc::new(Buffer::copy(sum));
            }
            if let Some(sum) = Arc::get_mut(sum) {
                f(sum, Write::Add);
            }
        } else {
            let mut sum = Buffer::stale(tensor.values().len());
            f(&mut sum, Write::Set);
            *slot = Some(Arc::new(sum));
        }
    }

    /// Adds a whole gradient to that of the node, which takes it over if it is the first.
    pub(super) fn give(&mut self, node: Option<usize>, gradient: impl Into<Arc<Buffer>>) {
        let Some(node) = node else { return };
        let gradient = gradient.into();
        let slot = self.slot(node);
        match slot {
            None => *slot = Some(gradient),
            Some(sum) => {
                if let Some(sum) = Arc::get_mut(sum) {
                    rows::scale(sum, Write::Add, &gradient, 1.0);
                } else {
                    let mut new = Buffer::stale(gradient.len());
                    rows::add(&mut new, sum, &gradient);
                    *slot = Some(Arc::new(new));
                }
            }
        }
    }

    /// Takes the gradient of a node.
    pub(super) fn take(&mut self, node: usize) -> Option<Arc<Buffer>> {
        self.nodes.get_mut(node)?.take()
    }

    /// Sets the nodes of one tape aside while another is read.
    pub(super) fn swap_nodes(&mut self, nodes: &mut Vec<Option<Arc<Buffer>>>) {
        std::mem::swap(&mut self.nodes, nodes);
    }

    fn slot(&mut self, node: usize) -> &mut Option<Arc<Buffer>> {
        if self.nodes.len() <= node {
            self.nodes.resize(node + 1, None);
        }
        &mut self.nodes[node]
    }
}
