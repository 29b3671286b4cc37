//! Porter's stemmer (1980) with the changes that NLTK makes to it.

/// Words that the rules get wrong.
const IRREGULAR: [(&str, &str); 16] = [
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

/// Endings after a stem with a vowel and a consonant, and what becomes of them. The first that
/// fits counts, whether its stem is long enough or not.
const SECOND: [(&str, &str); 21] = [
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("fulli", "ful"),
];

/// The same of the third step.
const THIRD: [(&str, &str); 7] = [
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
];

/// Endings that go where the stem is longer.
const FOURTH: [&str; 19] = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou",
    "ism", "ate", "iti", "ous", "ive", "ize",
];

/// The stem of a word in `a` to `z` and `0` to `9`.
pub fn stem(word: &str) -> String {
    if let Some((_, stem)) = IRREGULAR.iter().find(|(known, _)| *known == word) {
        return (*stem).to_owned();
    }
    if word.len() <= 2 {
        return word.to_owned();
    }
    let mut word = plural(word);
    word = past(word);
    word = last_y(word);
    word = second(word);
    word = third(word);
    word = fourth(word);
    word = last_e(word);
    last_l(word)
}

/// Which letters are vowels: `y` is one after a consonant.
fn vowels(word: &str) -> Vec<bool> {
    let mut flags: Vec<bool> = Vec::with_capacity(word.len());
    for byte in word.bytes() {
        flags.push(match byte {
            b'a' | b'e' | b'i' | b'o' | b'u' => true,
            b'y' => flags.last().is_some_and(|vowel| !vowel),
            _ => false,
        });
    }
    flags
}

/// How often a vowel is followed by a consonant.
fn measure(word: &str) -> usize {
    let steps = vowels(word);
    steps.windows(2).filter(|pair| pair[0] && !pair[1]).count()
}

/// Whether the word ends in two equal consonants.
fn ends_double(word: &str) -> bool {
    let bytes = word.as_bytes();
    let n = bytes.len();
    n >= 2 && bytes[n - 1] == bytes[n - 2] && vowels(word).last() == Some(&false)
}

/// Whether the word ends in consonant, vowel and a consonant that is not `w`, `x` or `y`, or is a
/// vowel and a consonant.
fn ends_short(word: &str) -> bool {
    match vowels(word)[..] {
        [true, false] => true,
        [.., false, true, false] => !word.ends_with(['w', 'x', 'y']),
        _ => false,
    }
}

fn plural(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}{}", if word.len() == 4 { "ie" } else { "i" });
    }
    if word.ends_with("sses") {
        return word[..word.len() - 2].to_owned();
    }
    if word.ends_with("ss") {
        return word.to_owned();
    }
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

/// `-ed` and `-ing` go.
fn past(word: String) -> String {
    if let Some(stem) = word.strip_suffix("ied") {
        return format!("{stem}{}", if word.len() == 4 { "ie" } else { "i" });
    }
    if let Some(stem) = word.strip_suffix("eed") {
        return if measure(stem) > 0 {
            format!("{stem}ee")
        } else {
            word
        };
    }
    let endings = ["ed", "ing"].into_iter();
    let mut stems = endings.filter_map(|ending| word.strip_suffix(ending));
    let Some(stem) = stems.find(|stem| vowels(stem).contains(&true)) else {
        return word;
    };
    if ["at", "bl", "iz"].iter().any(|end| stem.ends_with(end)) {
        return format!("{stem}e");
    }
    if ends_double(stem) {
        let twice = stem.ends_with(['l', 's', 'z']);
        return stem[..stem.len() - usize::from(!twice)].to_owned();
    }
    if measure(stem) == 1 && ends_short(stem) {
        return format!("{stem}e");
    }
    stem.to_owned()
}

fn last_y(word: String) -> String {
    match word.strip_suffix('y') {
        Some(stem) if stem.len() > 1 && vowels(stem).last() == Some(&false) => format!("{stem}i"),
        _ => word,
    }
}

fn second(word: String) -> String {
    if let Some(stem) = word.strip_suffix("alli").filter(|stem| measure(stem) > 0) {
        return second(format!("{stem}al"));
    }
    for (ending, instead) in SECOND {
        if let Some(stem) = word.strip_suffix(ending) {
            return if measure(stem) > 0 {
                format!("{stem}{instead}")
            } else {
                word
            };
        }
    }
    // The `l` counts as part of the stem, so that short ones like `geo` are enough.
    match word.strip_suffix("ogi") {
        Some(stem) if stem.ends_with('l') && measure(stem) > 0 => format!("{stem}og"),
        _ => word,
    }
}

fn third(word: String) -> String {
    for (ending, instead) in THIRD {
        if let Some(stem) = word.strip_suffix(ending) {
            return if measure(stem) > 0 {
                format!("{stem}{instead}")
            } else {
                word
            };
        }
    }
    word
}

fn fourth(word: String) -> String {
    for ending in FOURTH {
        if let Some(stem) = word.strip_suffix(ending) {
            let goes = measure(stem) > 1 && (ending != "ion" || stem.ends_with(['s', 't']));
            return if goes { stem.to_owned() } else { word };
        }
    }
    word
}

fn last_e(word: String) -> String {
    let Some(stem) = word.strip_suffix('e') else {
        return word;
    };
    let m = measure(stem);
    if m > 1 || (m == 1 && !ends_short(stem)) {
        return stem.to_owned();
    }
    word
}

fn last_l(word: String) -> String {
    match word.strip_suffix('l') {
        Some(stem) if stem.ends_with('l') && measure(stem) > 1 => stem.to_owned(),
        _ => word,
    }
}
