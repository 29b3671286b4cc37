//! What ships inside the binary: the cards, and what the index is made from.
//!
//! Cards are parsed once, on first use, in the order of their ids.

use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};

use crate::card::{Card, Origin};

static CARDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/cards");
static INDEX: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/index");

/// The text of `index/<name>`: `schema.yaml`, `vocabulary.yaml`, ...
pub fn setting(name: &str) -> Option<&'static str> {
    INDEX.get_file(name).and_then(|file| file.contents_utf8())
}

/// Ids and texts of the built-in cards, `<org>/<name>` and `guide/<slug>`, in the order of ids.
pub fn texts() -> &'static [(String, &'static str)] {
    static TEXTS: OnceLock<Vec<(String, &'static str)>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let mut found = Vec::new();
        for name in CARDS.dirs().flat_map(Dir::dirs) {
            let readme = name.get_file(name.path().join("README.md"));
            let id = name
                .path()
                .iter()
                .filter_map(|part| part.to_str())
                .collect::<Vec<_>>();
            if let Some(text) = readme.and_then(|file| file.contents_utf8()) {
                found.push((id.join("/"), text));
            }
        }
        found.sort();
        found
    })
}

/// The built-in cards, models and guide, in the order of ids.
pub fn cards() -> &'static [Arc<Card>] {
    static PARSED: OnceLock<Vec<Arc<Card>>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let parse =
            |(id, text): &(String, &'static str)| Arc::new(Card::parse(id, Origin::BuiltIn, *text));
        texts().iter().map(parse).collect()
    })
}

/// The built-in card of that id.
pub fn card(id: &str) -> Option<&'static Arc<Card>> {
    cards()
        .binary_search_by(|card| card.id.as_str().cmp(id))
        .ok()
        .map(|at| &cards()[at])
}

/// Whether a built-in card has that id; parses nothing.
pub fn has(id: &str) -> bool {
    texts()
        .binary_search_by(|(known, _)| known.as_str().cmp(id))
        .is_ok()
}

/// A number that changes with any id or text of the built-in cards.
pub fn fingerprint() -> u64 {
    static FINGERPRINT: OnceLock<u64> = OnceLock::new();
    *FINGERPRINT.get_or_init(|| {
        let mut hash = Hash::default();
        for (id, text) in texts() {
            hash.add(id.as_bytes());
            hash.add(text.as_bytes());
        }
        hash.finish()
    })
}

/// FNV-1a of 64 bits: the same number in every build and on every machine, which the standard
/// library's hashers do not promise. Finds accidents, not attacks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    /// Takes in one part; its length is part of the hash, so that parts cannot run together.
    pub(super) fn add(&mut self, part: &[u8]) {
        for byte in part.iter().chain(&(part.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(super) fn finish(self) -> u64 {
        self.0
    }

    /// The hash of one part.
    pub(super) fn of(part: &[u8]) -> u64 {
        let mut hash = Self::default();
        hash.add(part);
        hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let of = |parts: &[&str]| {
            let mut hash = Hash::default();
            for part in parts {
                hash.add(part.as_bytes());
            }
            hash.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
    }

    #[test]
    fn every_built_in_card_is_found_by_its_id() {
        for (id, _) in texts() {
            assert!(has(id));
        }
        assert!(!has("nobody/nothing"));
    }
}
