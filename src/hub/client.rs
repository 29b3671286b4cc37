//! Requests to a hub. Addresses are hf-hub's; redirects are followed here, one at a time, so that
//! the token goes to the hub itself and to nobody else.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, LOCATION, RANGE};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, Url};

use super::environment::{Hub, host};
use super::fault::Fault;
use crate::error::{Error, Result};
use crate::jobs::Cancel;

const MOST_REDIRECTS: usize = 10;
/// How often it is looked whether the work is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// A connection to one hub.
pub(super) struct Client {
    http: reqwest::Client,
    api: hf_hub::api::tokio::Api,
    hub: Hub,
}

/// How far redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follow {
    /// As long as the hub itself answers.
    OnHub,
    /// To any host.
    Anywhere,
}

impl Client {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// When the hub must not be asked, or the TLS library cannot be used.
    pub(super) fn new(hub: &Hub) -> Result<Self> {
        if hub.offline {
            return Err(
                Error::new("HF_HUB_OFFLINE is set: nothing is asked of a hub")
                    .hint("unset it to fetch; modeldesk try runs what is on this disk"),
            );
        }
        let broken = |e: &dyn std::fmt::Display| {
            Error::new("cannot use the network").caused_by(e.to_string())
        };
        // One connection carries a body at the speed of the line, and HTTP/2's window does not.
        let mut builder = reqwest::Client::builder();
        if is_here(&hub.endpoint) {
            builder = builder.no_proxy();
        }
        let http = builder
            .redirect(Policy::none())
            .connect_timeout(hub.patience.answer)
            .read_timeout(hub.patience.bytes)
            .http1_only()
            .user_agent(concat!("modeldesk/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| broken(&e))?;
        let cache = hf_hub::Cache::new(hub.cache.folder().to_owned());
        let api = hf_hub::api::tokio::ApiBuilder::from_cache(cache)
            .with_endpoint(hub.endpoint.as_str().trim_end_matches('/').to_owned())
            .with_token(None)
            .with_progress(false)
            .build()
            .map_err(|e| broken(&e))?;
        let hub = hub.clone();
        Ok(Self { http, api, hub })
    }

    /// What the hub says of a repository at a revision, with the size and hash of each file.
    pub(super) async fn about(&self, id: &str, revision: &str) -> Result<Response, Fault> {
        let request = self.repository(id, revision).info_request();
        let request = request.query(&[("blobs", "true")]).build();
        let url = request.map_err(|e| no_address(&e))?.url().clone();
        self.send(Method::GET, url, 0, Follow::Anywhere).await
    }

    /// The body of a file, from byte `from` on.
    pub(super) async fn body(
        &self,
        id: &str,
        commit: &str,
        file: &str,
        from: u64,
    ) -> Result<Response, Fault> {
        let url = self.file(id, commit, file)?;
        self.send(Method::GET, url, from, Follow::Anywhere).await
    }

    /// What the hub itself says of a file, whoever has its body.
    pub(super) async fn head(&self, id: &str, commit: &str, file: &str) -> Result<Response, Fault> {
        let url = self.file(id, commit, file)?;
        self.send(Method::HEAD, url, 0, Follow::OnHub).await
    }

    fn repository(&self, id: &str, revision: &str) -> hf_hub::api::tokio::ApiRepo {
        let (id, revision) = (id.to_owned(), revision.to_owned());
        let kind = hf_hub::RepoType::Model;
        self.api
            .repo(hf_hub::Repo::with_revision(id, kind, revision))
    }

    fn file(&self, id: &str, commit: &str, file: &str) -> Result<Url> {
        let url = self.repository(id, commit).url(file);
        Url::parse(&url).map_err(|e| no_address(&e))
    }

    async fn send(
        &self,
        method: Method,
        mut url: Url,
        from: u64,
        follow: Follow,
    ) -> Result<Response, Fault> {
        for _ in 0..=MOST_REDIRECTS {
            let asked = host(&url);
            let mut request = self.http.request(method.clone(), url.clone());
            request = request.header(ACCEPT_ENCODING, "identity");
            if from > 0 {
                request = request.header(RANGE, format!("bytes={from}-"));
            }
            if let Some(token) = &self.hub.token
                && self.is_hub(&url)
            {
                request = request.header(AUTHORIZATION, token.header());
            }
            let patience = self.hub.patience.answer;
            let answer = tokio::time::timeout(patience, request.send()).await;
            let answer = answer.map_err(|_| no_answer(&asked, patience))?;
            let answer = answer.map_err(|e| {
                if e.is_timeout() {
                    no_answer(&asked, patience)
                } else {
                    Fault::of_connection(&asked, &e)
                }
            })?;
            let Some(next) = redirect(&answer)? else {
                return Ok(answer);
            };
            if follow == Follow::OnHub && !self.is_hub(&next) {
                return Ok(answer);
            }
            url = next;
        }
        Err(Fault::lasting(&self.hub.host(), "redirects without an end"))
    }

    fn is_hub(&self, url: &Url) -> bool {
        url.origin() == self.hub.endpoint.origin()
    }
}

/// Where `answer` sends on to, if it does.
fn redirect(answer: &Response) -> Result<Option<Url>, Fault> {
    let target = answer.headers().get(LOCATION);
    let target = target.filter(|_| answer.status().is_redirection());
    let next = target.map(|target| next(answer.url(), target.to_str().unwrap_or_default()));
    next.transpose()
}

/// The address that `from` sends on to as `target`, if a request may go there.
fn next(from: &Url, target: &str) -> Result<Url, Fault> {
    let next = from.join(target).ok();
    let next = next.filter(|next| matches!(next.scheme(), "http" | "https") && next.has_host());
    let Some(next) = next else {
        return Err(Fault::lasting(
            &host(from),
            "redirects to what is no address",
        ));
    };
    if from.scheme() == "https" && next.scheme() == "http" {
        let what = format!("redirects to {}, without encryption", host(&next));
        return Err(Fault::lasting(&host(from), what));
    }
    Ok(next)
}

/// Whether a hub is on this machine, which no proxy reaches.
fn is_here(endpoint: &Url) -> bool {
    matches!(
        endpoint.host_str(),
        Some("localhost" | "127.0.0.1" | "[::1]")
    )
}

fn no_answer(host: &str, patience: Duration) -> Fault {
    Fault::passing(
        host,
        format!("did not answer in {} s", patience.as_secs_f32()),
    )
}

fn no_address(e: &dyn std::fmt::Display) -> Error {
    Error::new("cannot make an address").caused_by(e.to_string())
}

/// Waits for `work`, or until it is to stop.
pub(super) async fn unless<T>(cancel: &Cancel, work: impl Future<Output = T>) -> Result<T> {
    let mut work = pin!(work);
    loop {
        cancel.check()?;
        if let Ok(done) = tokio::time::timeout(LOOK, work.as_mut()).await {
            return Ok(done);
        }
    }
}

/// Does `work` until it succeeds, as often as `attempts` says.
pub(super) async fn again<T, F: Future<Output = Result<T, Fault>>>(
    hub: &Hub,
    attempts: u32,
    cancel: &Cancel,
    mut work: impl FnMut() -> F,
) -> Result<T> {
    let mut attempt = 1;
    loop {
        match unless(cancel, work()).await? {
            Ok(done) => return Ok(done),
            Err(Fault::Passing(_, later)) if attempt < attempts => {
                pause(hub, attempt, later, cancel).await?;
            }
            Err(fault) => return Err(fault.into()),
        }
        attempt += 1;
    }
}

/// Waits before the attempt after `attempt`.
pub(super) async fn pause(
    hub: &Hub,
    attempt: u32,
    later: Option<Duration>,
    cancel: &Cancel,
) -> Result<()> {
    let doubled = hub.patience.pause * 2u32.saturating_pow(attempt.saturating_sub(1).min(6));
    unless(cancel, tokio::time::sleep(later.unwrap_or(doubled))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_an_address_and_never_out_of_encryption() {
        let from = Url::parse("https://hub.example/a/b").unwrap();
        for (target, leads_to) in [
            ("/c", "https://hub.example/c"),
            ("https://cdn.example/x?y", "https://cdn.example/x?y"),
            ("//cdn.example/x", "https://cdn.example/x"),
        ] {
            assert_eq!(next(&from, target).unwrap().as_str(), leads_to);
        }
        for target in [
            "http://hub.example/c",
            "ftp://x/y",
            "file:///x",
            "javascript:0",
            "http://",
        ] {
            assert!(next(&from, target).is_err(), "{target}");
        }
    }
}
