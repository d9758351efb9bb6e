//! `POST /v1/sign-in`

use keyback::http::{Answer, sign_in};
use keyback_spin::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(request, async |env, request| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "sign-in"], "POST") => sign_in::post(env, request).await,
            (["v1", "sign-in"], _) => Answer::method_not_allowed("POST"),
            _ => Answer::not_found(),
        }
    })
    .await
}
