//! HTML in Markdown: its text stays, its tags go.

/// The longest tag, in bytes.
const LONGEST_TAG: usize = 4096;

/// What a piece of HTML is to a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text, on the line so many below the first.
    Text(String, usize),
    /// A picture with its description.
    Image(String, usize),
    /// A new row begins.
    Break,
    /// A cell ends.
    Gap,
}

/// Elements before and after which a row ends.
const BLOCKS: [&str; 30] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figure",
    "figcaption",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "summary",
    "table",
    "tr",
    "ul",
];

/// The pieces of `html`, in one pass.
pub(super) fn pieces(html: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut rest, mut line) = (html, 0);
    // What is never closed hides nothing, and is not looked for again.
    let mut hides = true;
    while !rest.is_empty() {
        let length = if !rest.starts_with('<') {
            let length = rest.find('<').unwrap_or(rest.len());
            text(&rest[..length], line, &mut pieces);
            length
        } else if let Some(length) = tag_length(rest) {
            pieces.extend(tag(&rest[..length], line));
            let hidden = hides.then(|| hidden_length(rest, length));
            hides &= hidden != Some(None);
            length + hidden.flatten().unwrap_or(0)
        } else {
            pieces.push(Piece::Text("<".to_owned(), line));
            1
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    pieces
}

/// Text between tags: white space is folded, lines are kept apart only to be counted.
fn text(text: &str, line: usize, pieces: &mut Vec<Piece>) {
    for (n, part) in text.split('\n').enumerate() {
        if n > 0 {
            pieces.push(Piece::Text(" ".to_owned(), line + n));
        }
        if !part.is_empty() {
            pieces.push(Piece::Text(resolved(part), line + n));
        }
    }
}

/// The length of the tag or comment that `rest` begins with; none where it never ends.
fn tag_length(rest: &str) -> Option<usize> {
    if rest.starts_with("<!--") {
        return Some(rest.find("-->").map_or(rest.len(), |at| at + 3));
    }
    let second = rest[1..].chars().next()?;
    if !(second.is_ascii_alphabetic() || matches!(second, '/' | '!' | '?')) {
        return None;
    }
    let mut quote = None;
    for (at, b) in rest.bytes().enumerate().skip(1).take(LONGEST_TAG) {
        match (quote, b) {
            (Some(q), _) if q == b => quote = None,
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'>') => return Some(at + 1),
            (None, b'<') => return None,
            _ => {}
        }
    }
    // A quote that never ends: the tag ends where it would without.
    let mut bytes = rest.bytes().skip(1).take(LONGEST_TAG);
    let end = bytes.position(|b| matches!(b, b'<' | b'>'))?;
    (rest.as_bytes()[end + 1] == b'>').then_some(end + 2)
}

/// The length of what follows a tag and is no text; none where it never ends.
fn hidden_length(rest: &str, length: usize) -> Option<usize> {
    let name = name(&rest[..length]).to_ascii_lowercase();
    if rest.starts_with("</") || !matches!(name.as_str(), "script" | "style") {
        return Some(0);
    }
    let end = format!("</{name}");
    rest.as_bytes()[length..]
        .windows(end.len())
        .position(|window| window.eq_ignore_ascii_case(end.as_bytes()))
}

/// The name of an element, without `<` and `/`.
fn name(tag: &str) -> &str {
    let inner = tag.trim_start_matches('<').trim_start_matches('/');
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric());
    &inner[..end.unwrap_or(inner.len())]
}

/// What a tag is to a reader.
fn tag(tag: &str, line: usize) -> Option<Piece> {
    if tag.starts_with("<!") || tag.starts_with("<?") {
        return None;
    }
    let name = name(tag).to_ascii_lowercase();
    match name.as_str() {
        "img" => Some(Piece::Image(
            attribute(tag, "alt").map(resolved).unwrap_or_default(),
            line,
        )),
        "td" | "th" if tag.starts_with("</") => Some(Piece::Gap),
        name if BLOCKS.contains(&name) => Some(Piece::Break),
        _ => None,
    }
}

/// The value of an attribute.
fn attribute<'a>(tag: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = tag;
    while let Some(at) = rest.find('=') {
        let key = rest[..at].trim_end();
        let key = &key[key.rfind([' ', '\n', '"', '\'']).map_or(0, |at| at + 1)..];
        let value = rest[at + 1..].trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (found, length) = if let Some(quote) = quote {
            let inner = &value[1..];
            let end = inner.find(quote).unwrap_or(inner.len());
            (&inner[..end], (end + 2).min(value.len()))
        } else {
            let end = value.find([' ', '\n', '>']).unwrap_or(value.len());
            (&value[..end], end)
        };
        if key.eq_ignore_ascii_case(wanted) {
            return Some(found);
        }
        rest = &value[length..];
    }
    None
}

/// Text with the commonest character references resolved.
fn resolved(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    // `&amp;` last, so that nothing is resolved twice.
    let known = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
    ];
    let text = known
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(html: &str) -> String {
        let piece = |piece| match piece {
            Piece::Text(text, _) => text,
            Piece::Image(alt, _) => format!("[{alt}]"),
            Piece::Break => "/".to_owned(),
            Piece::Gap => "|".to_owned(),
        };
        pieces(html).into_iter().map(piece).collect()
    }

    #[test]
    fn text_stays_and_tags_go() {
        assert_eq!(seen("<div align='center'>a<br/>b</div>"), "/a/b/");
        assert_eq!(seen("<td>1</td><td>a &amp;lt; b</td>"), "1|a &lt; b|");
        assert_eq!(seen("<img\n src=x alt=\"a > b\" w=1>c"), "[a > b]c");
        assert_eq!(seen("<!-- gone > --><i>here</i>"), "here");
        assert_eq!(seen("<STYLE>p {}</style>x<script>y"), "xy");
        assert_eq!(seen("1 < 2 <"), "1 < 2 <");
        assert_eq!(seen("<a href=\"never ends>text"), "text");
    }

    #[test]
    fn lines_are_counted_inside_tags_and_text() {
        let found = pieces("a\n<p\nclass=x>\nb");
        assert!(found.contains(&Piece::Text("a".to_owned(), 0)));
        assert!(found.contains(&Piece::Text("b".to_owned(), 3)));
    }
}
