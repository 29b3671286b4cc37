//! From a question to its answer, and what the library under it takes:
//! `cargo bench --bench answers [-- CARDS]`, where CARDS is how many cards are made up and imported.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use modeldesk::advisor::catalogue::{Catalogue, Sort, Wanted};
use modeldesk::advisor::{Advisor, Machine};
use modeldesk::files::Folders;
use modeldesk::index::{Library, Observer, Search};
use modeldesk::jobs::Cancel;

#[allow(
    dead_code,
    unreachable_pub,
    reason = "only the questions are needed here"
)]
#[path = "../tests/it/judged.rs"]
mod judged;

mod figures;

use figures::{Table, Times, milliseconds, time};

/// How often each question is asked.
const ROUNDS: usize = 20;

/// How often a library is opened.
const OPENINGS: usize = 20;

/// What a search is for, once the cards are many.
const QUERIES: [&str; 6] = [
    "Which model is best for summarizing legal documents?",
    "distillbert",
    "gpt 2",
    "named entity recognition german model for text",
    "sumarization of leagal contarcts using the best language modell",
    "bert base model trained on english text data for classification",
];

struct Quiet;

impl Observer for Quiet {}

fn main() {
    let cards = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut table = Table::default();
    openings(folder.path(), &mut table);
    answers(folder.path(), &mut table);
    imported(folder.path(), cards, &mut table);
    table.print();
}

fn open(root: &Path) -> Library {
    Library::open(&Folders::below(root)).expect("opens").0
}

fn openings(root: &Path, table: &mut Table) {
    let parse = time(modeldesk::index::embedded::cards).0;
    let parse = format!("{:.1} ms, once", milliseconds(parse));
    table.row("built-in cards parsed", "-", parse);
    let built = (0..OPENINGS).map(|n| {
        let root = root.join(format!("opening-{n}"));
        time(|| open(&root)).0
    });
    let built = Times::new(built.collect());
    table.times("library open, index built", Some(150.0), &built);
    let again = Times::of(OPENINGS, || drop(open(&root.join("opening-0"))));
    table.times("library open, index there", None, &again);
}

fn advisor(root: &Path) -> Advisor {
    let machine = Machine::of(2, 24_000_000_000, 21_000_000_000, 180.0);
    Advisor::new(Arc::new(open(root)), machine)
}

fn answers(root: &Path, table: &mut Table) {
    let times = ask_all(&advisor(&root.join("opening-0")));
    table.times("question to answer, built-in cards", Some(5.0), &times);
}

/// Asks every judged question, again and again; a follow-up after the question before it, which
/// is not timed.
fn ask_all(advisor: &Advisor) -> Times {
    let questions: Vec<_> = judged::questions()
        .into_iter()
        .map(|question| {
            let ask = |q| advisor.ask(q, None).expect("answers").reading;
            let before = question.after.as_deref().map(ask);
            (question.question, before)
        })
        .collect();
    let mut times = Vec::with_capacity(questions.len() * ROUNDS);
    for _ in 0..ROUNDS {
        for (question, before) in &questions {
            let ask = || advisor.ask(question, before.as_ref()).expect("answers");
            times.push(time(ask).0);
        }
    }
    Times::new(times)
}

fn imported(root: &Path, cards: usize, table: &mut Table) {
    let file = made_up(root, cards);
    let home = root.join("imported");
    let library = open(&home);
    let import = || library.import(&file, &Cancel::new(), &mut Quiet);
    let (taken, report) = time(|| import().expect("imports"));
    assert_eq!(report.added, cards as u64, "{:?}", report.bad);
    let rate = cards as f64 / taken.as_secs_f64();
    let measured = format!(
        "{rate:.0} cards/s ({cards} in {:.1} s)",
        taken.as_secs_f64()
    );
    table.row("import", "-", measured);
    let mut times = Vec::new();
    for text in QUERIES {
        for facets in [vec![], vec!["task:summarization".to_owned()]] {
            let search = Search {
                text: text.to_owned(),
                facets,
                limit: 20,
                ..Search::default()
            };
            for _ in 0..ROUNDS {
                times.push(time(|| library.search(&search).expect("searches")).0);
            }
        }
    }
    let figure = format!("search over {cards} imported cards");
    table.times(&figure, Some(30.0), &Times::new(times));
    drop(library);
    let again = Times::of(5, || drop(open(&home)));
    table.times(&format!("library open, {cards} imported"), None, &again);
    let advisor = advisor(&home);
    let times = ask_all(&advisor);
    table.times(
        &format!("question to answer, {cards} imported"),
        None,
        &times,
    );
    let size = format!("{} MB", size_of(&home.join("data")) / 1_000_000);
    table.row(
        &format!("cards and index on disk, {cards} imported"),
        "-",
        size,
    );
    models(&advisor, table);
}

/// Bytes of the files below `folder`.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(of) if of.is_dir() => size_of(&entry.path()),
        Ok(of) => of.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// The list of all models: made, filtered as somebody types, sorted.
fn models(advisor: &Advisor, table: &mut Table) {
    /// Catalogues that are held at once, so that their memory stands out.
    const HELD: usize = 8;
    let make = || advisor.catalogue(&[]).expect("lists");
    let catalogue = make();
    let before = anonymous_memory();
    let mut held = Vec::new();
    let times = Times::of(HELD, || held.push(make()));
    let memory = anonymous_memory().saturating_sub(before) / HELD as u64;
    drop(held);
    let many = catalogue.len();
    table.times(&format!("catalogue of {many} models made"), None, &times);
    let memory = format!("{:.1} MB", memory as f64 / 1e6);
    table.row("catalogue in memory", "30 MB", memory);
    let wanted = |text: &str, facet: Option<&str>, sort, descending| Wanted {
        text: text.to_owned(),
        facets: facet.into_iter().map(str::to_owned).collect(),
        sort,
        descending,
    };
    let letters = ["m", "o", "7", "z"].map(|text| wanted(text, None, Sort::Name, false));
    find_all("find by one letter", &catalogue, &letters, table);
    let words = ["model", "bert base", "made-up 77", "qzqzqzqz"];
    let words = words.map(|text| wanted(text, None, Sort::Name, false));
    find_all("find by words", &catalogue, &words, table);
    let read = ["translates under 10 MB", "<100M params", "legal, runs here"];
    let read = read.map(|text| wanted(text, None, Sort::Origin, false));
    find_all("find by words that are read", &catalogue, &read, table);
    let facets = [
        "task:summarization",
        "license:mit",
        "here:no",
        "origin:built-in",
    ];
    let facets = facets.map(|facet| wanted("", Some(facet), Sort::Origin, false));
    find_all("find by facet", &catalogue, &facets, table);
    let sorts = Sort::ALL.map(|sort| wanted("", None, sort, sort != Sort::Name));
    find_all("sort", &catalogue, &sorts, table);
}

fn find_all(what: &str, catalogue: &Catalogue, all: &[Wanted], table: &mut Table) {
    let mut times = Vec::new();
    for wanted in all {
        times.extend((0..5 * ROUNDS).map(|_| time(|| catalogue.find(wanted)).0));
    }
    let figure = format!("{what}, {} models", catalogue.len());
    table.times(&figure, Some(30.0), &Times::new(times));
}

/// Bytes of this process's memory that no file backs; 0 where the system does not tell.
fn anonymous_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// A file of `count` cards in words that recur as in real ones: few often, many seldom.
fn made_up(root: &Path, count: usize) -> PathBuf {
    const TASKS: [&str; 6] = [
        "summarization",
        "text-classification",
        "translation",
        "text-generation",
        "question-answering",
        "token-classification",
    ];
    const COMMON: [&str; 12] = [
        "model", "trained", "text", "data", "english", "language", "german", "bert", "legal",
        "fine", "base", "contract",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end as u64) as usize
    };
    let mut lines = String::new();
    for number in 0..count {
        let task = TASKS[below(TASKS.len())];
        let mut body = String::new();
        for _ in 0..120 {
            let bits = 1 + below(16);
            let rare = below(1 << bits);
            let common = COMMON[below(COMMON.len())];
            let _ = match below(3) {
                0 => write!(body, "{common} "),
                _ => write!(body, "word{rare} "),
            };
        }
        let card = format!(
            "---\npipeline_tag: {task}\nlicense: mit\ntags: [{task}, tag{}]\n---\n# Model {number}\n\n{body}\n",
            below(500)
        );
        let record = serde_json::json!({ "id": format!("made-up/model-{number}"), "card": card });
        let _ = writeln!(lines, "{record}");
    }
    let path = root.join("made-up.jsonl");
    modeldesk::files::write(&path, lines.as_bytes()).expect("writes");
    path
}
