//! What a hub's refusal means, and what to do about it.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::environment::Hub;
use crate::error::Error;
use crate::text;

/// Most characters of a server's message that are shown.
const MESSAGE: usize = 200;
/// A server that asks for more is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Why a request did not bring what was wanted.
#[derive(Debug)]
pub(super) enum Fault {
    /// Asking again may help; the server may have said when.
    Passing(Error, Option<Duration>),
    /// Asking again does not help.
    Lasting(Error),
}

impl Fault {
    /// One that passes, told by what happened at `host`.
    pub(super) fn passing(host: &str, what: impl AsRef<str>) -> Self {
        Self::Passing(Error::new(format!("{host} {}", what.as_ref())), None)
    }

    /// One that lasts, told by what happened at `host`.
    pub(super) fn lasting(host: &str, what: impl AsRef<str>) -> Self {
        Self::Lasting(Error::new(format!("{host} {}", what.as_ref())))
    }

    /// The request could not be sent, or its answer not be read to the end.
    pub(super) fn of_connection(host: &str, failed: &reqwest::Error) -> Self {
        let mut cause: &dyn std::error::Error = failed;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        // The outermost text has the address, and that may have a signature in it.
        let why = text::line(&cause.to_string()).into_owned();
        let what = if failed.is_connect() {
            "cannot be reached"
        } else {
            "broke off"
        };
        Self::Passing(Error::new(format!("{host} {what}")).caused_by(why), None)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Lasting(error)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let (Fault::Passing(error, _) | Fault::Lasting(error)) = fault;
        error
    }
}

/// What a repository was asked for, for those who are told that it was refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) hub: &'a Hub,
    /// The host that answered.
    pub(super) host: &'a str,
    pub(super) id: &'a str,
    pub(super) revision: &'a str,
    /// The file, where one was asked for.
    pub(super) file: Option<&'a str>,
}

impl Asked<'_> {
    /// `answer`, if it is one to go on with, and else why not.
    pub(super) fn check(&self, answer: Response) -> Result<Response, Fault> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let headers = answer.headers();
        let code = header(headers, "x-error-code").unwrap_or_default();
        let fault = match (status, code) {
            (_, "GatedRepo") => self.gated().into(),
            (_, "RevisionNotFound") => self.no_revision().into(),
            (_, "EntryNotFound") => self.no_file().into(),
            (StatusCode::UNAUTHORIZED, _) if is_bad_token(headers) => self.bad_token().into(),
            (StatusCode::NOT_FOUND, _) if self.file.is_some() => self.no_file().into(),
            (_, "RepoNotFound") | (StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND, _) => {
                self.no_repository().into()
            }
            _ if is_passing(status) => {
                Fault::Passing(self.answers(status, headers), later(headers))
            }
            _ => Fault::Lasting(self.answers(status, headers)),
        };
        Err(fault)
    }

    /// Its licence must be accepted first.
    pub(super) fn gated(&self) -> Error {
        let (host, id) = (self.hub.host(), self.id);
        let hint = if self.hub.token.is_none() {
            format!("accept its licence at {host}/{id}, set HF_TOKEN, then modeldesk pull {id}")
        } else {
            format!(
                "accept its licence at {host}/{id} with the account of your token, and wait until \
                 its owner lets you in"
            )
        };
        Error::new("is gated").at(id).hint(hint)
    }

    fn no_repository(&self) -> Error {
        let hint = if self.hub.token.is_none() {
            "check the spelling; for a private model set HF_TOKEN"
        } else {
            "check the spelling; a private model needs a token of somebody who may read it"
        };
        let host = self.hub.host();
        Error::new(format!("{host} has no such model, or it is private"))
            .at(self.id)
            .hint(hint)
    }

    fn no_revision(&self) -> Error {
        let host = self.hub.host();
        Error::new(format!("has no revision `{}`", text::ident(self.revision)))
            .at(self.id)
            .hint(format!(
                "{host}/{}/tree/main lists its branches and tags",
                self.id
            ))
    }

    fn no_file(&self) -> Error {
        let file = text::ident(self.file.unwrap_or("that file")).into_owned();
        Error::new(format!("has no {file} at {}", text::ident(self.revision)))
            .at(self.id)
            .hint("the repository may have changed just now: pull again")
    }

    fn bad_token(&self) -> Error {
        let host = self.hub.host();
        Error::new(format!("{host} does not take this token"))
            .at("HF_TOKEN")
            .hint(format!(
                "make one at {host}/settings/tokens, or unset it for a public model"
            ))
    }

    fn answers(&self, status: StatusCode, headers: &HeaderMap) -> Error {
        let host = self.host;
        let said = header(headers, "x-error-message").unwrap_or_default();
        let said: String = text::line(said).chars().take(MESSAGE).collect();
        let said = if said.is_empty() {
            said
        } else {
            format!(": {said}")
        };
        let error = match status {
            StatusCode::TOO_MANY_REQUESTS => {
                Error::new(format!("{host} has had too many requests (429){said}"))
                    .hint("wait a few minutes; with HF_TOKEN set the hub allows more")
            }
            StatusCode::FORBIDDEN => Error::new(format!("{host} forbids it (403){said}"))
                .hint("the token may not read this model: look at its rights"),
            _ => Error::new(format!("{host} answers {status}{said}")),
        };
        error.at(self.id)
    }
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_bad_token(headers: &HeaderMap) -> bool {
    let said = header(headers, "x-error-message").unwrap_or_default();
    said.contains("Invalid credentials") || said.contains("Invalid username or password")
}

fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

fn later(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}
