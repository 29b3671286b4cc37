//! Cards by somebody who is not root: adding one, and folders that may not be read.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::index::{Home, copy_of_the_binary, text};

const CARD: &str =
    "---\nlicense: mit\npipeline_tag: summarization\n---\n# Good\n\nGood summarizes.\n";

/// Whom root becomes; any other user stays who they are.
const NOBODY: u32 = 65_534;

/// A home that belongs to somebody without privileges, with a copy of the binary that they may run.
struct Somebody {
    home: Home,
    root: bool,
}

impl Somebody {
    fn new() -> Self {
        let home = Home::new();
        let root = home.path().metadata().unwrap().uid() == 0;
        copy_of_the_binary(&home.path().join("modeldesk"));
        let somebody = Self { home, root };
        somebody.give(somebody.home.path());
        somebody
    }

    fn give(&self, path: &Path) {
        if self.root {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// A folder of theirs with one card in it.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.home.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        modeldesk::files::write(&folder.join("README.md"), CARD.as_bytes()).unwrap();
        for path in [folder.as_path(), &folder.join("README.md")] {
            self.give(path);
        }
        folder
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let binary = Command::new(self.home.path().join("modeldesk"));
        let mut command = self.home.placed(binary, arguments);
        if self.root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    }
}

fn allow(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn somebody_who_is_not_root_adds_a_card_and_asks_about_it() {
    let somebody = Somebody::new();
    let file = somebody.folder("mine").join("README.md");
    let added = somebody.run(&["cards", "add", file.to_str().unwrap(), "--id", "me/good"]);
    assert!(added.status.success(), "{}", text(&added.stderr));
    let asked = somebody.run(&["ask", "what licence has me/good"]);
    assert!(
        text(&asked.stdout).contains("licence mit"),
        "{}",
        text(&asked.stdout)
    );
    // What they wrote is theirs, and none of it is left half done.
    let store = somebody.home.store();
    let owner = if somebody.root {
        NOBODY
    } else {
        somebody.home.path().metadata().unwrap().uid()
    };
    for entry in std::fs::read_dir(store).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().uid(), owner);
    }
}

#[test]
fn a_folder_that_may_not_be_read_is_named_and_nothing_is_taken_from_it() {
    let somebody = Somebody::new();
    let cards = somebody.folder("cards");
    let shut = somebody.folder("cards/shut");
    allow(&shut, 0o000);
    let shown = shut.to_str().unwrap();
    for arguments in [
        &["cards", "import", shown][..],
        &["cards", "check", shown],
        &["cards", "add", shown, "--id", "me/shut"],
        &["cards", "import", cards.to_str().unwrap()],
    ] {
        let output = somebody.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains(shown) && said.contains("Permission denied"),
            "{said}"
        );
        assert!(
            said.contains("hint: check who owns that path and its mode"),
            "{said}"
        );
    }
    let asked = somebody.run(&["cards", "list", "--source", "user", "--json"]);
    assert_eq!(text(&asked.stdout).trim(), "[]");
    // Control: the same folder, opened, is taken.
    allow(&shut, 0o755);
    let output = somebody.run(&["cards", "check", shown]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = somebody.run(&["cards", "import", cards.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}
