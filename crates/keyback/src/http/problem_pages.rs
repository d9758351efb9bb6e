//! `GET /problems/:slug`: the pages that problem types point to.

use askama::Template;

use crate::http::answer::Answer;
use crate::http::problem::ProblemType;

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    kind: ProblemType,
}

/// The page about one kind of problem.
#[must_use]
pub fn get(slug: &str) -> Answer {
    let page = ProblemType::find(slug).and_then(|kind| Page { kind }.render().ok());
    page.map_or_else(Answer::not_found, Answer::html)
}
