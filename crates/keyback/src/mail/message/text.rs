//! A text in all languages, embedded at compile time.
//!
//! Each language's texts are a JSON object in `texts/mail/`, one text a line, without escapes. A missing key does not
//! compile. Each text is a constant of its own, so a component that never writes some email does not contain its words.

use crate::model::language::Language;

/// A text in all languages.
#[derive(Debug)]
pub(super) struct Text {
    /// Its name, in the files and in `mail_texts`.
    pub(super) key: &'static str,
    /// In the order of [`Language::ALL`].
    pub(super) words: [&'static str; Language::ALL.len()],
}

impl Text {
    pub(super) fn in_language(&self, language: Language) -> &'static str {
        let pairs = Language::ALL.into_iter().zip(self.words);
        let mut found = pairs.filter(|(candidate, _)| *candidate == language);
        found.next().map_or("", |(_, words)| words)
    }
}

/// A key and the placeholders that its text may contain in addition to `{app}`.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) placeholders: &'static [&'static str],
}

impl Key {
    /// Whether `text` has no other placeholder and no stray brace.
    pub(super) fn accepts(&self, text: &str) -> bool {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return false;
            };
            let known = name == "app" || self.placeholders.contains(&name);
            if before.contains('}') || !known {
                return false;
            }
            rest = after;
        }
        !rest.contains('}')
    }

    pub(super) fn is_subject(&self) -> bool {
        self.name.ends_with(".subject")
    }
}

/// `text` with the values of its placeholders. Values are not searched for placeholders.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            filled.push_str(value);
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The text `key` of a language's file. `lacking` is the compiler's error if there is none.
#[expect(clippy::panic, reason = "it is only called when compiling")]
pub(super) const fn find(file: &'static str, key: &str, lacking: &str) -> &'static str {
    let mut rest = file.as_bytes();
    while let [byte, after @ ..] = rest {
        if *byte == b'"'
            && let Some(after) = without(after, key.as_bytes())
            && let Some(after) = without(after, b"\": \"")
        {
            return up_to_quote(after);
        }
        rest = after;
    }
    panic!("{}", lacking)
}

/// The bytes of `text`, as an array.
#[expect(clippy::panic, reason = "it is only called when compiling")]
pub(super) const fn bytes<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    match text.as_bytes().first_chunk() {
        Some(bytes) => *bytes,
        None => panic!("a text of another length"),
    }
}

/// The text in `bytes`.
#[expect(clippy::panic, reason = "it is only called when compiling")]
pub(super) const fn utf8(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a text that is no UTF-8"),
    }
}

const fn without<'a>(text: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    let (mut text, mut start) = (text, start);
    while let [wanted, others @ ..] = start {
        match text {
            [byte, rest @ ..] if *byte == *wanted => text = rest,
            _ => return None,
        }
        start = others;
    }
    Some(text)
}

#[expect(clippy::panic, reason = "it is only called when compiling")]
const fn up_to_quote(text: &'static [u8]) -> &'static str {
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if *byte == b'"' {
            let length = text.len().saturating_sub(rest.len());
            return utf8(text.split_at(length).0);
        }
        rest = after;
    }
    panic!("a text without an end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_once() {
        let values = [("app", "{time}"), ("time", "now")];
        assert_eq!(fill("{app} {time}, {app}!", &values), "{time} now, {time}!");
        assert_eq!(fill("", &values), "");
    }

    #[test]
    fn a_key_admits_its_own_placeholders_only() {
        let key = Key {
            name: "recovery.link",
            placeholders: &["life"],
        };
        for good in ["", "Open it", "{life}", "{app}: {life}, {life}"] {
            assert!(key.accepts(good), "{good}");
        }
        for bad in [
            "{", "}", "{}", "{code}", "{life", "life}", "{{life}}", "{ life }", "}{life}",
        ] {
            assert!(!key.accepts(bad), "{bad}");
        }
    }
}
