//! Small tokenizers of each kind, for tests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Settings, Tokenizer};

/// Answers in twenty scripts and mixtures.
pub const ANSWERS: [&str; 20] = [
    "The model runs here: 117 million weights, 0.4 s to the first word.",
    "模型在这台机器上运行，需要半个千兆字节的内存。",
    "このモデルはここで動きます。辞書に無い言葉は、分けて読みます。",
    "이 모델은 여기에서 실행됩니다. 첫 단어까지 0.4초 걸립니다.",
    "Модель работает здесь, ответ приходит по словам.",
    "يعمل النموذج هنا، وتصل الإجابة كلمة كلمة.",
    "המודל פועל כאן, והתשובה מגיעה מילה אחר מילה.",
    "मॉडल यहाँ चलता है, और उत्तर शब्द दर शब्द आता है।",
    "แบบจำลองทำงานที่นี่ และคำตอบมาทีละคำ",
    "Το μοντέλο τρέχει εδώ· η απάντηση έρχεται λέξη λέξη.",
    "Mô hình chạy ở đây, câu trả lời đến từng từ một.",
    "Das Modell läuft hier; größere Wörter heißen so: Straßenüberquerung.",
    "Le modèle tourne ici, même s'il est tard à Œuilly-sur-Aïsne.",
    "மாதிரி இங்கே இயங்குகிறது, பதில் சொல் சொல்லாக வருகிறது.",
    "Family 👩‍👩‍👧‍👦, flag 🇩🇪🇫🇷, skin 👍🏽, heart ❤️, keycap 3️⃣.",
    "e\u{301} is not é, and z\u{334}\u{335}\u{336} carries three marks.",
    "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, √2 ≈ 1.414, 𝔸𝔹ℂ and 𝒳.",
    "fn main() {\n\tprintln!(\"{:?}\", [1, 2, 3]);\n}\n",
    "മോഡൽ ഇവിടെ പ്രവർത്തിക്കുന്നു. ಮಾದರಿ ಇಲ್ಲಿ ಓಡುತ್ತದೆ. ແບບຈຳລອງ",
    "𠜎𠜱𠝹𠱓 are rare, 🏴󠁧󠁢󠁳󠁣󠁴󠁿 is a flag of seven, and \u{200f}\u{200e} are marks.",
];

/// The character that stands for a byte.
fn byte_char(byte: u8) -> char {
    let printable = |b: &u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if printable(&byte) {
        return char::from(byte);
    }
    let place = (0..byte).filter(|b| !printable(b)).count() as u32;
    char::from_u32(256 + place).expect("a character")
}

fn byte_piece(bytes: &[u8]) -> String {
    bytes.iter().map(|b| byte_char(*b)).collect()
}

fn parse(json: &Value, settings: Settings) -> Tokenizer {
    Tokenizer::parse(json.to_string().as_bytes(), settings, None).expect("a tokenizer")
}

fn byte_level() -> Value {
    json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true})
}

/// A byte-level tokenizer of the given pieces, which are never encoded to.
pub fn of_bytes<'a>(pieces: impl IntoIterator<Item = &'a Vec<u8>>) -> Tokenizer {
    let pieces: BTreeSet<String> = pieces.into_iter().map(|p| byte_piece(p)).collect();
    let vocab: BTreeMap<String, usize> = pieces.into_iter().zip(0..).collect();
    parse(
        &json!({
            "version": "1.0", "pre_tokenizer": byte_level(), "decoder": byte_level(),
            "model": {"type": "BPE", "vocab": vocab, "merges": []},
        }),
        Settings::default(),
    )
}

/// The id of a piece of bytes.
///
/// # Panics
/// If there is no such piece.
pub fn byte_id(tokenizer: &Tokenizer, bytes: &[u8]) -> u32 {
    tokenizer.id(&byte_piece(bytes)).expect("a piece")
}

/// The description of byte pairs with merges of the answers' pairs, and an end of text.
pub fn byte_pairs_json() -> Value {
    let mut pieces: Vec<String> = (0..=255).map(|b| byte_piece(&[b])).collect();
    let mut merges = Vec::new();
    for answer in ANSWERS {
        for pair in answer.as_bytes().chunks_exact(2).step_by(3) {
            let joined = byte_piece(pair);
            if !pieces.contains(&joined) && !pair.contains(&b' ') {
                merges.push(json!([byte_piece(&pair[..1]), byte_piece(&pair[1..])]));
                pieces.push(joined);
            }
        }
    }
    let end = pieces.len();
    let vocab: serde_json::Map<String, Value> = pieces
        .into_iter()
        .zip(0..)
        .map(|(piece, id)| (piece, json!(id)))
        .collect();
    json!({
        "version": "1.0",
        "added_tokens": [added(end, "<|endoftext|>")],
        "pre_tokenizer": byte_level(), "decoder": byte_level(), "post_processor": byte_level(),
        "model": {"type": "BPE", "unk_token": "", "vocab": vocab, "merges": merges},
    })
}

fn added(id: usize, content: &str) -> Value {
    json!({
        "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
    })
}

/// Byte pairs.
pub fn byte_pairs() -> Tokenizer {
    let mut settings = Settings::default();
    settings.update(&json!({"eos_token": "<|endoftext|>"}));
    parse(&byte_pairs_json(), settings)
}

/// Byte pairs of characters: what is not a letter from a to z vanishes.
pub fn plain_pairs() -> Tokenizer {
    let vocab: BTreeMap<String, u32> = ('a'..='z').map(String::from).zip(0..).collect();
    parse(
        &json!({
            "version": "1.0", "pre_tokenizer": {"type": "Whitespace"},
            "model": {"type": "BPE", "vocab": vocab, "merges": []},
        }),
        Settings::default(),
    )
}

/// The description of a `WordPiece` tokenizer of single letters and a few words.
pub fn word_piece_json() -> Value {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    let letters: BTreeSet<char> = ANSWERS
        .iter()
        .flat_map(|a| a.chars())
        .filter(|c| !c.is_whitespace())
        .chain('a'..='z')
        .collect();
    let mut pieces: Vec<String> = special.iter().map(|s| (*s).to_owned()).collect();
    pieces.extend(letters.iter().map(char::to_string));
    pieces.extend(letters.iter().map(|c| format!("##{c}")));
    pieces.extend(["the", "model", "##run", "here"].map(str::to_owned));
    let vocab: serde_json::Map<String, Value> = pieces
        .into_iter()
        .zip(0..)
        .map(|(piece, id)| (piece, json!(id)))
        .collect();
    let added: Vec<Value> = special
        .iter()
        .enumerate()
        .map(|(id, s)| added(id, s))
        .collect();
    json!({
        "version": "1.0", "added_tokens": added,
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null,
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": false},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocab},
    })
}

/// `WordPiece`.
pub fn word_piece() -> Tokenizer {
    parse(&word_piece_json(), Settings::default())
}

/// The description of a Unigram tokenizer of the answers' characters and some pairs of them.
pub fn unigram_json() -> Value {
    let mut pieces = BTreeSet::from(["▁".to_owned()]);
    for answer in ANSWERS {
        let chars: Vec<char> = answer
            .chars()
            .map(|c| if c == ' ' { '▁' } else { c })
            .collect();
        pieces.extend(chars.iter().map(char::to_string));
        pieces.extend(
            chars
                .chunks_exact(2)
                .step_by(2)
                .map(|pair| pair.iter().collect()),
        );
    }
    let mut vocab = vec![
        json!(["<pad>", 0.0]),
        json!(["</s>", 0.0]),
        json!(["<unk>", 0.0]),
    ];
    let score = |piece: &String| -3.0 - f64::from(piece.len() as u32 % 7);
    vocab.extend(pieces.iter().map(|piece| json!([piece, score(piece)])));
    let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"});
    json!({
        "version": "1.0",
        "added_tokens": [added(0, "<pad>"), added(1, "</s>"), added(2, "<unk>")],
        "pre_tokenizer": metaspace, "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": 2, "vocab": vocab},
    })
}

/// Unigram.
pub fn unigram() -> Tokenizer {
    unigram_with(Settings::default())
}

/// Unigram, with what the files beside it say.
pub fn unigram_with(settings: Settings) -> Tokenizer {
    parse(&unigram_json(), settings)
}

/// Byte pairs of ASCII letters that fall back to single bytes, as Llama's.
pub fn byte_fallback() -> Tokenizer {
    let mut pieces = vec!["<unk>".to_owned(), "<s>".to_owned(), "</s>".to_owned()];
    pieces.extend((0..=255).map(|b| format!("<0x{b:02X}>")));
    pieces.push("▁".to_owned());
    pieces.extend(('!'..='~').map(String::from));
    pieces.extend(["▁t", "模型", "th", "型"].map(str::to_owned));
    pieces.push("模".to_owned());
    let vocab: serde_json::Map<String, Value> = pieces
        .into_iter()
        .zip(0..)
        .map(|(piece, id)| (piece, json!(id)))
        .collect();
    parse(
        &json!({
            "version": "1.0",
            "added_tokens": [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>")],
            "normalizer": {"type": "Sequence", "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ]},
            "decoder": {"type": "Sequence", "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ]},
            "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
                      "vocab": vocab, "merges": ["▁ t", "模 型", "t h"]},
        }),
        Settings::default(),
    )
}

/// One of each kind.
pub fn all() -> [Tokenizer; 4] {
    [byte_pairs(), word_piece(), unigram(), byte_fallback()]
}
