//! `/v1/admin/users…`, but for the reset; `/v1/admin/emails…`

use keyback::http::routes;
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |cx, request| {
        routes::accounts(cx, request).await
    })
    .await
}
