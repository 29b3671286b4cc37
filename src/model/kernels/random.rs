//! Random numbers by position: the same seed, stream and index give the same number, whoever asks
//! and in whatever order, so that dropout can be computed again instead of kept.

/// A stream of random numbers, read at any index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream(u64);

impl Stream {
    /// The stream of `key` under `seed`.
    pub fn new(seed: u64, key: u64) -> Self {
        Self(mix(seed ^ mix(key.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// A stream within this one.
    #[must_use]
    pub fn at(self, key: u64) -> Self {
        Self::new(self.0, key)
    }

    /// 64 random bits.
    #[inline(always)]
    pub fn bits(self, index: u64) -> u64 {
        mix(self
            .0
            .wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// A number in `0.0..1.0`, of 24 random bits.
    #[inline(always)]
    pub fn uniform(self, index: u64) -> f32 {
        (self.bits(index) >> 40) as f32 * (1.0 / 16_777_216.0)
    }

    /// A number of the normal distribution, by Box and Muller's method.
    pub fn normal(self, index: u64) -> f32 {
        let bits = self.bits(index);
        // 1 - u lies in (0, 1], whose logarithm is finite.
        let u = 1.0 - (bits >> 40) as f64 / 16_777_216.0;
        let v = (bits & 0xff_ffff) as f64 / 16_777_216.0;
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    /// Fills `out` with numbers of the normal distribution with that deviation, on all threads.
    pub fn fill_normal(self, out: &mut [f32], deviation: f32) {
        super::rows::pieces(out, |start, piece| {
            for (i, x) in piece.iter_mut().enumerate() {
                *x = deviation * self.normal((start + i) as u64);
            }
        });
    }

    /// A number below `n`, which is not 0.
    pub fn below(self, index: u64, n: usize) -> usize {
        ((u128::from(self.bits(index)) * n as u128) >> 64) as usize
    }
}

/// The finalizer of ``SplitMix64`` (Steele, Lea and Flood, 2014).
#[inline(always)]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_moments_of_their_distributions() {
        let stream = Stream::new(7, 3);
        let n = 200_000u32;
        let mean = (0..n)
            .map(|i| f64::from(stream.uniform(u64::from(i))))
            .sum::<f64>()
            / f64::from(n);
        assert!((mean - 0.5).abs() < 0.003, "{mean}");
        let normal: Vec<f64> = (0..n)
            .map(|i| f64::from(stream.normal(u64::from(i))))
            .collect();
        let mean = normal.iter().sum::<f64>() / f64::from(n);
        let variance = normal.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        assert!(
            mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02,
            "{mean} {variance}"
        );
    }

    #[test]
    fn streams_differ_by_seed_key_and_index() {
        let a = Stream::new(1, 1);
        assert_ne!(a, Stream::new(2, 1));
        assert_ne!(a, Stream::new(1, 2));
        assert_ne!(a.at(0), a.at(1));
        assert_ne!(a.bits(0), a.bits(1));
        assert!((0..1000).all(|i| a.below(i, 7) < 7));
    }
}
