//! `POST /v1/courier/run`, `GET /v1/health`, `POST /v1/email-webhooks/:provider`

use keyback::http::{Answer, courier, email_webhook, health};
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |env, request| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "courier", "run"], "POST") => courier::post(env, request).await,
            (["v1", "email-webhooks", provider], "POST") => {
                email_webhook::post(env, request, provider).await
            }
            (["v1", "courier", "run"] | ["v1", "email-webhooks", _], _) => {
                Answer::method_not_allowed("POST")
            }
            (["v1", "health"], "GET" | "HEAD") => health::get(env).await,
            (["v1", "health"], _) => Answer::method_not_allowed("GET, HEAD"),
            _ => Answer::not_found(),
        }
    })
    .await
}
