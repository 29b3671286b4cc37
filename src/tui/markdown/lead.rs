//! What stands before the text of a block: the bars of quotes, the marks of lists, indents.

use crate::tui::wrap;

/// Deepest nesting that is shown; what lies deeper is shown at this depth.
const DEEPEST: usize = 16;

/// A block that holds others.
#[derive(Debug)]
enum Holder {
    /// A quote.
    Quote { begun: bool },
    /// An item of a list, and whether its mark has been shown.
    Item { mark: String, begun: bool },
}

/// The blocks that are open, outermost first.
#[derive(Debug, Default)]
pub(super) struct Leads {
    open: Vec<Holder>,
    /// How many more are open than are kept.
    deeper: usize,
}

impl Leads {
    /// A quote begins.
    pub(super) fn open_quote(&mut self) {
        self.open(Holder::Quote { begun: false });
    }

    /// An item begins, with its number in an ordered list.
    pub(super) fn open_item(&mut self, number: Option<u64>) {
        let mark = number.map_or_else(|| "- ".to_owned(), |number| format!("{number}. "));
        self.open(Holder::Item { mark, begun: false });
    }

    fn open(&mut self, holder: Holder) {
        if self.open.len() < DEEPEST {
            self.open.push(holder);
        } else {
            self.deeper += 1;
        }
    }

    /// The innermost ends.
    pub(super) fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.open.pop();
        }
    }

    /// Whether the innermost is an item whose mark has not been shown.
    pub(super) fn is_at_mark(&self) -> bool {
        self.deeper == 0 && matches!(self.open.last(), Some(Holder::Item { begun: false, .. }))
    }

    /// What stands before the first row of a block and before its others, at most `most` cells
    /// wide: the outermost give way. Marks are shown once.
    pub(super) fn take(&mut self, most: usize) -> (String, String) {
        let (mut first, mut others) = (String::new(), String::new());
        let mut used = 0;
        let fits = |holder: &&mut Holder| {
            used += holder.width();
            used <= most
        };
        let mut shown: Vec<&mut Holder> = self.open.iter_mut().rev().take_while(fits).collect();
        shown.reverse();
        for holder in shown {
            match holder {
                Holder::Quote { begun } => {
                    *begun = true;
                    first.push_str("| ");
                    others.push_str("| ");
                }
                Holder::Item { mark, begun } => {
                    let blank = " ".repeat(wrap::width(mark));
                    first.push_str(if *begun { &blank } else { mark });
                    others.push_str(&blank);
                    *begun = true;
                }
            }
        }
        // Those that gave way are not shown later either.
        for holder in &mut self.open {
            match holder {
                Holder::Quote { begun } | Holder::Item { begun, .. } => *begun = true,
            }
        }
        (first, others)
    }

    /// What stands on an empty row between two blocks: what was open at both.
    pub(super) fn between(&self, most: usize) -> String {
        let mut lead = String::new();
        for holder in &self.open {
            match holder {
                Holder::Quote { begun: true } => lead.push_str("| "),
                Holder::Item { begun: true, mark } => lead.push_str(&" ".repeat(wrap::width(mark))),
                _ => break,
            }
        }
        lead.truncate(lead.trim_end().len());
        if lead.len() > most {
            String::new()
        } else {
            lead
        }
    }
}

impl Holder {
    fn width(&self) -> usize {
        match self {
            Self::Quote { .. } => 2,
            Self::Item { mark, .. } => wrap::width(mark),
        }
    }
}
