//! Memory for matrices, kept and used again.
//!
//! A training step asks for the same sizes over and over. Handed back to the system and asked for
//! anew, each would be faulted in page by page, which costs a third of the time. Buffers that are
//! dropped stay here instead, until [`release`] gives them back.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Buffers below this many values are left to the allocator, which keeps such sizes itself.
const SMALL: usize = 16 * 1024;

/// The buffers that wait to be used again.
static POOL: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

fn pool() -> MutexGuard<'static, Vec<Vec<f32>>> {
    // A panic between two statements of the pool cannot leave it wrong: it is only a cache.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A buffer of the pool, of those that fit the last one.
fn take(capacity: usize) -> Option<Vec<f32>> {
    let mut pool = pool();
    let fits = |buffer: &Vec<f32>| buffer.capacity() == capacity;
    let at = pool.iter().rposition(fits)?;
    Some(pool.remove(at))
}

/// Gives the memory that is not in use back to the system.
pub fn release() {
    let free = std::mem::take(&mut *pool());
    // The lock is not held while the system takes it.
    drop(free);
}

/// Values in memory that returns to the pool.
#[derive(Debug)]
pub struct Buffer(Vec<f32>);

impl Buffer {
    /// `len` values of any content: left over from an earlier use, or 0.
    pub fn stale(len: usize) -> Self {
        if len < SMALL {
            return Self(vec![0.0; len]);
        }
        let capacity = size_class(len);
        let mut values = take(capacity).unwrap_or_else(|| vec![0.0; capacity]);
        // Only the first use after a shorter one writes the difference.
        values.resize(len, 0.0);
        Self(values)
    }

    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        if len < SMALL {
            return Self(vec![0.0; len]);
        }
        let mut buffer = Self::stale(len);
        super::super::kernels::rows::pieces(&mut buffer, |_, piece| piece.fill(0.0));
        buffer
    }

    /// A copy of `values`.
    pub fn copy(values: &[f32]) -> Self {
        let mut buffer = Self::stale(values.len());
        super::super::kernels::rows::pieces(&mut buffer, |start, piece| {
            piece.copy_from_slice(&values[start..][..piece.len()]);
        });
        buffer
    }
}

/// The next of eight sizes between two powers of two: at most an eighth is wasted, and sequences
/// of like length share buffers.
fn size_class(len: usize) -> usize {
    let step = (len.next_power_of_two() / 16).max(1);
    len.next_multiple_of(step)
}

impl From<Vec<f32>> for Buffer {
    fn from(values: Vec<f32>) -> Self {
        Self(values)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let capacity = self.0.capacity();
        if capacity >= SMALL && capacity == size_class(capacity) {
            pool().push(std::mem::take(&mut self.0));
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_waste_an_eighth_at_most() {
        for len in (SMALL..5_000_000).step_by(7919) {
            let size = size_class(len);
            assert!(size >= len && size - len <= len / 8, "{len} in {size}");
            assert_eq!(size_class(size), size);
        }
    }

    #[test]
    fn a_buffer_has_the_length_that_was_asked_for_whatever_it_held() {
        drop(Buffer::copy(&vec![1.0; 100_000]));
        let again = Buffer::stale(99_000);
        assert_eq!(again.len(), 99_000);
        drop(again);
        assert!(Buffer::zeros(100_000).iter().all(|x| *x == 0.0));
        assert_eq!(Buffer::stale(3).len(), 3);
    }
}
