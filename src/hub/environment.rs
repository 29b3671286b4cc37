//! Which hub, with which token, into which cache, and how long to wait: what `huggingface_hub`'s
//! variables say.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::Cache;
use crate::error::{Error, Result};
use crate::files;
use crate::settings::Settings;

/// The hub that is asked where no other is named.
const HUGGING_FACE: &str = "https://huggingface.co";

/// A hub, and the cache that what it has comes into.
#[derive(Debug, Clone)]
pub struct Hub {
    /// Where it is; without a `/` at the end of its path.
    pub(super) endpoint: Url,
    pub(super) token: Option<Token>,
    pub(super) offline: bool,
    pub(super) cache: Cache,
    pub(super) patience: Patience,
}

/// How long to wait for what, and how often to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For an answer to begin: `HF_HUB_ETAG_TIMEOUT`, 10 seconds.
    pub answer: Duration,
    /// For the next bytes of a body: `HF_HUB_DOWNLOAD_TIMEOUT`, 10 seconds.
    pub bytes: Duration,
    /// For another process that fetches the same file, while nothing of it arrives.
    pub lock: Duration,
    /// How often in a row to ask again where nothing arrived.
    pub attempts: u32,
    /// Before the first further attempt; doubled before each next.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            bytes: Duration::from_secs(10),
            lock: Duration::from_mins(1),
            attempts: 5,
            pause: Duration::from_millis(500),
        }
    }
}

/// What lets a user in. It is in no message and no log.
#[derive(Clone)]
pub(super) struct Token(HeaderValue);

impl Token {
    fn new(text: &str) -> Result<Option<Self>> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let mut value = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| {
            Error::new("has characters that no token has")
                .at("HF_TOKEN")
                .hint("copy it again from the hub's settings, or unset it")
        })?;
        value.set_sensitive(true);
        Ok(Some(Self(value)))
    }

    /// The header's value, which does not show itself.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Hub {
    /// The hub, token and cache that the settings and the environment name.
    ///
    /// # Errors
    /// When `HF_ENDPOINT` is no address, or the token has characters that none has.
    pub fn of_environment(settings: &Settings) -> Result<Self> {
        Self::of(Cache::of_environment(settings), |name| {
            std::env::var_os(name)
        })
    }

    fn of(cache: Cache, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let text = |name: &str| {
            let value = variable(name)?.into_string().ok()?;
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let is_on = |name: &str| {
            let value = text(name).unwrap_or_default().to_ascii_lowercase();
            matches!(value.as_str(), "1" | "on" | "yes" | "true")
        };
        let endpoint = text("HF_ENDPOINT");
        let token = if is_on("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
            None
        } else {
            let kept = || kept_token(&variable);
            let set = text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN"));
            Token::new(&set.or_else(kept).unwrap_or_default())?
        };
        let seconds = |name: &str| {
            let given = text(name).and_then(|value| value.parse().ok());
            given
                .filter(|seconds| *seconds > 0)
                .map(Duration::from_secs)
        };
        let usual = Patience::default();
        Ok(Self {
            endpoint: address(endpoint.as_deref().unwrap_or(HUGGING_FACE))?,
            token,
            offline: is_on("HF_HUB_OFFLINE"),
            cache,
            patience: Patience {
                answer: seconds("HF_HUB_ETAG_TIMEOUT").unwrap_or(usual.answer),
                bytes: seconds("HF_HUB_DOWNLOAD_TIMEOUT").unwrap_or(usual.bytes),
                ..usual
            },
        })
    }

    /// The hub at `endpoint`, without a token, with `cache` as its cache.
    ///
    /// # Errors
    /// When `endpoint` is no address.
    pub fn at(endpoint: &str, cache: Cache) -> Result<Self> {
        Ok(Self {
            endpoint: address(endpoint)?,
            token: None,
            offline: false,
            cache,
            patience: Patience::default(),
        })
    }

    /// With this much patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// With this token.
    ///
    /// # Errors
    /// When it has characters that no token has.
    pub fn with_token(mut self, token: &str) -> Result<Self> {
        self.token = Token::new(token)?;
        Ok(self)
    }

    /// The name of the host, with its port where that is unusual.
    pub fn host(&self) -> String {
        host(&self.endpoint)
    }

    /// Whether `HF_HUB_OFFLINE` forbids every connection.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// Where what is fetched is kept.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }
}

/// `huggingface.co`, `127.0.0.1:8090`.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

fn address(text: &str) -> Result<Url> {
    let parsed = Url::parse(text.trim_end_matches('/'));
    let fits = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.password().is_none()
    };
    parsed.ok().filter(fits).ok_or_else(|| {
        Error::usage("is no address of a hub")
            .at("HF_ENDPOINT")
            .hint("set it to one like https://huggingface.co, or unset it")
    })
}

/// The token that `hf auth login` keeps: in `HF_TOKEN_PATH`, else in the home of `huggingface_hub`.
fn kept_token(variable: &impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let set = |name: &str| {
        let value = variable(name).filter(|value| !value.is_empty())?;
        Some(files::from_home(Path::new(&value)))
    };
    if let Some(path) = set("HF_TOKEN_PATH") {
        return std::fs::read_to_string(path).ok();
    }
    hf_hub::Cache::new(home(&set).join("hub")).token()
}

/// Where Python's `huggingface_hub` keeps everything of a user.
pub(super) fn home(set: &impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    set("HF_HOME")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("huggingface")))
        .unwrap_or_else(|| files::from_home(Path::new("~/.cache/huggingface")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(set: &[(&str, &str)]) -> Result<Hub> {
        let value = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into());
        Hub::of(Cache::at("/cache".into()), value)
    }

    fn token(set: &[(&str, &str)]) -> Option<String> {
        let header = hub(set).unwrap().token?.header();
        header
            .to_str()
            .ok()?
            .strip_prefix("Bearer ")
            .map(str::to_owned)
    }

    #[test]
    fn the_hub_is_the_one_that_is_named() {
        assert_eq!(hub(&[]).unwrap().host(), "huggingface.co");
        let named = hub(&[("HF_ENDPOINT", "http://127.0.0.1:8090/")]).unwrap();
        assert_eq!(named.host(), "127.0.0.1:8090");
        for bad in [
            "huggingface.co",
            "ftp://x",
            "file:///etc",
            "http://",
            "https://a:b@c",
            "http://x/?a",
        ] {
            assert!(hub(&[("HF_ENDPOINT", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_nearest_token_is_taken_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            files::write(&path, text.as_bytes()).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let kept = put("token", "hf_kept\n");
        let other = put("other", " hf_other ");
        let home = Path::new(&kept).parent().unwrap().to_str().unwrap();
        let all = [
            ("HF_TOKEN", "hf_set"),
            ("HF_TOKEN_PATH", other.as_str()),
            ("HF_HOME", home),
        ];
        assert_eq!(token(&all).as_deref(), Some("hf_set"));
        assert_eq!(token(&all[1..]).as_deref(), Some("hf_other"));
        assert_eq!(token(&all[2..]).as_deref(), Some("hf_kept"));
        assert_eq!(token(&[("HF_HOME", "/nowhere")]), None);
        let disabled = [("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"), all[0]];
        assert_eq!(token(&disabled), None);
        let shown = format!("{:?}", hub(&all).unwrap());
        assert!(!shown.contains("hf_set"), "{shown}");
        assert!(hub(&[("HF_TOKEN", "a\nb")]).is_err());
    }

    #[test]
    fn offline_and_patience_are_obeyed() {
        for (value, offline) in [("1", true), ("Yes", true), ("0", false), ("", false)] {
            assert_eq!(
                hub(&[("HF_HUB_OFFLINE", value)]).unwrap().is_offline(),
                offline
            );
        }
        let set = hub(&[
            ("HF_HUB_DOWNLOAD_TIMEOUT", "2"),
            ("HF_HUB_ETAG_TIMEOUT", "x"),
        ]);
        let patience = set.unwrap().patience;
        assert_eq!(patience.bytes, Duration::from_secs(2));
        assert_eq!(patience.answer, Patience::default().answer);
    }
}
