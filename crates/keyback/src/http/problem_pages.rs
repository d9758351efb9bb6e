//! `GET /problems/:slug`: the pages that problem types link to, in the browser's language. The English texts are part
//! of the types; other languages are in the component's files.

use askama::Template;

use crate::http::answer::Answer;
use crate::http::pages::{self, Files, Language, PageLayout, Words};
use crate::http::problem::ProblemType;
use crate::http::request::Request;
use crate::settings::Pages;

#[derive(Template)]
#[template(path = "problem.html")]
struct Page<'a> {
    layout: PageLayout<'a>,
    kind: ProblemType,
    words: Words,
}

impl Page<'_> {
    fn title(&self) -> &str {
        self.text("title").unwrap_or(self.kind.title())
    }

    fn help(&self) -> &str {
        self.text("help").unwrap_or(self.kind.help())
    }

    fn text(&self, part: &str) -> Option<&str> {
        self.words.text(&format!("{}.{part}", self.kind.slug()))
    }

    fn label(&self, key: &'static str) -> &str {
        self.words.text(key).unwrap_or(key)
    }
}

/// The page about one kind of problem. It works even when variables are bad, which is itself a problem. `words` has the
/// texts of the problem types; the languages are those of `files`.
#[must_use]
pub fn get(
    settings: Option<&Pages>,
    request: &Request,
    files: &Files,
    words: &'static [Language],
    slug: &str,
) -> Answer {
    match ProblemType::find(slug) {
        Some(kind) => page(200, settings, request, files, words, kind),
        None => Answer::not_found(),
    }
}

/// The page about `kind`, with the status of the problem if it replaces one.
pub(super) fn page(
    status: u16,
    settings: Option<&Pages>,
    request: &Request,
    files: &Files,
    words: &'static [Language],
    kind: ProblemType,
) -> Answer {
    // The language links at the foot of the page, so that it needs no script.
    let language = request
        .parameter("language")
        .and_then(|tag| Language::tagged(files.languages(), &tag))
        .unwrap_or_else(|| Language::of(request, files.languages()));
    let page = Page {
        layout: PageLayout::of(settings, files, language),
        kind,
        words: Language::tagged(words, language.tag)
            .unwrap_or_else(|| Language::first(words))
            .words(),
    };
    let site = settings.map(|settings| &settings.site);
    pages::html(status, &page, site).with_header("content-language", language.tag)
}

#[cfg(test)]
mod tests;
