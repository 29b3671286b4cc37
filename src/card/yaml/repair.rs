//! Indentation that `saphyr-parser` refuses and every YAML 1.1 reader, the hub's among them, takes.
//!
//! In YAML 1.2 the lines of a bracketed list or a quoted text must stand deeper than their key;
//! real cards have them at the margin. White space at the start of such a line means nothing, so
//! it is pushed in, which moves no line, and the parser tries again. What the result means is
//! still held against `serde_yaml`'s reading of the original.

use saphyr_parser::ScanError;

use super::MAX_BYTES;

/// Most attempts at one text: each costs a parse.
pub(super) const MAX_REPAIRS: usize = 32;

/// `yaml` with the lines that `error` is about pushed in; `None` for any other error.
pub(super) fn indented(yaml: &str, error: &ScanError) -> Option<String> {
    let at = yaml
        .char_indices()
        .nth(error.marker().index())
        .map(|(byte, _)| byte)?;
    let (start, end) = match error.info() {
        "invalid indentation in quoted scalar" => {
            let quote = *yaml.as_bytes().get(at)?;
            (at, quoted_end(yaml.as_bytes(), at, quote)?)
        }
        "invalid indentation" | "invalid indentation in flow construct" => {
            let line = yaml[..at]
                .rfind(['\n', '\r'])
                .map_or(0, |newline| newline + 1);
            (line.checked_sub(1)?, flow_end(yaml.as_bytes(), at))
        }
        _ => return None,
    };
    let pad = " ".repeat(deepest(yaml) + 1);
    let inside = padded(&yaml[start..end], &pad);
    let length = yaml.len() - (end - start) + inside.len();
    (length <= 4 * MAX_BYTES).then(|| format!("{}{inside}{}", &yaml[..start], &yaml[end..]))
}

/// `text` with `pad` behind each of its line ends.
fn padded(text: &str, pad: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() * 2);
    for (at, c) in text.char_indices() {
        out.push(c);
        if c == '\n' || (c == '\r' && bytes.get(at + 1) != Some(&b'\n')) {
            out.push_str(pad);
        }
    }
    out
}

/// Where the quoted text that opens at `at` ends.
fn quoted_end(bytes: &[u8], at: usize, quote: u8) -> Option<usize> {
    let mut i = at + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if quote == b'"' => i += 1,
            b if b == quote => {
                // A doubled single quote is a quote; the text goes on behind it.
                if quote == b'\'' && bytes.get(i + 1) == Some(&quote) {
                    i += 1;
                } else {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
        i += 1;
    }
    None
}

/// Where the brackets end that are open at `at`; one level of them is enough, since the parser
/// asks again for the next.
fn flow_end(bytes: &[u8], at: usize) -> usize {
    let mut depth = 1_usize;
    let mut i = at;
    while i < bytes.len() {
        let before = if i == 0 { b' ' } else { bytes[i - 1] };
        let fresh = matches!(before, b' ' | b'\t' | b'\n' | b',' | b'[' | b'{' | b':');
        match bytes[i] {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            quote @ (b'"' | b'\'') if fresh => match quoted_end(bytes, i, quote) {
                Some(end) => i = end - 1,
                None => return bytes.len(),
            },
            b'#' if matches!(before, b' ' | b'\t' | b'\n') => {
                while i + 1 < bytes.len() && bytes[i + 1] != b'\n' {
                    i += 1;
                }
            }
            _ => {}
        }
        i += 1;
        if depth == 0 {
            break;
        }
    }
    i
}

/// The most spaces that a line starts with.
fn deepest(yaml: &str) -> usize {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    yaml.split(['\n', '\r']).map(indent).max().unwrap_or(0)
}
