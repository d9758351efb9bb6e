//! `/v1/admin/users…`

use keyback::http::{Answer, accounts};
use keyback_spin::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(request, async |env, request| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "admin", "users"], "POST") => accounts::post(env, request).await,
            (["v1", "admin", "users"], _) => Answer::method_not_allowed("POST"),
            (["v1", "admin", "users", id], "GET" | "HEAD") => accounts::get(env, request, id).await,
            (["v1", "admin", "users", _], _) => Answer::method_not_allowed("GET, HEAD"),
            _ => Answer::not_found(),
        }
    })
    .await
}
