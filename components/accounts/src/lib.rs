//! `/v1/admin/users…`, except the reset; `/v1/admin/emails…`, `/v1/admin/events…`

use keyback::http::routes;
use keyback::http::v1::admin::users::import::max_body_bytes;
use keyback_spin::serve_and_work_within;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work_within(request, max_body_bytes, async |cx, request| {
        routes::accounts(cx, request).await
    })
    .await
}
