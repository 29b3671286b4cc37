//! The program's folders, and writes that a crash cannot tear.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Where the program keeps what is the user's, after the XDG base directory specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Cards, index, runs: `$XDG_DATA_HOME/modeldesk`.
    pub data: PathBuf,
    /// `config.yaml`: `$XDG_CONFIG_HOME/modeldesk`.
    pub config: PathBuf,
    /// What can be measured again: `$XDG_CACHE_HOME/modeldesk`.
    pub cache: PathBuf,
    /// Input history: `$XDG_STATE_HOME/modeldesk`.
    pub state: PathBuf,
}

impl Folders {
    /// The folders of this user.
    ///
    /// # Errors
    /// When the user has no home folder.
    pub fn of_user() -> Result<Self> {
        let xdg = etcetera::choose_base_strategy().map_err(|e| {
            Error::new("this user has no home folder")
                .hint("set HOME, or XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_CACHE_HOME")
                .caused_by(e)
        })?;
        let name = "modeldesk";
        Ok(Self {
            data: xdg.data_dir().join(name),
            config: xdg.config_dir().join(name),
            cache: xdg.cache_dir().join(name),
            state: xdg.state_dir().unwrap_or_else(|| xdg.data_dir()).join(name),
        })
    }

    /// All folders below one, for tests and for portable use.
    pub fn below(root: &Path) -> Self {
        let part = |name| root.join(name);
        Self {
            data: part("data"),
            config: part("config"),
            cache: part("cache"),
            state: part("state"),
        }
    }
}

/// `~/x` as `x` in the user's home, any other path as it is.
pub fn from_home(path: &Path) -> PathBuf {
    let below = path.strip_prefix("~").ok();
    let home = below.and_then(|below| Some(etcetera::home_dir().ok()?.join(below)));
    home.unwrap_or_else(|| path.to_owned())
}

/// A file name for something that is called `text`: the 64-bit hash of Fowler, Noll and Vo. What
/// the file holds says what it is of, for two texts may share a name.
pub fn short_name(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Writes `bytes` to `path` so that a reader, or a crash, sees the old file or the new one whole:
/// a temporary file beside it, synced, renamed, and the folder synced.
///
/// # Errors
/// When the folder cannot be made or written; the old file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// As [`write()`], for content that is produced in pieces.
///
/// # Errors
/// When the folder cannot be made or written, or `fill` fails; the old file is then as it was.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    let folder = parent(path);
    let attempt = || -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut temporary = tempfile::Builder::new()
            .prefix(".write-")
            .tempfile_in(folder)?;
        fill(temporary.as_file_mut())?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|e| e.error)?;
        sync_folder(folder)
    };
    attempt().map_err(|e| Error::io("write", path, e))
}

/// What the program's own JSON file `path` says, of at most `most` bytes.
///
/// # Errors
/// When it cannot be read, is larger, or says something else; with the line.
pub fn read_json<T: DeserializeOwned>(path: &Path, most: u64) -> Result<T> {
    let failed = |e| Error::io("read", path, e);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(Error::new(format!("has more than {most} bytes")).at_path(path));
    }
    serde_json::from_slice(&bytes).map_err(|e| {
        Error::new("is damaged")
            .at_line(path, e.line())
            .hint("the program wrote this file: put a copy back, or remove what it belongs to")
            .caused_by(e)
    })
}

/// Fills `out` with what is at `offset`, whatever other threads read of the file meanwhile.
///
/// # Errors
/// When the file ends before, or cannot be read.
#[cfg(unix)]
pub fn read_at(file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

/// Fills `out` with what is at `offset`, whatever other threads read of the file meanwhile.
///
/// # Errors
/// When the file ends before, or cannot be read.
#[cfg(windows)]
pub fn read_at(file: &File, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
    while !out.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, out, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                out = &mut out[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

/// Unpacks gzip and zstd, told by their first bytes and not by the file's name.
///
/// # Errors
/// When nothing can be read, or what says that it is packed is not.
pub fn unpacked<R: Read + 'static>(mut file: BufReader<R>) -> io::Result<Box<dyn BufRead>> {
    let start = file.fill_buf()?;
    Ok(match start {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(BufReader::new(zstd::Decoder::with_buffer(file)?)),
        _ => Box::new(file),
    })
}

/// Free bytes on the disk that holds `path`, or will hold it.
pub fn free_space(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|path| path.exists())?;
    let there = if there.as_os_str().is_empty() {
        Path::new(".")
    } else {
        there
    };
    fs4::available_space(there).ok()
}

/// The folder that `path` is in; the current one for a bare name.
pub fn parent(path: &Path) -> &Path {
    let named = |folder: &&Path| !folder.as_os_str().is_empty();
    path.parent()
        .filter(named)
        .unwrap_or_else(|| Path::new("."))
}

/// Makes a rename inside `folder` durable.
///
/// # Errors
/// When the folder cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_in_the_current_folder() {
        for (path, folder) in [("a", "."), ("./a", "."), ("b/a", "b"), ("/a", "/")] {
            assert_eq!(parent(Path::new(path)), Path::new(folder));
        }
    }
}
