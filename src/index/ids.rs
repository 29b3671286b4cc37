//! Which ids a card can have: those that a repository on the hub can have.

/// The longest part of an id, in characters.
const LONGEST: usize = 96;

/// Says what is wrong with `id`, if anything: it must be `name` or `org/name`, each part 1 to 96
/// of `A-Z a-z 0-9 . _ -`, without `..`, `--`, a dot or hyphen at either end, or `.git` at the end.
///
/// # Errors
/// What is wrong, for a person.
pub fn check_id(id: &str) -> Result<(), String> {
    let parts = id.split('/').collect::<Vec<_>>();
    if parts.len() > 2 {
        return Err("an id has at most one `/`".to_owned());
    }
    for part in parts {
        if part.is_empty() || part.len() > LONGEST {
            return Err(format!("each part of an id has 1 to {LONGEST} characters"));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if !part.bytes().all(allowed) {
            return Err("an id has only letters, digits, `.`, `_` and `-`".to_owned());
        }
        if part.contains("..") || part.contains("--") {
            return Err("an id has no `..` and no `--`".to_owned());
        }
        if part.starts_with(['.', '-']) || part.ends_with(['.', '-']) {
            return Err("no part of an id begins or ends with `.` or `-`".to_owned());
        }
        let ends = part.get(part.len().saturating_sub(4)..).unwrap_or_default();
        if ends.eq_ignore_ascii_case(".git") {
            return Err("no part of an id ends with `.git`".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hubs_ids_pass_and_others_do_not() {
        for id in [
            "gpt2",
            "google/flan-t5-base",
            "a",
            "0/_x",
            "A.b-C_d/e.f",
            "git/x.gitx",
        ] {
            assert!(check_id(id).is_ok(), "{id}");
        }
        let long = "x".repeat(97);
        for id in [
            "",
            "/",
            "a/",
            "/a",
            "a/b/c",
            "a b",
            "ä",
            "..",
            "a..b",
            "a--b",
            "-a",
            "a-",
            ".a",
            "a.",
            "a/b.git",
            "a/.GIT",
            "../x",
            "a\u{202e}b",
            "a\0",
            &long,
        ] {
            assert!(check_id(id).is_err(), "{id}");
        }
    }
}
