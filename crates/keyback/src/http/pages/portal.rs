//! `GET /portal`: the page for administrators. All that it shows comes from the contract, called with the key that the
//! administrator types; the page itself is the same for everyone.

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
}

/// The page; `files` has its scripts and the words of the portal.
#[must_use]
pub fn get(settings: &Result<Pages, Unavailable>, request: &Request, files: &Files) -> Answer {
    let site = match settings {
        Ok(settings) => &settings.site,
        Err(outage) => return Problem::from(outage.clone()).into(),
    };
    let layout = PageLayout::new(Some(site), files, Language::of(request, files.languages()));
    let page = Portal { layout };
    html(200, &page, Some(site)).with_header("content-language", page.layout.language.tag)
}
