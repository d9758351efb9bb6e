//! Every path that no other component has: the pages that people use and their files, the portal, the pages that explain
//! problems, and the answer to an unknown path.

mod files;

use files::{FILES, PORTAL, PROBLEMS};
use keyback::http::pages::{self, Page, brand, portal};
use keyback::http::{Answer, problem_pages};
use keyback_spin::serve_only;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_only(request, async |env, request| {
        let page = |page| pages::get(env, request, &FILES, page);
        let answer = match request.segments().as_slice() {
            [""] => page(Page::Start).await,
            ["forgot-password"] => page(Page::ForgotPassword).await,
            ["verify-otp"] => page(Page::VerifyOtp).await,
            ["reset-password"] => page(Page::ResetPassword).await,
            ["cancel-recovery"] => page(Page::CancelRecovery).await,
            ["portal"] => portal::get(env, request, &PORTAL).await,
            ["problems", slug] => problem_pages::get(env, request, &FILES, PROBLEMS, slug).await,
            ["assets", "brand", name] => brand::get(env, name).await,
            ["assets", version, name @ ..] => pages::file(&[&FILES, &PORTAL], version, name),
            [".well-known", "change-password"] => pages::change_password(),
            _ => return pages::missing(env, request, &FILES).await,
        };
        match request.method() {
            "GET" | "HEAD" => answer,
            _ => Answer::method_not_allowed("GET, HEAD"),
        }
    })
    .await
}
