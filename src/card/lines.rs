//! Line numbers from byte offsets.
//!
//! A line ends at `\n`, `\r\n` or a lone `\r`, as YAML and Markdown both have it, so that the
//! front matter and the body of one card count alike.

/// The byte length of the line end that starts at `at`; 0 where none does.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        (Some(b'\n' | b'\r'), _) => 1,
        _ => 0,
    }
}

/// The lines of `text` without their ends; a text that ends with a line end has an empty one more.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let bytes = text.as_bytes();
        let length = bytes.iter().position(|b| matches!(b, b'\n' | b'\r'));
        let length = length.unwrap_or(bytes.len());
        let end = line_end(bytes, length);
        rest = (end > 0).then(|| &text[length + end..]);
        Some(&text[..length])
    })
}

/// Where each line of a text starts: one pass, then a binary search a question.
pub(super) struct Lines {
    starts: Vec<usize>,
    first: usize,
}

impl Lines {
    /// Counts the lines of `text`, whose first line has the number `first`.
    pub(super) fn new(text: &str, first: usize) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        let mut at = 0;
        while at < bytes.len() {
            match line_end(bytes, at) {
                0 => at += 1,
                width => {
                    at += width;
                    starts.push(at);
                }
            }
        }
        Self { starts, first }
    }

    /// The line on which byte `at` stands.
    pub(super) fn of(&self, at: usize) -> usize {
        self.first + self.starts.partition_point(|start| *start <= at) - 1
    }

    /// The number of the last line.
    pub(super) fn last(&self) -> usize {
        self.first + self.starts.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_counts_once() {
        let lines = Lines::new("a\nb\r\nc\rd", 10);
        let at: Vec<usize> = [0, 2, 5, 7].into_iter().map(|at| lines.of(at)).collect();
        assert_eq!(at, [10, 11, 12, 13]);
        assert_eq!(lines.last(), 13);
        let found: Vec<&str> = super::lines("a\nb\r\nc\rd\n").collect();
        assert_eq!(found, ["a", "b", "c", "d", ""]);
    }
}
