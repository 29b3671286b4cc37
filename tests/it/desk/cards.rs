//! Cards over an answer: at the cited line, with their facts and the cards beside them.

use super::double::Driver;

#[test]
fn a_card_gives_back_the_same_answer_and_scroll() {
    for size in [(60, 20), (80, 24), (120, 40)] {
        let mut desk = Driver::answered(size.0, size.1);
        desk.ask("and which is faster?");
        desk.press("Tab k k k PgUp k");
        let before = desk.screen();
        desk.press("Enter");
        assert_ne!(desk.screen(), before);
        desk.press("j j PgDn Esc");
        assert_eq!(desk.screen(), before, "at {size:?}");
    }
}

#[test]
fn sources_are_walked_with_brackets() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab j j j Enter");
    assert!(
        desk.screen().contains("> 30 {This model reads"),
        "{}",
        desk.screen()
    );
    desk.press("]");
    assert!(
        desk.screen().contains("> 44 {### Figures}"),
        "{}",
        desk.screen()
    );
    desk.press("] ]");
    assert!(
        desk.screen().contains("> 30 {This model reads"),
        "{}",
        desk.screen()
    );
    desk.press("[");
    assert!(
        desk.screen().contains(">  3 {language: [en, ja, ar]}"),
        "{}",
        desk.screen()
    );
    desk.press("y");
    assert_eq!(desk.copied[0].1, "google/flan-t5-base:3");
}

#[test]
fn a_fact_opens_at_its_line_and_back_leads_to_the_facts() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab j j j Enter");
    let card = desk.screen();
    desk.press("Right j");
    let facts = desk.screen();
    assert!(facts.contains("[facts]"), "{facts}");
    assert!(facts.contains("> licence"), "{facts}");
    desk.press("y Enter");
    assert_eq!(desk.copied[0].1, "nsi319/legal-led-base-16384:2");
    assert!(
        desk.screen().contains(">  2 {license: mit}"),
        "{}",
        desk.screen()
    );
    desk.press("Esc");
    assert_eq!(desk.screen(), facts);
    desk.press("Left");
    assert_eq!(desk.screen(), card, "the cited line is the answer's again");
}

#[test]
fn a_related_card_opens_over_the_card_and_back_leads_to_it() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab");
    let answer = desk.screen();
    desk.press("j j j Enter Right Right j y");
    let related = desk.screen();
    assert!(related.contains("> same task"), "{related}");
    assert_eq!(desk.copied[0].1, "google-t5/t5-small");
    desk.press("j k");
    let related = desk.screen();
    desk.press("Enter");
    assert!(
        desk.screen().contains("  google-t5/t5-small  built-in"),
        "{}",
        desk.screen()
    );
    desk.press("Right Right Enter Esc Esc");
    assert_eq!(desk.screen(), related);
    desk.press("Esc k k k");
    assert_eq!(desk.screen(), answer);
}

#[test]
fn the_text_of_a_card_can_be_seen_as_it_is() {
    let mut desk = Driver::answered(80, 24);
    desk.press("Tab j j j Enter");
    assert!(!desk.screen().contains("**16,384 tokens**"));
    desk.press(":");
    desk.type_text("raw");
    desk.press("Enter");
    assert!(
        desk.screen().contains("**16,384 tokens**"),
        "{}",
        desk.screen()
    );
    assert!(
        desk.screen().contains("> 31 {it was trained on `eur-lex`"),
        "{}",
        desk.screen()
    );
}
