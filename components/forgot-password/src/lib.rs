//! `POST /v1/forgot-password`, and the same from a form: `POST /forgot-password/submit`

mod words;

use keyback::http::routes;
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use words::WORDS;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |cx, request| {
        routes::forgot_password(cx, request, &WORDS).await
    })
    .await
}
