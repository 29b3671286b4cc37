//! The library of cards: found, kept, rebuilt; and the `cards` command line.
//!
//! Long runs of the same tests, with full counts: `cargo xtask soak index`.

mod cli;
mod crash;
mod damage;
mod import;
mod search;
mod shared;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use modeldesk::card::Origin;
use modeldesk::files::Folders;
use modeldesk::index::{Draft, Library, Search};
use tempfile::TempDir;

/// A user's home below a temporary folder.
pub(crate) struct Home {
    root: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    /// The folders that the binary uses with [`Self::command`].
    pub(crate) fn folders(&self) -> Folders {
        let of = |name: &str| self.path().join(name).join("modeldesk");
        Folders {
            data: of("data"),
            config: of("config"),
            cache: of("cache"),
            state: of("state"),
        }
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.folders().data.join("index")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folders().data.join("cards")
    }

    /// The folder of the current index.
    pub(crate) fn current(&self) -> PathBuf {
        let name = std::fs::read_to_string(self.index().join("current")).unwrap();
        self.index().join(name.trim_end())
    }

    /// Opens the library, which must have nothing to say.
    pub(crate) fn open(&self) -> Library {
        let (library, notices) = Library::open(&self.folders()).unwrap();
        assert_eq!(notices, [], "unexpected notices");
        library
    }

    /// Opens the library and returns what it says.
    pub(crate) fn open_with_notices(&self) -> (Library, String) {
        let (library, notices) = Library::open(&self.folders()).unwrap();
        let said = notices
            .into_iter()
            .map(|notice| notice.0)
            .collect::<Vec<_>>();
        (library, said.join("\n"))
    }

    /// The built binary in this home.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.placed(Command::new(env!("CARGO_BIN_EXE_modeldesk")), arguments)
    }

    /// `command` with this home's folders.
    pub(crate) fn placed(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .stdin(Stdio::null())
            .env_remove("HF_HUB_CACHE")
            .env_remove("HF_HOME")
            .env("HOME", self.path());
        for (variable, name) in [
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_STATE_HOME", "state"),
        ] {
            command.env(variable, self.path().join(name));
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// A copy, for a test that damages it.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        copy_folder(self.path(), copy.path());
        copy
    }
}

/// Copies a folder with its times.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
            let changed = entry.metadata().unwrap().modified().unwrap();
            std::fs::File::options()
                .write(true)
                .open(&target)
                .unwrap()
                .set_modified(changed)
                .unwrap();
        }
    }
}

/// Copies the built binary to `path`. Another process does it: a file that is open for writing here
/// stays so in a child that another test starts in that moment, and cannot be run until it is gone.
pub(crate) fn copy_of_the_binary(path: &Path) {
    let mut copy = Command::new("cp");
    let copied = copy.arg(env!("CARGO_BIN_EXE_modeldesk")).arg(path).status();
    assert!(copied.unwrap().success());
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// xorshift64*: the same numbers every time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }
}

const WORDS: [&str; 24] = [
    "contract", "poem", "ledger", "genome", "tweet", "manual", "recipe", "verdict", "lecture",
    "sonnet", "invoice", "diary", "patent", "letter", "review", "report", "chart", "novel",
    "speech", "query", "table", "memo", "script", "abstract",
];

/// A word that is like no other: ten letters that depend on `number`.
pub(crate) fn word(number: usize) -> String {
    let mut random = Random::new(number as u64 + 7_000);
    (0..10)
        .map(|_| char::from(b'a' + random.below(26) as u8))
        .collect()
}

/// A card that only the search for its own word [`word`] finds alone.
pub(crate) fn card(number: usize) -> String {
    let mut random = Random::new(number as u64 + 1);
    let mut any = || WORDS[random.below(WORDS.len())];
    let (a, b, c, d) = (any(), any(), any(), any());
    format!(
        "---\nlicense: mit\nlanguage: en\npipeline_tag: summarization\ntags:\n- {a}\n---\n\n# Card {number}\n\n\
         A model for the {b} of every {a}, known as {}.\n\n## Uses\n\n- It reads a {c}.\n- It writes a {d}.\n",
        word(number)
    )
}

pub(crate) fn id(number: usize) -> String {
    format!("org{}/model-{number}", number % 7)
}

pub(crate) fn draft(number: usize) -> Draft {
    Draft {
        id: id(number),
        origin: Origin::User,
        text: card(number),
    }
}

pub(crate) fn add(library: &Library, numbers: impl IntoIterator<Item = usize>) {
    let drafts = numbers.into_iter().map(draft).collect::<Vec<_>>();
    library.add(&drafts, &mut |_| ()).unwrap();
}

/// The ids that a search finds, best first.
pub(crate) fn found(library: &Library, words: &str) -> Vec<String> {
    let search = Search {
        text: words.to_owned(),
        limit: 10,
        ..Search::default()
    };
    library
        .search(&search)
        .unwrap()
        .into_iter()
        .map(|hit| hit.id)
        .collect()
}

/// Lines of an import.
pub(crate) fn jsonl(numbers: impl IntoIterator<Item = usize>) -> String {
    let line = |n| format!("{}\n", serde_json::json!({"id": id(n), "card": card(n)}));
    numbers.into_iter().map(line).collect()
}

/// Fifty queries that touch every field.
pub(crate) fn queries() -> Vec<String> {
    let mut queries = WORDS.map(str::to_owned).to_vec();
    queries.extend((0..20).map(word));
    let mixed = [
        "summarization",
        "contract poem",
        "sonet",
        "model-3",
        "legal documents",
        "gpt2",
    ];
    queries.extend(mixed.map(str::to_owned));
    queries
}
