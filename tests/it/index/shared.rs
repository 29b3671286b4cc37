//! Several processes at one library: readers, writers, those that were killed, and those that
//! may not write.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Home, add, card, copy_of_the_binary, found, id, jsonl, text, word};
use crate::counts;

#[test]
fn a_second_desk_sees_what_the_first_one_writes() {
    let row = counts::row("I2");
    let home = Home::new();
    let (first, second) = (home.open(), home.open());
    add(&first, [1]);
    assert_eq!(found(&second, &word(1)), [id(1)]);
    add(&second, [2]);
    assert_eq!(found(&first, &word(2)), [id(2)]);
    assert_eq!(first.own().len(), 2);
    row.held(1);
}

#[test]
fn a_rebuild_leaves_the_old_folder_to_who_uses_it() {
    let row = counts::row("I2");
    let home = Home::new();
    let old_desk = home.open();
    add(&old_desk, [1]);
    let old = home.current();
    std::fs::remove_file(home.index().join("current")).unwrap();
    let (new_desk, said) = home.open_with_notices();
    assert!(said.contains("built anew"), "{said}");
    assert!(old.exists(), "the old desk still holds it");
    assert_eq!(found(&old_desk, &word(1)), [id(1)]);
    // The old desk has moved on with that search; the next writer cleans up.
    add(&new_desk, [2]);
    assert!(!old.exists());
    assert_eq!(found(&old_desk, &word(2)), [id(2)]);
    row.held(1);
}

#[test]
fn a_writer_waits_for_another_and_says_for_whom() {
    let row = counts::row("I2");
    let home = Home::new();
    drop(home.open());
    let lock = File::options()
        .read(true)
        .write(true)
        .open(home.store().join("lock"))
        .unwrap();
    lock.lock().unwrap();
    // Readers do not wait.
    assert!(!found(&home.open(), "summarization").is_empty());
    let file = home.path().join("x.md");
    std::fs::File::create(&file).unwrap();
    modeldesk::files::write(&file, card(1).as_bytes()).unwrap();
    let mut writer = home.command(&["cards", "add", file.to_str().unwrap(), "--id", &id(1)]);
    let writer = writer
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    drop(lock);
    let output = writer.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(
        text(&output.stderr).contains("waiting for process"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(found(&home.open(), &word(1)), [id(1)]);
    row.held(1);
}

#[test]
fn a_killed_writer_holds_up_nobody() {
    let row = counts::row("I2");
    let rounds = counts::of(3, 20);
    let home = Home::new();
    drop(home.open());
    let file = home.path().join("many.jsonl");
    modeldesk::files::write(&file, jsonl(0..4_000).as_bytes()).unwrap();
    for _ in 0..rounds {
        let mut import = home.command(&["cards", "import", file.to_str().unwrap()]);
        let mut import = import
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(60));
        import.kill().unwrap();
        import.wait().unwrap();
        // Locks that nobody holds are only files.
        assert!(home.store().join("lock").exists());
        let _ = File::create(home.current().join(".tantivy-writer.lock"));
        let library = home.open();
        add(&library, [9_000]);
        assert_eq!(found(&library, &word(9000)), [id(9_000)]);
    }
    let leftovers = |folder: &Path| {
        let names = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| name.as_encoded_bytes().starts_with(b".write-"))
            .count()
    };
    assert_eq!(leftovers(&home.store()), 0);
    assert_eq!(
        std::fs::read_dir(home.index()).unwrap().count(),
        2,
        "one folder and its pointer"
    );
    row.held(rounds);
}

/// `command` as someone who may read and not write below `home`.
fn restricted(home: &Home, arguments: &[&str]) -> Command {
    open_to_read(home.path());
    let binary = home.path().join("modeldesk");
    if !binary.exists() {
        copy_of_the_binary(&binary);
    }
    let mut command = home.placed(Command::new(binary), arguments);
    if home.path().metadata().unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    command
}

fn open_to_read(path: &Path) {
    let folder = path.is_dir();
    let mode = if folder || path.ends_with("modeldesk") {
        0o555
    } else {
        0o444
    };
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    if folder {
        for entry in std::fs::read_dir(path).unwrap() {
            open_to_read(&entry.unwrap().path());
        }
    }
}

fn open_to_write(path: &Path) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            open_to_write(&entry.unwrap().path());
        }
    }
}

#[test]
fn a_read_only_home_with_an_index_is_searched_as_it_is() {
    let row = counts::row("I2");
    let home = Home::new();
    add(&home.open(), [1]);
    copy_of_the_binary(&home.path().join("modeldesk"));
    let output = restricted(&home, &["cards", "list", "--search", &word(1)])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains(&id(1)));
    assert!(
        !text(&output.stderr).contains("memory"),
        "{}",
        text(&output.stderr)
    );
    let output = restricted(&home, &["cards", "remove", &id(1)])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("hint: "),
        "{}",
        text(&output.stderr)
    );
    open_to_write(home.path());
    assert_eq!(found(&home.open(), &word(1)), [id(1)]);
    row.held(1);
}

#[test]
fn a_read_only_home_without_an_index_is_searched_in_memory() {
    let row = counts::row("I2");
    let home = Home::new();
    copy_of_the_binary(&home.path().join("modeldesk"));
    let output = restricted(&home, &["cards", "list", "--search", "summarization"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("pegasus"));
    assert!(
        text(&output.stderr).contains("kept in memory"),
        "{}",
        text(&output.stderr)
    );
    open_to_write(home.path());
    assert!(!home.index().exists());
    row.held(1);
}

#[test]
fn an_index_that_may_not_be_read_is_not_wiped() {
    let row = counts::row("I3");
    let home = Home::new();
    add(&home.open(), [1]);
    copy_of_the_binary(&home.path().join("modeldesk"));
    let mut command = restricted(&home, &["cards", "list", "--search", &word(1)]);
    let current = home.current();
    std::fs::set_permissions(&current, PermissionsExt::from_mode(0o000)).unwrap();
    let output = command.output().unwrap();
    assert!(output.status.success());
    assert!(
        text(&output.stdout).contains(&id(1)),
        "made again in memory"
    );
    assert!(text(&output.stderr).contains("memory"));
    open_to_write(home.path());
    std::fs::set_permissions(&current, PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(home.current(), current);
    assert_eq!(found(&home.open(), &word(1)), [id(1)]);
    row.held(1);
}

/// The binary where no file may become longer than so many blocks of 512 bytes.
fn short_of_disk(home: &Home, blocks: u32, arguments: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_modeldesk")]);
    home.placed(shell, arguments)
}

#[test]
fn a_full_disk_costs_nothing_that_was_there() {
    let home = Home::new();
    let output = short_of_disk(&home, 8, &["cards", "list", "--search", "summarization"]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("kept in memory"),
        "{}",
        text(&output.stderr)
    );
    add(&home.open(), [1]);
    let file = home.path().join("many.jsonl");
    modeldesk::files::write(&file, jsonl(0..2_000).as_bytes()).unwrap();
    let import = ["cards", "import", file.to_str().unwrap()];
    let output = short_of_disk(&home, 8, &import).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("error: "));
    let library = home.open();
    assert_eq!(library.own().len(), 1);
    assert_eq!(found(&library, &word(1)), [id(1)]);
    library.verify().unwrap();
    // The control: with room, the same import works.
    assert!(home.run(&import).status.success());
}
