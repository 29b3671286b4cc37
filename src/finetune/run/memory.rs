//! The memory of this process, as the system counts it.

/// Resident memory now, and the most there was, in MB (10^6 bytes); 0 where the system does not
/// say.
pub(super) fn resident_mb() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kilobytes * 1024.0 / 1e6)
    };
    (
        field("VmRSS:").unwrap_or(0.0),
        field("VmHWM:").unwrap_or(0.0),
    )
}
