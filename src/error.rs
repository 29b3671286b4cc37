//! What failed, where, and what to do about it.

use std::fmt;
use std::path::Path;

/// The result of everything that a user can make fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Something the user should know that stopped nothing: the index was rebuilt, a setting is not
/// used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice(pub String);

/// Which exit code an error ends the program with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command was understood and could not be done: exit code 1.
    Failed,
    /// The command was not understood: exit code 2.
    Usage,
    /// The user stopped it: exit code 130.
    Interrupted,
}

/// An error for a person: what failed, where, and a hint.
///
/// Displays as `WHERE: WHAT`, followed by `: CAUSE` where there is one. The hint is printed on a
/// line of its own by whoever shows the error.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    what: String,
    place: Option<String>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of kind [`Kind::Failed`].
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            kind: Kind::Failed,
            what: what.into(),
            place: None,
            hint: None,
            source: None,
        }
    }

    /// An error of kind [`Kind::Usage`].
    pub fn usage(what: impl Into<String>) -> Self {
        Self {
            kind: Kind::Usage,
            ..Self::new(what)
        }
    }

    /// The user stopped the command.
    pub fn interrupted() -> Self {
        Self {
            kind: Kind::Interrupted,
            ..Self::new("interrupted")
        }
    }

    /// An input or output error on `path`, with a hint for the causes that have a remedy.
    pub fn io(doing: &str, path: &Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        let hint = match source.kind() {
            K::StorageFull | K::QuotaExceeded => Some("free some space on that disk and try again"),
            K::PermissionDenied => Some("check who owns that path and its mode"),
            K::ReadOnlyFilesystem => {
                Some("that disk is read-only; set XDG_DATA_HOME to a folder that can be written")
            }
            K::NotFound => Some("check the spelling of that path"),
            _ => None,
        };
        let mut error = Self::new(format!("cannot {doing}"))
            .at_path(path)
            .caused_by(source);
        error.hint = hint.map(str::to_owned);
        error
    }

    /// Says where: a flag, a field, or text such as `cards/x.md:17`.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Says in which file.
    #[must_use]
    pub fn at_path(self, path: &Path) -> Self {
        self.at(shown(path))
    }

    /// Says in which file and line (1-based).
    #[must_use]
    pub fn at_line(self, path: &Path, line: usize) -> Self {
        self.at(format!("{}:{line}", shown(path)))
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Where it is, if that was said.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// What to do, where something can be done.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Which exit code this ends the program with.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.what)?;
        match &self.source {
            Some(source) => write!(f, ": {}", crate::text::line(&source.to_string())),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

/// The text of a path, safe to show.
pub fn shown(path: &Path) -> String {
    crate::text::line(&path.display().to_string()).into_owned()
}
