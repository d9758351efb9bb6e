//! The operator's own words in place of Keyback's.

use serde_json::Value;

use crate::mail::message::text::Text;
use crate::mail::message::texts::KEYS;
use crate::model::language::Language;
use crate::model::line::is_line;

/// The longest value of the variable, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// The longest text, in characters.
const MAX_TEXT: usize = 500;
/// The longest subject, in characters.
const MAX_SUBJECT: usize = 100;

/// The operator's own words.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<Override>);

#[derive(Debug, Clone)]
struct Override {
    /// `None` for all languages that have no words of their own.
    language: Option<Language>,
    key: &'static str,
    words: String,
}

impl Overrides {
    /// Parses `{"<language>": {"<key>": "<text>"}}`, with `*` for every language; nothing is no words.
    ///
    /// `None` if a language, a key or a placeholder is not known, or a text is empty, not one line or longer than 500
    /// characters (a subject: 100), or all of it is longer than 16 KiB.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        if text.len() > MAX_BYTES {
            return None;
        }
        let Ok(Value::Object(languages)) = serde_json::from_slice(text.as_bytes()) else {
            return None;
        };
        let mut all = Vec::new();
        for (tag, texts) in &languages {
            let language = match tag.as_str() {
                "*" => None,
                tag => Some(Language::tagged(tag)?),
            };
            for (key, words) in texts.as_object()? {
                let key = KEYS.iter().find(|known| known.name == key)?;
                let words = words.as_str()?;
                let longest = if key.is_subject() {
                    MAX_SUBJECT
                } else {
                    MAX_TEXT
                };
                if !key.accepts(words) || !is_line(words, longest) {
                    return None;
                }
                all.push(Override {
                    language,
                    key: key.name,
                    words: words.to_owned(),
                });
            }
        }
        Some(Self(all))
    }

    /// The operator's words for `text`: those for `language`, or else those for every language.
    pub(super) fn find(&self, text: &Text, language: Language) -> Option<&str> {
        let find = |language| {
            let mut all = self.0.iter();
            all.find(|it| it.key == text.key && it.language == language)
        };
        let found = find(Some(language)).or_else(|| find(None));
        found.map(|it| it.words.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mail::message::texts;

    #[test]
    fn a_languages_own_words_go_before_those_for_all() {
        let overrides = Overrides::parse(
            &json!({"*": {"help": "?", "care": "!"}, "de": {"help": "Hilfe!"}}).to_string(),
        )
        .unwrap();
        let find = |text, language| overrides.find(text, language);
        assert_eq!(find(texts::HELP, Language::German), Some("Hilfe!"));
        assert_eq!(find(texts::HELP, Language::French), Some("?"));
        assert_eq!(find(texts::CARE, Language::German), Some("!"));
        assert_eq!(find(texts::TELL_US, Language::German), None);
    }

    #[test]
    fn anything_unknown_or_too_long_is_refused() {
        let text = |key: &str, text: &str| json!({"en": {key: text}}).to_string();
        for good in [
            "",
            "{}",
            r#"{"en": {}, "zh-Hans": {}, "*": {}}"#,
            &text("recovery.subject", &"x".repeat(100)),
            &text("recovery.link", "{app}: within {life}"),
            &text("care", &"ß".repeat(500)),
        ] {
            assert!(Overrides::parse(good).is_some(), "{good}");
        }
        for bad in [
            "[]",
            "null",
            "{",
            r#"{"en": []}"#,
            r#"{"en": {"help": 1}}"#,
            r#"{"nl": {}}"#,
            r#"{"de-AT": {}}"#,
            &text("helf", "x"),
            &text("help", ""),
            &text("help", "{time}"),
            &text("help", "a\nb"),
            &text("help", "a\u{2028}b"),
            &text("help", "{"),
            &text("recovery.subject", "{code}"),
            &text("recovery.subject", "{link}"),
            &text("recovery.subject", "a\r\nBcc: x@example.test"),
            &text("recovery.subject", &"x".repeat(101)),
            &text("care", &"x".repeat(501)),
            &format!("{}{{}}", " ".repeat(MAX_BYTES)),
        ] {
            assert!(Overrides::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn no_text_may_hold_a_secret() {
        for key in KEYS {
            for secret in ["code", "link", "token", "password", "cancel"] {
                assert!(!key.accepts(&format!("{{{secret}}}")), "{}", key.name);
            }
        }
    }
}
