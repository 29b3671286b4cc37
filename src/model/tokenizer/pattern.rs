//! Which patterns of a tokenizer may run: those whose time does not explode with the text.
//!
//! The engine gives up after a number of steps, and the library takes that for the end of the
//! matches, so a pattern that needs many splits texts wrongly before it takes too long.

use crate::error::{Error, Result};
use crate::text;

/// The longest pattern, in bytes: the longest known has 400.
const LONGEST: usize = 4096;
/// Most repetitions without end one after the other: known patterns have two.
const MOST_OPEN: usize = 3;
/// Most repetitions that are counted.
const MOST_COUNT: usize = 1000;

/// Checks one pattern by its structure: nothing that itself repeats or chooses is repeated, and
/// few repetitions follow each other.
///
/// # Errors
/// What about it may take forever.
pub(super) fn check(pattern: &str) -> Result<()> {
    let refuse = |why: &str| {
        let start: String = text::line(pattern).chars().take(60).collect();
        Err(Error::new(format!(
            "the pattern `{start}` {why}, which may take forever"
        )))
    };
    if pattern.len() > LONGEST {
        return refuse("is longer than 4,096 bytes");
    }
    match Walk::new(pattern).run() {
        Ok(()) => Ok(()),
        Err(why) => refuse(why),
    }
}

/// The characters that patterns name, and one of each kind: texts of them try the patterns out.
pub(super) fn alphabet(patterns: &[&str]) -> Vec<char> {
    let mut found = vec!['a', ' ', '\n', '1', '-', 'é', '模'];
    let named = patterns.iter().flat_map(|pattern| pattern.chars());
    for c in named.filter(char::is_ascii_alphanumeric) {
        if !found.contains(&c) && found.len() < 40 {
            found.push(c);
        }
    }
    found
}

/// What was seen of a group so far.
#[derive(Debug, Default, Clone, Copy)]
struct Group {
    /// A part may match in more than one way: it repeats, is optional, or is one of several.
    varies: bool,
    /// A part is repeated a number of times.
    counted: bool,
    /// Repetitions without end in the alternative being read.
    open: usize,
    /// The most in any alternative before.
    most_open: usize,
}

/// How often the part before may come.
struct Repeat {
    fixed: bool,
    endless: bool,
    most: usize,
}

struct Walk {
    chars: Vec<char>,
    at: usize,
    groups: Vec<Group>,
}

impl Walk {
    fn new(pattern: &str) -> Self {
        Self {
            chars: pattern.chars().collect(),
            at: 0,
            groups: vec![Group::default()],
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied();
        self.at += 1;
        c
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn run(mut self) -> Result<(), &'static str> {
        while let Some(c) = self.next() {
            match c {
                '(' => self.open()?,
                ')' => {
                    let inner = self.groups.pop().unwrap_or_default();
                    if self.groups.is_empty() {
                        return Err("has a parenthesis too many");
                    }
                    self.repeated(Some(inner))?;
                }
                '|' => {
                    let group = self.group();
                    group.varies = true;
                    group.most_open = group.most_open.max(group.open);
                    group.open = 0;
                }
                '[' => {
                    self.class()?;
                    self.repeated(None)?;
                }
                '\\' => {
                    match self.next() {
                        Some('1'..='9' | 'k' | 'g') => return Err("looks back at what it matched"),
                        Some('p' | 'P' | 'x' | 'u') if self.peek() == Some('{') => {
                            while self.next().is_some_and(|c| c != '}') {}
                        }
                        _ => {}
                    }
                    self.repeated(None)?;
                }
                '*' | '+' | '?' => return Err("repeats nothing or a repetition"),
                _ => self.repeated(None)?,
            }
        }
        match self.groups.len() {
            1 => Ok(()),
            _ => Err("has a parenthesis too few"),
        }
    }

    fn group(&mut self) -> &mut Group {
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// Behind an opening parenthesis.
    fn open(&mut self) -> Result<(), &'static str> {
        if self.peek() == Some('?') {
            self.at += 1;
            while let Some(c) = self.peek() {
                match c {
                    'x' => return Err("is in the verbose form"),
                    '(' | 'R' | '&' => return Err("depends on other parts of itself"),
                    // `(?i)` is no group: its parenthesis closes at once.
                    ')' => break,
                    ':' | '=' | '!' | '>' => {
                        self.at += 1;
                        break;
                    }
                    _ => self.at += 1,
                }
            }
        }
        if self.groups.len() > 32 {
            return Err("is nested more than 32 deep");
        }
        self.groups.push(Group::default());
        Ok(())
    }

    /// Behind an opening bracket: to the one that closes it.
    fn class(&mut self) -> Result<(), &'static str> {
        let mut depth = 1;
        let mut first = true;
        while let Some(c) = self.next() {
            match c {
                '\\' => self.at += 1,
                '^' if first => continue,
                ']' if first => {}
                ']' => depth -= 1,
                // Classes nest in this engine.
                '[' => depth += 1,
                _ => {}
            }
            first = false;
            if depth == 0 {
                return Ok(());
            }
        }
        Err("has a bracket too few")
    }

    /// Behind a part: how often it comes, and what that makes of the group around it.
    fn repeated(&mut self, inner: Option<Group>) -> Result<(), &'static str> {
        let inner = inner.unwrap_or_default();
        let repeat = self.repeat();
        let times = repeat.as_ref().map_or(1, |r| r.most);
        if times > MOST_COUNT && !repeat.as_ref().is_some_and(|r| r.endless) {
            return Err("repeats a part more than 1,000 times");
        }
        if times > 1 && inner.varies {
            return Err("repeats a part that repeats or chooses itself");
        }
        if times > 1 && inner.counted && repeat.as_ref().is_some_and(|r| !r.endless) {
            return Err("counts what it has counted");
        }
        let varies = inner.varies || repeat.as_ref().is_some_and(|r| !r.fixed);
        let endless = repeat.as_ref().is_some_and(|r| r.endless);
        let group = self.group();
        group.varies |= varies;
        group.counted |= inner.counted || (times > 1 && !endless);
        group.open += inner.most_open.max(inner.open) + usize::from(endless);
        if group.open > MOST_OPEN {
            return Err("has many repetitions one after the other");
        }
        Ok(())
    }

    /// The quantifier here, if one is.
    fn repeat(&mut self) -> Option<Repeat> {
        let (fixed, endless, most) = match self.peek()? {
            '*' | '+' => (false, true, usize::MAX),
            '?' => (false, false, 1),
            '{' => {
                let rest = &self.chars[self.at + 1..];
                let length = rest.iter().position(|c| *c == '}')?;
                let body: String = rest[..length].iter().collect();
                let (low, high) = match body.split_once(',') {
                    Some((low, high)) => (low, high),
                    None => (body.as_str(), body.as_str()),
                };
                let low: usize = if low.is_empty() { 0 } else { low.parse().ok()? };
                let high: usize = if high.is_empty() {
                    usize::MAX
                } else {
                    high.parse().ok()?
                };
                self.at += length + 1;
                (low == high, high == usize::MAX, high)
            }
            _ => return None,
        };
        self.at += 1;
        // Lazy or possessive.
        if matches!(self.peek(), Some('?' | '+')) {
            self.at += 1;
        }
        Some(Repeat {
            fixed,
            endless,
            most,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_known_tokenizers_pass() {
        for pattern in [
            r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\s+(?!\S)",
            r"[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))*((?=[\p{L}])([^A-Z]))+(?i:'s|'t)?",
            r" ?[^(\s|[.,!?…。，、।۔،])]+",
            r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
            r"(?=(\d{3})+(?!\d))",
            r"[!-/:-~]?[A-Za-z]++|\p{N}{1,3}+| {2,}",
            r"\u{3000}|\x{20}+|[^\]]",
        ] {
            check(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        }
    }

    #[test]
    fn patterns_that_may_take_forever_do_not() {
        for pattern in [
            r"(a+)+$",
            r"(?:a|a)*b",
            r"(a?){30}a{30}",
            r"((ab)*c)*",
            r"(?=(a*)*b)a",
            r"a*a*a*a*b",
            r"(\w+)\1",
            r"((a{100}){100}){100}",
            r"a{100000}",
            r"(?x) (a #)
              +)+",
            r"(?:x(?:y+)?)*",
            r"(a",
            r"a)",
            r"[a",
            r"a**",
        ] {
            assert!(check(pattern).is_err(), "{pattern}");
        }
    }
}
