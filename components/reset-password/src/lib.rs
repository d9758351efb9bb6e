//! `POST /v1/reset-password`, `POST /v1/change-password`, `POST /v1/cancel-recovery`, `GET /v1/password-policy`, `POST /v1/password-policy/check`,
//! `POST /v1/admin/users/:id/reset-password`

use keyback::http::routes;
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |cx, request| {
        routes::reset_password(cx, request).await
    })
    .await
}
