//! `GET /portal`: the page for administrators. It gets everything that it shows by API calls, with the key that the
//! administrator types. The page itself is the same for everyone.

use askama::Template;

use crate::http::answer::Answer;
use crate::http::pages::{Files, Language, PageLayout, html};
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::ports::Unavailable;
use crate::settings::Pages;

#[derive(Template)]
#[template(path = "portal.html")]
struct Portal<'a> {
    layout: PageLayout<'a>,
    /// How long a recovery's link works by default.
    link_seconds: Option<u64>,
}

/// The page; `files` contains its scripts and the portal's words.
#[must_use]
pub fn get(settings: &Result<Pages, Unavailable>, request: &Request, files: &Files) -> Answer {
    let settings = match settings {
        Ok(settings) => settings,
        Err(outage) => return Problem::from(outage.clone()).into(),
    };
    let language = Language::of(request, files.languages());
    let page = Portal {
        layout: PageLayout::of(Some(settings), files, language),
        link_seconds: settings.link.0.map(|link| link.as_secs()),
    };
    html(200, &page, Some(&settings.site)).with_header("content-language", page.layout.language.tag)
}
