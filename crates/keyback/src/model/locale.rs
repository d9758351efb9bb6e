//! Language tags (BCP 47).

use serde::{Deserialize, Serialize};

/// Maximum characters: the longest tag that RFC 5646 §4.4.1 expects.
const MAX_CHARS: usize = 35;

/// A language tag of the plain kind, such as `en` or `pt-BR` (BCP 47: letters, digits and hyphens, at most 35
/// characters).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locale(String);

impl Locale {
    /// Reads the part of `text` that is a language tag: subtags of 1 to 8 letters or digits, the first one of 2 or 3
    /// letters. The underscores of POSIX and Java count as hyphens, so `de_DE.UTF-8` is `de-DE`. `None` if it does not
    /// begin with a language, such as `x-klingon` or `C`: an unknown language must never prevent an email.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let is_of_tag = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
        let begins = text.trim().split(|it| !is_of_tag(it)).next()?;
        let mut subtags = begins.split(['-', '_']);
        let language = subtags.next()?;
        let is_language = (2..=3).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !is_language {
            return None;
        }
        let mut tag = language.to_owned();
        for subtag in subtags {
            let length = tag.len().saturating_add(1).saturating_add(subtag.len());
            if !(1..=8).contains(&subtag.len()) || length > MAX_CHARS {
                break;
            }
            tag.push('-');
            tag.push_str(subtag);
        }
        Some(Self(tag))
    }

    /// The tag, in the caller's own case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_as_far_as_it_goes() {
        let long = format!("de-{}", ["abcdefgh"; 30].join("-"));
        for (text, tag) in [
            ("en", "en"),
            ("pt-BR", "pt-BR"),
            ("zh-Hans", "zh-Hans"),
            ("ast", "ast"),
            ("pt_BR", "pt-BR"),
            ("zh_Hant_TW", "zh-Hant-TW"),
            ("de_DE.UTF-8", "de-DE"),
            ("de_AT@euro", "de-AT"),
            ("fr-FR,fr;q=0.9", "fr-FR"),
            (" es\n", "es"),
            ("en-", "en"),
            ("en--US", "en"),
            ("en-toolongsubtag", "en"),
            ("sl-rozaj-biske-1994", "sl-rozaj-biske-1994"),
            (&long, "de-abcdefgh-abcdefgh-abcdefgh"),
        ] {
            let read = Locale::read(text);
            assert_eq!(read.as_ref().map(Locale::as_str), Some(tag), "{text}");
        }
    }

    #[test]
    fn what_begins_with_no_language_is_none() {
        for text in [
            "",
            " ",
            "e",
            "C",
            "POSIX",
            "C.UTF-8",
            "x-klingon",
            "i-default",
            "english",
            "12",
            "-en",
            "*",
            "日本語",
            "root",
            &"a".repeat(200),
        ] {
            assert_eq!(Locale::read(text), None, "{text}");
        }
    }
}
