//! The longest subsequence that two texts have in common.

/// Its length.
pub(super) fn longest<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut before = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = before[j + 1];
            before[j + 1] = if x == y {
                diagonal + 1
            } else {
                above.max(before[j])
            };
            diagonal = above;
        }
    }
    before[b.len()]
}

/// The places in `a` of the one that `rouge_score` finds, the last first.
pub(super) fn places<T: PartialEq>(a: &[T], b: &[T]) -> impl Iterator<Item = usize> {
    let cols = b.len() + 1;
    let mut table = vec![0u32; (a.len() + 1) * cols];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            table[(i + 1) * cols + j + 1] = if x == y {
                table[i * cols + j] + 1
            } else {
                table[i * cols + j + 1].max(table[(i + 1) * cols + j])
            };
        }
    }
    let mut found = Vec::new();
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            (i, j) = (i - 1, j - 1);
            found.push(i);
        } else if table[i * cols + j - 1] > table[(i - 1) * cols + j] {
            j -= 1;
        } else {
            i -= 1;
        }
    }
    found.into_iter()
}
