//! What a hub says of a repository: its commit, its files with sizes and hashes, its licence.

use std::collections::BTreeMap;

use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, ETAG};
use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, again};
use super::environment::Hub;
use super::fault::{Asked, Fault, header};
use super::names::{Commit, Digest, FileName, Revision};
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::text;

/// Most bytes of a description that are read.
const MOST: usize = 32 << 20;
/// Often enough for a request that a person waits for.
const ATTEMPTS: u32 = 2;

/// A repository at one commit.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) commit: Commit,
    /// What it is called now, where it was renamed.
    pub(super) renamed: Option<String>,
    pub(super) gated: bool,
    pub(super) private: bool,
    pub(super) licence: Option<String>,
    /// config.json's `model_type`.
    pub(super) architecture: Option<String>,
    pub(super) files: BTreeMap<FileName, Stated>,
}

/// What is stated of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) size: Option<u64>,
    pub(super) digest: Option<Digest>,
}

#[derive(Deserialize)]
struct About {
    #[serde(default, alias = "modelId")]
    id: Option<String>,
    sha: String,
    #[serde(default)]
    gated: Value,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    config: Value,
    #[serde(default, rename = "cardData")]
    card: Value,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    #[serde(rename = "blobId")]
    blob: Option<String>,
    lfs: Option<Large>,
}

#[derive(Deserialize)]
struct Large {
    #[serde(alias = "oid")]
    sha256: Option<String>,
    size: Option<u64>,
}

/// Asks for the repository `id` at `revision`.
pub(super) async fn ask(
    client: &Client,
    hub: &Hub,
    id: &str,
    revision: &Revision,
    cancel: &Cancel,
) -> Result<Listing> {
    let host = hub.host();
    let asked = Asked {
        hub,
        host: &host,
        id,
        revision: revision.as_str(),
        file: None,
    };
    let text = again(hub, ATTEMPTS, cancel, async || {
        let answer = asked.check(client.about(id, revision.as_str()).await?)?;
        read(&host, answer).await
    });
    let listing = of_text(&text.await?, id).map_err(|e| e.at(id))?;
    match revision.commit() {
        Some(commit) if commit != listing.commit => {
            let what = format!("{host} answers with another commit, {}", listing.commit);
            Err(Error::new(what).at(id))
        }
        _ => Ok(listing),
    }
}

/// Asks for the size and the hash of one file, which the listing does not state.
pub(super) async fn ask_file(
    client: &Client,
    hub: &Hub,
    (id, commit, name): (&str, &Commit, &FileName),
    cancel: &Cancel,
) -> Result<Stated> {
    let host = hub.host();
    let asked = Asked {
        hub,
        host: &host,
        id,
        revision: commit.as_str(),
        file: Some(name.as_str()),
    };
    let head = again(hub, ATTEMPTS, cancel, async || {
        let answer = client.head(id, commit.as_str(), name.as_str()).await?;
        if answer.status().is_redirection() {
            Ok(answer)
        } else {
            asked.check(answer)
        }
    });
    let head = head.await?;
    let headers = head.headers();
    let of = header(headers, "x-repo-commit");
    if of.is_some_and(|of| of != commit.as_str()) {
        return Err(
            Error::new(format!("{host} has moved to another commit meanwhile"))
                .at(id)
                .hint("pull again"),
        );
    }
    let either =
        |first: &str, second: &str| header(headers, first).or_else(|| header(headers, second));
    let size = either("x-linked-size", CONTENT_LENGTH.as_str());
    let etag = either("x-linked-etag", ETAG.as_str());
    Ok(Stated {
        size: size.and_then(|size| size.parse().ok()),
        digest: etag.and_then(Digest::of_etag),
    })
}

/// The answer's text, which must not be endless.
async fn read(host: &str, mut answer: Response) -> Result<Vec<u8>, Fault> {
    let mut text = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(bytes)) => text.extend_from_slice(&bytes),
            Ok(None) => return Ok(text),
            Err(e) => return Err(Fault::of_connection(host, &e)),
        }
        if text.len() > MOST {
            return Err(Fault::lasting(
                host,
                format!("describes it in more than {MOST} bytes"),
            ));
        }
    }
}

fn of_text(text: &[u8], id: &str) -> Result<Listing> {
    let about: About = serde_json::from_slice(text).map_err(|e| {
        Error::new("its description is not what a hub sends")
            .hint("look at HF_ENDPOINT, and at what stands between it and this machine")
            .caused_by(e)
    })?;
    let mut files = BTreeMap::new();
    for sibling in about.siblings {
        let unsafe_name = |e: Error| {
            Error::new(format!("lists a file that is not taken: {e}"))
                .hint("report it to the hub; nothing was fetched")
        };
        let name: FileName = sibling.rfilename.parse().map_err(unsafe_name)?;
        let stated = stated(sibling.size, sibling.blob.as_deref(), sibling.lfs.as_ref());
        let shown = text::ident(name.as_str()).into_owned();
        let stated = stated.map_err(|what| Error::new(format!("{shown} {what}")))?;
        if files.insert(name, stated).is_some() {
            return Err(Error::new(format!("lists {shown} twice")));
        }
    }
    let text = |value: &Value| value.as_str().map(|text| text::line(text).into_owned());
    let tags = about.tags.unwrap_or_default();
    let tagged = tags.iter().find_map(|tag| tag.strip_prefix("license:"));
    let licence = about.card.get("license").and_then(text);
    Ok(Listing {
        commit: about.sha.parse()?,
        renamed: about
            .id
            .filter(|now| now != id && crate::index::check_id(now).is_ok()),
        gated: !matches!(about.gated, Value::Null | Value::Bool(false)),
        private: about.private,
        licence: licence.or_else(|| tagged.map(|tag| text::line(tag).into_owned())),
        architecture: about.config.get("model_type").and_then(text),
        files,
    })
}

/// A large file is known by its SHA-256, and its blob in git is a pointer to it.
fn stated(
    size: Option<u64>,
    blob: Option<&str>,
    large: Option<&Large>,
) -> Result<Stated, &'static str> {
    let (size, hex) = match large {
        Some(large) => (large.size.or(size), large.sha256.as_deref()),
        None => (size, blob),
    };
    let parse = if large.is_some() {
        Digest::sha256
    } else {
        Digest::git
    };
    let digest = match hex.map(parse) {
        Some(None) => return Err("has a hash that is none"),
        Some(digest) => digest,
        None => None,
    };
    Ok(Stated { size, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn parse(siblings: &str) -> Result<Listing> {
        let text = format!(
            r#"{{"id": "a/b", "sha": "{COMMIT}", "gated": "manual", "config": {{"model_type": "t5"}},
            "tags": ["x", "license:mit"], "siblings": [{siblings}]}}"#
        );
        of_text(text.as_bytes(), "a/b")
    }

    #[test]
    fn a_large_file_is_known_by_its_sha256_and_a_plain_one_by_its_blob() {
        let sha = "a".repeat(64);
        let listing = parse(&format!(
            r#"{{"rfilename": "config.json", "size": 5, "blobId": "{COMMIT}"}},
            {{"rfilename": "model.safetensors", "size": 9, "blobId": "{COMMIT}",
              "lfs": {{"sha256": "{sha}", "size": 9, "pointerSize": 130}}}},
            {{"rfilename": "bare"}}"#
        ))
        .unwrap();
        let of = |name: &str| listing.files[&name.parse::<FileName>().unwrap()].clone();
        assert_eq!(of("config.json").digest, Digest::git(COMMIT));
        assert_eq!(of("model.safetensors").digest, Digest::sha256(&sha));
        assert_eq!((of("bare").size, of("bare").digest), (None, None));
        assert!(listing.gated && !listing.private);
        assert_eq!(listing.licence.as_deref(), Some("mit"));
        assert_eq!(listing.architecture.as_deref(), Some("t5"));
    }

    #[test]
    fn what_is_unsafe_or_twice_there_is_refused() {
        for siblings in [
            r#"{"rfilename": "../x"}"#,
            r#"{"rfilename": "/x"}"#,
            r#"{"rfilename": "x", "blobId": "../../x"}"#,
            r#"{"rfilename": "x", "lfs": {"sha256": "../../x"}}"#,
            r#"{"rfilename": "x"}, {"rfilename": "x"}"#,
        ] {
            assert!(parse(siblings).is_err(), "{siblings}");
        }
        for text in [
            "",
            "{}",
            "[]",
            r#"{"sha": "../x", "siblings": []}"#,
            "<html>",
        ] {
            assert!(of_text(text.as_bytes(), "a/b").is_err(), "{text}");
        }
    }
}
