//! `POST /v1/forgot-password`, and the same from a form: `POST /forgot-password/submit`

mod words;

use keyback::http::{Answer, forgot_password, forgot_password_form};
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use words::WORDS;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |env, request| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "forgot-password"], "POST") => forgot_password::post(env, request).await,
            (["v1", "forgot-password"], _) => Answer::method_not_allowed("POST"),
            (["forgot-password", "submit"], "POST") => {
                forgot_password_form::post(env, request, &WORDS).await
            }
            (["forgot-password", "submit"], "GET" | "HEAD") => forgot_password_form::get(),
            (["forgot-password", "submit"], _) => Answer::method_not_allowed("GET, HEAD, POST"),
            _ => Answer::not_found(),
        }
    })
    .await
}
