//! Translating between HTTP and the flows: parse, authorise, call, render. One file per call.
//!
//! A component's handler is a routing table over the functions here; [`serve`] wraps it. Everything becomes an answer:
//! no handler fails.

pub mod accounts;
pub mod cancel_recovery;
pub mod courier;
pub mod email_webhook;
pub mod emails;
pub mod forgot_password;
pub mod forgot_password_form;
pub mod health;
pub mod pages;
pub mod password_policy;
pub mod problem_pages;
pub mod reset_password;
pub mod routes;
pub mod sign_in;
pub mod verify_otp;

mod access;
mod answer;
mod fields;
mod problem;
mod query;
mod request;
#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use problem::{FieldError, Problem, ProblemType};
pub use request::{Body, Request, max_body_bytes};

use crate::model::base_url::BaseUrl;
use crate::model::log_line::LogLine;
use crate::ports::{Env, Log, Variables};
use crate::store::cx::{Cx, Deferred};

/// Answers `request` by `route`. Also returns the work for after the response, whatever the answer is.
pub async fn serve<E: Env>(
    env: &E,
    request: Request,
    route: impl AsyncFnOnce(&mut Cx<'_, E>, &Request) -> Answer,
) -> (::http::Response<Vec<u8>>, Deferred) {
    let mut cx = Cx::new(env).await;
    let answer = route(&mut cx, &request).await;
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
    (answer.render(&request, base_url.as_ref()), cx.deferred)
}
