//! Invisible characters in text.

/// Whether the character is white space, or one of Unicode's marks for joining, breaking and direction, which get
/// copied along with text.
#[must_use]
pub const fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || character.is_ascii_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}
