//! Plans that the stand-in makes: really, of a tiny model and a small file of rows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use modeldesk::error::{Error, Result};
use modeldesk::files::{self, Folders};
use modeldesk::finetune::run::Probe;
use modeldesk::jobs::tuning::{self, Draft, Sketch};
use modeldesk::settings::Settings;
use tempfile::TempDir;

/// Rows with one that is empty, one that is there twice, and one that would steer a terminal.
const ROWS: &str = "text,label\n\
    The parcel came on time and I am happy.,happy\n\
    It is late again.,sad\n\
    \"\",sad\n\
    What a good day.,happy\n\
    It is late again.,sad\n\
    Nobody answers the phone.,sad\n\
    A \u{1b}[31mfine\u{202e} box,happy\n\
    I would buy it again.,happy\n\
    The box was empty.,sad\n\
    Thank you for the quick reply.,happy\n\
    My money is gone.,sad\n\
    All is well.,happy\n";

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    files::write(&folder.path().join("rows.csv"), ROWS.as_bytes()).unwrap();
    folder
});

/// What was planned before, by what was chosen: a key does not wait for the same plan twice.
static MADE: LazyLock<Mutex<HashMap<String, Box<Sketch>>>> = LazyLock::new(Mutex::default);

/// The plan of a draft: of its `rows.csv` really, of its `bad.csv` an error, and none for `hang`,
/// which is never done.
pub(in crate::desk) fn planned(draft: &Draft) -> Option<Result<Box<Sketch>>> {
    if draft.data.contains("hang") {
        return None;
    }
    if draft.data.contains("bad") {
        let error = Error::new("has no column for a label").at("/data/bad.csv:1");
        return Some(Err(error.hint("its columns are `a`, `b`")));
    }
    let key = format!("{draft:?}");
    let before = MADE.lock().unwrap().get(&key).cloned();
    if let Some(sketch) = before {
        return Some(Ok(sketch));
    }
    let made = make(draft);
    if let Ok(sketch) = &made {
        MADE.lock().unwrap().insert(key, sketch.clone());
    }
    Some(made)
}

/// What some steps of a plan took.
pub(in crate::desk) fn measured() -> Probe {
    Probe {
        total_steps: 675,
        measured_steps: 8,
        tokens_per_s: 262.0,
        seconds: 1_620.0,
        peak_rss_mb: 1_600.0,
        trainable: 294_912,
        parameters: 124_439_808,
    }
}

fn make(draft: &Draft) -> Result<Box<Sketch>> {
    let model = if draft.model.contains("gpt2") {
        "text-generation"
    } else {
        "text-classification"
    };
    let parity = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/pipelines");
    let own = Draft {
        folder: parity.join(model),
        data: FOLDER.path().join("rows.csv").display().to_string(),
        ..draft.clone()
    };
    let folders = Folders::below(FOLDER.path());
    let mut sketch = tuning::sketch(&own, &folders, &Settings::default(), &mut || false)?;
    let rows = PathBuf::from("/data/rows.csv");
    sketch.plan.data.files.train.clone_from(&rows);
    sketch.plan.threads = 2;
    for row in &mut sketch.rows {
        let line = row.place.rsplit(':').next().unwrap_or_default();
        row.place = format!("/data/rows.csv:{line}");
    }
    for problem in &mut sketch.report.problems {
        for place in &mut problem.places {
            place.file = rows.clone().into();
        }
    }
    Ok(sketch)
}
