//! A comparison as Markdown, to be pasted into a document or an issue.

use std::fmt::Write as _;

use super::super::answer::{Citation, Comparison};
use super::super::compose::cited_by;
use crate::text;

impl Comparison {
    /// A table in GitHub's Markdown, the reasons, and a numbered list of the lines that it stands
    /// on. What comes from cards is escaped: it shows as text and never as markup, link or HTML.
    pub fn to_markdown(&self) -> String {
        let cited: Vec<Vec<(String, Option<Citation>)>> = self
            .reasons
            .iter()
            .map(|reason| {
                let claims = reason.claims.iter();
                claims.map(|c| (escaped(&c.text), cited_by(c))).collect()
            })
            .collect();
        let mut sources: Vec<&Citation> = Vec::new();
        let mut out = String::from("| |");
        for name in &self.names {
            let _ = write!(out, " {} |", escaped(name));
        }
        out += "\n|---|";
        out += &"---|".repeat(self.names.len());
        out.push('\n');
        for row in &self.rows {
            let _ = write!(out, "| {} |", escaped(&row.field));
            for cell in &row.cells {
                let _ = write!(out, " {}", escaped(&cell.text));
                if let Some(citation) = &cell.citation {
                    let _ = write!(out, " [{}]", number(&mut sources, citation));
                }
                out += " |";
            }
            out.push('\n');
        }
        for (n, reason) in cited.iter().enumerate() {
            let _ = write!(out, "\n({})", n + 1);
            for (words, citation) in reason {
                let _ = write!(out, " {words}");
                if let Some(citation) = citation {
                    let _ = write!(out, " [{}]", number(&mut sources, citation));
                }
            }
            out.push('\n');
        }
        if let Some(legend) = super::legend(self) {
            let _ = writeln!(out, "\n{}", escaped(&legend));
        }
        if !sources.is_empty() {
            out += "\nSources:\n\n";
        }
        for (n, source) in sources.iter().enumerate() {
            let id = escaped(&text::ident(&source.card));
            let _ = writeln!(out, "{}. {id}, line {}", n + 1, source.line);
        }
        out
    }
}

/// The number of a source, from 1 in order of first use.
fn number<'a>(sources: &mut Vec<&'a Citation>, citation: &'a Citation) -> usize {
    let known = sources.iter().position(|c| *c == citation);
    let at = known.unwrap_or_else(|| {
        sources.push(citation);
        sources.len() - 1
    });
    at + 1
}

/// One line of text that Markdown shows as it is. An address is broken so that it links to
/// nothing, and an `@name` so that it calls nobody.
fn escaped(words: &str) -> String {
    let words = text::line(words);
    let mut out = String::with_capacity(words.len());
    let mut before = ' ';
    for (at, c) in words.char_indices() {
        let rest = &words[at..];
        let address =
            (c == ':' && rest.starts_with("://")) || (c == '.' && is_after_www(&words[..at]));
        if address || "\\`*_{}[]<>|~$&#".contains(c) {
            out.push('\\');
        }
        out.push(c);
        let calls = c == '@' && !before.is_alphanumeric();
        if calls && rest[1..].starts_with(|next: char| next.is_alphanumeric()) {
            out.push(' ');
        }
        before = c;
    }
    out
}

fn is_after_www(before: &str) -> bool {
    let start = before.len().saturating_sub(3);
    before
        .get(start..)
        .is_some_and(|word| word.eq_ignore_ascii_case("www"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_card_is_text_in_markdown() {
        for (words, shown) in [
            ("a|b", "a\\|b"),
            ("a\nb\r\nc", "a b c"),
            ("`rm -rf`", "\\`rm -rf\\`"),
            ("[x](javascript:1)", "\\[x\\](javascript:1)"),
            ("![x](http://e.x/p.png)", "!\\[x\\](http\\://e.x/p.png)"),
            ("<img src=x>", "\\<img src=x\\>"),
            ("see www.example.com", "see www\\.example.com"),
            ("&lt;b&gt;", "\\&lt;b\\&gt;"),
            ("by @everyone", "by @ everyone"),
            ("NDCG@10", "NDCG@10"),
            ("\\|", "\\\\\\|"),
            ("$x$ ~~y~~", "\\$x\\$ \\~\\~y\\~\\~"),
        ] {
            assert_eq!(escaped(words), shown);
        }
    }
}
