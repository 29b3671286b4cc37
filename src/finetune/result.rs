//! stub until merge
use super::base::Base;
use super::learner::Learner;
use super::plan::Plan;
use crate::error::Result;
use std::path::Path;
/// stub
pub fn write(
    folder: &Path,
    base: &Base,
    learner: &Learner,
    config: &serde_json::Map<String, serde_json::Value>,
    _plan: &Plan,
) -> Result<()> {
    let values: Vec<_> = learner.params.iter().map(|p| (p, p.read())).collect();
    let stored: Vec<_> = values
        .iter()
        .map(|(p, v)| crate::model::weights::Stored {
            name: p.name(),
            shape: p.shape(),
            values: v,
        })
        .collect();
    crate::model::weights::write(&folder.join("model.safetensors"), &stored)?;
    crate::files::write(
        &folder.join("config.json"),
        &serde_json::to_vec_pretty(config).unwrap_or_default(),
    )?;
    base.copy_companions(folder)
}
