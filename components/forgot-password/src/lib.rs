//! `POST /v1/forgot-password`

use keyback::http::{Answer, forgot_password};
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |env, request| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "forgot-password"], "POST") => forgot_password::post(env, request).await,
            (["v1", "forgot-password"], _) => Answer::method_not_allowed("POST"),
            _ => Answer::not_found(),
        }
    })
    .await
}
