//! The languages of the pages, and which of them a request prefers.

use std::borrow::Cow;

use crate::http::preference::weighted;
use crate::http::request::Request;
use crate::http::text::Text;
use crate::model::language::same_language;

/// The cookie with the language that the reader chose.
const COOKIE: &str = "keyback-language";

/// A language, and the words of all pages in it.
#[derive(Debug)]
pub struct Language {
    /// Its tag (BCP 47).
    pub tag: &'static str,
    /// Its own name for itself, such as `Deutsch`.
    pub name: &'static str,
    /// A JSON object of texts by key, one a line; none of them needs an escape.
    pub words: Text,
}

/// The words of one language.
#[derive(Debug)]
pub(in crate::http) struct Words(Cow<'static, str>);

impl Words {
    /// The text `key`, found without a JSON parser: each text is on one line, without escapes.
    pub(in crate::http) fn text(&self, key: &str) -> Option<&str> {
        self.0.lines().find_map(|line| text_of(line, key))
    }
}

impl Language {
    pub(super) fn file_name(&self) -> String {
        format!("lang/{}.json", self.tag)
    }

    /// Its words, to be read once for a page.
    pub(in crate::http) fn words(&self) -> Words {
        Words(self.words.read())
    }

    /// The language that the reader chose, or else the best one for the browser (RFC 9110 §12.5.4), or else the first.
    pub(in crate::http) fn of(request: &Request, languages: &'static [Self]) -> &'static Self {
        let chosen = request
            .cookie(COOKIE)
            .and_then(|tag| Self::tagged(languages, tag));
        chosen
            .or_else(|| preferred(request.header("accept-language")?, languages))
            .unwrap_or_else(|| Self::first(languages))
    }

    /// The language with exactly this tag.
    pub(in crate::http) fn tagged(languages: &'static [Self], tag: &str) -> Option<&'static Self> {
        languages.iter().find(|language| language.tag == tag)
    }

    /// The first language.
    pub(in crate::http) fn first(languages: &'static [Self]) -> &'static Self {
        static WORDLESS: Language = Language {
            tag: "en",
            name: "English",
            words: Text::plain("{}"),
        };
        languages.first().unwrap_or(&WORDLESS)
    }
}

/// The text of a line if its key is `key`.
fn text_of<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let text = line
        .trim_start_matches(['{', ' '])
        .strip_prefix('"')?
        .strip_prefix(key)?;
    Some(text.strip_prefix("\": \"")?.split_once('"')?.0)
}

/// The language with the highest weight in `Accept-Language`; the earlier of two equals. A range matches its language:
/// `pt-BR` and `pt-PT` get `pt`, `zh-TW` gets `zh-Hans`.
fn preferred(accept: &str, languages: &'static [Language]) -> Option<&'static Language> {
    let mut best = None;
    for (range, weight) in weighted(accept) {
        let matched = languages
            .iter()
            .find(|language| same_language(language.tag, range));
        if let Some(language) = matched
            && weight > best.map_or(0, |(weight, _)| weight)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::Body;
    use crate::testing::SeededRandom;

    static LANGUAGES: &[Language] = &[
        language("en"),
        language("de"),
        language("pt"),
        language("zh-Hans"),
    ];

    const fn language(tag: &'static str) -> Language {
        Language {
            tag,
            name: "",
            words: Text::plain("{}"),
        }
    }

    fn chosen(headers: &[(&str, &str)]) -> &'static str {
        let mut request = ::http::Request::get("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let request = Request::new(&head, Body::Read(Vec::new()), &SeededRandom::new(1)).unwrap();
        Language::of(&request, LANGUAGES).tag
    }

    #[test]
    fn a_browsers_first_known_language_is_taken() {
        for (accept, tag) in [
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("sv, pt-BR;q=0.9, en;q=0.8", "pt"),
            ("en;q=0.5, DE;q=0.7", "de"),
            ("zh-TW", "zh-Hans"),
            ("pt_BR", "pt"),
            ("de_DE.UTF-8, en;q=0.9", "de"),
            ("x-klingon, de;q=0.5", "de"),
            ("de;q=0, en;q=0.1", "en"),
            ("de;q=nonsense, pt;q=0.001", "pt"),
            ("sv", "en"),
            ("*", "en"),
            ("", "en"),
        ] {
            assert_eq!(chosen(&[("accept-language", accept)]), tag, "{accept}");
        }
        assert_eq!(chosen(&[]), "en");
    }

    #[test]
    fn a_readers_choice_goes_before_the_browsers() {
        let accept = ("accept-language", "de");
        for (cookie, tag) in [
            ("keyback-language=pt", "pt"),
            ("a=b; keyback-language=zh-Hans", "zh-Hans"),
            ("keyback-language=nl", "de"),
            ("keyback-language", "de"),
        ] {
            assert_eq!(chosen(&[accept, ("cookie", cookie)]), tag, "{cookie}");
        }
    }
}
