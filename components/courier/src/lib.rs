//! `POST /v1/courier/run`, `GET /v1/health`, `GET /v1/metrics`, `POST /v1/email-webhooks/:provider`

use keyback::http::routes;
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |cx, request| {
        routes::courier(cx, request).await
    })
    .await
}
