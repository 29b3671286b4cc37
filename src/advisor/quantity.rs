//! Amounts: how people type them, how the desk shows them.

pub use crate::text::{bytes, grouped};

/// Bytes in a gigabyte as models and memory are sold: 10^9.
pub const GB: u64 = 1_000_000_000;

/// A number with the unit that was typed after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantity {
    /// The number, thousands and millions multiplied out.
    pub(super) value: f64,
    /// Its unit.
    pub(super) unit: Unit,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Nothing was said.
    None,
    /// `k`, `m`, `b` and nothing more: parameters, mostly.
    Magnitude,
    Parameters,
    Bytes,
    Tokens,
    Examples,
    Milliseconds,
    Pages,
    Languages,
    /// Cores, epochs, labels: understood, and no constraint on a model.
    Other,
}

impl Quantity {
    pub(super) fn whole(self) -> u64 {
        self.value.round().clamp(0.0, 1e18) as u64
    }

    pub(super) fn bytes(self) -> Option<u64> {
        (self.unit == Unit::Bytes).then(|| self.whole())
    }
}

/// A time as it is shown: `0.8 ms`, `86 ms`, `1.7 s`.
pub(super) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 995.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// The factor of a magnitude word.
pub(super) fn magnitude(word: &str) -> Option<f64> {
    Some(match word {
        "k" | "thousand" => 1e3,
        "m" | "mio" | "million" | "millions" | "mln" => 1e6,
        "b" | "bn" | "billion" | "billions" => 1e9,
        _ => return None,
    })
}

/// `two thousand`, `nine hundred`, `twenty`: the value of one word of a number, and whether it
/// multiplies what stands before it.
pub(super) fn number_word(word: &str) -> Option<(f64, bool)> {
    const SMALL: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    const TENS: [&str; 8] = [
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    if let Some(at) = SMALL.iter().position(|w| *w == word) {
        return Some((at as f64, false));
    }
    if let Some(at) = TENS.iter().position(|w| *w == word) {
        return Some((at as f64 * 10.0 + 20.0, false));
    }
    match word {
        "hundred" => Some((100.0, true)),
        "thousand" => Some((1e3, true)),
        "million" => Some((1e6, true)),
        _ => None,
    }
}

/// The unit that a word names, and the factor to the unit counted in.
pub(super) fn unit(word: &str) -> Option<(Unit, f64)> {
    Some(match word {
        "kb" | "kilobyte" | "kilobytes" | "kib" => (Unit::Bytes, 1e3),
        "mb" | "megabyte" | "megabytes" | "megs" | "meg" | "mib" | "mbs" => (Unit::Bytes, 1e6),
        "gb" | "gigabyte" | "gigabytes" | "gigs" | "gig" | "gib" | "gbs" => (Unit::Bytes, 1e9),
        "tb" | "terabyte" | "terabytes" => (Unit::Bytes, 1e12),
        "param" | "params" | "parameter" | "parameters" => (Unit::Parameters, 1.0),
        "token" | "tokens" | "ctx" => (Unit::Tokens, 1.0),
        // About three words make four tokens of English.
        "word" | "words" => (Unit::Tokens, 4.0 / 3.0),
        "page" | "pages" => (Unit::Pages, 1.0),
        "language" | "languages" => (Unit::Languages, 1.0),
        "ms" | "msec" | "millisecond" | "milliseconds" | "millis" => (Unit::Milliseconds, 1.0),
        "s" | "sec" | "secs" | "second" | "seconds" => (Unit::Milliseconds, 1e3),
        "labelled" | "labeled" | "annotated" | "example" | "examples" | "row" | "rows"
        | "sample" | "samples" | "record" | "records" | "pair" | "pairs" | "datapoint"
        | "datapoints" | "sentences" | "messages" | "tweets" | "reviews" | "tickets" | "emails"
        | "entries" | "lines" | "conversations" | "questions" | "articles" | "documents"
        | "clauses" | "chats" | "dialogs" | "dialogues" | "instances" | "annotations"
        | "summaries" | "texts" | "comments" | "posts" | "replies" | "prompts" | "transcripts"
        | "poems" | "labels" | "headlines" | "mails" | "notes" | "letters" | "claims" | "calls"
        | "invoices" | "logs" | "abstracts" | "descriptions" | "contracts" => (Unit::Examples, 1.0),
        "core" | "cores" | "epoch" | "epochs" | "step" | "steps" | "class" | "classes"
        | "model" | "models" | "hour" | "hours" | "minute" | "minutes" | "categories" | "times"
        | "threads" | "percent" | "gpus" | "layers" | "options" | "users" | "dimensions"
        | "kinds" => (Unit::Other, 1.0),
        _ => return None,
    })
}

/// Reads `500 MB`, `100M`, `8 GB`, `4,096`, `50 ms`.
pub(super) fn parse(text: &str) -> Option<Quantity> {
    let text = text.trim().to_lowercase().replace(',', "");
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let mut value: f64 = text[..end].parse().ok()?;
    let mut unit_of = Unit::None;
    for word in text[end..].split_whitespace() {
        if let Some(factor) = magnitude(word) {
            value *= factor;
        } else {
            let (found, factor) = unit(word)?;
            value *= factor;
            unit_of = found;
        }
    }
    Some(Quantity {
        value,
        unit: unit_of,
    })
}

/// `124M`, `22.7M`, `1000`.
pub fn count(count: u64) -> String {
    let value = count as f64;
    let (scaled, name) = match count {
        0..100_000 => return grouped(count),
        100_000..1_000_000 => (value / 1e3, "k"),
        1_000_000..1_000_000_000 => (value / 1e6, "M"),
        _ => (value / 1e9, "B"),
    };
    if scaled < 99.95 && !((scaled.fract() * 10.0).round() as u64).is_multiple_of(10) {
        format!("{scaled:.1}{name}")
    } else {
        format!("{scaled:.0}{name}")
    }
}

/// `1 step`, `225 steps`.
pub fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count))
}

/// `27 min`, `3 h`, `40 s`: two figures, rounded as a person would.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{} s", (s.max(1.0)).round()),
        s if s < 5400.0 => format!("{} min", (s / 60.0).round()),
        s if s < 36_000.0 => format!("{:.1} h", s / 3600.0),
        s if s < 259_200.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{} days", grouped((s / 86_400.0).round() as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_short() {
        assert_eq!(bytes(990_000_000), "990 MB");
        assert_eq!(bytes(3_100_000_000), "3.1 GB");
        assert_eq!(bytes(21_400_000_000), "21 GB");
        assert_eq!(count(124_439_808), "124M");
        assert_eq!(count(22_713_216), "22.7M");
        assert_eq!(duration(1620.0), "27 min");
    }

    #[test]
    fn amounts_are_read_back() {
        assert_eq!(parse("500 MB").and_then(Quantity::bytes), Some(500_000_000));
        assert_eq!(
            parse("1.5GB").and_then(Quantity::bytes),
            Some(1_500_000_000)
        );
        assert_eq!(parse("100M").map(Quantity::whole), Some(100_000_000));
        assert_eq!(parse("16,384 tokens").map(Quantity::whole), Some(16_384));
        assert!(parse("many").is_none());
    }
}
