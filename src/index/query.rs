//! From words as typed to hits.
//!
//! The query is built by hand from tokens, so no text can be a syntax error: BM25 in each field
//! times the field's weight, summed. A word that no card has stands for the nearest words that
//! some card has. Facets and origins narrow the hits and do not score.

use std::collections::{BTreeMap, HashMap};

use tantivy::collector::TopDocs;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, Query,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{DocAddress, Searcher, SegmentReader, Term};

use super::build::Home;
use super::document::{ORIGINS, origin_name, precedence};
use super::guard::{Fault, guarded};
use super::tokens;
use super::{Hit, Search};
use crate::card::Origin;

/// So much of the text is read; no question is longer.
const LONGEST_TEXT: usize = 16 << 10;
/// So many different words are searched for.
const MOST_WORDS: usize = 64;
/// So many unknown words are looked up as typos: each costs a walk through all words.
const MOST_TYPOS: usize = 8;
/// So many known words stand for one unknown word.
const MOST_READINGS: usize = 3;
/// In an index of more cards than this, words that most bodies have are not searched there.
const COMMON_FROM: u64 = 2_000;
/// The most hits of one search.
const MOST_HITS: usize = 10_000;

/// Searches.
pub(super) fn search(home: &Home, searcher: &Searcher, search: &Search) -> Result<Vec<Hit>, Fault> {
    if search.limit == 0 {
        return Ok(Vec::new());
    }
    guarded(|| {
        let limit = search.limit.min(MOST_HITS);
        let query = query(home, searcher, search)?;
        // A few more than asked for, since one id can have two cards and equal scores are
        // ordered by id.
        let found = searcher.search(&query, &TopDocs::with_limit(limit + 16).order_by_score())?;
        hits(searcher, found, limit)
    })
}

/// A query for the documents that pass the filters; they score nothing.
pub(super) fn filter(
    home: &Home,
    facets: &[String],
    origins: &[Origin],
) -> Vec<(Occur, Box<dyn Query>)> {
    let facet = |value: &str| -> Box<dyn Query> {
        let term = Term::from_field_text(home.fields.facet, &value.to_lowercase());
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    };
    let quiet = |query| -> Box<dyn Query> { Box::new(ConstScoreQuery::new(query, 0.0)) };
    let mut clauses = facets
        .iter()
        .map(|value| (Occur::Must, quiet(facet(value))))
        .collect::<Vec<_>>();
    if !origins.is_empty() && !ORIGINS.iter().all(|origin| origins.contains(origin)) {
        let any = origins
            .iter()
            .map(|origin| facet(&format!("origin:{}", origin_name(*origin))));
        clauses.push((
            Occur::Must,
            quiet(Box::new(BooleanQuery::union(any.collect()))),
        ));
    }
    clauses
}

fn query(home: &Home, searcher: &Searcher, search: &Search) -> tantivy::Result<Box<dyn Query>> {
    let text = &search.text[..search.text.floor_char_boundary(LONGEST_TEXT)];
    let words: Box<dyn Query> = if text.trim().is_empty() {
        Box::new(AllQuery)
    } else {
        let terms = Terms::of(home, searcher, text)?.into_queries();
        if terms.is_empty() {
            Box::new(EmptyQuery)
        } else {
            Box::new(BooleanQuery::new(terms))
        }
    };
    let mut clauses = filter(home, &search.facets, &search.origins);
    if clauses.is_empty() {
        return Ok(words);
    }
    clauses.push((Occur::Must, words));
    Ok(Box::new(BooleanQuery::new(clauses)))
}

/// The terms to search for, each with its weight.
struct Terms<'a> {
    home: &'a Home,
    searcher: &'a Searcher,
    prose: TextAnalyzer,
    /// Ordered, so that sums come out the same every time.
    weights: BTreeMap<Term, f32>,
}

impl<'a> Terms<'a> {
    fn of(home: &'a Home, searcher: &'a Searcher, text: &str) -> tantivy::Result<Self> {
        let mut terms = Self {
            home,
            searcher,
            prose: tokens::prose(),
            weights: BTreeMap::new(),
        };
        for piece in distinct(tokens::pieces(text)) {
            terms.add_name(&piece, 1.0);
        }
        let typos = home.settings.typos;
        let mut corrected = 0;
        for word in distinct(tokens::tokens_of(&mut tokens::words(), text)) {
            let stems = tokens::tokens_of(&mut terms.prose, &word);
            if stems.is_empty() {
                continue;
            }
            let letters = word.chars().count();
            if letters < typos.one_letter_from || terms.is_known(&word, &stems)? {
                terms.add_prose(&stems, 1.0);
            } else if corrected < MOST_TYPOS {
                corrected += 1;
                let distance = if letters < typos.two_letters_from {
                    1
                } else {
                    2
                };
                for reading in terms.readings(&word, distance)? {
                    let stems = tokens::tokens_of(&mut terms.prose, &reading);
                    terms.add_prose(&stems, typos.weight);
                    terms.add_name(&reading, typos.weight);
                }
            }
        }
        Ok(terms)
    }

    /// Whether some card has this word, in this form or another.
    fn is_known(&self, word: &str, stems: &[String]) -> tantivy::Result<bool> {
        let fields = &self.home.fields;
        let has = |field, text: &str| -> tantivy::Result<bool> {
            Ok(self
                .searcher
                .doc_freq(&Term::from_field_text(field, text))?
                > 0)
        };
        if has(fields.words, word)? || has(fields.name, word)? {
            return Ok(true);
        }
        for stem in stems {
            for field in [fields.topic, fields.summary, fields.headings, fields.body] {
                if has(field, stem)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Words of the index at most `distance` letters from `word`: nearest first, then the most
    /// frequent.
    fn readings(&self, word: &str, distance: u8) -> tantivy::Result<Vec<String>> {
        let field = self.home.fields.words;
        let term = Term::from_field_text(field, word);
        let automaton = FuzzyTermQuery::new(term, distance, true).automaton()?;
        let mut found = HashMap::<String, u32>::new();
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(field)?;
            let mut matches = inverted.terms().search(&automaton).into_stream()?;
            while matches.advance() {
                if let Ok(word) = std::str::from_utf8(matches.key()) {
                    *found.entry(word.to_owned()).or_default() += matches.value().doc_freq;
                }
            }
        }
        let mut found = found
            .into_iter()
            .map(|(near, cards)| (strsim::damerau_levenshtein(word, &near), cards, near))
            .collect::<Vec<_>>();
        found.sort_by(|a, b| (a.0, b.1, &a.2).cmp(&(b.0, a.1, &b.2)));
        let nearest = found.first().map_or(0, |best| best.0);
        let readings = found.into_iter().take_while(|(away, ..)| *away == nearest);
        Ok(readings
            .take(MOST_READINGS)
            .map(|(.., near)| near)
            .collect())
    }

    fn add_name(&mut self, piece: &str, share: f32) {
        if tokens::tokens_of(&mut self.prose, piece).is_empty() {
            return;
        }
        self.add(
            self.home.fields.name,
            piece,
            share * self.home.settings.weights.name,
        );
    }

    fn add_prose(&mut self, stems: &[String], share: f32) {
        let (fields, weights) = (self.home.fields, self.home.settings.weights);
        for stem in stems {
            self.add(fields.topic, stem, share * weights.topic);
            self.add(fields.summary, stem, share * weights.summary);
            self.add(fields.headings, stem, share * weights.headings);
            if !self.is_common(fields.body, stem) {
                self.add(fields.body, stem, share * weights.body);
            }
        }
    }

    /// Such a word tells nothing and is slow to score.
    fn is_common(&self, field: Field, stem: &str) -> bool {
        let cards = self.searcher.num_docs();
        let with = self
            .searcher
            .doc_freq(&Term::from_field_text(field, stem))
            .unwrap_or(0);
        cards > COMMON_FROM && with > cards / 3
    }

    fn add(&mut self, field: Field, text: &str, weight: f32) {
        let known = self
            .weights
            .entry(Term::from_field_text(field, text))
            .or_default();
        *known = known.max(weight);
    }

    fn into_queries(self) -> Vec<(Occur, Box<dyn Query>)> {
        let query = |(term, weight)| -> (Occur, Box<dyn Query>) {
            let query = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
            (Occur::Should, Box::new(BoostQuery::new(query, weight)))
        };
        self.weights.into_iter().map(query).collect()
    }
}

/// The first [`MOST_WORDS`] different words.
fn distinct(words: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let new = words.into_iter().filter(|word| seen.insert(word.clone()));
    new.take(MOST_WORDS).collect()
}

fn hits(
    searcher: &Searcher,
    found: Vec<(f32, DocAddress)>,
    limit: usize,
) -> tantivy::Result<Vec<Hit>> {
    let mut hits = Vec::<Hit>::with_capacity(found.len());
    for (score, address) in found {
        let (id, origin) = identity(searcher, address)?;
        hits.push(Hit { id, origin, score });
    }
    // Sums of the same numbers differ in the last digits from one index to the next.
    let rounded = |hit: &Hit| (f64::from(hit.score) * 1e4).round();
    hits.sort_by(|a, b| {
        rounded(b)
            .total_cmp(&rounded(a))
            .then_with(|| a.id.cmp(&b.id))
            .then_with(|| precedence(a.origin).cmp(&precedence(b.origin)))
    });
    let mut best = HashMap::<String, u8>::new();
    for hit in &hits {
        let rank = best.entry(hit.id.clone()).or_insert(u8::MAX);
        *rank = (*rank).min(precedence(hit.origin));
    }
    hits.retain(|hit| best.get(&hit.id) == Some(&precedence(hit.origin)));
    hits.truncate(limit);
    Ok(hits)
}

/// The id and origin of a document.
pub(super) fn identity(
    searcher: &Searcher,
    address: DocAddress,
) -> tantivy::Result<(String, Origin)> {
    let segment = searcher.segment_reader(address.segment_ord);
    let id = shown(segment, "id", address.doc_id)?.unwrap_or_default();
    let code = segment
        .fast_fields()
        .u64("origin")?
        .first(address.doc_id)
        .unwrap_or(3);
    Ok((
        id,
        ORIGINS
            .get(code as usize)
            .copied()
            .unwrap_or(Origin::Imported),
    ))
}

/// The value of a text column.
pub(super) fn shown(
    segment: &SegmentReader,
    column: &str,
    doc: u32,
) -> tantivy::Result<Option<String>> {
    let Some(column) = segment.fast_fields().str(column)? else {
        return Ok(None);
    };
    let Some(ord) = column.ords().first(doc) else {
        return Ok(None);
    };
    let mut value = String::new();
    column.ord_to_str(ord, &mut value)?;
    Ok(Some(value))
}
