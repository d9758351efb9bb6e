//! `/v1/admin/users…`, but for the reset

use keyback::http::{Answer, accounts};
use keyback_spin::serve_and_work;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work(request, async |env, request| {
        use accounts::{
            create, delete, events, import, list, require_change, show, start_recovery, update,
        };
        let path = request.segments();
        let Some(rest) = path.strip_prefix(&["v1", "admin", "users"]) else {
            return Answer::not_found();
        };
        match (rest, request.method()) {
            ([], "GET" | "HEAD") => list::get(env, request).await,
            ([], "POST") => create::post(env, request).await,
            ([], _) => Answer::method_not_allowed("GET, HEAD, POST"),
            (["import"], "POST") => import::post(env, request).await,
            (["import"], _) => Answer::method_not_allowed("POST"),
            ([id], "GET" | "HEAD") => show::get(env, request, id).await,
            ([id], "PATCH") => update::patch(env, request, id).await,
            ([id], "DELETE") => delete::delete(env, request, id).await,
            ([_], _) => Answer::method_not_allowed("GET, HEAD, PATCH, DELETE"),
            ([id, "password-change"], "PUT") => require_change::put(env, request, id).await,
            ([_, "password-change"], _) => Answer::method_not_allowed("PUT"),
            ([id, "recovery"], "POST") => start_recovery::post(env, request, id).await,
            ([_, "recovery"], _) => Answer::method_not_allowed("POST"),
            ([id, "events"], "GET" | "HEAD") => events::get(env, request, id).await,
            ([_, "events"], _) => Answer::method_not_allowed("GET, HEAD"),
            _ => Answer::not_found(),
        }
    })
    .await
}
