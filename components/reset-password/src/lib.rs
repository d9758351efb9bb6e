//! `POST /v1/reset-password`, `POST /v1/cancel-recovery`, `GET /v1/password-policy`,
//! `POST /v1/admin/users/:id/reset-password`

use keyback::http::{Answer, accounts, cancel_recovery, password_policy, reset_password};
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |env, request| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "reset-password"], "POST") => reset_password::post(env, request).await,
            (["v1", "cancel-recovery"], "POST") => cancel_recovery::post(env, request).await,
            (["v1", "admin", "users", id, "reset-password"], "POST") => {
                accounts::reset_password::post(env, request, id).await
            }
            (
                ["v1", "reset-password" | "cancel-recovery"]
                | ["v1", "admin", "users", _, "reset-password"],
                _,
            ) => Answer::method_not_allowed("POST"),
            (["v1", "password-policy"], "GET" | "HEAD") => password_policy::get(env).await,
            (["v1", "password-policy"], _) => Answer::method_not_allowed("GET, HEAD"),
            _ => Answer::not_found(),
        }
    })
    .await
}
