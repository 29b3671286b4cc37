//! Untrusted text: what reaches a terminal of it, whole or in pieces.

use modeldesk::text::{Stream, block, ident, json, line};
use pretty_assertions::{assert_eq, assert_ne};
use proptest::prelude::*;

use crate::counts;

/// Escape sequences that titles, clipboards, terminals' answers and screens are attacked with.
pub(crate) const PAYLOADS: [&str; 40] = [
    "\x1b]0;title\x07",
    "\x1b]0;title\x1b\\",
    "\x1b]2;title\x07",
    "\x1b]8;;http://evil\x1b\\",
    "\x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]52;c;?\x1b\\",
    "\x1b]1337;File=name=eA==:AAAA\x07",
    "\x1b]9;note\x07",
    "\x1b]4;1;?\x07",
    "\x1b]777;notify;a;b\x1b\\",
    "\x1b]10;?\x07",
    "\x1bP$qm\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1bPq#0;2;0;0;0\x1b\\",
    "\x1b_Ga=T,f=100;AAAA\x1b\\",
    "\x1b^private\x1b\\",
    "\x1bXstring\x1b\\",
    "\x1bktitle\x1b\\",
    "\x1b[2J",
    "\x1b[6n",
    "\x1b[c",
    "\x1b[31;1m",
    "\x1b[?1049h",
    "\x1b[?2004l",
    "\x1b[1;1H",
    "\x1b[21t",
    "\x1b[ q",
    "\x1bc",
    "\x1b(0",
    "\x1b#8",
    "\x1b%G",
    "\u{9b}2J",
    "\u{9d}0;title\u{9c}",
    "\u{90}$qm\u{9c}",
    "\u{9f}Ga=T\u{9c}\u{9e}x\u{9c}\u{98}y\u{9c}",
    "\u{85}\u{8d}\u{84}",
    "\x07\x08\x08\r\x7f\x0b\x0c\x0e\x0f",
    "\x1b[31\x1b]0;t\x07",
    "\x1b\x1b[2J",
];

/// Sequences that never end: what follows on the next line must still be seen.
const OPEN: [&str; 8] = [
    "\x1b",
    "\x1b[",
    "\x1b[31;",
    "\x1b]0;t",
    "\x1b]52;c;",
    "\x1bP$q",
    "\u{9b}1;",
    "\u{9d}0;t",
];

/// What a terminal would do besides showing characters.
#[derive(Default)]
struct Acts(Vec<String>);

impl vte::Perform for Acts {
    fn execute(&mut self, byte: u8) {
        if byte != b'\n' {
            self.0.push(format!("execute {byte:#x}"));
        }
    }
    fn hook(&mut self, _: &vte::Params, _: &[u8], _: bool, c: char) {
        self.0.push(format!("DCS {c}"));
    }
    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        self.0.push(format!("OSC {params:?}"));
    }
    fn csi_dispatch(&mut self, _: &vte::Params, _: &[u8], _: bool, c: char) {
        self.0.push(format!("CSI {c}"));
    }
    fn esc_dispatch(&mut self, _: &[u8], _: bool, byte: u8) {
        self.0.push(format!("ESC {byte:#x}"));
    }
}

fn acts(text: &str) -> Vec<String> {
    let mut acts = Acts::default();
    vte::Parser::new().advance(&mut acts, text.as_bytes());
    // vte takes the eight-bit forms for text; other terminals do not.
    let eight_bit = text.chars().filter(|c| matches!(c, '\u{80}'..='\u{9f}'));
    acts.0.extend(eight_bit.map(|c| format!("C1 {c:?}")));
    acts.0.extend(
        text.contains('\u{1b}')
            .then(|| "an escape that waits".to_owned()),
    );
    acts.0
}

fn sinks(text: &str) -> [String; 5] {
    let mut stream = Stream::new();
    let mut streamed: String = text
        .as_bytes()
        .chunks(1)
        .map(|byte| stream.push(byte))
        .collect();
    streamed += &stream.finish();
    [
        line(text).into_owned(),
        block(text).into_owned(),
        ident(text).into_owned(),
        json(&serde_json::Value::from(text)),
        streamed,
    ]
}

#[test]
fn no_payload_makes_a_terminal_act_and_the_text_around_stays() {
    let row = counts::row("T1");
    for payload in PAYLOADS {
        // Control: unguarded, it acts.
        assert!(!acts(payload).is_empty(), "{payload:?} is harmless");
        let text = format!("before {payload} after");
        for shown in sinks(&text) {
            assert_eq!(acts(&shown), [""; 0], "{payload:?} as {shown:?}");
            assert!(
                shown.contains("before ") && shown.contains(" after"),
                "{shown:?}"
            );
        }
    }
    row.held(5 * PAYLOADS.len());
}

#[test]
fn what_never_ends_hides_nothing_below_it() {
    let row = counts::row("T1");
    for payload in OPEN {
        let text = format!("before {payload}\nafter");
        assert!(!acts(&text).is_empty(), "{payload:?} is harmless");
        for shown in sinks(&text) {
            assert_eq!(acts(&shown), [""; 0], "{payload:?} as {shown:?}");
            assert!(
                shown.contains("before ") && shown.contains("after"),
                "{shown:?}"
            );
        }
    }
    row.held(5 * OPEN.len());
}

#[test]
fn json_means_the_same_after_escaping() {
    for payload in PAYLOADS.iter().chain(&OPEN) {
        let value = serde_json::json!({ *payload: [payload] });
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json(&value)).unwrap(),
            value
        );
    }
}

const HIDDEN: [char; 16] = [
    '\u{202a}',
    '\u{202b}',
    '\u{202d}',
    '\u{202e}',
    '\u{2066}',
    '\u{2067}',
    '\u{2069}',
    '\u{200e}',
    '\u{200f}',
    '\u{61c}',
    '\u{200b}',
    '\u{200d}',
    '\u{2060}',
    '\u{feff}',
    '\u{ad}',
    '\u{e0041}',
];

#[test]
fn hidden_characters_are_removed_from_text_and_spelt_out_in_ids() {
    let row = counts::row("T2");
    for c in HIDDEN {
        for (before, after) in [
            ("org/na", "me"),
            ("apache-2", ".0"),
            ("data", ".jsonl"),
            ("Hi ", "you"),
        ] {
            let plain = format!("{before}{after}");
            let text = format!("{before}{c}{after}");
            // Control: to the eye the two are one.
            assert_ne!(text, plain);
            assert_eq!(line(&text), plain);
            assert_eq!(block(&text), plain);
            assert_eq!(ident(&text), format!("{before}<U+{:04X}>{after}", c as u32));
            assert_eq!(ident(&plain), plain);
        }
    }
    row.held(4 * HIDDEN.len());
}

#[test]
fn ids_that_look_alike_are_told_apart_by_a_mark() {
    let row = counts::row("T2");
    for (honest, other) in [
        ("google/t5", "g\u{43e}ogle/t5"),
        ("gpt2", "\u{261}pt2"),
        ("mit", "m\u{456}t"),
        ("coe", "\u{441}\u{43e}\u{435}"),
        ("scope", "\u{455}\u{441}\u{43e}\u{440}\u{435}"),
        ("bert", "\u{1d4b7}ert"),
        ("t5", "\u{ff54}5"),
        ("a-b", "a\u{2010}b"),
        ("a/b", "a\u{2044}b"),
        ("org name", "org\u{a0}name"),
        ("e\u{301}", "\u{e9}"),
    ] {
        assert_ne!(ident(honest), ident(other));
        let marked = ident(other).contains("<U+") || ident(honest).contains("<U+");
        assert!(marked, "{honest} {other}");
        if !honest.contains('\u{301}') {
            assert_eq!(ident(honest), honest);
        }
    }
    // A mark that is written out is not taken for a real one.
    assert_ne!(ident("a<U+202E>"), ident("a\u{202e}"));
    row.held(11);
}

#[test]
fn combining_marks_are_capped_and_languages_are_not_harmed() {
    let zalgo = format!("a{}b", "\u{301}".repeat(5_000));
    assert_eq!(line(&zalgo), format!("a{}b", "\u{301}".repeat(8)));
    for answer in ANSWERS {
        assert_eq!(line(answer), answer);
        assert_eq!(block(answer), answer);
    }
}

/// Answers in many scripts, in our own words.
const ANSWERS: [&str; 20] = [
    "The model reads a contract and writes a short summary.",
    "Das Modell fasst Verträge zusammen und läuft auf diesem Rechner.",
    "Le modèle résume un contrat à l’aide de peu de mémoire.",
    "El modelo resume contratos; ¿cuánta memoria necesita?",
    "Модель пишет краткое изложение договора.",
    "该模型可以总结法律合同，并在本机运行。",
    "このモデルは契約書を要約します。ガギグゲゴ",
    "이 모델은 계약서를 요약합니다.",
    "النموذج يلخص العقود القانونية.",
    "این مدل می‌تواند قراردادها را خلاصه کند.",
    "המודל מסכם חוזים משפטיים.",
    "यह मॉडल अनुबंध का सारांश लिखता है। क्‍ष",
    "இந்த மாதிரி ஒப்பந்தத்தைச் சுருக்குகிறது.",
    "โมเดลนี้สรุปสัญญาได้",
    "Αυτό το μοντέλο συνοψίζει συμβάσεις.",
    "Mô hình này tóm tắt hợp đồng rất nhanh.",
    "Bu model sözleşmeleri özetler: İ ı ğ ş.",
    "ეს მოდელი ხელშეკრულებას აჯამებს.",
    "👩‍⚖️ ✅ 👍🏽 🇩🇪 1️⃣ ❤️ 👨‍👩‍👧‍👦 done",
    "e\u{301}a\u{308} loose accents, 𝒜 𐍈 and ½ → ∞",
];

/// A small seeded generator: the same splits every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Splits each answer `count` times at random bytes; every time the pieces give the whole.
fn split_answers(count: usize) -> usize {
    let mut random = Random(0x5eed);
    let mut naive_failures = 0;
    for answer in ANSWERS {
        for _ in 0..count {
            let mut stream = Stream::new();
            let (mut streamed, mut naive) = (String::new(), String::new());
            let mut rest = answer.as_bytes();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(1 + random.below(rest.len().min(9)));
                streamed += &stream.push(piece);
                naive += &String::from_utf8_lossy(piece);
                rest = after;
            }
            streamed += &stream.finish();
            assert_eq!(streamed, answer);
            assert!(!streamed.contains('\u{fffd}'));
            naive_failures += usize::from(naive.contains('\u{fffd}'));
        }
    }
    naive_failures
}

#[test]
fn text_streamed_in_any_pieces_is_the_whole_text() {
    let row = counts::row("T3");
    let count = 1_000;
    // Control: decoding piece by piece breaks characters.
    assert!(split_answers(count) > 10 * count);
    row.held(count * ANSWERS.len());
}

fn forbidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
        || matches!(
            c,
            '\u{61c}' | '\u{ad}' | '\u{feff}' | '\u{2060}'..='\u{2064}'
        )
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{e0000}'..='\u{e0fff}' | '\u{3164}'
        )
}

fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(&PAYLOADS[..]).prop_map(str::to_owned),
        prop::sample::select(&OPEN[..]).prop_map(str::to_owned),
        prop::sample::select(&ANSWERS[..]).prop_map(str::to_owned),
        prop::sample::select(&HIDDEN[..]).prop_map(String::from),
        prop::sample::select(
            &[
                "👩", "\u{fe0f}", "\u{20e3}", "1", "\u{200c}", "क", "\n", "\u{301}", "\t", "\\"
            ][..]
        )
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(counts::of(1_000, 20_000) as u32) })]

    #[test]
    fn clean_text_has_nothing_forbidden_and_stays_as_it_is(text in hostile()) {
        let clean = block(&text).into_owned();
        prop_assert!(!clean.chars().any(forbidden), "{clean:?}");
        prop_assert_eq!(block(&clean), clean.as_str());
        let one = line(&text).into_owned();
        prop_assert!(!one.chars().any(|c| forbidden(c) || c == '\n'), "{one:?}");
        prop_assert_eq!(line(&one), one.as_str());
    }

    #[test]
    fn any_split_gives_the_whole(bytes in prop::collection::vec(any::<u8>(), 0..60), text in hostile(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let all = [text.as_bytes(), &bytes[..]].concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(all.len() + 1)).collect();
        cuts.sort_unstable();
        let mut stream = Stream::new();
        let mut streamed = String::new();
        let mut from = 0;
        for cut in cuts.into_iter().chain([all.len()]) {
            streamed += &stream.push(&all[from..cut]);
            from = cut;
        }
        streamed += &stream.finish();
        let whole = String::from_utf8_lossy(&all);
        prop_assert_eq!(streamed, block(&whole));
    }

    #[test]
    fn two_ids_never_read_the_same(a in hostile(), b in hostile()) {
        prop_assert_eq!(a == b, ident(&a) == ident(&b));
        prop_assert!(!ident(&a).chars().any(|c| forbidden(c) || c == '\n'));
    }
}
