//! What a misspelt name was meant to be.

/// The longest word that is compared: longer is no misspelling of ours, and the distance costs the
/// product of both lengths.
const LONGEST: usize = 64;

/// The name among `known` that `word` is a likely misspelling of, in any letter case.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase().replace(' ', "-");
    let allowed = if word.len() < 5 { 1 } else { 2 };
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&word, name), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_forgiven_and_another_word_is_not() {
        let known = ["colours", "threads", "keys"];
        assert_eq!(nearest("Colors", &known), Some("colours"));
        assert_eq!(nearest("tread", &known), Some("threads"));
        assert_eq!(nearest("kexz", &known), None);
        assert_eq!(nearest("keyz", &known), Some("keys"));
        assert_eq!(nearest("fonts", &known), None);
        assert_eq!(nearest(&"x".repeat(65), &known), None);
    }
}
