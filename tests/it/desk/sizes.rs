//! Every card at sizes that nobody chose: the built-in ones, and in a soak those of a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use modeldesk::advisor::catalogue::Catalogue;
use modeldesk::card::{Card, Origin};
use modeldesk::files::Folders;
use modeldesk::index::Library;
use modeldesk::jobs::{OpenCard, Request};
use modeldesk::tui::Event;

use super::double::{Driver, catalogue};
use crate::counts;

/// Names a folder of real cards; set by a soak.
const CARDS: &str = "MODELDESK_SOAK_CARDS";

/// The files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn cards() -> Vec<Arc<Card>> {
    let home = tempfile::tempdir().unwrap();
    let (library, _) = Library::open(&Folders::below(home.path())).unwrap();
    let mut cards = library.built_in().to_vec();
    let mut paths = Vec::new();
    if let Some(folder) = std::env::var_os(CARDS) {
        files(Path::new(&folder), &mut paths);
    }
    for path in paths {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        cards.push(Arc::new(Card::parse(
            &format!("some/{id}"),
            Origin::Imported,
            text.as_str(),
        )));
    }
    cards
}

/// A desk that shows `card` in the Models pane.
fn showing(card: &Arc<Card>, models: &Arc<Catalogue>) -> Driver {
    let mut desk = Driver::open(80, 24);
    desk.hold = true;
    desk.press("Esc 2");
    for keys in ["", "Enter"] {
        desk.press(keys);
        for request in std::mem::take(&mut desk.held) {
            desk.feed(match request {
                Request::Find { ticket, wanted } => Event::Found {
                    ticket,
                    at: SystemTime::UNIX_EPOCH,
                    found: Ok((Arc::clone(models), models.find(&wanted))),
                },
                Request::Card { ticket, .. } => Event::CardRead {
                    ticket,
                    card: Ok(Some(OpenCard {
                        card: Arc::clone(card),
                        problems: modeldesk::card::check(card),
                        related: Vec::new(),
                        offer: None,
                    })),
                },
                other => super::double::reply(other),
            });
        }
    }
    assert!(desk.screen().contains("[card]"), "{}", desk.screen());
    desk
}

#[test]
fn every_card_is_shown_at_any_size() {
    let row = counts::row("T4");
    let models = Arc::new(catalogue());
    let mut cases = 0;
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: u64| {
        // xorshift64: only spread matters here.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below) as u16 + 1
    };
    for card in cards() {
        let mut desk = showing(&card, &models);
        for n in 0..counts::of(3, 20) {
            desk.resize(random(300), random(100));
            desk.press(["PgDn", "Right", "G"][n % 3]);
            desk.screen();
            cases += 1;
        }
    }
    row.held(cases);
}
