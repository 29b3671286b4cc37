//! What products, rows and bytes must be.

use super::super::random::Stream;
use super::*;

const FORMATS: [Format; 2] = [Format::Q8, Format::Q4];

/// Normally distributed values.
fn noise(n: usize, seed: u64) -> Vec<f32> {
    let stream = Stream::new(seed, 0);
    (0..n as u64).map(|i| stream.normal(i)).collect()
}

fn packed(format: Format, weights: &[f32], inputs: usize) -> Packed {
    Packed::pack(format, weights.len() / inputs.max(1), inputs, |i, row| {
        row.copy_from_slice(&weights[i * inputs..][..inputs]);
    })
}

/// `x w^T` in double precision.
fn exact(x: &[f32], w: &[f32], inputs: usize) -> Vec<f32> {
    let dot = |x: &[f32], w: &[f32]| -> f64 {
        let pairs = x.iter().zip(w);
        pairs.map(|(x, w)| f64::from(*x) * f64::from(*w)).sum()
    };
    x.chunks_exact(inputs)
        .flat_map(|x| w.chunks_exact(inputs).map(move |w| dot(x, w) as f32))
        .collect()
}

/// The root of the mean square of the differences, relative to that of `right`.
fn error(left: &[f32], right: &[f32]) -> f64 {
    let square = |x: f32| f64::from(x) * f64::from(x);
    let differences: f64 = left.iter().zip(right).map(|(a, b)| square(a - b)).sum();
    (differences / right.iter().map(|x| square(*x)).sum::<f64>()).sqrt()
}

fn product(weight: &Packed, x: &[f32], n: usize) -> Vec<f32> {
    let mut out = vec![0.0; n * weight.outputs()];
    weight.matmul(&mut out, Write::Set, x, n, None);
    out
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Compares the kernels on one shape.
fn agree(format: Format, n: usize, outputs: usize, inputs: usize, x: &[f32], w: &[f32]) {
    let weight = packed(format, w, inputs);
    let x = Activations::quantize(x, n, inputs);
    let bias = noise(outputs, 3);
    let run = |kernel| {
        let mut out = vec![0.5; n * outputs];
        weight.matmul_on(kernel, &mut out, Write::Add, &x, Some(&bias));
        bits(&out)
    };
    assert_eq!(
        run(Kernel::best()),
        run(Kernel::Portable),
        "{format:?} {n}x{inputs}x{outputs}"
    );
}

#[test]
fn kernels_give_the_same_bits_in_every_shape() {
    for format in FORMATS {
        for inputs in 1..=40 {
            for outputs in [1, 3, 15, 16, 17, 33] {
                let w = noise(outputs * inputs, 1);
                agree(
                    format,
                    inputs % 9,
                    outputs,
                    inputs,
                    &noise(inputs % 9 * inputs, 2),
                    &w,
                );
            }
        }
        for (n, outputs, inputs) in [(1, 257, 771), (7, 100, 130), (261, 19, 771), (13, 31, 3079)] {
            agree(
                format,
                n,
                outputs,
                inputs,
                &noise(n * inputs, 5),
                &noise(outputs * inputs, 6),
            );
        }
    }
}

#[test]
fn kernels_give_the_same_bits_at_the_ends_of_the_range() {
    // Every sign of two neighbours, at the largest magnitudes that there are.
    let sign = |bit: usize| if bit == 0 { 1.0 } else { -1.0 };
    let (n, outputs, inputs) = (16, 16, 128);
    let x: Vec<f32> = (0..n * inputs)
        .map(|i| sign((i / inputs) >> (i % 4) & 1))
        .collect();
    let w: Vec<f32> = (0..outputs * inputs)
        .map(|i| sign((i / inputs) >> (i % 4) & 1))
        .collect();
    for format in FORMATS {
        agree(format, n, outputs, inputs, &x, &w);
        assert!(
            error(
                &product(&packed(format, &w, inputs), &x, n),
                &exact(&x, &w, inputs)
            ) < 0.02
        );
    }
}

#[test]
fn products_are_close_to_exact_ones() {
    let (n, outputs, inputs) = (8, 96, 768);
    let w = noise(outputs * inputs, 1);
    let plain = noise(n * inputs, 2);
    let mut outliers = plain.clone();
    for row in outliers.chunks_exact_mut(inputs) {
        for column in [5, 100, 333, 700] {
            row[column] *= 100.0;
        }
    }
    for (format, x, most) in [
        (Format::Q8, &plain, 0.0105),
        (Format::Q8, &outliers, 0.025),
        (Format::Q4, &plain, 0.085),
        (Format::Q4, &outliers, 0.09),
    ] {
        let error = error(
            &product(&packed(format, &w, inputs), x, n),
            &exact(x, &w, inputs),
        );
        assert!(error < most, "{format:?}: {error}");
    }
}

#[test]
fn rows_come_back_within_their_steps() {
    for (format, inputs) in [
        (Format::Q8, 201),
        (Format::Q4, 201),
        (Format::Q8, 1),
        (Format::Q4, 7),
    ] {
        let w = noise(37 * inputs, 4);
        let weight = packed(format, &w, inputs);
        let mut row = vec![0.0; inputs];
        for (i, exact) in w.chunks_exact(inputs).enumerate() {
            weight.row(i, &mut row);
            let most = exact.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            // Half a step, and what the scale lost in digits; four bits have no 8 opposite to -8.
            let step = most * if format == Format::Q8 { 0.0042 } else { 0.2 };
            for (a, b) in row.iter().zip(exact) {
                assert!((a - b).abs() <= step, "{format:?}: {a} for {b} of {most}");
            }
        }
    }
}

#[test]
fn rows_are_what_products_multiply_with() {
    let inputs = 70;
    for format in FORMATS {
        let weight = packed(format, &noise(18 * inputs, 4), inputs);
        let mut row = vec![0.0; inputs];
        for input in 0..inputs {
            let mut x = vec![0.0; inputs];
            x[input] = 1.0;
            for (i, out) in product(&weight, &x, 1).iter().enumerate() {
                weight.row(i, &mut row);
                assert!((out - row[input]).abs() <= 1e-6, "{format:?} {i} {input}");
            }
        }
    }
}

#[test]
fn a_row_does_not_depend_on_its_company() {
    let (n, inputs) = (23, 100);
    let x = noise(n * inputs, 8);
    for format in FORMATS {
        let weight = packed(format, &noise(40 * inputs, 7), inputs);
        let all = product(&weight, &x, n);
        for (x, out) in x.chunks_exact(inputs).zip(all.chunks_exact(40)) {
            assert_eq!(bits(&product(&weight, x, 1)), bits(out));
        }
    }
}

#[test]
fn nothing_times_something_is_the_bias() {
    let weight = packed(Format::Q8, &[], 0);
    assert_eq!((weight.outputs(), weight.bytes()), (0, 0));
    let weight = Packed::pack(Format::Q4, 3, 0, |_, _| {});
    let mut out = [1.0; 6];
    weight.matmul(&mut out, Write::Add, &[], 2, Some(&[1.0, 2.0, 3.0]));
    assert_eq!(out, [2.0, 3.0, 4.0, 2.0, 3.0, 4.0]);
    for format in FORMATS {
        assert!(product(&packed(format, &noise(40, 1), 8), &[], 0).is_empty());
        assert_eq!(
            product(&packed(format, &[0.0; 40], 8), &[1.0; 8], 1),
            [0.0; 5]
        );
        assert_eq!(
            product(&packed(format, &[1.0; 40], 8), &[1e-40; 8], 1),
            [0.0; 5]
        );
    }
}

#[test]
fn what_is_not_finite_spoils_its_row_or_output_and_no_other() {
    let inputs = 100;
    for format in FORMATS {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = noise(3 * inputs, 1);
            x[inputs + 99] = bad;
            let mut w = noise(20 * inputs, 2);
            let out = product(&packed(format, &w, inputs), &x, 3);
            assert!(out[20..40].iter().all(|x| x.is_nan()));
            assert!(out[..20].iter().chain(&out[40..]).all(|x| x.is_finite()));
            w[17 * inputs] = bad;
            let out = product(&packed(format, &w, inputs), &x[..inputs], 1);
            assert!(out.iter().enumerate().all(|(i, x)| x.is_nan() == (i == 17)));
        }
    }
}

#[test]
fn bytes_give_the_weight_back_and_damage_shows() {
    for format in FORMATS {
        let weight = packed(format, &noise(19 * 45, 1), 45);
        let mut stored = Vec::new();
        weight.write(&mut stored).expect("memory");
        assert_eq!(stored.len() as u64, weight.stored_bytes());
        assert_eq!(read(&stored).expect("whole"), weight);
        for len in 0..stored.len() {
            assert!(read(&stored[..len]).is_err(), "{len} bytes");
        }
        for at in 0..stored.len() {
            for bit in 0..8 {
                let mut damaged = stored.clone();
                damaged[at] ^= 1 << bit;
                assert!(read(&damaged).is_err(), "bit {bit} of byte {at}");
            }
        }
        let longer = [&stored[..], &[0]].concat();
        assert!(read(&longer).is_err());
    }
}

#[test]
fn a_header_that_asks_for_too_much_is_refused() {
    let mut stored = Vec::new();
    packed(Format::Q8, &noise(64, 1), 8)
        .write(&mut stored)
        .expect("memory");
    for (outputs, inputs) in [
        (u64::MAX, 8),
        (8, u64::MAX),
        (1 << 40, 1 << 40),
        (u64::MAX, 0),
    ] {
        stored[16..24].copy_from_slice(&outputs.to_le_bytes());
        stored[24..32].copy_from_slice(&inputs.to_le_bytes());
        assert!(read(&stored).is_err());
        assert!(read(&stored[..64]).is_err());
    }
}

#[test]
fn large_weights_are_stored_in_pieces() {
    let weight = packed(Format::Q8, &noise(1024 * 1100, 1), 1100);
    let mut stored = Vec::new();
    weight.write(&mut stored).expect("memory");
    assert_eq!(read(&stored).expect("whole"), weight);
    // Two unlike pieces exchanged.
    let (a, b) = (64 + 100, 64 + (1 << 20) + 100);
    assert_ne!(stored[a..a + 64], stored[b..b + 64]);
    for i in 0..64 {
        stored.swap(a + i, b + i);
    }
    assert!(read(&stored).is_err());
}

fn read(bytes: &[u8]) -> std::io::Result<Packed> {
    Packed::read(bytes.len() as u64, |offset, to| {
        let from = bytes
            .get(offset as usize..)
            .and_then(|rest| rest.get(..to.len()));
        to.copy_from_slice(from.ok_or(std::io::ErrorKind::UnexpectedEof)?);
        Ok(())
    })
}
