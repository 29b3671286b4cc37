//! What is shown of Markdown, at every width.

use proptest::prelude::*;

use super::*;
use crate::tui::wrap;

fn shown(text: &str, width: usize) -> String {
    let rows = render(text, 1, width);
    let rows: Vec<String> = rows.iter().map(Row::text).collect();
    rows.join("\n").trim_end().to_owned()
}

/// The line, and the first and last source line, of each row that begins something.
fn begun(text: &str, width: usize) -> Vec<(String, usize, usize)> {
    let rows = render(text, 1, width);
    let begun = rows.iter().filter(|row| row.starts);
    begun.map(|row| (row.text(), row.line, row.last)).collect()
}

#[test]
fn blocks_stand_apart_and_keep_their_marks() {
    let text = "# Title\nSome *stressed*\nwords.\n\n- one\n- two\n  1. deep\n  2. deeper\n- [x] done\n\n> said\n> twice\n\n---\nend\n";
    assert_eq!(
        shown(text, 30),
        "# Title\n\nSome stressed words.\n\n- one\n- two\n  1. deep\n  2. deeper\n- [x] done\n\n| said twice\n\n------------------------------\n\nend"
    );
}

#[test]
fn rows_know_their_lines() {
    let text = "para one\ngoes on\n\n```py\na = 1\n\nb = 2\n```\n\n| h |\n|---|\n| c |\n";
    assert_eq!(
        begun(text, 40),
        [
            ("para one goes on".to_owned(), 1, 2),
            ("  a = 1".to_owned(), 5, 5),
            ("  ".to_owned(), 6, 6),
            ("  b = 2".to_owned(), 7, 7),
            ("h".to_owned(), 10, 10),
            ("c".to_owned(), 12, 12),
        ]
    );
    let rows = render("one two three\nfour five six", 7, 10);
    let lines: Vec<(usize, usize)> = rows.iter().map(|row| (row.line, row.last)).collect();
    assert_eq!(lines, [(7, 7), (7, 8), (8, 8)]);
}

#[test]
fn where_a_link_leads_is_said_once_and_pictures_by_their_words() {
    let text =
        "[here](http://a.b) and [again](http://a.b), <http://c.d>, [top](#t) ![a *b*](x.png)";
    assert_eq!(
        shown(text, 200),
        "here (http://a.b) and again, http://c.d, top [image: a b]"
    );
}

#[test]
fn html_is_its_text() {
    let text = "<p align=\"center\">\n  <b>Bold</b> &amp; <br>next\n  <img src=x alt=\"a logo\">\n</p>\n\nA <kbd>key</kbd><br/>below\n";
    assert_eq!(
        shown(text, 60),
        "Bold & \nnext [image: a logo]\n\nA key\nbelow".replace("& \n", "&\n")
    );
}

#[test]
fn tables_fit_wrap_and_stack() {
    let text = "| model | what it does well | score |\n|:--|---|--:|\n| 模型 | short and long texts in several languages | 9.5 |\n| b | | 10 |\n";
    assert_eq!(
        shown(text, 60),
        "model  what it does well                          score\n\
         -----  -----------------------------------------  -----\n\
         模型   short and long texts in several languages    9.5\n\
         b                                                    10"
    );
    assert_eq!(
        shown(text, 36),
        "model  what it does well       score\n\
         -----  ----------------------  -----\n\
         模型   short and long texts      9.5\n\
         \u{20}      in several languages\n\
         b                                 10"
    );
    assert_eq!(
        shown(text, 20),
        "model | what it does\nwell | score\nmodel: 模型\n  what it does well:\n  short and long\n  texts in several\n  languages\n  score: 9.5\nmodel: b\n  score: 10"
    );
}

#[test]
fn links_of_a_table_lead_on_below_it() {
    let text = "| a | b |\n|---|---|\n| [x](http://y.z/long/address) | `c` |\n\nend";
    assert_eq!(
        shown(text, 40),
        "a  b\n-  ---\nx  `c`\nx: http://y.z/long/address\n\nend"
    );
}

#[test]
fn what_a_reference_resolves_to_is_made_safe() {
    let text = "a&#27;[31mred&#x202E;b &#x9b;2Jc\n\n`x&#7;`\n\n<p>&#27;]0;t</p>\n";
    let rows = render(text, 1, 80);
    for row in &rows {
        assert!(
            !row.text()
                .chars()
                .any(|c| c.is_control() || c == '\u{202e}'),
            "{row:?}"
        );
    }
    assert_eq!(rows[0].text(), "aredb c");
}

/// The characters that a reader sees, in order, apart from white space and what the desk adds.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Texts between which no Markdown stands, so that all of them must be seen.
fn words() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        "[a-z]{1,30}",
        "[日本語模型]{1,12}",
        "[مرحبابالعالم]{1,12}",
        Just("👩‍👩‍👧x".to_owned()),
        Just("e\u{301}e\u{301}".to_owned()),
    ];
    prop::collection::vec(word, 1..60)
}

proptest! {
    #[test]
    fn no_row_is_wider_than_asked(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("\n".to_owned()), Just("\n\n".to_owned()), Just("    ".to_owned()),
                Just("> ".to_owned()), Just("- ".to_owned()), Just("12. ".to_owned()),
                Just("|".to_owned()), Just("|-|-|\n".to_owned()), Just("```\n".to_owned()),
                Just("# ".to_owned()), Just("**".to_owned()), Just("`".to_owned()),
                Just("[a](b)".to_owned()), Just("![".to_owned()), Just("](http://x.y/z)".to_owned()),
                Just("<div>".to_owned()), Just("<b".to_owned()), Just("&#x1b;".to_owned()),
                Just("---\n".to_owned()), Just("~~".to_owned()), Just("\\".to_owned()),
                "[a-z]{1,12} ", "[日本語👩🏽مرحبا\u{301}\u{200d}🇩🇪]{1,9}", ".{0,8}",
            ],
            0..80,
        ),
        width in 20_usize..200,
    ) {
        let text = pieces.concat();
        let text = crate::text::block(&text);
        for row in render(&text, 1, width) {
            prop_assert!(wrap::width(&row.text()) <= width, "{:?}", row.text());
            prop_assert!(!row.text().contains('\n'));
        }
    }

    #[test]
    fn no_word_is_lost_in_any_block(words in words(), width in 20_usize..200, kind in 0..7_usize) {
        let line = words.join(" ");
        let text = match kind {
            0 => line.clone(),
            1 => format!("# {line}"),
            2 => format!("- {}", words.join("\n- ")),
            3 => format!("> 1. *{line}*"),
            4 => format!("```\n{line}\n```"),
            5 => format!("<div><p>{line}</p></div>"),
            _ => format!("| |\n|-|\n| {} |", words.join(" |\n| ")),
        };
        let seen: String = render(&text, 1, width).iter().map(|row| letters(&row.text())).collect();
        let seen = if kind == 3 { seen.replacen('1', "", 1) } else { seen };
        prop_assert_eq!(seen, letters(&line));
    }
}

/// Texts of a megabyte that are hard to read.
fn hostile() -> Vec<(&'static str, String)> {
    let mega = |piece: &str| piece.repeat((1 << 20) / piece.len());
    let rows = |count: usize, row: &dyn Fn(usize) -> String| (1..count).map(row).collect();
    let nested: String = rows(700, &|n| "  ".repeat(n) + "- a\n");
    let header = |n: usize| format!("{}\n{}\n", "|a".repeat(n), "|-".repeat(n));
    vec![
        ("letters", mega("x")),
        ("quotes", mega(">")),
        ("quotes and spaces", mega("> ")),
        ("items on a line", mega("- ")),
        ("nested items, then empty lines", nested + &mega("\n")),
        ("brackets", mega("[")),
        ("links", mega("[a](")),
        ("pictures", mega("![")),
        (
            "references",
            format!(
                "[a]: http://{}\n{}",
                "u".repeat(1 << 19),
                "[a] ".repeat(1 << 17)
            ),
        ),
        ("stars", mega("*a ")),
        ("stars without end", mega("**a")),
        ("ticks", mega("`a")),
        ("ticks that grow", rows(1_400, &|n| "`".repeat(n) + " ")),
        ("pipes", format!("{}{}", header(100_000), mega("|"))),
        (
            "a wide header and short rows",
            header(50_000) + &mega("|a\n"),
        ),
        (
            "a long name of a column",
            format!(
                "|{}|b|\n|-|-|\n{}",
                "h".repeat(1 << 19),
                "|a|b|\n".repeat(80_000)
            ),
        ),
        ("tags", mega("<a")),
        ("tags with quotes", mega("<a b=\"<c d='")),
        ("a block of tags", format!("<div\n{}", mega("<a <b='"))),
        ("scripts", mega("<script>")),
        ("scripts that end", mega("<style></style>")),
        ("comments", mega("<!--")),
        ("entities", mega("&#27;")),
        ("marks", format!("e{}", mega("\u{301}"))),
        ("emoji", mega("👩‍👩‍👧")),
        ("flags", mega("🇩🇪")),
        ("lines", mega("a\n\n")),
        ("code", format!("```\n{}", mega("a\n"))),
        ("rules", mega("---\n")),
        ("definitions", mega("[a]: b\n")),
        ("backslashes", mega("\\")),
    ]
}

#[test]
fn hostile_text_is_shown_within_bounds() {
    for (name, text) in hostile() {
        for width in [20, 80] {
            let rows = render(&text, 1, width);
            assert!(rows.len() <= MOST_ROWS + 1, "{name}");
            let bytes: usize = rows
                .iter()
                .flat_map(|row| &row.spans)
                .map(|span| span.text.len())
                .sum();
            assert!(bytes <= text.len() * 16, "{name} makes {bytes} bytes");
        }
    }
}
