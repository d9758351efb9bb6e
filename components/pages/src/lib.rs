//! Every path that no other component has: the users' pages and their files, the portal, the pages that explain
//! problems, and the answer to an unknown path.

mod files;

use keyback::http::routes;
use keyback_spin::serve_only;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_only(request, async |cx, request| {
        routes::pages(cx, request, &files::ALL).await
    })
    .await
}
