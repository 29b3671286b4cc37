//! Amounts of bytes, as people read them.

/// `990 MB`, `3.1 GB`: at most three digits, decimal units.
pub fn bytes(count: u64) -> String {
    let value = count as f64;
    let (scaled, name) = match count {
        0..1_000 => return format!("{count} B"),
        1_000..1_000_000 => (value / 1e3, "kB"),
        1_000_000..1_000_000_000 => (value / 1e6, "MB"),
        _ => (value / 1e9, "GB"),
    };
    if scaled < 9.95 && scaled.fract() > 0.05 {
        format!("{scaled:.1} {name}")
    } else {
        format!("{scaled:.0} {name}")
    }
}
