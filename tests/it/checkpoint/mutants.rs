//! M1: files that were whole, changed at random, in a process that may not have much memory.

use std::path::Path;
use std::process::Command;

use modeldesk::error::Result;
use modeldesk::model::kernels::random::Stream;

use super::{Folder, WEIGHTS, file, in_time, said};
use crate::counts;

/// How much memory the process may ask for, in KiB.
const MEMORY: usize = 512 << 10;

/// How much of it may be in use at once, in KiB: the files are of no account.
const MOST: usize = 64 << 10;

/// How much memory was in use at once, in KiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap()
}

/// Random choices in a row.
struct Random(Stream, u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.1 += 1;
        self.0.below(self.1, end.max(1))
    }
}

/// Whole files: one as we write it, one of all formats with metadata, one of many tensors, and
/// three as transformers writes them.
fn whole() -> [Vec<u8>; 6] {
    let folder = Folder::new();
    let values: Vec<f32> = (0..300u16).map(|i| f32::from(i) / 7.0).collect();
    let path = folder.put_tensors("x", &[("a", &values), ("b.weight", &values[..10])]);
    let formats = r#"{"__metadata__":{"format":"pt"},
        "a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},
        "b":{"dtype":"F16","shape":[2,3],"data_offsets":[16,28]},
        "c":{"dtype":"BF16","shape":[3,2],"data_offsets":[28,40]},
        "d":{"dtype":"I64","shape":[1],"data_offsets":[40,48]},
        "e":{"dtype":"F32","shape":[],"data_offsets":[48,52]}}"#;
    let many = (0..60).map(|i| {
        let (start, end) = (i * 8, i * 8 + 8);
        format!(r#""layer.{i}":{{"dtype":"F32","shape":[1,2],"data_offsets":[{start},{end}]}}"#)
    });
    let many = format!("{{{}}}", many.collect::<Vec<_>>().join(","));
    let saved = |name| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("tests/parity/models").join(name);
        std::fs::read(folder.join(WEIGHTS)).unwrap()
    };
    [
        std::fs::read(path).unwrap(),
        file(formats, 52),
        file(many, 480),
        saved("bert-f16"),
        saved("gpt2-no-prefix"),
        saved("t5-old-names"),
    ]
}

/// Where the header seems to end.
fn header(bytes: &[u8]) -> usize {
    let length = bytes
        .first_chunk()
        .map_or(0, |first| u64::from_le_bytes(*first));
    bytes.len().min(8usize.saturating_add(length as usize))
}

/// Where the numbers of a header are.
fn numbers(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for at in (8..header(bytes)).filter(|at| bytes[*at].is_ascii_digit()) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

/// Changes a file once.
fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    const EXTREMES: [&str; 8] = [
        "0",
        "1",
        "-1",
        "1e9",
        "4294967296",
        "9223372036854775808",
        "18446744073709551615",
        "99999999999999999999999",
    ];
    // What is behind the header are values, of which any will do.
    let end = if random.below(4) == 0 {
        bytes.len()
    } else {
        header(bytes)
    };
    let at = random.below(end);
    match random.below(7) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at.min(11)] ^= 1 << random.below(8),
        2 => bytes.truncate(at.max(1)),
        3 => {
            let some: Vec<u8> = (0..=random.below(9))
                .map(|_| random.below(256) as u8)
                .collect();
            bytes.splice(at..at, some);
        }
        4 => {
            let end = (at + 1 + random.below(9)).min(bytes.len());
            bytes.drain(at..end);
            bytes.extend(bytes.is_empty().then_some(0));
        }
        kind => {
            let all = numbers(bytes);
            if all.is_empty() {
                return;
            }
            let one = all[random.below(all.len())].clone();
            let other = if kind == 5 {
                bytes[all[random.below(all.len())].clone()].to_vec()
            } else {
                EXTREMES[random.below(EXTREMES.len())].into()
            };
            bytes.splice(one, other);
        }
    }
}

/// Makes the length of the header fit, so that changes reach what is behind it.
fn mend(bytes: &mut [u8]) {
    let end = bytes.windows(2).rposition(|two| two == b"}}");
    if let Some(end) = end.filter(|end| *end >= 8) {
        let filled = bytes[end..]
            .iter()
            .skip(2)
            .take_while(|byte| **byte == b' ');
        let length = end - 6 + filled.count();
        bytes[..8].copy_from_slice(&(length as u64).to_le_bytes());
    }
}

#[test]
#[ignore = "run by the other test, in a process of its own"]
fn mutants_are_read_or_refused() {
    let folder = Folder::new();
    let whole = whole();
    let (mut read, mut refused) = (0, 0);
    for i in 0..counts::of(2_000, 100_000) {
        let mut random = Random(Stream::new(11, i as u64), 0);
        let mut bytes = whole[i % whole.len()].clone();
        for _ in 0..=random.below(2) {
            change(&mut bytes, &mut random);
        }
        if random.below(2) == 0 {
            mend(&mut bytes);
        }
        let path = folder.put(WEIGHTS, &bytes);
        let opened = in_time(i, || -> Result<()> {
            let checkpoint = folder.open()?;
            for name in checkpoint.names() {
                let _ = checkpoint.read(name).map_err(|e| said(&e));
            }
            Ok(())
        });
        match opened {
            Ok(()) => read += 1,
            Err(e) => {
                refused += 1;
                let said = said(&e);
                assert!(said.starts_with(path.to_str().unwrap()), "{i}: {said}");
                assert!(
                    said.chars().all(|c| !c.is_control() || c == '\n'),
                    "{i}: {said:?}"
                );
            }
        }
    }
    println!("{read} mutants read, {refused} refused");
    if cfg!(target_os = "linux") {
        let most = peak();
        assert!(most < MOST, "{most} KiB were in use");
    }
    assert!(
        read > 100 && refused > 1_000,
        "{read} read, {refused} refused"
    );
}

#[test]
#[cfg(unix)]
fn mutants_end_no_process_of_little_memory() {
    let row = counts::row("M1");
    let test = "checkpoint::mutants::mutants_are_read_or_refused";
    let script = format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args([
            test,
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        // Each arena of the allocator and each stack would count.
        .env("MALLOC_ARENA_MAX", "1")
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .unwrap();
    let (told, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{told}\n{errors}");
    assert!(told.contains("mutants read, "), "{told}\n{errors}");
    row.held(counts::of(2_000, 100_000));
}
