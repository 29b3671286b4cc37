//! What a fetch would bring, and what it would take: known before the body of any file is asked for.

use super::choice::{Part, choose, lacking};
use super::client::Client;
use super::environment::Hub;
use super::fault::Asked;
use super::listing::{self, Stated};
use super::names::{Commit, Digest, FileName, Revision};
use super::place::Place;
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::{files, index, text};

/// A model that a hub has, at one commit.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The hub's id.
    pub id: String,
    /// Who has it.
    pub host: String,
    /// What was asked for.
    pub revision: Revision,
    /// What that is now. Nothing else is fetched by this offer.
    pub commit: Commit,
    /// What it was when it was last fetched, where that is another commit.
    pub before: Option<Commit>,
    /// What the hub calls the model now, where it was renamed.
    pub renamed: Option<String>,
    /// The licence's id, as the card or the tags state it; safe to show.
    pub licence: Option<String>,
    /// Whether a licence has to be accepted on the hub.
    pub gated: bool,
    /// Whether not everybody sees it.
    pub private: bool,
    /// config.json's `model_type`, where the hub says it; safe to show.
    pub architecture: Option<String>,
    /// The files that running it needs and that it has not.
    pub lacks: Vec<&'static str>,
    /// Its files, in the order in which they are fetched: small ones first.
    pub files: Vec<Offered>,
    /// Free bytes on the disk of the cache.
    pub free_disk: Option<u64>,
}

/// A file of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its name in the repository.
    pub name: FileName,
    /// Its bytes.
    pub size: u64,
    /// What its bytes hash to.
    pub digest: Digest,
    /// How many of its bytes are on this disk; they are checked when they are used.
    pub here: u64,
    /// Whether it holds weights.
    pub is_weights: bool,
}

impl Offer {
    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.files
            .iter()
            .map(|file| file.size)
            .fold(0, u64::saturating_add)
    }

    /// Bytes of it that are on this disk.
    pub fn here(&self) -> u64 {
        self.files
            .iter()
            .map(|file| file.here)
            .fold(0, u64::saturating_add)
    }

    /// Bytes that are to be fetched.
    pub fn missing(&self) -> u64 {
        self.bytes().saturating_sub(self.here())
    }

    /// Bytes of its weights.
    pub fn weights(&self) -> u64 {
        let weights = self.files.iter().filter(|file| file.is_weights);
        weights.map(|file| file.size).fold(0, u64::saturating_add)
    }

    /// Whether the disk has room for what is missing.
    ///
    /// # Errors
    /// When it has not, with what is needed.
    pub fn fits_on_disk(&self) -> Result<()> {
        let missing = self.missing();
        match self.free_disk {
            Some(free) if free < missing => {
                let (needed, free) = (text::bytes(missing), text::bytes(free));
                Err(Error::new(format!(
                    "needs {needed} more and {free} are free on that disk"
                ))
                .at(self.id.clone())
                .hint("delete something, or set HF_HUB_CACHE to a folder on another disk"))
            }
            _ => Ok(()),
        }
    }
}

impl Hub {
    /// Asks what fetching the model `id` would bring.
    ///
    /// # Errors
    /// When `id` is none, the hub cannot be asked or has no such model, it is gated, or it has
    /// nothing that runs here.
    pub async fn offer(&self, id: &str, revision: &Revision, cancel: &Cancel) -> Result<Offer> {
        index::check_id(id).map_err(|why| {
            Error::usage(format!(
                "`{}` is no model's id: {why}",
                text::ident(&text::line(id))
            ))
            .hint("give one like google/flan-t5-small")
        })?;
        let client = Client::new(self)?;
        let listing = listing::ask(&client, self, id, revision, cancel).await?;
        let chosen = choose(listing.files.keys()).map_err(|e| e.at(id))?;
        let place = Place::of(self.cache.folder(), id);
        let mut offered = Vec::with_capacity(chosen.len());
        for (part, name) in &chosen {
            let mut stated = listing.files[*name].clone();
            if stated.size.is_none() || stated.digest.is_none() {
                let file = (id, &listing.commit, *name);
                let head = listing::ask_file(&client, self, file, cancel).await?;
                stated = Stated {
                    size: stated.size.or(head.size),
                    digest: stated.digest.or(head.digest),
                };
            }
            let (size, digest) = whole(&self.host(), name, stated).map_err(|e| e.at(id))?;
            offered.push(Offered {
                here: place.kept(&digest, size),
                name: (*name).clone(),
                size,
                digest,
                is_weights: *part == Part::Weights,
            });
        }
        let offer = Offer {
            id: id.to_owned(),
            host: self.host(),
            revision: revision.clone(),
            before: place
                .named(revision)
                .filter(|before| *before != listing.commit),
            commit: listing.commit.clone(),
            renamed: listing.renamed.clone(),
            licence: listing.licence.clone(),
            gated: listing.gated,
            private: listing.private,
            architecture: listing.architecture.clone(),
            lacks: lacking(&chosen),
            files: offered,
            free_disk: files::free_space(self.cache.folder()),
        };
        if offer.gated && self.token.is_none() && offer.missing() > 0 {
            let host = self.host();
            let asked = Asked {
                hub: self,
                host: &host,
                id,
                revision: revision.as_str(),
                file: None,
            };
            return Err(asked.gated());
        }
        Ok(offer)
    }
}

/// The size and hash of a file; without them nobody could tell what arrives.
fn whole(host: &str, name: &FileName, stated: Stated) -> Result<(u64, Digest)> {
    match stated {
        Stated {
            size: Some(size),
            digest: Some(digest),
        } => Ok((size, digest)),
        Stated { size, .. } => {
            let what = if size.is_none() { "size" } else { "hash" };
            let name = text::ident(name.as_str());
            let error = Error::new(format!("{host} states no {what} of {name}"));
            Err(error.hint("what arrives could not be checked, so nothing is fetched"))
        }
    }
}
