//! Elementary functions as polynomials, so that loops over them become vector code.

/// `e^x`, within 2 units in the last place; 0 below -87.3 and `e^88.3` above 88.3.
///
/// Cody and Waite's reduction by `ln 2` in two parts, then the Cephes polynomial of degree 6.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-87.3, 88.3);
    let whole = (clamped * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let rest = clamped - whole * LN2_HIGH - whole * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * rest + 1.398_2e-3;
    p = p * rest + 8.333_452e-3;
    p = p * rest + 4.166_579_6e-2;
    p = p * rest + 1.666_666_5e-1;
    p = p * rest + 0.5;
    p = p * rest * rest + rest + 1.0;
    // SAFETY of the cast: `whole` is within -126..=127.
    let scale = f32::from_bits(((whole as i32 + 127) << 23) as u32);
    if x < -87.3 { 0.0 } else { p * scale }
}

/// The hyperbolic tangent, within 4e-7.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    // By the exponential of a negative number, which cannot overflow.
    let small = exp(-2.0 * x.abs());
    let t = (1.0 - small) / (1.0 + small);
    // The quotient loses digits near zero, where the series needs three terms.
    let squared = x * x;
    let series = x * (1.0 - squared * (1.0 / 3.0 - squared * (2.0 / 15.0)));
    if x.abs() < 0.04 {
        series
    } else {
        t.copysign(x)
    }
}

/// The error function, within 6e-7 (Abramowitz and Stegun 7.1.26).
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let a = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let mut p = 1.061_405_4;
    p = p * t - 1.453_152;
    p = p * t + 1.421_413_7;
    p = p * t - 0.284_496_74;
    p = p * t + 0.254_829_6;
    (1.0 - p * t * exp(-a * a)).copysign(x)
}

/// The logistic function.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Sixteen running values: a sum or maximum in this shape is vector code, and the same everywhere.
const LANES: usize = 16;

/// The sum of `f(i)` for `i` below `n`, added in sixteen lanes and then pairwise.
#[inline(always)]
pub fn sum_by(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let whole = n / LANES * LANES;
    let mut i = 0;
    while i < whole {
        for (lane, value) in lanes.iter_mut().enumerate() {
            *value += f(i + lane);
        }
        i += LANES;
    }
    for (lane, value) in lanes.iter_mut().enumerate().take(n - whole) {
        *value += f(whole + lane);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The largest of `values`; negative infinity for none.
#[inline(always)]
pub fn max(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = if *value > *lane { *value } else { *lane };
    }
    lanes
        .into_iter()
        .fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(range: f32, ours: impl Fn(f32) -> f32, theirs: impl Fn(f64) -> f64) -> f64 {
        (-20_000..=20_000)
            .map(|i| range * i as f32 / 20_000.0)
            .map(|x| (f64::from(ours(x)) - theirs(f64::from(x))).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn exponentials_agree_with_the_standard_library_relatively() {
        for i in -8_700..=8_800 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= 2.5e-7 * exact, "{x}");
        }
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(-1000.0), 0.0);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn tangents_and_error_functions_agree_absolutely() {
        assert!(worst(12.0, tanh, f64::tanh) < 4e-7);
        assert!(worst(40.0, sigmoid, |x| 1.0 / (1.0 + (-x).exp())) < 3e-7);
        assert!(worst(4.0, erf, reference_erf) < 7e-7);
    }

    /// The error function by its series, in double precision.
    fn reference_erf(x: f64) -> f64 {
        let mut term = x;
        let mut sum = x;
        for n in 1..200 {
            let n = f64::from(n);
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn sums_and_maxima_take_every_value_once() {
        for n in 0..70 {
            let values: Vec<f32> = (0..n).map(|i| i as f32 - 30.0).collect();
            assert_eq!(sum_by(n, |i| values[i]), values.iter().sum::<f32>());
            let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(max(&values), most);
        }
    }
}
