//! Spellings of a word: case, accents, punctuation, and signs that look like letters.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters and the signs that look like them, as zxcvbn knows them.
pub(super) const LOOK_ALIKES: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('o', "0"),
    ('s', "$5"),
    ('t', "+7"),
    ('l', "1|7"),
    ('x', "%"),
    ('z', "2"),
];

/// How a text is spelled, reduced to what matters when comparing words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Punctuation separates letters: `key-back` is `keyback`.
    Punctuated,
    /// Punctuation stands for letters: `k3yb@ck` is `keyback`.
    LookAlike,
}

/// A character of a text in one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folded {
    /// In lower case, without accents; the same for all characters that look alike.
    pub(super) character: char,
    /// As in the text, without accents.
    pub(super) original: char,
}

impl Spelling {
    /// Both spellings.
    pub(super) const ALL: [Self; 2] = [Self::Punctuated, Self::LookAlike];

    /// The characters of `text` that matter in this spelling.
    pub(super) fn of(self, text: &str) -> Vec<Folded> {
        text.nfkd()
            .filter(|it| !is_combining_mark(*it))
            .filter(|it| self.keeps(*it))
            .map(|original| Folded {
                character: Self::fold(original),
                original,
            })
            .collect()
    }

    /// Whether a character matters in this spelling.
    pub(super) fn keeps(self, character: char) -> bool {
        character.is_alphanumeric() || self == Self::LookAlike && Self::is_look_alike(character)
    }

    /// The same character for all that look alike, in lower case.
    pub(super) fn fold(character: char) -> char {
        let lower = character.to_lowercase().next().unwrap_or(character);
        match Self::letter(lower) {
            'l' => 'i',
            letter => letter,
        }
    }

    /// The letter that a sign most looks like; any other character unchanged.
    pub(super) fn letter(sign: char) -> char {
        let found = LOOK_ALIKES.iter().find(|(_, signs)| signs.contains(sign));
        found.map_or(sign, |(letter, _)| *letter)
    }

    /// Whether a sign looks like a letter.
    pub(super) fn is_look_alike(sign: char) -> bool {
        LOOK_ALIKES.iter().any(|(_, signs)| signs.contains(sign))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_word_are_one() {
        let fold = |spelling: Spelling, text: &str| -> String {
            spelling.of(text).iter().map(|it| it.character).collect()
        };
        let word = fold(Spelling::LookAlike, "Keyback");
        for text in [
            "keyback",
            "KEYBACK",
            "k3yb@[k",
            "K\u{e9}yb\u{e4}ck",
            "ｋｅｙｂａｃｋ",
        ] {
            assert_eq!(fold(Spelling::LookAlike, text), word, "{text}");
        }
        for text in ["key-back", "k.e.y.b.4.c.k!"] {
            assert_eq!(fold(Spelling::Punctuated, text), word, "{text}");
        }
        assert_eq!(Spelling::fold('1'), Spelling::fold('L'));
    }
}
