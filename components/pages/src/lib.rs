//! Every path that no other component has: the pages that explain problems, and the answer to an unknown path.

use keyback::http::{Answer, problem_pages};
use keyback_spin::serve;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(request, async |_env, request| {
        match (request.segments().as_slice(), request.method()) {
            (["problems", slug], "GET" | "HEAD") => problem_pages::get(slug),
            (["problems", _], _) => Answer::method_not_allowed("GET, HEAD"),
            _ => Answer::not_found(),
        }
    })
    .await
}
