//! `GET /problems/:slug`: the pages that problem types point to. They are for developers, and in English.

use askama::Template;

use crate::http::answer::Answer;
use crate::http::pages::{self, Files, Frame};
use crate::http::problem::ProblemType;
use crate::ports::Env;
use crate::settings::{self, Site};

#[derive(Template)]
#[template(path = "problem.html")]
struct Page<'a> {
    frame: Frame<'a>,
    kind: ProblemType,
}

/// The page about one kind of problem. It is there even when variables are bad, which is itself a problem.
pub async fn get<E: Env>(env: &E, files: &Files, slug: &str) -> Answer {
    let Some(kind) = ProblemType::find(slug) else {
        return Answer::not_found();
    };
    let site = settings::load::<Site>(env.variables()).await.ok();
    let frame = Frame::english(site.as_ref(), files);
    pages::html(200, &Page { frame, kind }, site.as_ref())
}
