//! Whether a password is little more than words that an attacker expects.

use std::collections::BTreeSet;

use crate::model::email_address::EmailAddress;
use crate::model::password_policy::spelling::{Folded, Spelling};

/// Shorter words are ignored: too many passwords contain them.
const MIN_WORD: usize = 3;
/// A domain label must have this many characters to be distinctive: `example`, not `com`.
const MIN_LABEL: usize = 4;
/// This many letters besides expected words are few.
const FEW_LETTERS: usize = 3;
/// This many digits are few: a date.
const FEW_DIGITS: usize = 8;
/// This many different signs are few.
const FEW_SIGNS: usize = 3;

/// A word that an attacker expects, in a spelling.
type Word = Vec<char>;

/// Whether `text` is little more than `words`: besides them, at most three letters, eight digits and three different
/// signs. The words count however often and in whatever case, direction and spelling they occur.
pub(super) fn is_little_more_than(text: &str, words: &[&str]) -> bool {
    Spelling::ALL.into_iter().any(|spelling| {
        let folded = spelling.of(text);
        let covered = cover(&folded, &spelled(words, spelling));
        let pairs = folded.iter().zip(&covered);
        let rest: Vec<char> = pairs
            .filter_map(|(it, covered)| (!covered).then_some(it.original))
            .collect();
        let dropped = text.chars().filter(|it| !spelling.keeps(*it));
        let signs: BTreeSet<char> = rest
            .iter()
            .copied()
            .chain(dropped)
            .filter(|it| !it.is_alphanumeric())
            .collect();
        let digits = rest.iter().filter(|it| it.is_ascii_digit()).count();
        let letters = rest.iter().filter(|it| it.is_alphanumeric()).count();
        covered.contains(&true)
            && letters.saturating_sub(digits) <= FEW_LETTERS
            && digits <= FEW_DIGITS
            && signs.len() <= FEW_SIGNS
    })
}

/// Those of `words` that occur in `text`, in any case, direction and spelling.
pub(super) fn found_in<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Vec<&'w str> {
    let texts = Spelling::ALL.map(|spelling| (spelling, spelling.of(text)));
    let occurs = |word: &&str| {
        texts.iter().any(|(spelling, text)| {
            let spelled = spelled(&[word], *spelling);
            cover(text, &spelled).contains(&true)
        })
    };
    words.filter(occurs).collect()
}

/// The words of an address: all of it, the part before the `@`, the domain, and the parts of those.
pub(super) fn words_of_email(email: &EmailAddress) -> Vec<&str> {
    let address = email.as_str();
    let local = email.local_part();
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let labels = domain.split('.').filter(|it| it.len() >= MIN_LABEL);
    let mut words = vec![address, local, domain];
    words.extend(words_of_name(local));
    words.extend(labels.flat_map(words_of_name));
    words
}

/// A name and its words.
pub(super) fn words_of_name(name: &str) -> impl Iterator<Item = &str> {
    let parts = name.split(|it: char| !it.is_alphanumeric());
    std::iter::once(name).chain(parts)
}

/// Every word in one spelling, forwards and backwards.
fn spelled(words: &[&str], spelling: Spelling) -> Vec<Word> {
    let mut spelled: Vec<Word> = Vec::new();
    for word in words {
        let word: Word = spelling.of(word).iter().map(|it| it.character).collect();
        if word.len() >= MIN_WORD {
            spelled.push(word.iter().rev().copied().collect());
            spelled.push(word);
        }
    }
    spelled
}

/// Which characters of `text` belong to one of `words`.
fn cover(text: &[Folded], words: &[Word]) -> Vec<bool> {
    let mut covered = vec![false; text.len()];
    for start in 0..text.len() {
        let rest = text.get(start..).unwrap_or_default();
        let length = words
            .iter()
            .filter(|word| {
                let pairs = rest.iter().zip(*word);
                word.len() <= rest.len()
                    && pairs
                        .into_iter()
                        .all(|(it, letter)| it.character == *letter)
            })
            .map(Vec::len)
            .max();
        let part = covered
            .iter_mut()
            .skip(start)
            .take(length.unwrap_or_default());
        part.for_each(|it| *it = true);
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like_email(text: &str) -> bool {
        let email = EmailAddress::parse("ann.lee@mail.example.com").unwrap();
        is_little_more_than(text, &words_of_email(&email))
    }

    fn like_name(text: &str, name: &str) -> bool {
        is_little_more_than(text, &words_of_name(name).collect::<Vec<_>>())
    }

    #[test]
    fn parts_repetitions_and_spellings_of_an_address_are_similar() {
        for similar in [
            "Ann.Lee@Mail.Example.com",
            "ann.lee1990",
            "AnnLee-31121990",
            "lee-ann-lee-ann",
            "annannann",
            "eel.nna.2026",
            "4nn.l33!",
            "example-example",
            "3xampl3!2026",
            "mail.example.com!",
            "Ann@example1",
        ] {
            assert!(like_email(similar), "{similar}");
        }
        for other in [
            "staple horse violet crane",
            "ann sings for her sister",
            "lee9876543210",
            "anne-marie-louise",
            "com.com.com",
            "ann!\"#$%&/()=?",
        ] {
            assert!(!like_email(other), "{other}");
        }
    }

    #[test]
    fn a_name_of_several_words_is_looked_for_by_each() {
        for similar in [
            "acme-portal",
            "portal2026",
            "ACMEacmeACME",
            "p0rt4l!!",
            "lat.rop-7",
        ] {
            assert!(like_name(similar, "Acme Portal"), "{similar}");
        }
        assert!(!like_name("acme sells anvils", "Acme Portal"));
        assert!(!like_name("", "Acme Portal"));
        assert!(!like_name("anything", ""));
    }

    #[test]
    fn names_in_other_scripts_are_looked_for_as_well() {
        assert!(like_name("Ключ-ключ-7", "ключ"));
        assert!(like_name("ÉCOLE2026", "école"));
    }
}
