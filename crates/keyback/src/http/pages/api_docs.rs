//! `GET /docs`: the OpenAPI document as a page. In English, without scripts or other origins.

use askama::Template;
use serde_json::Value;

use crate::http::answer::Answer;
use crate::http::pages::{Files, Language, PageLayout, html};
use crate::http::problem::Problem;
use crate::http::text::Text;
use crate::ports::Unavailable;
use crate::settings::Pages;

mod body;
mod curl;
mod schema;
mod section;
#[cfg(test)]
mod tests;

use schema::{Named, rich};
use section::Section;

#[derive(Template)]
#[template(path = "api-docs.html")]
struct ApiDocs<'a> {
    layout: PageLayout<'a>,
    version: &'a str,
    /// The paragraphs of the introduction, as HTML.
    intro: Vec<String>,
    /// The list items of the introduction, as HTML.
    rules: Vec<String>,
    sections: Vec<Section>,
    schemas: Vec<Named>,
}

/// The page about `document`, unless `api_docs` is `off`.
#[must_use]
pub fn get(settings: &Result<Pages, Unavailable>, files: &Files, document: Text) -> Answer {
    let settings = match settings {
        Ok(settings) => settings,
        Err(outage) => return Problem::from(outage.clone()).into(),
    };
    if !settings.api_docs.0 {
        return Answer::not_found();
    }
    // The document is part of the component, and valid JSON.
    let Ok(document) = serde_json::from_str::<Value>(&document.read()) else {
        return Problem::from(Unavailable::Template).into();
    };
    let about = text_at(&document, "/info/description");
    let (rules, intro): (Vec<&str>, Vec<&str>) = about
        .lines()
        .filter(|line| !line.is_empty())
        .partition(|line| line.starts_with("- "));
    let language = Language::first(files.languages());
    let page = ApiDocs {
        layout: PageLayout::of(Some(settings), files, language),
        version: text_at(&document, "/info/version"),
        intro: intro.into_iter().map(rich).collect(),
        rules: rules
            .iter()
            .map(|rule| rich(rule.trim_start_matches("- ")))
            .collect(),
        sections: section::all(&document, &settings.site.base_url),
        schemas: schema::all(&document),
    };
    html(200, &page, Some(&settings.site)).with_header("content-language", language.tag)
}

/// The text at a JSON Pointer, or nothing.
fn text_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The members of the object `name`.
fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value
        .get(name)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The items of the list `name`.
fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
