//! Language tags (BCP 47).

use serde::{Deserialize, Serialize};

/// A language tag of the plain kind, such as `en` or `pt-BR` (BCP 47: letters, digits and hyphens, at most 35
/// characters).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locale(String);

/// Why a text is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a language tag such as en or pt-BR")]
pub struct InvalidLocale;

impl Locale {
    /// Parses a tag: subtags of 1 to 8 letters or digits joined by hyphens, the first one of 2 or 3 letters.
    ///
    /// # Errors
    /// [`InvalidLocale`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidLocale> {
        let language = text.split('-').next().unwrap_or_default();
        let valid = text.len() <= 35
            && (2..=3).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_alphabetic())
            && text.split('-').all(|subtag| {
                (1..=8).contains(&subtag.len())
                    && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidLocale)
        }
    }

    /// The tag as the caller gave it. Its case is not normalised.
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
    fn takes_tags_and_refuses_the_rest() {
        for good in ["en", "de", "pt-BR", "zh-Hans", "ast"] {
            assert!(Locale::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "e",
            "english",
            "en_US",
            "en-",
            "-en",
            "12",
            "en-toolongsubtag",
        ] {
            assert_eq!(Locale::parse(bad), Err(InvalidLocale), "{bad}");
        }
    }
}
