use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::*;
use crate::for_all_languages;
use crate::http::request::Body;
use crate::http::text::Text;
use crate::testing::SeededRandom;

macro_rules! words {
    ($folder:literal; $($language:ident $tag:literal $name:literal,)+) => {
        &[$(Language {
            tag: $tag,
            name: $name,
            words: Text::plain(include_str!(concat!(
                "../../../../../components/pages/static/", $folder, "lang/", $tag, ".json"
            ))),
        }),+]
    };
}

static FILES: Files = Files::new(&[], for_all_languages!(words ""));
static PROBLEMS: &[Language] = for_all_languages!(words "problems/");

fn page(uri: &str, headers: &[(&str, &str)]) -> (::http::HeaderMap, String) {
    let mut request = ::http::Request::get(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    let request = Request::new(&head, Body::Read(Vec::new()), &SeededRandom::new(1)).unwrap();
    let slug = request.segments()[1].to_owned();
    let answer = get(None, &request, &FILES, PROBLEMS, &slug);
    let response = answer.render(&request, None);
    let (head, body) = response.into_parts();
    (head.headers, String::from_utf8(body).unwrap())
}

/// Names of members, variables and headers, and codes: these are the same in every language.
fn identifiers(text: &str) -> BTreeSet<&str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && !"_-".contains(character))
        .filter(|word| word.trim_matches('-').contains(['_', '-']))
        .collect()
}

#[test]
fn every_language_tells_of_every_kind_and_of_no_other() {
    let labels = ["status", "type"].map(str::to_owned);
    let texts = |part: &'static str| {
        let slugs = ProblemType::ALL.iter().map(|kind| kind.slug());
        slugs.map(move |slug| format!("{slug}.{part}"))
    };
    let all: BTreeSet<_> = labels
        .iter()
        .cloned()
        .chain(texts("title"))
        .chain(texts("help"))
        .collect();
    for language in PROBLEMS {
        let words: Map<String, Value> = serde_json::from_str(&language.words.read()).unwrap();
        let keys: BTreeSet<_> = words.keys().cloned().collect();
        if language.tag == "en" {
            // The other texts are part of the problem types.
            assert_eq!(keys, BTreeSet::from(labels.clone()));
        } else {
            assert_eq!(keys, all, "{}", language.tag);
        }
        for (key, text) in &words {
            let text = text.as_str().unwrap();
            assert!(!text.trim().is_empty(), "{} {key}", language.tag);
            assert_eq!(language.words().text(key), Some(text), "needs an escape");
        }
    }
}

#[test]
fn what_is_translated_is_not_what_code_reads() {
    for language in &PROBLEMS[1..] {
        for kind in ProblemType::ALL {
            let words = language.words();
            let text = |part| words.text(&format!("{}.{part}", kind.slug())).unwrap();
            let (title, help) = (text("title"), text("help"));
            assert_ne!(title, kind.title(), "{} {kind:?}", language.tag);
            assert_ne!(help, kind.help(), "{} {kind:?}", language.tag);
            for identifier in identifiers(kind.help()) {
                assert!(help.contains(identifier), "{}: {help}", language.tag);
            }
        }
    }
}

#[test]
fn a_page_speaks_the_language_of_the_browser() {
    for (accept, tag, title) in [
        ("en", "en", "The code is not valid"),
        ("de-AT,de;q=0.9", "de", "Der Code ist nicht gültig"),
        ("sv, pt-BR;q=0.5", "pt", "O código não é válido"),
        ("zh-CN", "zh-Hans", "验证码无效"),
        ("sv", "en", "The code is not valid"),
    ] {
        let (headers, html) = page("/problems/invalid-otp", &[("accept-language", accept)]);
        assert_eq!(headers["content-language"], tag, "{accept}");
        assert!(html.contains(&format!(r#"<html lang="{tag}" dir="ltr""#)));
        assert!(html.contains(&format!("<h1>{title}</h1>")), "{html}");
        assert!(html.contains("<code>invalid-otp</code>"));
    }
}

#[test]
fn the_foot_leads_to_the_page_in_every_language() {
    let german = [("accept-language", "de"), ("cookie", "keyback-language=fr")];
    let (_, html) = page("/problems/conflict", &german);
    assert!(html.contains("<html lang=\"fr\""), "{html}");
    for language in PROBLEMS {
        let tag = language.tag;
        let uri = format!("/problems/conflict?language={tag}");
        assert!(html.contains(&format!("href=\"{uri}\"")), "{html}");
        let (headers, html) = page(&uri, &german);
        assert_eq!(headers["content-language"], tag);
        let current = html
            .split("<li>")
            .find(|item| item.contains("aria-current"))
            .unwrap();
        assert!(current.contains(&uri), "{current}");
    }
    for odd in ["sv", "", "de&language=fr", "%22%3E%3Cscript%3E"] {
        let (headers, html) = page(&format!("/problems/conflict?language={odd}"), &german);
        assert_eq!(headers["content-language"], "fr", "{odd}");
        assert!(!html.contains("<script>"));
    }
}
