//! `/v1/admin/users…`, but for the reset; `/v1/admin/emails…`

use keyback::http::{Answer, accounts, emails};
use keyback_spin::serve_and_work_within;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_and_work_within(
        request,
        accounts::import::max_body_bytes,
        async |env, request| {
            use accounts::{
                challenge, create, delete, events, import, list, require_change, show,
                start_recovery, update,
            };
            let path = request.segments();
            let Some(rest) = path.strip_prefix(&["v1", "admin"]) else {
                return Answer::not_found();
            };
            match (rest, request.method()) {
                (["users"], "GET" | "HEAD") => list::get(env, request).await,
                (["users"], "POST") => create::post(env, request).await,
                (["users"], _) => Answer::method_not_allowed("GET, HEAD, POST"),
                (["users", "import"], "POST") => import::post(env, request).await,
                (["users", id, "recovery"], "POST") => start_recovery::post(env, request, id).await,
                (["emails", id, "retry"], "POST") => emails::retry::post(env, request, id).await,
                (["users", "import"] | ["users", _, "recovery"] | ["emails", _, "retry"], _) => {
                    Answer::method_not_allowed("POST")
                }
                (["users", id], "GET" | "HEAD") => show::get(env, request, id).await,
                (["users", id], "PATCH") => update::patch(env, request, id).await,
                (["users", id], "DELETE") => delete::delete(env, request, id).await,
                (["users", _], _) => Answer::method_not_allowed("GET, HEAD, PATCH, DELETE"),
                (["users", id, "password-change"], "PUT") => {
                    require_change::put(env, request, id).await
                }
                (["users", _, "password-change"], _) => Answer::method_not_allowed("PUT"),
                (["users", id, "challenge"], "GET" | "HEAD") => {
                    challenge::get(env, request, id).await
                }
                (["users", id, "events"], "GET" | "HEAD") => events::get(env, request, id).await,
                (["emails"], "GET" | "HEAD") => emails::list::get(env, request).await,
                (["emails", id], "GET" | "HEAD") => emails::show::get(env, request, id).await,
                (["users", _, "challenge" | "events"] | ["emails"] | ["emails", _], _) => {
                    Answer::method_not_allowed("GET, HEAD")
                }
                _ => Answer::not_found(),
            }
        },
    )
    .await
}
