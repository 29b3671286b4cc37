//! Texts to words, by the rules of sacreBLEU's tokenizers.

use std::sync::LazyLock;

use regex::Regex;

use crate::finetune::metrics::words;

/// What makes words of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokenizer {
    /// That of `mteval-v13a.pl`, for texts in Latin letters: sacreBLEU's default.
    #[default]
    V13a,
    /// That of `mteval-v14.pl`, by Unicode's classes.
    International,
    /// Each Chinese character by itself, and the rest as by `13a`.
    Chinese,
    /// Each character.
    Character,
    /// Words are what spaces part.
    None,
}

/// A pattern, and what replaces what it matches.
type Rule = (Regex, &'static str);

/// Punctuation apart, except points and commas within numbers, and dashes after digits.
static WESTERN: LazyLock<[Rule; 4]> = LazyLock::new(|| {
    [
        rule(r"([{-~\[-` -&(-+:-@/])", " $1 "),
        rule(r"([^0-9])([.,])", "$1 $2 "),
        rule(r"([.,])([^0-9])", " $1 $2"),
        rule(r"([0-9])(-)", "$1 $2 "),
    ]
});

/// Punctuation apart, except within numbers; and symbols.
static UNICODE: LazyLock<[Rule; 3]> = LazyLock::new(|| {
    [
        rule(r"(\P{N})(\p{P})", "$1 $2 "),
        rule(r"(\p{P})(\P{N})", " $1 $2"),
        rule(r"(\p{S})", " $1 "),
    ]
});

fn rule(pattern: &str, replacement: &'static str) -> Rule {
    (Regex::new(pattern).expect("a valid pattern"), replacement)
}

impl Tokenizer {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::V13a,
        Self::International,
        Self::Chinese,
        Self::Character,
        Self::None,
    ];

    /// Its name in a signature.
    pub fn name(self) -> &'static str {
        match self {
            Self::V13a => "13a",
            Self::International => "intl",
            Self::Chinese => "zh",
            Self::Character => "char",
            Self::None => "none",
        }
    }

    /// The tokenizer of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The words of a text with spaces between them.
    pub fn tokenize(self, text: &str) -> String {
        match self {
            Self::V13a => western(&format!(" {} ", plain(text))),
            Self::International => apply(&*UNICODE, text),
            Self::Chinese => western(&apart(text.trim_matches(words::is_space))),
            Self::Character => {
                let mut out = String::with_capacity(2 * text.len());
                for c in text.chars() {
                    out.extend([c, ' ']);
                }
                out
            }
            Self::None => text.to_owned(),
        }
    }
}

fn western(text: &str) -> String {
    apply(&*WESTERN, text)
}

fn apply(rules: &[Rule], text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, replacement) in rules {
        text = pattern.replace_all(&text, *replacement).into_owned();
    }
    words::tidy(&text)
}

/// A text on one line, without what `mteval-v13a.pl` takes for markup.
fn plain(text: &str) -> String {
    let text = text
        .replace("<skipped>", "")
        .replace("-\n", "")
        .replace('\n', " ");
    text.replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
}

/// Chinese characters apart.
fn apart(text: &str) -> String {
    let mut out = String::with_capacity(2 * text.len());
    for c in text.chars() {
        if is_chinese(c) {
            out.extend([' ', c, ' ']);
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether sacreBLEU takes a character for Chinese.
///
/// Two of its ranges are meant to be beyond U+FFFF and are written with four digits and one more
/// character, so that what they hold is U+2001 to U+2A6D, and nothing beyond U+FFFF.
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{2001}'..='\u{2a6d}' | '\u{2e80}'..='\u{2fdf}' | '\u{2ff0}'..='\u{303f}'
        | '\u{3100}'..='\u{312f}' | '\u{31a0}'..='\u{31ef}' | '\u{3200}'..='\u{4db5}'
        | '\u{4e00}'..='\u{9fbb}' | '\u{f900}'..='\u{fa2d}' | '\u{fa30}'..='\u{fa6a}'
        | '\u{fa70}'..='\u{fad9}' | '\u{fe10}'..='\u{fe1f}' | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}')
}
