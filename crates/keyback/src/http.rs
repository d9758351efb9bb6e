//! Translates between HTTP and the flows: parse, authorise, call, render. One file per call.
//!
//! A component's handler is a routing table over the functions here, wrapped by [`serve`]. A handler refuses with a
//! [`Problem`], and everything becomes an answer.

pub mod forgot_password_form;
pub mod pages;
pub mod problem_pages;
pub mod routes;
pub mod v1;

mod access;
mod answer;
#[cfg(test)]
mod asked;
mod cors;
mod failed_attempts;
mod fields;
mod graphql;
#[cfg(test)]
mod openapi;
mod preference;
mod problem;
mod query;
mod request;
mod route_label;
#[cfg(test)]
mod tests;
mod text;
mod time;

pub use answer::Answer;
pub use problem::{FieldError, Problem, ProblemType};
pub use request::{Body, Request, max_body_bytes};
pub use text::Text;

use crate::model::base_url::BaseUrl;
use crate::model::log_line::LogLine;
use crate::model::measured::Measured;
use crate::ports::{Env, Log, Variables};
use crate::store::cx::{Cx, Deferred};

/// Answers `request` by `route`. Also returns the work for after the response, for every answer.
pub async fn serve<E: Env>(
    env: &E,
    request: Request,
    route: impl AsyncFnOnce(&mut Cx<'_, E>, &Request) -> Result<Answer, Problem>,
) -> (::http::Response<Vec<u8>>, Deferred) {
    let mut cx = Cx::new(env).await;
    let answer = route(&mut cx, &request).await.into();
    let answer = failed_attempts::note(&mut cx, &request, answer).await;
    if let Some(outage) = answer.outage() {
        env.log().write(&LogLine::Unavailable {
            request_id: request.id().to_owned(),
            outage: outage.clone(),
        });
    }
    // Problems name their page under the public origin, even when other variables are bad.
    let base_url = env
        .variables()
        .find("public_base_url")
        .await
        .and_then(|text| BaseUrl::parse(&text));
    let mut response = answer.render(&request, base_url.as_ref());
    if let Some(page) = cors::Page::of(&request, env.variables()).await {
        page.add_headers(&mut response);
    }
    env.meter().note(&Measured::Call {
        method: request.method(),
        route: route_label::route_label(&request.segments()),
        status: response.status().as_u16(),
    });
    (response, cx.deferred)
}
