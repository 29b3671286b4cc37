//! From `config.yaml` to settings: each value by what its field takes, and a notice for the rest.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::{Colours, Keys, Notify, Settings, notice};
use crate::card::check::Problem;
use crate::card::yaml::{self, Data, Entry, Node};
use crate::error::{Notice, shown};
use crate::{files, text};

const FIELDS: &[&str] = &[
    "keys",
    "colours",
    "threads",
    "notify",
    "cache",
    "animations",
    "mouse",
];

/// Most notices on one file; the rest is counted.
const MOST: usize = 20;

/// Most characters that a notice quotes.
const QUOTED: usize = 40;

/// Reads the settings in `file` on a machine with that many cores.
pub(super) fn read(file: PathBuf, cores: usize) -> (Settings, Vec<Notice>) {
    let mut reader = Reader {
        settings: Settings {
            file,
            ..Settings::default()
        },
        cores,
        notices: Vec::new(),
    };
    match content(&reader.settings.file) {
        Ok(Some(yaml)) => reader.document(&yaml),
        Ok(None) => {}
        Err(error) => {
            let file = shown(&reader.settings.file);
            let why = text::line(&error.to_string()).into_owned();
            let what = format!("{file}: cannot be read, the defaults are used: {why}");
            reader.notices.push(Notice(what));
        }
    }
    (reader.settings, bounded(reader.notices))
}

/// The text of `file`; `None` where there is no such file.
fn content(file: &Path) -> io::Result<Option<String>> {
    match file.metadata() {
        // Opening a pipe would wait for somebody to write to it.
        Ok(found) if !found.is_file() => return Err(io::Error::other("it is no file")),
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound && !file.is_symlink() => return Ok(None),
        Err(e) => return Err(e),
    }
    // One byte more than is read is enough to refuse it.
    let most = yaml::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    File::open(file)?.take(most).read_to_end(&mut bytes)?;
    if bytes.len() > yaml::MAX_BYTES {
        let what = format!("it has more than {} bytes", yaml::MAX_BYTES);
        return Err(io::Error::other(what));
    }
    let content = String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))?;
    Ok(Some(content))
}

fn bounded(mut notices: Vec<Notice>) -> Vec<Notice> {
    if notices.len() > MOST {
        let more = notices.len() - MOST;
        notices.truncate(MOST);
        notices.push(Notice(format!("{more} more settings are not used")));
    }
    notices
}

struct Reader {
    settings: Settings,
    cores: usize,
    notices: Vec<Notice>,
}

impl Reader {
    fn document(&mut self, yaml: &str) {
        let yaml = yaml.strip_prefix('\u{feff}').unwrap_or(yaml);
        let mut problems = Vec::new();
        let document = yaml::parse(yaml, 1, &mut problems);
        for problem in problems {
            self.problem(problem, "");
        }
        match document {
            Ok(document) => {
                for entry in document.iter().flat_map(|d| d.root.entries()) {
                    self.field(entry);
                }
            }
            Err(problem) => self.problem(problem, "the defaults are used: "),
        }
    }

    fn problem(&mut self, problem: Problem, before: &str) {
        let hint = problem.hint.map(|h| format!("; {h}")).unwrap_or_default();
        let what = format!("{before}{}{hint}", problem.what);
        self.say(problem.line, &problem.field, &what);
    }

    fn say(&mut self, line: usize, field: &str, what: &str) {
        let said = notice(&self.settings.file, line, &short(field), what);
        self.notices.push(said);
    }

    fn field(&mut self, entry: &Entry) {
        let (name, value) = (entry.key.as_str(), &entry.value);
        if !FIELDS.contains(&name) {
            let known = match text::nearest(name, FIELDS) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are {}", FIELDS.join(", ")),
            };
            self.say(entry.line, name, &format!("unknown, and not used; {known}"));
        } else if !value.is_null() {
            self.value(name, value);
        }
    }

    fn value(&mut self, name: &str, value: &Node) {
        let word = scalar(value);
        let settings = &mut self.settings;
        let (used, takes) = match name {
            "keys" => return self.keys(value),
            "threads" => {
                let count = word.and_then(|w| w.parse().ok());
                let count = count.filter(|n: &NonZeroUsize| n.get() <= self.cores);
                settings.threads = count;
                let takes = match self.cores {
                    1 => "1: this machine has one core".to_owned(),
                    cores => format!("a count from 1 to the {cores} cores here"),
                };
                (count.is_some(), takes)
            }
            "cache" => {
                settings.cache = word.and_then(folder);
                let takes = "a folder, from / or ~/ on";
                (settings.cache.is_some(), takes.to_owned())
            }
            "colours" => {
                let known = [("terminal", Colours::Terminal), ("none", Colours::None)];
                one_of(word, &known, &mut settings.colours)
            }
            "notify" => {
                let known = [("auto", Notify::Auto), ("never", Notify::Never)];
                one_of(word, &known, &mut settings.notify)
            }
            "animations" => one_of(word, &BOTH, &mut settings.animations),
            "mouse" => one_of(word, &BOTH, &mut settings.mouse),
            _ => unreachable!("every field is read"),
        };
        if !used {
            let what = format!("{} is not used: it takes {takes}", described(value));
            self.say(value.line, name, &what);
        }
    }

    fn keys(&mut self, value: &Node) {
        let Data::Map(entries) = &value.data else {
            let what = format!(
                "{} is not used: it takes `command: [key, key]` lines",
                described(value)
            );
            return self.say(value.line, "keys", &what);
        };
        for entry in entries {
            match key_names(&entry.value) {
                Some(keys) => self.settings.keys.push(Keys {
                    command: entry.key.clone(),
                    keys,
                    line: entry.line,
                }),
                None => self.say(
                    entry.value.line,
                    &format!("keys.{}", entry.key),
                    "it takes names of keys, as `[q, Ctrl+R]`, those of punctuation in quotes; \
                     `[]` unbinds",
                ),
            }
        }
    }
}

const BOTH: [(&str, bool); 2] = [("true", true), ("false", false)];

/// Puts the value that `word` names into `place`; whether it names one, and what it can name.
fn one_of<T: Copy>(word: Option<&str>, known: &[(&str, T)], place: &mut T) -> (bool, String) {
    let found = known.iter().find(|(name, _)| word == Some(name));
    if let Some((_, value)) = found {
        *place = *value;
    }
    let names: Vec<String> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
    (found.is_some(), names.join(" or "))
}

/// One name of a key, or a list of them. `~` is a key like any other.
fn key_names(value: &Node) -> Option<Vec<String>> {
    let name = |node: &Node| scalar(node).filter(|n| !n.is_empty()).map(str::to_owned);
    match &value.data {
        Data::List(items) => items.iter().map(name).collect(),
        _ if value.is_null() => None,
        _ => name(value).map(|only| vec![only]),
    }
}

/// The folder that `text` names, wherever the program is started.
fn folder(text: &str) -> Option<PathBuf> {
    Some(files::from_home(Path::new(text))).filter(|path| path.is_absolute())
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.data {
        Data::Scalar { text, .. } => Some(text),
        _ => None,
    }
}

fn described(node: &Node) -> String {
    match &node.data {
        Data::Scalar { text, .. } => format!("`{}`", short(text)),
        Data::List(_) => "a list".to_owned(),
        Data::Map(_) => "a mapping".to_owned(),
    }
}

/// The first characters of what a notice quotes.
fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(QUOTED).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `yaml` on a machine with 4 cores; what is said comes without the folder.
    fn reading(yaml: &[u8]) -> (Settings, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        files::write(&file, yaml).unwrap();
        let (settings, notices) = read(file.clone(), 4);
        assert_eq!(std::fs::read(&file).unwrap(), yaml, "the file is untouched");
        let folder = format!("{}/", shown(folder.path()));
        let said = notices.into_iter().map(|n| n.0.replace(&folder, ""));
        (settings, said.collect())
    }

    fn default_of(settings: &Settings) -> Settings {
        Settings {
            file: settings.file.clone(),
            ..Settings::default()
        }
    }

    #[test]
    fn every_field_is_read_with_its_line() {
        let (settings, said) = reading(
            b"# mine\nkeys:\n  quit: [q, \"Ctrl+R\", ~]\n  ask-question: F1\n  why: []\n\
              colours: none\nthreads: 3\nnotify: never\ncache: /models\nanimations: false\n\
              mouse: true\n",
        );
        assert_eq!(said, [""; 0]);
        let keys = |command: &str, keys: &[&str], line| Keys {
            command: command.to_owned(),
            keys: keys.iter().map(|k| (*k).to_owned()).collect(),
            line,
        };
        let wanted = Settings {
            file: settings.file.clone(),
            keys: vec![
                keys("quit", &["q", "Ctrl+R", "~"], 3),
                keys("ask-question", &["F1"], 4),
                keys("why", &[], 5),
            ],
            colours: Colours::None,
            threads: NonZeroUsize::new(3),
            notify: Notify::Never,
            cache: Some("/models".into()),
            animations: false,
            mouse: true,
        };
        assert_eq!(settings, wanted);
    }

    #[test]
    fn a_bad_value_leaves_its_default_and_is_named() {
        let (settings, said) = reading(
            b"colours: red\nthreads: 5\nnotify: [never]\ncache: models\nanimations: on\n\
              mouse: {a: b}\nkeys: q\n",
        );
        assert_eq!(settings, default_of(&settings));
        let takes = [
            "config.yaml:1: colours: `red` is not used: it takes `terminal` or `none`",
            "config.yaml:2: threads: `5` is not used: it takes a count from 1 to the 4 cores here",
            "config.yaml:3: notify: a list is not used: it takes `auto` or `never`",
            "config.yaml:4: cache: `models` is not used: it takes a folder, from / or ~/ on",
            "config.yaml:5: animations: `on` is not used: it takes `true` or `false`",
            "config.yaml:6: mouse: a mapping is not used: it takes `true` or `false`",
            "config.yaml:7: keys: `q` is not used: it takes `command: [key, key]` lines",
        ];
        assert_eq!(said, takes);
        for threads in ["0", "-1", "2.5", "many", "99999999999999999999"] {
            let (settings, said) = reading(format!("threads: {threads}").as_bytes());
            assert_eq!((settings.threads, said.len()), (None, 1), "{threads}");
        }
    }

    #[test]
    fn an_unknown_field_is_named_with_the_nearest() {
        let (settings, said) = reading(b"mouse: true\ncolors: none\nfonts: 3\nmouse: false\n");
        assert!(!settings.mouse, "the last of two counts");
        assert_eq!(
            said[0],
            "config.yaml:4: mouse: stands twice, first on line 1; the last one counts; \
             keep one of the two"
        );
        assert!(said[1].contains(":2: colors: unknown") && said[1].ends_with("`colours`?"));
        assert!(said[2].contains(":3: fonts: unknown") && said[2].contains("keys, colours"));
    }

    #[test]
    fn keys_that_are_no_names_are_left_out_alone() {
        let (settings, said) = reading(b"keys:\n  a: [[x]]\n  b:\n  c: [x]\n  d:\n  - #\n");
        let commands: Vec<&str> = settings.keys.iter().map(|k| k.command.as_str()).collect();
        assert_eq!(commands, ["c"]);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].starts_with("config.yaml:2: keys.a: it takes names of keys"));
    }

    #[test]
    fn what_is_no_yaml_or_no_text_gives_the_defaults_and_one_notice() {
        let long = vec![b'#'; yaml::MAX_BYTES + 1];
        let bad: [(&[u8], &str); 6] = [
            (b"mouse: true\nkeys: [", "config.yaml:"),
            (b"- mouse\n", "config.yaml:1: the defaults are used: a list"),
            (b"mouse: true\nx: \xff", "it is not UTF-8"),
            (&long, "it has more than 65536 bytes"),
            (b"\0", "the defaults are used"),
            (b"a: &a [*a]", "config.yaml:1: the defaults are used: "),
        ];
        for (yaml, what) in bad {
            let (settings, said) = reading(yaml);
            assert_eq!(settings, default_of(&settings), "{what}");
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].contains(what), "{said:?}");
        }
    }

    #[test]
    fn nothing_set_is_nothing_said() {
        for yaml in ["", "# only words\n", "\u{feff}cache:\nkeys: ~\n", "---\n"] {
            let (settings, said) = reading(yaml.as_bytes());
            assert_eq!((&settings, said), (&default_of(&settings), Vec::new()));
        }
        let absent = Path::new("/nowhere/at/all/config.yaml");
        assert_eq!(read(absent.to_owned(), 1).1, []);
    }

    #[test]
    fn a_file_that_is_none_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (_, said) = read(folder.path().to_owned(), 1);
        assert!(said[0].0.ends_with("it is no file"), "{said:?}");
        #[cfg(unix)]
        {
            let link = folder.path().join("config.yaml");
            std::os::unix::fs::symlink("gone", &link).unwrap();
            assert_eq!(read(link, 1).1.len(), 1);
        }
    }

    #[test]
    fn notices_are_bounded_in_number_and_length() {
        let lines: Vec<String> = (0..200)
            .map(|n| format!("f{n}{}: 1", "x".repeat(200)))
            .collect();
        let (_, said) = reading(lines.join("\n").as_bytes());
        assert_eq!(said.len(), MOST + 1);
        assert_eq!(said[MOST], "180 more settings are not used");
        assert!(said.iter().all(|s| s.chars().count() < 200), "{said:?}");
    }
}
