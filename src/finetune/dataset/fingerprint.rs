//! What a file's bytes are, in one short text.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::finetune::features::hexadecimal;
use crate::model::pipeline::Stop;

/// The size of a file, and the SHA-256 of its bytes in hexadecimal digits.
///
/// # Errors
/// When it cannot be read, or `stop` says so.
pub fn fingerprint(path: &Path, stop: Stop<'_>) -> Result<(u64, String)> {
    let failed = |e| Error::io("read", path, e);
    let mut file = File::open(path).map_err(failed)?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        if stop() {
            return Err(Error::interrupted());
        }
        let read = file.read(&mut block).map_err(failed)?;
        if read == 0 {
            return Ok((bytes, hexadecimal(&digest.finalize())));
        }
        digest.update(&block[..read]);
        bytes += read as u64;
    }
}
