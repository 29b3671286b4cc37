//! Whether bytes are those that the hub states: by their hash, computed while they pass.

use std::fs::File;
use std::io::{self, Read};

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use super::names::Digest;
use crate::error::{Error, Result};
use crate::jobs::Cancel;

/// How much is read of a file at once.
const BLOCK: usize = 1 << 20;

/// Computes the hash of a file from its bytes, one piece after another.
#[derive(Clone)]
pub(super) struct Hasher(Context);

impl Hasher {
    /// For a file of `size` bytes that is known by `digest`.
    pub(super) fn of(digest: &Digest, size: u64) -> Self {
        match digest {
            Digest::Sha256(_) => Self(Context::new(&SHA256)),
            Digest::Git(_) => {
                let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
                context.update(format!("blob {size}\0").as_bytes());
                Self(context)
            }
        }
    }

    /// Takes the next piece.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Whether all pieces together are what is known by `digest`.
    pub(super) fn is(&self, digest: &Digest) -> bool {
        let computed = self.0.clone().finish();
        let pairs = computed
            .as_ref()
            .iter()
            .zip(digest.as_str().as_bytes().chunks(2));
        pairs.len() * 2 == digest.as_str().len()
            && pairs
                .into_iter()
                .all(|(byte, hex)| format!("{byte:02x}").as_bytes() == hex)
    }
}

/// Passes what is left of `file` through `hasher`, and tells `each` how much at a time; other work
/// of the thread goes on between. How much it was.
pub(super) async fn pass(
    file: &mut File,
    hasher: &mut Hasher,
    cancel: &Cancel,
    each: &mut dyn FnMut(u64),
) -> Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut passed = 0;
    loop {
        cancel.check()?;
        let read = match file.read(&mut block) {
            Ok(0) => return Ok(passed),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Error::new("cannot read what is on this disk").caused_by(e)),
        };
        hasher.update(&block[..read]);
        passed += read as u64;
        each(read as u64);
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_hashes_are_those_of_git_and_of_the_hub() {
        let git = Digest::git("ce013625030ba8dba906f756967f9e9ca394464a").unwrap();
        let sha = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        for digest in [git, Digest::sha256(sha).unwrap()] {
            let mut hasher = Hasher::of(&digest, 6);
            hasher.update(b"hel");
            hasher.update(b"lo\n");
            assert!(hasher.is(&digest));
            hasher.update(b"x");
            assert!(!hasher.is(&digest));
        }
    }
}
