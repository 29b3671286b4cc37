//! The body of one file: asked for in ranges, from where the last attempt ended, until every byte
//! is there and all of them together have the hash that the hub states.

use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE};
use reqwest::{Response, StatusCode};

use super::client::{Client, pause, unless};
use super::environment::{Hub, host};
use super::fault::{Asked, Fault, header};
use super::names::{Commit, FileName};
use super::partial::Partial;
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::text;

/// One file of a repository, and who is asked for it.
pub(super) struct Body<'a> {
    pub(super) client: &'a Client,
    pub(super) hub: &'a Hub,
    pub(super) id: &'a str,
    pub(super) commit: &'a Commit,
    pub(super) name: &'a FileName,
    pub(super) cancel: &'a Cancel,
}

/// Hears how a body arrives.
pub(super) trait Arrival {
    /// So many bytes came, and so many of the file are there now.
    fn came(&mut self, bytes: u64, length: u64);
    /// So many bytes that were there are fetched again, and why.
    fn again(&mut self, bytes: u64, why: &str);
}

impl Body<'_> {
    /// Fetches what `partial` has not yet.
    ///
    /// # Errors
    /// When nothing more arrives, something else does than the hub states, it cannot be written,
    /// or this is to stop. What has arrived stays.
    pub(super) async fn fetch(
        &self,
        partial: &mut Partial,
        arrival: &mut dyn Arrival,
    ) -> Result<()> {
        let (mut fruitless, mut furthest, mut again) = (0, partial.length(), false);
        loop {
            match self.attempt(partial, arrival).await {
                Ok(()) if partial.is_right() => return Ok(()),
                Ok(()) if again => return Err(self.wrong_bytes()),
                Ok(()) => {
                    again = true;
                    arrival.again(
                        partial.length(),
                        "it did not have the hash that the hub states",
                    );
                    partial.begin_again()?;
                }
                Err(Fault::Lasting(error)) => return Err(error),
                Err(Fault::Passing(error, later)) => {
                    let is_further = partial.length() > furthest;
                    fruitless = if is_further { 1 } else { fruitless + 1 };
                    furthest = furthest.max(partial.length());
                    if fruitless >= self.hub.patience.attempts {
                        return Err(error);
                    }
                    pause(self.hub, fruitless, later, self.cancel).await?;
                }
            }
        }
    }

    async fn attempt(&self, partial: &mut Partial, arrival: &mut dyn Arrival) -> Result<(), Fault> {
        let from = partial.length();
        if from == partial.size() && from > 0 {
            return Ok(());
        }
        let (commit, name) = (self.commit.as_str(), self.name.as_str());
        let asking = self.client.body(self.id, commit, name, from);
        let answer = unless(self.cancel, asking).await??;
        let from_host = host(answer.url());
        if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE && from > 0 {
            arrival.again(from, "the server does not go on from there");
            partial.begin_again()?;
            return Err(Fault::passing(
                &from_host,
                format!("has no bytes after {from}"),
            ));
        }
        let asked = Asked {
            hub: self.hub,
            host: &from_host,
            id: self.id,
            revision: commit,
            file: Some(name),
        };
        let answer = asked.check(answer)?;
        if self.begins_at(&answer, &from_host, from, partial.size())? < from {
            arrival.again(from, "the server begins at the start");
            partial.begin_again()?;
        }
        self.take(answer, &from_host, partial, arrival).await
    }

    /// At which byte `answer` begins: the one that was asked for, or the first.
    fn begins_at(&self, answer: &Response, host: &str, from: u64, size: u64) -> Result<u64, Fault> {
        let headers = answer.headers();
        let packed = header(headers, CONTENT_ENCODING.as_str()).filter(|how| *how != "identity");
        if let Some(how) = packed {
            let how = text::line(how).into_owned();
            return Err(Fault::lasting(
                host,
                format!("packs {} by {how}, unasked", self.shown()),
            ));
        }
        match answer.status() {
            StatusCode::PARTIAL_CONTENT => {
                let range = header(headers, CONTENT_RANGE.as_str()).and_then(range);
                match range {
                    Some((start, total))
                        if start == from && total.is_none_or(|total| total == size) =>
                    {
                        Ok(from)
                    }
                    _ => Err(Fault::passing(
                        host,
                        "answers with other bytes than were asked for",
                    )),
                }
            }
            StatusCode::OK => {
                let length =
                    header(headers, CONTENT_LENGTH.as_str()).and_then(|n| n.parse::<u64>().ok());
                match length {
                    Some(length) if length != size => {
                        let name = self.shown();
                        let what = format!(
                            "sends {length} bytes as {name}, which has {size} by its listing"
                        );
                        Err(Fault::lasting(host, what))
                    }
                    _ => Ok(0),
                }
            }
            status => Err(Fault::lasting(host, format!("answers {status}"))),
        }
    }

    /// Takes the bytes of `answer` as they arrive.
    async fn take(
        &self,
        mut answer: Response,
        host: &str,
        partial: &mut Partial,
        arrival: &mut dyn Arrival,
    ) -> Result<(), Fault> {
        loop {
            match unless(self.cancel, answer.chunk()).await? {
                Ok(Some(bytes)) => {
                    if !partial.push(&bytes)? {
                        let what = format!("sends more of {} than there is", self.shown());
                        return Err(Fault::lasting(host, what));
                    }
                    arrival.came(bytes.len() as u64, partial.length());
                }
                Ok(None) if partial.length() == partial.size() => return Ok(()),
                Ok(None) => {
                    return Err(Fault::passing(
                        host,
                        format!("broke off in {}", self.shown()),
                    ));
                }
                Err(e) if e.is_timeout() => {
                    let seconds = self.hub.patience.bytes.as_secs_f32();
                    return Err(Fault::passing(
                        host,
                        format!("sent nothing for {seconds} s"),
                    ));
                }
                Err(e) => return Err(Fault::of_connection(host, &e)),
            }
        }
    }

    fn wrong_bytes(&self) -> Error {
        let host = self.hub.host();
        Error::new(format!(
            "arrived twice with another content than {host} states"
        ))
        .at(self.shown())
        .hint("something between that host and this machine changes files; nothing of it is kept")
    }

    fn shown(&self) -> String {
        text::ident(self.name.as_str()).into_owned()
    }
}

/// The start and the total of `bytes 5-9/10`, where the total is known.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end) = (start.parse().ok()?, end.parse::<u64>().ok()?);
    let total = if total == "*" {
        None
    } else {
        Some(total.parse().ok()?)
    };
    (start <= end).then_some((start, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_it_is_written() {
        assert_eq!(range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range("bytes 5-9/*"), Some((5, None)));
        for bad in [
            "",
            "bytes */10",
            "bytes 9-5/10",
            "bytes -5/10",
            "5-9/10",
            "bytes 5-9/x",
        ] {
            assert_eq!(range(bad), None, "{bad}");
        }
    }
}
