//! The number formats of stored tensors, and their way into f32.

use std::fmt;

use crate::model::kernels::simd;

/// What one value of a stored tensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 64-bit floating point.
    F64,
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point with 10 bits of fraction.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// Any other that safetensors knows: it is not read, and may stand in a file that is.
    Other(&'static str, u8),
}

/// What is not read, with its bits.
const OTHERS: [(&str, u8); 18] = [
    ("BOOL", 8),
    ("U8", 8),
    ("I8", 8),
    ("U16", 16),
    ("I16", 16),
    ("U32", 32),
    ("I32", 32),
    ("U64", 64),
    ("I64", 64),
    ("C64", 64),
    ("F4", 4),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("F8_E4M3", 8),
    ("F8_E5M2", 8),
    ("F8_E8M0", 8),
    ("F8_E4M3FNUZ", 8),
    ("F8_E5M2FNUZ", 8),
];

impl Dtype {
    /// The format that safetensors calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "F64" => Self::F64,
            "F32" => Self::F32,
            "F16" => Self::F16,
            "BF16" => Self::Bf16,
            _ => {
                let (name, bits) = OTHERS.iter().find(|(known, _)| *known == name)?;
                Self::Other(name, *bits)
            }
        })
    }

    /// How many bits a value has.
    pub fn bits(self) -> u64 {
        match self {
            Self::F64 => 64,
            Self::F32 => 32,
            Self::F16 | Self::Bf16 => 16,
            Self::Other(_, bits) => u64::from(bits),
        }
    }

    /// Whether tensors of it can be read.
    pub fn is_read(self) -> bool {
        !matches!(self, Self::Other(..))
    }

    /// Writes the values in `bytes` to `out`; how many of them are infinite or not a number.
    pub(super) fn decode(self, bytes: &[u8], out: &mut [f32]) -> usize {
        simd(|| match self {
            Self::F64 => each(bytes, out, |x| f64::from_le_bytes(x) as f32),
            Self::F32 => each(bytes, out, f32::from_le_bytes),
            Self::F16 => each(bytes, out, |x| half(u16::from_le_bytes(x))),
            Self::Bf16 => each(bytes, out, |x| {
                f32::from_bits(u32::from(u16::from_le_bytes(x)) << 16)
            }),
            Self::Other(..) => 0,
        })
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F64 => "F64",
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Other(name, _) => name,
        })
    }
}

#[inline(always)]
fn each<const N: usize>(bytes: &[u8], out: &mut [f32], value: impl Fn([u8; N]) -> f32) -> usize {
    const EXPONENT: u32 = 0x7f80_0000;
    let mut wrong = 0u32;
    for (out, bytes) in out.iter_mut().zip(bytes.as_chunks::<N>().0) {
        *out = value(*bytes);
        wrong += u32::from(out.to_bits() & EXPONENT == EXPONENT);
    }
    wrong as usize
}

/// The value of a 16-bit floating point number.
///
/// Its exponent and fraction, moved to where an f32 has them, are the value divided by 2^112,
/// subnormal numbers included.
#[inline(always)]
fn half(bits: u16) -> f32 {
    const SCALE: f32 = f32::from_bits((127 + 112) << 23);
    const INFINITE: u32 = 0x7c00 << 13;
    let sign = (u32::from(bits) & 0x8000) << 16;
    let rest = (u32::from(bits) & 0x7fff) << 13;
    let finite = (f32::from_bits(rest) * SCALE).to_bits();
    let value = if rest >= INFINITE {
        rest | 0x7f80_0000
    } else {
        finite
    };
    f32::from_bits(sign | value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition of the format.
    fn half_by_definition(bits: u16) -> f32 {
        let sign = if bits >> 15 == 1 { -1.0f64 } else { 1.0 };
        let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
        let value = match exponent {
            0 => fraction * 2f64.powi(-24),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
        };
        (sign * value) as f32
    }

    #[test]
    fn every_half_has_its_value() {
        for bits in 0..=u16::MAX {
            let (value, expected) = (half(bits), half_by_definition(bits));
            let same = value.to_bits() == expected.to_bits() || value.is_nan() && expected.is_nan();
            assert!(same, "{bits:#06x}: {value} for {expected}");
        }
    }

    #[test]
    fn values_of_each_format_are_read_and_those_that_are_not_finite_counted() {
        let mut out = [0.0; 3];
        let f64s = [1.5f64, -2.0, 1e300].map(f64::to_le_bytes).concat();
        assert_eq!(Dtype::F64.decode(&f64s, &mut out), 1);
        assert_eq!(out, [1.5, -2.0, f32::INFINITY]);
        let f32s = [f32::NAN, f32::MAX, f32::NEG_INFINITY]
            .map(f32::to_le_bytes)
            .concat();
        assert_eq!(Dtype::F32.decode(&f32s, &mut out), 2);
        assert_eq!(out[1..], [f32::MAX, f32::NEG_INFINITY]);
        let f16s = [0x3c00u16, 0xc000, 0x7c01].map(u16::to_le_bytes).concat();
        assert_eq!(Dtype::F16.decode(&f16s, &mut out), 1);
        assert_eq!(out[..2], [1.0, -2.0]);
        let bf16s = [0x3f80u16, 0x4049, 0xff80].map(u16::to_le_bytes).concat();
        assert_eq!(Dtype::Bf16.decode(&bf16s, &mut out), 1);
        assert_eq!(out, [1.0, 3.140_625, f32::NEG_INFINITY]);
    }

    #[test]
    fn each_format_is_known_by_the_name_that_it_shows() {
        for name in ["F64", "F32", "F16", "BF16"]
            .into_iter()
            .chain(OTHERS.map(|(name, _)| name))
        {
            assert_eq!(Dtype::named(name).unwrap().to_string(), name);
        }
        assert_eq!(Dtype::named("f32"), None);
    }
}
