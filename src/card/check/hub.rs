//! The hub's schema.

use super::vocabulary::{self, FIELDS, LICENSES, TASKS};
use super::{Checker, Severity};
use crate::card::yaml::{Data, Node};

/// Checks the top-level fields and `model-index`.
pub(super) fn check(checker: &mut Checker<'_>, root: &Node) {
    checker.unknown_fields(root, "", FIELDS);
    check_license(checker, root);
    check_languages(checker);
    if let Some(task) = checker.card.facts.pipeline_tag.clone() {
        check_task(checker, &task.value, task.line, "pipeline_tag");
    }
    if let Some(index) = root.get("model-index") {
        check_index(checker, index);
    }
}

/// Checks that `task` is one of the hub's.
pub(super) fn check_task(checker: &mut Checker<'_>, task: &str, line: usize, field: &str) {
    if !TASKS.contains(&task) {
        let what = format!("`{task}` is not a task of the hub");
        checker.wrong(line, field, what, &vocabulary::suggestion(task, TASKS));
    }
}

fn check_license(checker: &mut Checker<'_>, root: &Node) {
    let Some(license) = checker.card.facts.license.clone() else {
        return;
    };
    if !LICENSES.contains(&license.value.as_str()) {
        let what = format!("`{}` is not a licence id of the hub", license.value);
        let mut hint = vocabulary::suggestion(&license.value, LICENSES);
        if hint.is_empty() {
            "write `license: other` and its name as `license_name`".clone_into(&mut hint);
        }
        checker.wrong(license.line, "license", what, &hint);
    } else if license.value == "other" && !Checker::states(root, "license_name") {
        let what = "`other` without a name".to_owned();
        checker.add(
            Severity::Note,
            license.line,
            "license",
            what,
            "add `license_name`",
        );
    }
}

fn check_languages(checker: &mut Checker<'_>) {
    for language in checker.card.facts.languages.clone() {
        let code = language.value.as_str();
        if vocabulary::is_language(code) {
            continue;
        }
        let what = format!("`{code}` is not an ISO 639 code");
        match code.split_once(['-', '_']) {
            Some((base, _)) if vocabulary::is_language(base) => {
                // A region is more than the hub's filter reads, and harms nothing.
                let hint = format!("the hub's filter reads `{base}`");
                checker.add(Severity::Note, language.line, "language", what, &hint);
            }
            _ => {
                let hint = vocabulary::language_named(code)
                    .map_or_else(String::new, |meant| format!("did you mean `{meant}`?"));
                checker.wrong(language.line, "language", what, &hint);
            }
        }
    }
}

fn check_index(checker: &mut Checker<'_>, index: &Node) {
    let Data::List(models) = &index.data else {
        return;
    };
    for (m, model) in models.iter().enumerate() {
        let path = format!("model-index[{m}]");
        if !Checker::states(model, "name") {
            checker.wrong(model.line, &path, "has no name", "add `name:`");
        }
        match model.get("results").map(|results| &results.data) {
            Some(Data::List(results)) => {
                for (r, result) in results.iter().enumerate() {
                    check_result(checker, result, &format!("{path}.results[{r}]"));
                }
            }
            _ => checker.wrong(model.line, &path, "has no results", "add `results:`"),
        }
    }
}

fn check_result(checker: &mut Checker<'_>, result: &Node, path: &str) {
    for (parent, key) in [("task", "type"), ("dataset", "type"), ("dataset", "name")] {
        let field = format!("{path}.{parent}.{key}");
        if !result
            .get(parent)
            .is_some_and(|node| Checker::states(node, key))
        {
            let hint = "the hub shows no result without it";
            checker.wrong(result.line, &field, "is missing", hint);
        }
    }
    if let Some(dataset) = result.get("dataset")
        && !Checker::states(dataset, "split")
    {
        let hint = "add `split:`, or `split: not-stated`: figures of other splits do not compare";
        checker.wrong(
            dataset.line,
            &format!("{path}.dataset.split"),
            "is missing",
            hint,
        );
    }
    let Some(Data::List(metrics)) = result.get("metrics").map(|metrics| &metrics.data) else {
        checker.wrong(
            result.line,
            &format!("{path}.metrics"),
            "is missing",
            "add `metrics:`",
        );
        return;
    };
    for (i, metric) in metrics.iter().enumerate() {
        for key in ["type", "value"] {
            if !Checker::states(metric, key) {
                let field = format!("{path}.metrics[{i}].{key}");
                checker.wrong(
                    metric.line,
                    &field,
                    "is missing",
                    "the hub needs type and value",
                );
            }
        }
        if checker.strict
            && !metric
                .get("args")
                .is_some_and(|a| Checker::states(a, "rank"))
        {
            let field = format!("{path}.metrics[{i}].args.rank");
            let hint = "write card, author, derived or unverified";
            checker.wrong(metric.line, &field, "is missing", hint);
        }
    }
    if checker.strict
        && !result
            .get("source")
            .is_some_and(|s| Checker::states(s, "name"))
    {
        let hint = "say where the figure stands";
        checker.wrong(
            result.line,
            &format!("{path}.source.name"),
            "is missing",
            hint,
        );
    }
}
