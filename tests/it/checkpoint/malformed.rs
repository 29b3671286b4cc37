//! M1: safetensors that are none.

use modeldesk::model::weights::Dtype;

use super::{Folder, WEIGHTS, failure, file};
use crate::counts;

/// One tensor `a` of four f32 that says this of itself.
fn one(info: &str) -> Vec<u8> {
    file(format!("{{\"a\":{{{info}}}}}"), 16)
}

/// Tensors of f32 with these offsets, and so many bytes behind the header.
fn offsets(all: &[[u64; 2]], data: usize) -> Vec<u8> {
    let tensors = all.iter().enumerate().map(|(i, [start, end])| {
        let values = end.saturating_sub(*start) / 4;
        format!(
            "\"t{i}\":{{\"dtype\":\"F32\",\"shape\":[{values}],\"data_offsets\":[{start},{end}]}}"
        )
    });
    let tensors: Vec<String> = tensors.collect();
    file(format!("{{{}}}", tensors.join(",")), data)
}

fn many(count: usize) -> Vec<u8> {
    let tensors =
        (0..count).map(|i| format!(r#""{i}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#));
    file(format!("{{{}}}", tensors.collect::<Vec<_>>().join(",")), 0)
}

/// A file, and a part of what is said of it.
type Case = (Vec<u8>, &'static str);

const OFFSETS: &str = r#""data_offsets":[0,16]"#;
const EMPTY: &str = r#"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#;

/// Files that end where they should not.
fn ends() -> Vec<Case> {
    let whole = one(&format!(r#""dtype":"F32","shape":[4],{OFFSETS}"#));
    let length = |length: u64| [&length.to_le_bytes(), &whole[8..]].concat();
    let cut = |end: usize| whole[..end].to_vec();
    let inside = "is truncated: it ends inside its header";
    let much = "its header would have 18446744073709551615 bytes, more than 100000000";
    let seven = "is truncated: it ends inside its header, after 7 bytes";
    let less = "is truncated: 15 of the 16 bytes of its tensors are there";
    let claimed = "is truncated: 16 of the 1099511627776 bytes of its tensors";
    vec![
        (length(1 << 20), inside),
        (length(u64::MAX), much),
        (length(100_000_001), "its header would have 100000001 bytes"),
        (length(whole.len() as u64 - 25), "header is not valid: EOF"),
        (cut(7), seven),
        (cut(8), "is truncated: it ends before its header"),
        (cut(30), inside),
        (cut(whole.len() - 1), less),
        ([whole.as_slice(), b"x"].concat(), "has 1 bytes that belong"),
        (offsets(&[[0, 1 << 40]], 16), claimed),
    ]
}

/// Headers that are none.
fn headers() -> Vec<Case> {
    let start = "its header does not begin with `{`";
    let twice = format!(r#"{{"a":{EMPTY},"a":{EMPTY}}}"#);
    let name = format!(r#"{{"{}":{EMPTY}}}"#, "n".repeat(513));
    let again = r#"{"__metadata__":{},"__metadata__":{}}"#;
    let deep = format!(r#"{{"__metadata__":{{"a":{}}}}}"#, "[".repeat(10_000));
    let framework = r#"{"__metadata__":{"format":"tf"}}"#;
    vec![
        (file(b" {}", 0), start),
        (file(b"[1]", 0), start),
        (file(b"{\"\xff\":1}", 0), "its header is not valid"),
        (file("{}{}", 0), "not valid: trailing characters"),
        (file(r#"{"a":1}"#, 0), "tensor `a`: invalid type"),
        (file(twice, 0), "tensor `a`: stands there twice"),
        (file(name, 0), "a tensor's name has more than 512 bytes"),
        (file(r#"{"__metadata__":1}"#, 0), "expected texts by name"),
        (file(again, 0), "`__metadata__` stands there twice"),
        (file(deep, 0), "its header is not valid"),
        (file(framework, 0), "has the weights as tf arranges them"),
        (many(200_001), "it has more than 200000 tensors"),
    ]
}

/// Tensors that say of themselves what cannot be.
fn tensors() -> Vec<Case> {
    let shape = |shape: &str| one(&format!(r#""dtype":"F32","shape":{shape},{OFFSETS}"#));
    let dtype = |dtype: &str| one(&format!(r#""dtype":{dtype},"shape":[4],{OFFSETS}"#));
    let repeated = one(r#""dtype":"F32","dtype":"F32""#);
    let unknown = one(r#""dtype":"F32","shape":[4],"data":1"#);
    let shapeless = one(&format!(r#""dtype":"F32",{OFFSETS}"#));
    let size = "9223372036854775808";
    let (product, bits) = (format!("[{size},4]"), format!("[{size}]"));
    let none = "tensor `a`: `F33<U+001B>[2J` is no format";
    let uncounted = "tensor `a` has more values than can be counted";
    let hole = "begins at byte 12, behind a hole of 4 bytes";
    vec![
        (repeated, "tensor `a`: duplicate field `dtype`"),
        (unknown, "tensor `a`: unknown field `data`"),
        (shapeless, "tensor `a`: missing field `shape`"),
        (dtype(r#""F33\u001b[2J""#), none),
        (dtype("5"), "tensor `a`: invalid type"),
        (dtype(r#""F64""#), "[4] values of F64 need 32"),
        (dtype(r#""F4""#), "[4] values of F4 need 2"),
        (shape("[3]"), "[3] values of F32 need 12"),
        (shape("[-4]"), "tensor `a`: invalid value"),
        (shape("[4.0]"), "tensor `a`: invalid type"),
        (shape("4"), "tensor `a`: invalid type"),
        (shape("[1,1,1,1,1,1,1,1,4]"), "more than 8 dimensions"),
        (shape(&product), uncounted),
        (shape(&bits), uncounted),
        (shape("[18446744073709551616]"), "invalid type"),
        (offsets(&[[16, 0]], 16), "`t0` ends before it begins"),
        (
            offsets(&[[4, 16]], 16),
            "`t0` begins at byte 4, behind a hole",
        ),
        (offsets(&[[0, 8], [12, 16]], 16), hole),
        (
            offsets(&[[0, 12], [8, 16]], 16),
            "byte 8, inside the tensor",
        ),
        (
            offsets(&[[0, 16], [0, 16]], 16),
            "`t1` begins at byte 0, inside",
        ),
    ]
}

#[test]
fn each_is_refused_and_told_by_file_and_tensor() {
    let row = counts::row("M1");
    let folder = Folder::new();
    let cases = [ends(), headers(), tensors()].concat();
    for (bytes, expected) in &cases {
        let path = folder.put(WEIGHTS, bytes);
        let said = failure(folder.open());
        assert!(said.starts_with(path.to_str().unwrap()), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    row.held(cases.len());
}

#[test]
fn what_is_unusual_and_right_is_read() {
    let folder = Folder::new();
    folder.put(WEIGHTS, &file("{}  ", 0));
    assert_eq!(folder.open().unwrap().names().count(), 0);
    // Lengths whose bytes look like the start of a pickle, and of gzip.
    for length in [0x0280, 0x8b1f] {
        let text = "x".repeat(length - 25);
        let bytes = file(format!("{{\"__metadata__\":{{\"a\":\"{text}\"}}}}"), 0);
        assert_eq!(bytes.len(), length + 8);
        folder.put(WEIGHTS, &bytes);
        folder.open().unwrap();
    }
    folder.put(WEIGHTS, &many(1_000));
    assert_eq!(folder.open().unwrap().names().count(), 1_000);
}

#[test]
fn values_that_are_not_finite_are_counted_and_let_through_when_asked_for() {
    let row = counts::row("M1");
    let folder = Folder::new();
    let mut values = vec![1.0; 70_000];
    let mut held = 0;
    for (at, wrong) in [
        (0, f32::NAN),
        (69_999, f32::INFINITY),
        (35_000, f32::NEG_INFINITY),
    ] {
        values[at] = wrong;
        held += 1;
        folder.put_tensors(WEIGHTS, &[("a", &[2.0]), ("b", &values)]);
        let checkpoint = folder.open().unwrap();
        assert_eq!(*checkpoint.read("a").unwrap(), [2.0]);
        let said = failure(checkpoint.read("b"));
        let expected = format!("tensor `b` has {held} values of 70000 that are infinite");
        assert!(said.contains(&expected), "{said}");
        let read = checkpoint.with_any_values().read("b").unwrap();
        assert_eq!(read.iter().filter(|x| !x.is_finite()).count(), held);
    }
    row.held(held);
}

#[test]
fn missing_and_misshapen_tensors_are_named() {
    let row = counts::row("M1");
    let folder = Folder::new();
    let header = r#"{"ids":{"dtype":"I64","shape":[2,1],"data_offsets":[0,16]},
                     "w":{"dtype":"F16","shape":[2,3],"data_offsets":[16,28]},
                     "x\u001b[2J":{"dtype":"BOOL","shape":[],"data_offsets":[28,29]}}"#;
    let path = folder.put(WEIGHTS, &file(header, 29));
    let checkpoint = folder.open().unwrap();
    let mut three = [0.0; 3];
    let mut rows = |name, rows, length| checkpoint.read_rows(name, rows, &mut three[..length]);
    let cases = [
        (failure(checkpoint.read("v")), "has no tensor `v`"),
        (failure(checkpoint.expect("v", &[2])), "has no tensor `v`"),
        (
            failure(checkpoint.expect("w", &[3, 2])),
            "tensor `w` has the shape [2, 3], and the model needs [3, 2]",
        ),
        (
            failure(checkpoint.expect("w", &[6])),
            "tensor `w` has the shape [2, 3]",
        ),
        (
            failure(checkpoint.expect("ids", &[2, 1])),
            "tensor `ids` holds I64",
        ),
        (
            failure(checkpoint.read("ids")),
            "tensor `ids` holds I64; weights are F32, F16, BF16 or F64",
        ),
        (
            failure(checkpoint.read("x\u{1b}[2J")),
            "tensor `x<U+001B>[2J` holds BOOL",
        ),
        (
            failure(rows("w", 0..3, 3)),
            "tensor `w` has 2 rows, and not 0 to 3",
        ),
        (
            failure(rows("w", 1..2, 2)),
            "tensor `w` has 3 values a row: 1 rows are not 2 values",
        ),
        (failure(rows("ids", 0..1, 1)), "tensor `ids` holds I64"),
        (failure(rows("v", 0..1, 1)), "has no tensor `v`"),
    ];
    for (said, expected) in &cases {
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(
            said.starts_with(path.parent().unwrap().to_str().unwrap()),
            "{said}"
        );
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    checkpoint.expect("w", &[2, 3]).unwrap();
    assert_eq!(checkpoint.dtype("w"), Some(Dtype::F16));
    assert_eq!(checkpoint.shape("w"), Some([2, 3].as_slice()));
    row.held(cases.len());
}
