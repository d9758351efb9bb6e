//! How hard a password is to guess, estimated by zxcvbn in bounded time.
//!
//! zxcvbn tries every combination of the letters that look-alike signs may stand for, and its search grows with the
//! cube of the length: a text of a hundred such signs keeps it busy for seconds. So it only gets short texts with few
//! combinations. `make bench` looks for the worst text that can still occur.

use std::collections::BTreeSet;

use zxcvbn::feedback::{Feedback, Warning};

use crate::model::password_policy::spelling::{LOOK_ALIKES, Spelling};

/// The most code points that zxcvbn is given at once.
const MAX_ESTIMATED: usize = 40;
/// The most combinations of letters for look-alike signs that zxcvbn may try. Few passwords have more than 4.
const MAX_COMBINATIONS: usize = 8;
/// The shortest repeated part that is left out.
const MIN_REPEATED: usize = 3;

/// zxcvbn's verdict on a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strength {
    /// 0 to 4.
    pub(super) score: u8,
    /// Whether it is on the list of common passwords.
    pub(super) is_common: bool,
}

/// Estimates `text` against an attacker who knows that `known` are likely parts of it. A score below `least` may be too
/// high.
///
/// Takes bounded time for a text of any length; [`MAX_ESTIMATED`] and [`MAX_COMBINATIONS`] set the bound.
pub(super) fn estimate(text: &str, known: &[&str], least: u8) -> Strength {
    let characters: Vec<char> = text.chars().collect();
    let whole = estimate_ends(&characters, known);
    if whole.score < least {
        return whole;
    }
    // Neither writing a word twice nor writing it in look-alike signs makes it stronger.
    let once = without_repetitions(&characters);
    let others = [in_letters(&once), once];
    let weakest = others
        .iter()
        .filter(|other| **other != characters)
        .map(|other| estimate_ends(other, known).score)
        .fold(whole.score, u8::min);
    Strength {
        score: weakest,
        ..whole
    }
}

/// Estimates a text by its beginning or its end, whichever is stronger: it is at least as hard to guess as either.
fn estimate_ends(text: &[char], known: &[&str]) -> Strength {
    let first = estimate_part(text.get(..MAX_ESTIMATED).unwrap_or(text), known);
    let begins_at = text.len().saturating_sub(MAX_ESTIMATED);
    match text.get(begins_at..) {
        Some(last) if begins_at > 0 && first.score < MAX_SCORE => {
            let last = estimate_part(last, known);
            Strength {
                score: first.score.max(last.score),
                is_common: false,
            }
        }
        _ => first,
    }
}

const MAX_SCORE: u8 = 4;

fn estimate_part(part: &[char], known: &[&str]) -> Strength {
    let estimate = zxcvbn::zxcvbn(&with_few_combinations(part), known);
    Strength {
        score: estimate.score().into(),
        is_common: matches!(
            estimate.feedback().and_then(Feedback::warning),
            Some(
                Warning::ThisIsATop10Password
                    | Warning::ThisIsATop100Password
                    | Warning::ThisIsACommonPassword
            )
        ),
    }
}

/// The text without the parts that repeat earlier ones, in either direction and in any spelling.
fn without_repetitions(text: &[char]) -> Vec<char> {
    let folded: Vec<char> = text.iter().map(|it| Spelling::fold(*it)).collect();
    let mut kept = Vec::new();
    let mut at = 0_usize;
    while let (Some(rest), Some(before)) = (folded.get(at..), folded.get(..at)) {
        let Some(character) = text.get(at) else {
            break;
        };
        let repeated = longest_repeated(rest, before);
        if repeated < MIN_REPEATED {
            kept.push(*character);
        }
        at = at.saturating_add(if repeated < MIN_REPEATED { 1 } else { repeated });
    }
    kept
}

/// The length of the longest prefix of `rest` that occurs in `before`, forwards or backwards.
fn longest_repeated(rest: &[char], before: &[char]) -> usize {
    let forwards = (0..before.len())
        .filter_map(|start| before.get(start..))
        .map(|part| common_prefix(rest.iter(), part.iter()));
    let backwards = (0..=before.len())
        .filter_map(|end| before.get(..end))
        .map(|part| common_prefix(rest.iter(), part.iter().rev()));
    forwards.chain(backwards).max().unwrap_or_default()
}

fn common_prefix<'a>(
    one: impl Iterator<Item = &'a char>,
    other: impl Iterator<Item = &'a char>,
) -> usize {
    one.zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

/// The text with the most likely letter in place of each look-alike sign. Without any letters it is left unchanged:
/// digits alone are a number.
fn in_letters(text: &[char]) -> Vec<char> {
    if !text.iter().any(|it| it.is_alphabetic()) {
        return text.to_vec();
    }
    text.iter().map(|it| Spelling::letter(*it)).collect()
}

/// The text with a neutral sign in place of some look-alikes, if zxcvbn would otherwise try too many combinations. At
/// worst, that hides a word from zxcvbn, which [`in_letters`] reveals again.
fn with_few_combinations(text: &[char]) -> String {
    let mut kept = BTreeSet::new();
    // Digits first: they may be a date.
    let digits = text.iter().filter(|it| it.is_ascii_digit());
    let signs = text.iter().filter(|it| !it.is_ascii_digit());
    for sign in digits
        .chain(signs)
        .filter(|it| Spelling::is_look_alike(**it))
    {
        kept.insert(*sign);
        if combinations(&kept) > MAX_COMBINATIONS {
            kept.remove(sign);
        }
    }
    let neutral = |sign: char| {
        if Spelling::is_look_alike(sign) && !kept.contains(&sign) {
            NEUTRAL
        } else {
            sign
        }
    };
    text.iter().map(|it| neutral(*it)).collect()
}

/// A sign that stands for no letter.
const NEUTRAL: char = '\u{a4}';

/// Roughly how many combinations zxcvbn tries if `signs` occur. A letter can come from any one of its signs; a sign
/// that an earlier letter also has can stand for either.
fn combinations(signs: &BTreeSet<char>) -> usize {
    let mut seen = BTreeSet::new();
    let mut product = 1_usize;
    for (_, signs_of_letter) in LOOK_ALIKES {
        let found = signs_of_letter.chars().filter(|it| signs.contains(it));
        let ways = found.map(|sign| if seen.insert(sign) { 1 } else { 2 });
        product = product.saturating_mul(ways.sum::<usize>().max(1));
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(text: &str) -> u8 {
        estimate(text, &["ann.lee@example.com", "ann.lee", "Keyback"], 0).score
    }

    #[test]
    fn a_word_is_no_stronger_for_being_repeated() {
        for (text, once) in [
            ("summer2026summer", "summer2026"),
            ("Summer2026SUMMER", "Summer2026"),
            ("dragonfly7dragonfly", "dragonfly7"),
            ("w1nter-wlnter-wint3r", "w1nter-"),
        ] {
            assert_eq!(score(text), score(once), "{text}");
            assert!(score(text) < 3, "{text}");
        }
    }

    #[test]
    fn what_is_strong_stays_strong() {
        for text in [
            "staple horse violet crane",
            "qX7#vKp2!mZ9",
            "{[(<|!1+$5%7904@38>)]}",
            "correct 8attery h0rse $taple, c0rrect",
            &"the cat and the dog and the owl ".repeat(8),
            // Weak at its beginning, or at its end.
            &format!("{}qX7#vKp2!mZ9", "a".repeat(60)),
            &format!("qX7#vKp2!mZ9{}", "a".repeat(60)),
        ] {
            assert!(score(text) >= 3, "{text} {}", score(text));
        }
    }

    #[test]
    fn a_word_in_look_alike_signs_is_weak_however_many_there_are() {
        for text in ["p4$$w0rd", "p@55w0rd!1", "P4$5w0rd", "5un$h1n3"] {
            assert!(score(text) < 3, "{text} {}", score(text));
        }
    }

    #[test]
    fn only_the_ends_of_a_long_text_are_estimated() {
        let weak = "a".repeat(MAX_ESTIMATED);
        let strong = "qX7#vKp2!mZ9";
        let hidden = estimate(&format!("{weak}{strong}{weak}"), &[], 3);
        assert!(hidden.score < 3, "{hidden:?}");
        assert!(estimate(strong, &[], 3).score >= 3);
    }

    #[test]
    fn zxcvbn_tries_few_combinations_whatever_the_text() {
        let all: Vec<char> = LOOK_ALIKES.iter().flat_map(|it| it.1.chars()).collect();
        let signs: BTreeSet<char> = all.iter().copied().collect();
        assert!(combinations(&signs) > 500);
        let given = with_few_combinations(&all);
        let left: BTreeSet<char> = given.chars().filter(|it| signs.contains(it)).collect();
        assert!(combinations(&left) <= MAX_COMBINATIONS, "{given}");
        // Unchanged, where there are few.
        let ordinary = "qX7#vKp2!mZ9".chars().collect::<Vec<_>>();
        assert_eq!(with_few_combinations(&ordinary), "qX7#vKp2!mZ9");
    }
}
