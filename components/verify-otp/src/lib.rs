//! `POST /v1/verify-otp`

use keyback::http::{Answer, verify_otp};
use keyback_spin::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(request, async |env, request| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "verify-otp"], "POST") => verify_otp::post(env, request).await,
            (["v1", "verify-otp"], _) => Answer::method_not_allowed("POST"),
            _ => Answer::not_found(),
        }
    })
    .await
}
