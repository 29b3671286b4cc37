//! `modeldesk pull`, from the command line to what it prints and leaves.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::server::{Act, Repository, Then};
use super::{COMMIT, ID, WEIGHTS, World, model, sha256};
use crate::counts;
use crate::index::{Home, text};

const MIB: usize = 1 << 20;

/// A model that runs.
fn runnable() -> Repository {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/pipelines/fill-mask");
    let mut made = Repository::new(ID, COMMIT).with(
        "README.md",
        "---\nlicense: mit\n---\n# Tiny\nFills masks.\n",
    );
    for entry in folder.read_dir().unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        made = made.with(&name, std::fs::read(entry.path()).unwrap());
    }
    made
}

/// The program in this home, with this world's hub and cache.
fn command(world: &World, home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command
        .env("HF_ENDPOINT", world.server.endpoint())
        .env("HF_HUB_CACHE", world.folder())
        .env("NO_PROXY", "127.0.0.1")
        .env_remove("HF_TOKEN")
        .env_remove("HF_HUB_OFFLINE");
    command
}

fn run(world: &World, home: &Home, arguments: &[&str]) -> Output {
    command(world, home, arguments).output().unwrap()
}

#[test]
fn a_model_is_pulled_indexed_and_tried() {
    let (world, home) = (World::with(1000), Home::new());
    world.server.has(runnable());
    let output = run(&world, &home, &["pull", ID]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let folder = world.model().join("snapshots").join(COMMIT);
    assert_eq!(text(&output.stdout), format!("{}\n", folder.display()));
    for words in [
        "org/tiny at 0123456 (main) on 127.0.0.1",
        "licence  mit",
        "98 kB to fetch",
        "disk     ",
        "memory   about 110 kB to run",
        "its card is indexed, unchecked",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let tried = run(&world, &home, &["try", ID, "a [MASK] b", "--json"]);
    assert_eq!(tried.status.code(), Some(0), "{}", text(&tried.stderr));
    let listed = run(
        &world,
        &home,
        &["cards", "list", "--source", "imported", "--json"],
    );
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0]["id"], ID);
    let again = run(&world, &home, &["pull", ID, "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(
        (&again["fetched"], &again["commit"]),
        (&0.into(), &COMMIT.into())
    );
    let files = again["files"].as_array().unwrap();
    let weights = files.iter().find(|file| file["name"] == WEIGHTS).unwrap();
    assert_eq!(weights["hash"], sha256(&runnable().files[WEIGHTS]));
    assert_eq!(weights["algorithm"], "sha256");
}

#[test]
fn a_card_of_ones_own_and_a_built_in_one_stay() {
    let (world, home) = (World::with(1000), Home::new());
    let file = home.path().join("x.md");
    modeldesk::files::write(&file, b"# Mine\n").unwrap();
    let file = file.to_str().unwrap();
    assert!(
        run(&world, &home, &["cards", "add", file, "--id", ID])
            .status
            .success()
    );
    let said = text(&run(&world, &home, &["pull", ID]).stderr);
    assert!(
        said.contains("its card is not indexed: your own answers"),
        "{said}"
    );
    let shown = run(&world, &home, &["cards", "show", ID]);
    assert!(text(&shown.stdout).contains("# Mine"));
    let mut known = model(1000);
    "google/flan-t5-small".clone_into(&mut known.id);
    world.server.has(known);
    let said = text(&run(&world, &home, &["pull", "google/flan-t5-small"]).stderr);
    assert!(said.contains("the built-in one answers"), "{said}");
}

#[test]
fn offline_opens_no_connection() {
    let row = counts::row("D6");
    let (world, home) = (World::with(MIB), Home::new());
    let offline = |arguments: &[&str]| {
        let output = command(&world, &home, arguments)
            .env("HF_HUB_OFFLINE", "1")
            .output()
            .unwrap();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let before = world.server.connections();
    let (code, _, said) = offline(&["pull", ID]);
    assert_eq!(code, Some(1));
    assert!(said.contains("HF_HUB_OFFLINE is set"), "{said}");
    assert_eq!(world.server.connections(), before);
    world
        .server
        .will(WEIGHTS, 1, Act::Cut(MIB / 2, Then::Close));
    assert!(!world.pull().is_done());
    let before = world.server.connections();
    assert!(
        before > 0,
        "the control: without the flag there are connections"
    );
    assert_eq!(offline(&["pull", ID]).0, Some(1));
    assert_eq!(world.server.connections(), before);
    world.server.behaves();
    assert!(world.pull().is_done());
    let before = world.server.connections();
    let (code, out, said) = offline(&["pull", ID]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("cached revision 0123456"), "{said}");
    assert!(out.contains(COMMIT), "{out}");
    for arguments in [
        &["try", ID, "x"][..],
        &["doctor"],
        &["cards", "list"],
        &["ask", "What is ROUGE?"],
    ] {
        offline(arguments);
    }
    assert_eq!(world.server.connections(), before);
    row.held(3);
}

#[test]
fn a_hub_that_fails_leaves_what_is_cached() {
    let (world, home) = (World::with(1000), Home::new());
    assert!(world.pull().is_done());
    world.server.will("", 99, Act::Status(503, ""));
    let output = run(&world, &home, &["pull", ID]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("answers 503"), "{said}");
    assert!(
        said.contains("cached revision 0123456 is on this disk: modeldesk try org/tiny"),
        "{said}"
    );
}

#[test]
fn what_does_not_fit_into_memory_is_not_fetched() {
    let (world, home) = (World::with(1000), Home::new());
    let mut huge = model(1000);
    let file = serde_json::json!({"rfilename": WEIGHTS, "size": 1, "blobId": COMMIT,
        "lfs": {"sha256": "a".repeat(64), "size": 1_000_000_000_000_000_u64}});
    huge.more = serde_json::json!({"siblings": [file]});
    world.server.has(huge);
    let cases: [(&[&str], &str); 2] = [
        (&["pull", ID], "of memory and"),
        (&["pull", ID, "--anyway"], "are free on that disk"),
    ];
    for (arguments, why) in cases {
        let output = run(&world, &home, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains(why) && said.contains("hint: "), "{said}");
        assert!(
            world
                .server
                .seen()
                .iter()
                .all(|seen| seen.path.starts_with("/api/"))
        );
        assert!(!world.folder().exists());
    }
}

#[test]
fn an_interrupt_keeps_what_was_fetched() {
    let (world, home) = (World::with(MIB), Home::new());
    world
        .server
        .will(WEIGHTS, 1, Act::Cut(MIB / 2, Then::Stall));
    let mut command = command(&world, &home, &["pull", ID]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while world.unfinished() < MIB as u64 / 2 {
        assert!(start.elapsed() < super::FOREVER);
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("524 kB of 1 MB are kept, and modeldesk pull org/tiny goes on"),
        "{said}"
    );
    world.server.behaves();
    world.sent();
    assert_eq!(run(&world, &home, &["pull", ID]).status.code(), Some(0));
    assert_eq!(world.sent(), MIB as u64 / 2);
    world.check_whole(&model(MIB));
}

/// A disk that takes no more is played by a limit on the size of files.
#[test]
fn a_disk_that_is_full_in_the_middle_loses_nothing() {
    let row = counts::row("D8");
    let limits = [1, 64, 300, 512, 1000, 1023];
    let limits = &limits[..counts::of(2, 6)];
    for kib in limits {
        let (world, home) = (World::with(MIB), Home::new());
        let made = command(&world, &home, &["pull", ID]);
        let mut limited = Command::new("bash");
        limited
            .arg("-c")
            .arg(format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\""));
        limited.arg(made.get_program()).args(made.get_args());
        for (name, value) in made.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let output = limited.arg0("bash").output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("cannot write") && said.contains("more bytes"),
            "{said}"
        );
        assert!(said.contains(".modeldesk.incomplete"), "{said}");
        world.check_absent();
        assert!(world.unfinished() <= kib * 1024);
        world.sent();
        assert_eq!(run(&world, &home, &["pull", ID]).status.code(), Some(0));
        world.check_whole(&model(MIB));
        assert!(world.sent() < MIB as u64);
    }
    row.held(limits.len());
}

#[test]
fn what_is_wrong_with_the_command_is_usage() {
    let (world, home) = (World::with(10), Home::new());
    for arguments in [
        &["pull", "../x"][..],
        &["pull", ID, "--revision", "../x"],
        &["pull"],
    ] {
        assert_eq!(
            run(&world, &home, arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
    let output = command(&world, &home, &["pull", ID])
        .env("HF_ENDPOINT", "nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("HF_ENDPOINT: is no address of a hub"));
    let output = command(&world, &home, &["pull", ID])
        .env("HF_TOKEN", "hf_a\u{1}b")
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert!(
        said.contains("HF_TOKEN: has characters") && !said.contains("hf_a"),
        "{said}"
    );
}
