//! `/graphql` and `/_api/admin/graphql`

use keyback::http::routes;
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |cx, request| {
        routes::admin_graphql(cx, request).await
    })
    .await
}
