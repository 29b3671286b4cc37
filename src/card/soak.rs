//! Hostile cards, for tests and for `cargo xtask soak`, which also times them.

use std::time::{Duration, Instant};

use super::{Card, Origin};

/// A hostile card.
#[derive(Debug, Clone)]
pub struct Hostile {
    /// What it tries.
    pub name: &'static str,
    /// The README.md.
    pub text: String,
    /// Its metadata must be refused.
    pub refused: bool,
}

fn front(name: &'static str, yaml: &str) -> Hostile {
    Hostile {
        name,
        text: format!("---\n{yaml}\n---\n# Title\n\nText.\n"),
        refused: true,
    }
}

/// Front matter that stands for more than it is, or that is too much.
pub fn bombs() -> Vec<Hostile> {
    let mut cases = vec![
        front("nine times nine laughs", &laughs(9, 9)),
        front("quadratic 1k", &quadratic(1_000)),
        front("quadratic 3k", &quadratic(3_000)),
        front("quadratic 10k", &quadratic(10_000)),
        front("recursive alias", "a: &a [*a]"),
        front("merge chain", &merge_chain(40)),
        front("nested 5k", &format!("a: {}", "[".repeat(5_000))),
        front(
            "nested 100",
            &format!("a: {}{}", "[".repeat(100), "]".repeat(100)),
        ),
        front("scalar of 1 MiB", &format!("a: {}", "x".repeat(1 << 20))),
        front("long scalar repeated", &repeated_scalar(30_000, 8_000)),
        front("100k keys", &numbered(100_000, "k", ": 1\n")),
        front("10k documents", &"--- a\n".repeat(10_000)),
        front("anchors inside anchors", &nested_anchors(60)),
        front("NUL", "a: \0b"),
        front("margin lists", &"- [\nx\n]\n".repeat(3_000)),
    ];
    let tags = front(
        "tags",
        "license: !!python/object/apply:os.system [id]\ntags: !x [a]",
    );
    cases.push(Hostile {
        refused: false,
        ..tags
    });
    cases
}

/// Texts in which the end of the front matter is hard to find.
pub fn endless() -> Vec<Hostile> {
    let case = |name, text| Hostile {
        name,
        text,
        refused: false,
    };
    vec![
        case(
            "1 MiB of line ends",
            format!("---\n{}", "\n".repeat(1 << 20)),
        ),
        case(
            "2 MiB of line ends",
            format!("---\n{}", "\n".repeat(2 << 20)),
        ),
        case("100k dashes", "---\n".repeat(100_000)),
        case("200k dashes", "---\n".repeat(200_000)),
        case("never closed", format!("---\n{}", "a: b\n".repeat(200_000))),
        case(
            "mark first",
            format!("\u{feff}---\n{}---\nx", "a: b\n".repeat(2_000)),
        ),
    ]
}

/// Bodies that cost a naive Markdown reader more than their length.
pub fn bodies() -> Vec<Hostile> {
    const SIZE: usize = 1 << 20;
    let filled = |name, unit: &str| Hostile {
        name,
        text: unit.repeat(SIZE / unit.len()),
        refused: false,
    };
    let mut cases = vec![
        filled("quotes", ">"),
        filled("lists", "- "),
        filled("open brackets", "["),
        filled("open links", "[]("),
        filled("emphasis", "*a_ "),
        filled("comments", "<!--"),
        filled("headings", "# a\n"),
        filled("paragraphs", "a\n\n"),
        filled("one line", "x"),
    ];
    cases.push(Hostile {
        name: "50 MB of paragraphs",
        text: "word word\n\n".repeat(50_000_000 / 11),
        refused: false,
    });
    cases
}

/// How long each case takes to read, of `bombs`, `endless` and `bodies`.
pub fn measure() -> Vec<(&'static str, Duration)> {
    let cases = bombs().into_iter().chain(endless()).chain(bodies());
    cases
        .map(|case| {
            let start = Instant::now();
            let card = Card::parse("soak/card", Origin::Imported, case.text);
            let time = start.elapsed();
            drop(card);
            (case.name, time)
        })
        .collect()
}

/// `before`, a number and `after`, for the numbers below `n`.
fn numbered(n: usize, before: &str, after: &str) -> String {
    let parts: Vec<String> = (0..n).map(|i| format!("{before}{i}{after}")).collect();
    parts.concat()
}

fn laughs(levels: usize, width: usize) -> String {
    let mut lines = vec![format!("a0: &a0 [{}]\n", vec!["x"; width].join(","))];
    lines.extend((1..levels).map(|level| {
        let aliases = vec![format!("*a{}", level - 1); width].join(",");
        format!("a{level}: &a{level} [{aliases}]\n")
    }));
    lines.concat()
}

/// A list of `n` items named `n` times: under the cap of `serde_yaml`, and `n * n` values.
pub fn quadratic(n: usize) -> String {
    format!(
        "a: &a [{}]\nb: [{}]",
        vec!["x"; n].join(","),
        vec!["*a"; n].join(",")
    )
}

fn repeated_scalar(length: usize, times: usize) -> String {
    format!(
        "a: &a {}\nb: [{}]",
        "x".repeat(length),
        vec!["*a"; times].join(",")
    )
}

fn merge_chain(length: usize) -> String {
    let mut lines = vec!["a0: &a0 {k: v}\n".to_owned()];
    lines.extend((1..length).map(|i| {
        let before = i - 1;
        format!("a{i}: &a{i}\n  <<: [*a{before}, *a{before}]\n")
    }));
    lines.concat()
}

fn nested_anchors(depth: usize) -> String {
    let items = vec!["x"; 900].join(",");
    let open = numbered(depth, "&a", " [");
    format!("a: {open}{items}{}", "]".repeat(depth))
}
