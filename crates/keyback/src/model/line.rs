//! Single-line texts.

/// `text`, if it is a line of 1 to 100 characters that are not all blanks.
pub(crate) fn one_line(text: &str) -> Option<String> {
    let is_there = is_line(text, 100) && !text.trim().is_empty();
    is_there.then(|| text.to_owned())
}

/// Whether `text` is one line of 1 to `longest` characters; U+2028 and U+2029 also break a line.
pub(crate) fn is_line(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count())
        && !text.contains(|it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}'))
}
