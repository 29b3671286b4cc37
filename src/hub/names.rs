//! What a server may call things: commits, hashes, revisions and files. Only what has passed here
//! becomes part of a path or of an address.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::text;

/// The longest part of a file's name that every disk takes.
const LONGEST_PART: usize = 255;
/// The longest name of a file, and of a revision.
const LONGEST: usize = 1000;
/// Names that Windows gives to devices, whatever follows a dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// A commit: 40 hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commit(String);

impl Commit {
    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As many digits as people read.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl FromStr for Commit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if is_hex(text, 40) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::new(format!("`{}` is no commit", shown(text))))
        }
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a file's content must hash to, which is also what the cache calls it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Digest {
    /// SHA-256 of the content: of a large file.
    Sha256(String),
    /// SHA-1 of the content with git's header: of a plain file.
    Git(String),
}

impl Digest {
    /// In hexadecimal digits.
    pub fn as_str(&self) -> &str {
        let (Self::Sha256(hex) | Self::Git(hex)) = self;
        hex
    }

    /// The algorithm: `sha256` or `git-sha1`.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "sha256",
            Self::Git(_) => "git-sha1",
        }
    }

    /// A SHA-256.
    pub(super) fn sha256(hex: &str) -> Option<Self> {
        is_hex(hex, 64).then(|| Self::Sha256(hex.to_owned()))
    }

    /// A git object's name.
    pub(super) fn git(hex: &str) -> Option<Self> {
        is_hex(hex, 40).then(|| Self::Git(hex.to_owned()))
    }

    /// The hash that an `ETag` is, where it is one.
    pub(super) fn of_etag(etag: &str) -> Option<Self> {
        let plain = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
        Self::sha256(plain).or_else(|| Self::git(plain))
    }
}

/// What was asked for: a branch, a tag or a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(String);

impl Revision {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The commit that it is, where it is one.
    pub fn commit(&self) -> Option<Commit> {
        self.0.parse().ok()
    }
}

impl Default for Revision {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

impl FromStr for Revision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-+/".contains(&b);
        let part = |part: &str| {
            !part.is_empty()
                && part.len() <= LONGEST_PART
                && !part.starts_with(['.', '-'])
                && !part.ends_with(['.', '/'])
                && part.strip_suffix(".lock").is_none()
        };
        let fits = text.len() <= LONGEST
            && text.bytes().all(allowed)
            && !text.contains("..")
            && text.split('/').all(part);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::usage(format!("`{}` is no revision", shown(text)))
                .at("--revision")
                .hint("give a branch, a tag or a commit, such as main or refs/pr/1"))
        }
    }
}

/// The name of a file in a repository: a path below its top that stays there on every system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName(String);

impl FileName {
    /// With `/` between folders.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every character of it is one that nobody has to escape.
    pub(super) fn is_plain(&self) -> bool {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
        self.0.bytes().all(plain)
    }
}

impl FromStr for FileName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match wrong_with(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(Error::new(format!("`{}` {why}", shown(text)))),
        }
    }
}

/// Why a name is not one of a file below the top, on Unix or on Windows.
fn wrong_with(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.len() > LONGEST {
        return Some("is too long or empty");
    }
    if name.chars().any(char::is_control) {
        return Some("has a control character");
    }
    if name.contains(['\\', ':']) {
        return Some("leaves the folder on some systems");
    }
    for part in name.split('/') {
        if part.is_empty() || matches!(part, "." | "..") {
            return Some("leaves the folder");
        }
        if part.len() > LONGEST_PART {
            return Some("is too long for a disk");
        }
        let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
        let device = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        if DEVICES.contains(&device) && stem.len() <= device.len() + 1 {
            return Some("is a device on some systems");
        }
        if part.ends_with(['.', ' ']) {
            return Some("is another name on some systems");
        }
    }
    None
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// At most so much of a hostile name, safe to show.
fn shown(name: &str) -> String {
    let start: String = name.chars().take(80).collect();
    text::ident(&start).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_and_hashes_are_hexadecimal_and_nothing_else() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(commit.parse::<Commit>().unwrap().short(), "0123456");
        for bad in ["", "main", &commit[1..], &commit.to_uppercase(), "../../x"] {
            assert!(bad.parse::<Commit>().is_err(), "{bad}");
        }
        let sha = "a".repeat(64);
        assert_eq!(Digest::of_etag(&format!("\"{sha}\"")), Digest::sha256(&sha));
        assert_eq!(
            Digest::of_etag(&format!("W/\"{commit}\"")),
            Digest::git(commit)
        );
        let long = "a".repeat(300);
        for bad in [
            "../../x",
            "/abs",
            &sha[1..],
            &format!("{sha}a"),
            "\0",
            &long,
            "%2e%2e",
        ] {
            assert_eq!(Digest::of_etag(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_revision_stays_below_refs() {
        for good in ["main", "v1.0", "refs/pr/1", "feature/x-2_b", "a+b"] {
            assert!(good.parse::<Revision>().is_ok(), "{good}");
        }
        let long = "a".repeat(256);
        for bad in [
            "", "..", "a/../b", "/a", "a/", "a//b", ".a", "a/.b", "-a", "a b", "a\\b", "a?b",
            "a%2e", "a\0", "x.lock", "é", &long,
        ] {
            assert!(bad.parse::<Revision>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_stays_below_the_top_on_every_system() {
        for good in [
            "config.json",
            "1_Pooling/config.json",
            "a b.txt",
            "größe",
            "com10",
            "console",
        ] {
            assert!(good.parse::<FileName>().is_ok(), "{good}");
        }
        let long = format!("{}.safetensors", "a".repeat(250));
        for bad in [
            "",
            "..",
            "../x",
            "a/../../x",
            "/etc/x",
            "a//b",
            "a/",
            "./x",
            "C:\\x",
            "c:x",
            "a\\..\\x",
            "\\\\host\\x",
            "a\0b",
            "a\nb",
            "nul",
            "CON.txt",
            "a/lpt1.json",
            "x.",
            "x ",
            &long,
        ] {
            assert!(bad.parse::<FileName>().is_err(), "{bad:?}");
        }
    }
}
