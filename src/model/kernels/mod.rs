//! Operations on slices: the arithmetic of every model, with no knowledge of any.
//!
//! Each is deterministic: the same input gives the same bits with any number of threads, because
//! work is cut into pieces of a fixed size whose partial results are added in order. Loops are
//! compiled for several instruction sets and chosen at run time by [`simd`]; they use no fused
//! multiply-add of their own, so that the sets agree.

pub mod activation;
pub mod adafactor;
pub mod adamw;
pub mod attention;
pub mod cross_entropy;
pub mod math;
pub mod matmul;
pub mod norm;
pub mod quant;
pub mod random;
pub mod rows;

/// How many values a piece of parallel work holds: large enough to pay for handing it over,
/// small enough to stay in the second-level cache.
pub const PIECE: usize = 16 * 1024;

/// Whether a kernel replaces what its output held, or adds to it.
///
/// Gradients are added where several operations used the same matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The output's old values are not read.
    Set,
    /// The result is added to them.
    Add,
}

impl Write {
    /// `old + new` or `new`.
    #[inline(always)]
    pub fn apply(self, old: f32, new: f32) -> f32 {
        match self {
            Self::Set => new,
            Self::Add => old + new,
        }
    }

    /// The factor of the old values: 0 or 1.
    pub fn beta(self) -> f32 {
        match self {
            Self::Set => 0.0,
            Self::Add => 1.0,
        }
    }
}

/// Runs `work` on a thread of the pool, where handing work to the others costs half as much as from
/// outside: a pass of a model hands over a hundred times.
pub fn pooled<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::join(work, || ()).0
}

/// Runs `work` compiled for the widest vectors that this processor has.
#[inline]
pub fn simd<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// What this processor's kernels are compiled for: two machines with the same text compute the
/// same bits.
pub fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    let features = [
        ("avx", std::is_x86_feature_detected!("avx")),
        ("avx2", std::is_x86_feature_detected!("avx2")),
        ("fma", std::is_x86_feature_detected!("fma")),
        ("avx512f", std::is_x86_feature_detected!("avx512f")),
        ("avx512vnni", std::is_x86_feature_detected!("avx512vnni")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let features: [(&str, bool); 0] = [];
    let has = features
        .iter()
        .filter(|(_, has)| *has)
        .map(|(name, _)| *name);
    let mut all = vec![std::env::consts::ARCH];
    all.extend(has);
    all.join(" ")
}
