//! How many judged questions are read right and answered with an acceptable first model, beside
//! plain BM25 on the same index: `cargo bench --bench questions [-- --misses PART]`.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::BTreeMap;
use std::sync::Arc;

use modeldesk::advisor::{Advisor, Machine};
use modeldesk::files::Folders;
use modeldesk::index::Library;

#[path = "../tests/it/judged.rs"]
mod judged;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (library, _) = Library::open(&Folders::below(folder.path())).expect("opens");
    let machine = Machine::of(2, 24_000_000_000, 21_000_000_000, 180.0);
    let advisor = Advisor::new(Arc::new(library), machine);
    let arguments: Vec<String> = std::env::args().collect();
    let misses = arguments
        .iter()
        .position(|a| a == "--misses")
        .and_then(|at| arguments.get(at + 1));
    let questions = judged::questions();
    println!("part      questions  read right  first model right  plain BM25");
    for part in judged::parts(&questions) {
        let asked: Vec<_> = questions.iter().filter(|q| q.part == part).collect();
        let (mut read, mut first, mut with_first, mut control) = (0, 0, 0, 0);
        let mut unread: BTreeMap<&str, usize> = BTreeMap::new();
        for question in &asked {
            let score = judged::score(question, &judged::ask(&advisor, question));
            read += usize::from(score.read);
            if !score.read {
                *unread.entry(question.kind.as_str()).or_default() += 1;
            }
            if let Some(right) = score.first {
                with_first += 1;
                first += usize::from(right);
                control += usize::from(judged::bm25_first(&advisor, question));
            }
            if misses.is_some_and(|m| m == part) && !score.differs.is_empty() {
                println!(
                    "{} {:?}\n    {}",
                    question.id,
                    question.question,
                    score.differs.join("\n    ")
                );
            }
        }
        let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
        println!(
            "{part:9} {:9}  {:9.1}%  {:16.1}%  {:9.1}%",
            asked.len(),
            share(read, asked.len()),
            share(first, with_first),
            share(control, with_first)
        );
        println!("          not read right, by kind: {unread:?}");
    }
}
