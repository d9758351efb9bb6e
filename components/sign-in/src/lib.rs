//! `POST /v1/sign-in`

use keyback::http::routes;
use keyback_spin::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(request, async |cx, request| {
        routes::sign_in(cx, request).await
    })
    .await
}
