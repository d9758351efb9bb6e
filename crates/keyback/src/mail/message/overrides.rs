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
    /// `None` for all languages without their own words.
    language: Option<Language>,
    key: &'static str,
    words: String,
}

impl Overrides {
    /// Parses `{"<language>": {"<key>": "<text>"}}`, with `*` for every language. An empty `text` overrides nothing.
    ///
    /// Skips invalid entries and reports each to `warn`. Languages, keys and placeholders must be known. A text must be one
    /// non-empty line of at most 500 characters, a subject of at most 100. Skips everything if `text` is longer than 16 KiB or
    /// not such an object.
    pub fn parse(text: &str, warn: &mut dyn FnMut(String)) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        if text.len() > MAX_BYTES {
            warn("is longer than 16 KiB and is ignored".to_owned());
            return Self::default();
        }
        let Ok(Value::Object(languages)) = serde_json::from_slice(text.as_bytes()) else {
            warn("is not a JSON object and is ignored".to_owned());
            return Self::default();
        };
        let mut all = Vec::new();
        for (tag, texts) in &languages {
            let language = match tag.as_str() {
                "*" => None,
                tag => {
                    let Some(language) = Language::tagged(tag) else {
                        warn(format!("unknown language {}", name(tag)));
                        continue;
                    };
                    Some(language)
                }
            };
            let Some(texts) = texts.as_object() else {
                warn(format!("the texts for {tag} are not a JSON object"));
                continue;
            };
            for (key, words) in texts {
                match parse_words(key, words) {
                    Ok((key, words)) => all.push(Override {
                        language,
                        key,
                        words,
                    }),
                    Err(why) => warn(why),
                }
            }
        }
        Self(all)
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

/// The words for one key, or why they are skipped.
fn parse_words(key: &str, words: &Value) -> Result<(&'static str, String), String> {
    let Some(known) = KEYS.iter().find(|known| known.name == key) else {
        return Err(format!("unknown key {}", name(key)));
    };
    let longest = if known.is_subject() {
        MAX_SUBJECT
    } else {
        MAX_TEXT
    };
    match words.as_str() {
        Some(words) if !is_line(words, longest) => Err(format!(
            "{key} is not one line of 1 to {longest} characters"
        )),
        Some(words) if !known.accepts(words) => Err(format!(
            "{key} has a placeholder that this text does not support"
        )),
        Some(words) => Ok((known.name, words.to_owned())),
        None => Err(format!("{key} is not a string")),
    }
}

/// The beginning of an unknown name, as far as it looks like a name.
fn name(text: &str) -> String {
    let is_part =
        |character: &char| character.is_ascii_alphanumeric() || "._-*".contains(*character);
    text.chars().take_while(is_part).take(40).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mail::message::texts;

    fn parse(text: &str) -> (Overrides, Vec<String>) {
        let mut warnings = Vec::new();
        let overrides = Overrides::parse(text, &mut |why| warnings.push(why));
        (overrides, warnings)
    }

    #[test]
    fn what_can_be_used_is_used_beside_what_cannot() {
        let words =
            json!({"de": {"help": "Hilfe!", "recovery.subjekt": "Neu"}, "sv": {"help": "?"}});
        let (overrides, warnings) = parse(&words.to_string());
        assert_eq!(
            overrides.find(texts::HELP, Language::German),
            Some("Hilfe!")
        );
        assert_eq!(
            warnings,
            ["unknown key recovery.subjekt", "unknown language sv"]
        );
    }

    #[test]
    fn a_languages_own_words_go_before_those_for_all() {
        let words = json!({"*": {"help": "?", "care": "!"}, "de": {"help": "Hilfe!"}});
        let (overrides, _) = parse(&words.to_string());
        let find = |text, language| overrides.find(text, language);
        assert_eq!(find(texts::HELP, Language::German), Some("Hilfe!"));
        assert_eq!(find(texts::HELP, Language::French), Some("?"));
        assert_eq!(find(texts::CARE, Language::German), Some("!"));
        assert_eq!(find(texts::TELL_US, Language::German), None);
    }

    #[test]
    fn anything_unknown_or_too_long_is_left_out_and_said() {
        let text = |key: &str, text: &str| json!({"en": {key: text}}).to_string();
        for good in [
            "",
            "{}",
            r#"{"en": {}, "zh-Hans": {}, "*": {}}"#,
            &text("recovery.subject", &"x".repeat(100)),
            &text("recovery.link", "{app}: within {life}"),
            &text("care", &"ß".repeat(500)),
        ] {
            assert_eq!(parse(good).1, Vec::<String>::new(), "{good}");
        }
        for bad in [
            "[]",
            "null",
            "{",
            r#"{"en": []}"#,
            r#"{"en": {"help": 1}}"#,
            r#"{"sv": {}}"#,
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
            let (overrides, warnings) = parse(bad);
            assert!(overrides.0.is_empty(), "{bad}");
            assert_eq!(warnings.len(), 1, "{bad}");
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
