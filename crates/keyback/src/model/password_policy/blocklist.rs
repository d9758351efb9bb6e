//! The operator's own list of words that must not make up a password.

use crate::model::password_policy::similar;

/// Maximum bytes of the list.
const MAX_BYTES: usize = 4 * 1024;
/// The shortest word, in letters and digits: shorter ones occur in too many passwords.
const MIN_WORD: usize = 3;
/// The longest word, in characters.
const MAX_WORD: usize = 64;

/// Words that an attacker would try first: the names of the company, its products, its town.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blocklist {
    words: Vec<String>,
}

impl Blocklist {
    /// Parses words separated by commas or newlines: at most 4 KiB, each of 3 to 64 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<String> = text
            .split([',', '\n', '\r'])
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let is_word = |word: &String| {
            let letters = word.chars().filter(|it| it.is_alphanumeric()).count();
            letters >= MIN_WORD && word.chars().count() <= MAX_WORD
        };
        (text.len() <= MAX_BYTES && words.iter().all(is_word)).then_some(Self { words })
    }

    /// The words that occur in `text`, in any spelling.
    pub(super) fn words_in(&self, text: &str) -> Vec<&str> {
        similar::found_in(text, self.words.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_separated_by_commas_or_lines() {
        let list = Blocklist::parse(" rosebud,Charles Foster Kane\r\n\nXanadu,").unwrap();
        assert_eq!(list.words, ["rosebud", "Charles Foster Kane", "Xanadu"]);
        assert_eq!(Blocklist::parse(""), Some(Blocklist::default()));
        for bad in ["ab", "rosebud,!!!", &"x".repeat(65), &"word,".repeat(1000)] {
            assert_eq!(Blocklist::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_are_found_in_any_spelling() {
        let list = Blocklist::parse("rosebud,kane").unwrap();
        assert_eq!(list.words_in("my-R0SEBUD"), ["rosebud"]);
        assert_eq!(list.words_in("Dub-es-or, k4ne"), ["rosebud", "kane"]);
        assert_eq!(list.words_in("xanadu"), [""; 0]);
    }
}
