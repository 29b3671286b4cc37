//! The network that is off, gone, slow or somebody else's; the token; and branches that move.

use modeldesk::hub::{Hub, Revision};
use modeldesk::jobs::Cancel;

use super::server::{Act, Server, Then};
use super::{COMMIT, ID, LATER, Talk, WEIGHTS, World, model, noise};
use crate::counts;

const MIB: usize = 1 << 20;
const TOKEN: &str = "hf_secretsecretsecret";

/// What is on the disk when the network fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum There {
    Whole,
    Part,
    Nothing,
}

#[test]
fn a_network_that_fails_changes_nothing_and_is_said() {
    let row = counts::row("D6");
    let mut cases = 0;
    for there in [There::Whole, There::Part, There::Nothing] {
        for fault in ["refused", "hang", "dns", "401", "429", "503"] {
            let world = World::with(1000);
            match there {
                There::Whole => assert!(world.pull().is_done()),
                There::Part => {
                    world.server.will(WEIGHTS, 1, Act::Cut(500, Then::Close));
                    assert!(!world.pull().is_done());
                    world.server.behaves();
                }
                There::Nothing => {}
            }
            let status: Option<u16> = fault.parse().ok();
            match (fault, status) {
                ("hang", _) => world.server.will("", 99, Act::Silent),
                (_, Some(status)) => world.server.will("", 99, Act::Status(status, "")),
                _ => {}
            }
            let endpoint = match fault {
                "refused" => "http://127.0.0.1:9".to_owned(),
                "dns" => "http://modeldesk.invalid".to_owned(),
                _ => world.server.endpoint(),
            };
            let hub = Hub::at(&endpoint, world.cache())
                .unwrap()
                .with_patience(world.hasty());
            let failed = world.pull_as(&hub, "main", &Cancel::new());
            let said = match fault {
                "hang" => "did not answer in 0.4 s",
                "401" => "no such model, or it is private",
                "429" => "too many requests",
                "503" => "answers 503",
                // A resolver may take its time.
                _ => "",
            };
            assert!(failed.why().contains(said), "{fault}: {}", failed.why());
            let whole = world.cache().find(ID).is_some_and(|found| found.whole);
            assert_eq!(whole, there == There::Whole, "{fault} {there:?}");
            cases += 1;
        }
    }
    row.held(cases);
}

#[test]
fn the_token_goes_to_the_hub_and_to_nobody_else() {
    let row = counts::row("D10");
    let world = World::with(MIB);
    let other = Server::start();
    let mut elsewhere = model(MIB);
    "cdn/files".clone_into(&mut elsewhere.id);
    other.has(elsewhere);
    let target = format!("{}/cdn/files/resolve/{COMMIT}/{WEIGHTS}", other.endpoint());
    world.server.will(WEIGHTS, 9, Act::Redirect(target));
    // The same host under another name is another host.
    let named = world.server.endpoint().replace("127.0.0.1", "localhost");
    world.server.will(
        "tokenizer.json",
        1,
        Act::Redirect(format!("{named}/{ID}/resolve/{COMMIT}/tokenizer.json")),
    );
    world.server.will(
        "config.json",
        1,
        Act::Redirect(format!("/{ID}/resolve/{COMMIT}/config.json?x")),
    );
    let hub = world.hub().with_token(TOKEN).unwrap();
    let pulled = world.pull_as(&hub, "main", &Cancel::new());
    assert!(pulled.is_done(), "{pulled:?}");
    world.check_whole(&model(MIB));
    let bearer = format!("Bearer {TOKEN}");
    let seen = world.server.seen();
    let kept = seen
        .iter()
        .filter(|seen| seen.token.as_deref() == Some(&bearer))
        .count();
    // The one that came back under the other name had none, where that name leads here at all.
    let lost = seen.iter().filter(|seen| seen.token.is_none()).count();
    assert!(kept >= 6 && lost <= 1, "{seen:?}");
    let abroad = other.seen();
    assert!(!abroad.is_empty() && abroad.iter().all(|seen| seen.token.is_none()));
    assert!(!format!("{hub:?} {pulled:?}").contains(TOKEN));
    // An answer that quotes the token back is not shown with it.
    for status in [401, 403, 500] {
        world.server.behaves();
        world.server.will("/api/", 9, Act::Status(status, ""));
        let failed = world.pull_as(&hub, "main", &Cancel::new());
        assert!(!failed.why().contains("hf_"), "{}", failed.why());
    }
    for target in [
        "ftp://127.0.0.1/x",
        "file:///etc/hostname",
        "http://",
        "javascript:0",
    ] {
        world.server.behaves();
        world
            .server
            .will("/api/", 9, Act::Redirect(target.to_owned()));
        let failed = world.pull_as(&hub, "main", &Cancel::new());
        assert!(failed.why().contains("no address"), "{}", failed.why());
    }
    world.server.behaves();
    world
        .server
        .will("/api/", 99, Act::Redirect("/api/again".to_owned()));
    let failed = world.pull_as(&hub, "main", &Cancel::new());
    assert!(failed.why().contains("without an end"), "{}", failed.why());
    row.held(8);
}

#[test]
fn a_branch_that_moves_is_fetched_as_it_was_offered() {
    let row = counts::row("D11");
    let rounds = counts::of(1, 4);
    for _ in 0..rounds {
        let world = World::with(MIB);
        let talk = Talk::with(&world.hub(), world.root.path());
        let offer = talk.offer(ID, Revision::default(), &Cancel::new()).unwrap();
        // Both commits are there; main is the later one.
        let mut moved = model(MIB).with(WEIGHTS, noise(MIB, 8));
        LATER.clone_into(&mut moved.commit);
        world.server.has(moved.clone());
        let late = talk.fetch(offer.clone(), &Cancel::new());
        // The mock has one commit at a time, as a hub that has lost the other.
        assert!(
            late.why().contains(&format!("at {COMMIT}")),
            "{}",
            late.why()
        );
        world.server.has(model(MIB));
        let first = talk.fetch(offer, &Cancel::new());
        assert!(first.is_done(), "{first:?}");
        world.check_whole(&model(MIB));
        world.server.has(moved.clone());
        let second = talk.offer(ID, Revision::default(), &Cancel::new()).unwrap();
        assert_eq!(
            second.before.as_ref().map(modeldesk::hub::Commit::as_str),
            Some(COMMIT)
        );
        // What did not change is not fetched.
        assert_eq!(second.missing(), MIB as u64);
        assert!(talk.fetch(second, &Cancel::new()).is_done());
        world.check_whole(&moved);
        // The first is still there, and can be asked for by its commit.
        assert_eq!(world.cache().revisions(ID).unwrap().len(), 2);
        let pinned = talk.offer(ID, COMMIT.parse().unwrap(), &Cancel::new());
        assert!(pinned.unwrap_err().to_string().contains("no revision"));
    }
    row.held(2 * rounds);
}

#[test]
fn several_fetches_go_on_at_once_on_one_thread() {
    let world = World::with(MIB);
    world
        .server
        .will(WEIGHTS, 1, Act::Cut(MIB / 2, Then::Stall));
    let hub = world.hub();
    let talk = Talk::with(&hub, world.root.path());
    let offer = talk.offer(ID, Revision::default(), &Cancel::new()).unwrap();
    let cancel = Cancel::new();
    let first = modeldesk::jobs::HubRequest::Fetch {
        ticket: 9,
        offer: Box::new(offer),
    };
    talk.worker.send(first, cancel.clone());
    // While that one stands still, another question is answered.
    let asked = modeldesk::jobs::HubRequest::Offer {
        ticket: 10,
        id: ID.to_owned(),
        revision: Revision::default(),
    };
    talk.worker.send(asked, Cancel::new());
    let mut order = Vec::new();
    while order.len() < 2 {
        match talk.inbox.recv_timeout(super::FOREVER).unwrap() {
            modeldesk::jobs::HubReport::Offered { ticket, .. } => {
                order.push(ticket);
                cancel.cancel();
            }
            modeldesk::jobs::HubReport::Fetched { ticket, .. } => order.push(ticket),
            _ => {}
        }
    }
    assert_eq!(order, [10, 9]);
}
