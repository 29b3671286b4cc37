//! SHA-256, of bytes as they come and of whole files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

use crate::error::{Error, Result};
use crate::model::pipeline::Stop;

/// How much is read of a file at once.
const BLOCK: usize = 1 << 20;

/// Computes SHA-256 from one piece after another.
pub struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Sha256 {
    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What all pieces together come to.
    pub fn finish(self) -> [u8; SHA256_OUTPUT_LEN] {
        let mut out = [0; SHA256_OUTPUT_LEN];
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }
}

/// The size of a file in bytes, and their SHA-256 in hexadecimal digits.
///
/// # Errors
/// When it cannot be read, or `stop` says so.
pub fn of_file(path: &Path, stop: Stop<'_>) -> Result<(u64, String)> {
    let failed = |e| Error::io("read", path, e);
    let mut file = File::open(path).map_err(failed)?;
    let mut digest = Sha256::default();
    let mut block = vec![0; BLOCK];
    let mut bytes = 0;
    loop {
        if stop() {
            return Err(Error::interrupted());
        }
        let read = file.read(&mut block).map_err(failed)?;
        if read == 0 {
            return Ok((bytes, hexadecimal(&digest.finish())));
        }
        digest.update(&block[..read]);
        bytes += read as u64;
    }
}

/// Bytes in hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a text cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
