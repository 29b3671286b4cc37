//! Sequences of tokens one after another, without padding.

/// A batch: the tokens of all sequences in one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The tokens' ids.
    pub ids: Vec<u32>,
    /// Which part of a pair each token belongs to, for BERT; 0 everywhere else.
    pub type_ids: Vec<u32>,
    /// Where each sequence starts, and where the last ends.
    pub starts: Vec<usize>,
}

impl Batch {
    /// Sequences of ids, all of type 0.
    pub fn new<'a>(sequences: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let mut batch = Self {
            starts: vec![0],
            ..Self::default()
        };
        for sequence in sequences {
            batch.push(sequence, None);
        }
        batch
    }

    /// Adds a sequence, of type 0 if `type_ids` are not given.
    ///
    /// # Panics
    /// If there are not as many types as ids.
    pub fn push(&mut self, ids: &[u32], type_ids: Option<&[u32]>) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.ids.extend_from_slice(ids);
        match type_ids {
            Some(types) => {
                assert_eq!(types.len(), ids.len());
                self.type_ids.extend_from_slice(types);
            }
            None => self.type_ids.resize(self.ids.len(), 0),
        }
        self.starts.push(self.ids.len());
    }

    /// How many sequences there are.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of each token in its sequence.
    pub fn positions(&self) -> Vec<u32> {
        self.starts
            .windows(2)
            .flat_map(|ends| 0..(ends[1] - ends[0]) as u32)
            .collect()
    }

    /// The row of each sequence's first token.
    pub fn firsts(&self) -> Vec<u32> {
        self.starts.windows(2).map(|ends| ends[0] as u32).collect()
    }

    /// The row of each sequence's last token.
    pub fn lasts(&self) -> Vec<u32> {
        self.starts
            .windows(2)
            .map(|ends| ends[1].saturating_sub(1) as u32)
            .collect()
    }
}
