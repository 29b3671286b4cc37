//! What is refused before any body is asked for, and what to do about it.

use modeldesk::hub::{Hub, Revision};
use modeldesk::jobs::Cancel;
use serde_json::json;

use super::server::{Act, Repository};
use super::{COMMIT, ID, Talk, WEIGHTS, World, model};

/// What is said of an offer, where nothing but descriptions was asked for.
fn refusal(world: &World, hub: &Hub, id: &str, revision: &str) -> String {
    let talk = Talk::with(hub, world.root.path());
    let offer = talk.offer(id, revision.parse().unwrap(), &Cancel::new());
    let error = offer.expect_err("it is refused");
    assert!(
        world
            .server
            .seen()
            .iter()
            .all(|seen| seen.path.starts_with("/api/"))
    );
    assert!(!world.folder().exists());
    format!("{error} / {}", error.hint_text().unwrap_or_default())
}

#[test]
fn an_offer_says_what_there_is_to_know() {
    let world = World::with(1000);
    let mut rich = model(1000)
        .with("pytorch_model.bin", "x")
        .with("onnx/model.onnx", "x");
    rich.more = json!({
        "private": true, "cardData": {"license": "apache-2.0"}, "config": {"model_type": "gpt2"},
        "id": "org/renamed",
    });
    world.server.has(rich);
    let talk = Talk::with(&world.hub(), world.root.path());
    let offer = talk.offer(ID, Revision::default(), &Cancel::new()).unwrap();
    assert_eq!(offer.licence.as_deref(), Some("apache-2.0"));
    assert_eq!(offer.renamed.as_deref(), Some("org/renamed"));
    assert_eq!(offer.architecture.as_deref(), Some("gpt2"));
    assert!(offer.private && !offer.gated);
    assert_eq!(offer.commit.as_str(), COMMIT);
    assert_eq!((offer.weights(), offer.here()), (1000, 0));
    assert_eq!(offer.missing(), offer.bytes());
    let names: Vec<&str> = offer.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["README.md", "config.json", "tokenizer.json", WEIGHTS]
    );
    assert!(
        world
            .server
            .seen()
            .iter()
            .all(|seen| seen.path.starts_with("/api/"))
    );
}

#[test]
fn gated_missing_and_private_models_say_what_to_do() {
    let world = World::with(1000);
    let mut gated = model(1000);
    gated.more = json!({"gated": "manual"});
    world.server.has(gated);
    let said = refusal(&world, &world.hub(), ID, "main");
    let host = world.hub().host();
    let expected = format!(
        "org/tiny: is gated / accept its licence at {host}/org/tiny, set HF_TOKEN, then modeldesk pull org/tiny"
    );
    assert_eq!(said, expected);
    let said = refusal(&world, &world.hub(), "org/absent", "main");
    assert!(
        said.contains("no such model, or it is private") && said.contains("set HF_TOKEN"),
        "{said}"
    );
    let said = refusal(&world, &world.hub(), ID, "v9");
    assert!(said.contains("has no revision `v9`"), "{said}");
    // With a token it is the token's account that has to be let in.
    let hub = world.hub().with_token("hf_x").unwrap();
    world
        .server
        .will("/resolve/", 9, Act::Status(403, "GatedRepo"));
    let failed = world.pull_as(&hub, "main", &Cancel::new());
    assert!(
        failed.why().contains("with the account of your token"),
        "{}",
        failed.why()
    );
    world.server.behaves();
    assert!(world.pull_as(&hub, "main", &Cancel::new()).is_done());
}

#[test]
fn a_repository_without_safetensors_is_refused_with_the_way_out() {
    let cases: [(&[&str], &str); 4] = [
        (&["pytorch_model.bin"], "pickles only"),
        (
            &["adapter_config.json", "adapter_model.safetensors"],
            "is an adapter",
        ),
        (&["model.gguf"], "GGUF only"),
        (&[], "has no weights"),
    ];
    for (files, why) in cases {
        let world = World::with(1000);
        let mut other = Repository::new(ID, COMMIT).with("config.json", "{}");
        for file in files {
            other = other.with(file, "x");
        }
        world.server.has(other);
        let said = refusal(&world, &world.hub(), ID, "main");
        assert!(said.contains(why), "{said}");
        assert!(!said.ends_with("/ "), "{said}");
    }
}

#[test]
fn a_description_that_is_none_is_refused() {
    for body in [
        "",
        "<html>Sign in</html>",
        "[]",
        "{\"sha\": 1}",
        "{\"sha\": \"x\", \"siblings\": []}",
    ] {
        let world = World::with(1000);
        world
            .server
            .will("/api/", 9, Act::Instead(body.as_bytes().to_vec()));
        let said = refusal(&world, &world.hub(), ID, "main");
        assert!(said.starts_with(ID), "{said}");
    }
}

#[test]
fn a_disk_without_room_is_said_before_anything_is_fetched() {
    let row = crate::counts::row("D8");
    let world = World::with(1000);
    let talk = Talk::with(&world.hub(), world.root.path());
    let mut offer = talk.offer(ID, Revision::default(), &Cancel::new()).unwrap();
    assert!(offer.free_disk.is_some_and(|free| free > 0));
    offer.free_disk = Some(offer.missing() - 1);
    let pulled = talk.fetch(offer.clone(), &Cancel::new());
    assert!(
        pulled.why().contains("1.1 kB more and 1.1 kB are free"),
        "{}",
        pulled.why()
    );
    assert!(!world.folder().exists());
    offer.free_disk = Some(offer.missing());
    assert!(talk.fetch(offer, &Cancel::new()).is_done());
    row.held(2);
}
