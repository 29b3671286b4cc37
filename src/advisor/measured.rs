//! What `modeldesk bench` measured of models on this machine, kept as one small file each.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, RefreshKind, System};

use super::quantity;
use crate::error::Result;
use crate::files;
use crate::model::bench::Figures;
use crate::model::layers::Precision;

/// The largest file that is read.
const MOST_BYTES: u64 = 64 << 10;

/// One model at one precision, measured here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The model's id, or its folder.
    pub model: String,
    /// The commit in the cache of models.
    pub revision: Option<String>,
    /// What its weights are known by.
    pub weights: String,
    /// `f32`, `q8` or `q4`.
    pub precision: String,
    /// Threads that computed.
    pub threads: usize,
    /// What the processor calls itself.
    pub processor: String,
    /// The version of this program.
    pub program: String,
    /// The day, as in `2026-11-24`.
    pub date: String,
    /// Seconds to load it the first time, when its weights are packed.
    pub first_load_s: f64,
    /// Most bytes of memory that this took.
    pub first_peak_bytes: u64,
    /// What was measured the second time.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Record {
    /// Most bytes of memory that it took, of all times.
    pub fn memory(&self) -> u64 {
        self.first_peak_bytes.max(self.figures.peak_bytes)
    }

    /// Milliseconds of a pass over `tokens` tokens, up to the answer or the first token of it;
    /// between two lengths that were measured as on a straight line.
    pub(super) fn pass(&self, tokens: u64) -> Option<f64> {
        let tokens = tokens.max(16) as f64;
        if let Some(writing) = &self.figures.writing {
            let rate = writing.prefill_tok_s;
            return (rate > 0.0).then(|| tokens / rate * 1e3);
        }
        let at = |shape: &str| self.figures.forward_ms.get(shape).copied();
        match (at("1x16"), at("1x128")) {
            (Some(short), Some(long)) => {
                let slope = (long - short) / (128.0 - 16.0);
                Some((short + slope * (tokens - 16.0)).max(short))
            }
            (Some(short), None) => Some(short * tokens / 16.0),
            _ => None,
        }
    }

    /// How fast it is: `134 tokens/s in q8`, `69 ms for 128 tokens in q8`.
    pub(super) fn speed(&self) -> Option<String> {
        let figures = &self.figures;
        let what = if let Some(writing) = &figures.writing {
            format!("{:.0} tokens/s", writing.decode_tok_s)
        } else {
            let (tokens, ms) = [("128", "1x128"), ("16", "1x16")]
                .into_iter()
                .find_map(|(tokens, shape)| Some((tokens, figures.forward_ms.get(shape)?)))?;
            format!("{} for {tokens} tokens", quantity::milliseconds(*ms))
        };
        Some(format!("{what} in {}", self.precision))
    }

    /// The mark of a figure that was measured here: `here 2026-11-24`.
    pub(super) fn mark(&self) -> String {
        format!("here {}", self.date)
    }

    /// Whether what is shown of it is what this program writes.
    fn is_plain(&self) -> bool {
        let is_date = |c: char| c.is_ascii_digit() || c == '-';
        Precision::named(&self.precision).is_some() && self.date.chars().all(is_date)
    }

    /// Keeps it below the cache folder, in the place of an earlier one of the same weights.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, cache: &Path) -> Result<()> {
        let key = [
            self.model.as_str(),
            &self.weights,
            &self.precision,
            &self.threads.to_string(),
            &self.processor,
        ];
        let name = format!("{}.json", files::short_name(&key.join("\n")));
        let text = serde_json::to_vec(self).map_err(std::io::Error::from);
        files::write_with(&cache.join(FOLDER).join(name), |file| {
            std::io::Write::write_all(file, &text?)
        })
    }
}

const FOLDER: &str = "measured";

/// What was measured of all models with the threads that compute now.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Of each model's id: the precision that models run in by default first, then the newest.
    by_model: BTreeMap<String, Vec<Record>>,
}

impl Measured {
    /// Reads what is kept below the cache folder, of this processor and so many threads. What is
    /// damaged is measured again.
    pub fn read(cache: &Path, threads: usize) -> Self {
        let files = std::fs::read_dir(cache.join(FOLDER)).into_iter().flatten();
        let records: Vec<Record> = files
            .flatten()
            .filter(|file| file.metadata().is_ok_and(|m| m.len() <= MOST_BYTES))
            .filter_map(|file| serde_json::from_slice(&std::fs::read(file.path()).ok()?).ok())
            .filter(|record: &Record| record.threads == threads && record.is_plain())
            .collect();
        if records.is_empty() {
            return Self::default();
        }
        let processor = processor();
        Self::of(records.into_iter().filter(|r| r.processor == processor))
    }

    /// These records.
    pub fn of(records: impl IntoIterator<Item = Record>) -> Self {
        let mut by_model: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for record in records {
            by_model
                .entry(record.model.clone())
                .or_default()
                .push(record);
        }
        for records in by_model.values_mut() {
            let usual = |record: &Record| record.precision != "q8";
            records.sort_by(|a, b| {
                usual(a)
                    .cmp(&usual(b))
                    .then_with(|| b.date.cmp(&a.date))
                    .then_with(|| a.precision.cmp(&b.precision))
            });
        }
        Self { by_model }
    }

    /// What stands for the model `id`, of its commit `revision` where one is on this disk.
    pub fn find(&self, id: &str, revision: Option<&str>) -> Option<&Record> {
        let same = |record: &&Record| match (record.revision.as_deref(), revision) {
            (Some(measured), Some(there)) => measured == there,
            _ => true,
        };
        self.by_model.get(id)?.iter().find(same)
    }
}

/// What the processor calls itself.
pub fn processor() -> String {
    let cpu = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(cpu);
    let brand = system
        .ok()
        .and_then(|system| Some(system.cpus().first()?.brand().to_owned()));
    let brand = brand.unwrap_or_default();
    format!("{} {}", brand.trim(), std::env::consts::ARCH)
        .trim()
        .to_owned()
}

/// The day that it is in Greenwich.
pub fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    date(since.map_or(0, |since| since.as_secs() / 86_400))
}

/// The date `days` days after 1 January 1970, in years that begin in March so that the day that
/// leap years add is the last.
fn date(days: u64) -> String {
    const ERA: u64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bench::Writing;

    fn record(model: &str, precision: &str, revision: Option<&str>, date: &str) -> Record {
        Record {
            model: model.to_owned(),
            revision: revision.map(str::to_owned),
            weights: "w".to_owned(),
            precision: precision.to_owned(),
            threads: 2,
            processor: processor(),
            program: "0".to_owned(),
            date: date.to_owned(),
            first_load_s: 2.0,
            first_peak_bytes: 300,
            figures: Figures {
                load_s: 0.2,
                weight_bytes: 100,
                cache_bytes: 10,
                peak_bytes: 200,
                writing: None,
                forward_ms: [("1x16".to_owned(), 10.0), ("1x128".to_owned(), 66.0)].into(),
            },
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_781, "2026-11-24"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn what_was_kept_is_found_again_for_the_same_threads_and_commit() {
        let folder = tempfile::tempdir().unwrap();
        for one in [
            record("a/b", "f32", Some("c1"), "2026-11-25"),
            record("a/b", "q8", Some("c1"), "2026-11-23"),
            record("a/b", "q8", Some("c1"), "2026-11-24"),
        ] {
            one.keep(folder.path()).unwrap();
        }
        files::write(&folder.path().join("measured/x.json"), b"{").unwrap();
        let read = Measured::read(folder.path(), 2);
        for revision in [None, Some("c1")] {
            let found = read.find("a/b", revision).unwrap();
            assert_eq!(found, &record("a/b", "q8", Some("c1"), "2026-11-24"));
            assert_eq!(found.memory(), 300);
        }
        assert_eq!(read.find("a/b", Some("c2")), None);
        assert_eq!(read.find("a/c", None), None);
        let other = Measured::read(folder.path(), 3);
        assert_eq!(other.find("a/b", None), None);
    }

    #[test]
    fn a_pass_lies_between_what_was_measured() {
        let encoder = record("a/b", "q8", None, "");
        assert_eq!(encoder.pass(16), Some(10.0));
        assert_eq!(encoder.pass(128), Some(66.0));
        assert_eq!(encoder.pass(72), Some(38.0));
        assert_eq!(encoder.speed().unwrap(), "66 ms for 128 tokens in q8");
        let mut writer = encoder;
        writer.figures.writing = Some(Writing {
            first_token_ms: 40.0,
            prefill_tokens: 512,
            prefill_tok_s: 1000.0,
            decode_tok_s: 133.6,
        });
        assert_eq!(writer.pass(150), Some(150.0));
        assert_eq!(writer.speed().unwrap(), "134 tokens/s in q8");
    }
}
