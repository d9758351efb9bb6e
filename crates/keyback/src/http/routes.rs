//! Which handler answers which call: one function per component. The component's settings are read here, once. A
//! handler refuses with a [`Problem`], which [`serve`](crate::http::serve) turns into an answer.
//!
//! The tests use the same functions, so that they cannot test a route that no component has.

use crate::http::pages::{self, Files, Language, Page, api_docs, brand, link, portal};
use crate::http::problem::RETRY_AFTER_OUTAGE;
use crate::http::text::Text;
use crate::http::v1::admin::{emails, events, users};
use crate::http::v1::{
    cancel_recovery, change_password, courier_run, email_webhooks, forgot_password as forgot,
    health, metrics, openapi_json, password_policy, reset_password as reset, sign_in as signing_in,
    verify_otp as verify,
};
use crate::http::{
    Answer, Problem, ProblemType, Request, forgot_password_form as form, graphql, problem_pages,
};
use crate::ports::{Env, Unavailable};
use crate::settings::{self, Accounts, Pages};
use crate::store::cx::Cx;

/// The component `forgot-password`: the call, and the same from a form.
///
/// # Errors
/// A [`Problem`].
pub async fn forgot_password<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    words: &Files,
) -> Result<Answer, Problem> {
    let settings = settings::load(cx.env.variables()).await;
    match (request.segments().as_slice(), request.method()) {
        (["v1", "forgot-password"], "POST") => forgot::post(cx, request, &settings?).await,
        (["v1", "forgot-password"], _) => Err(Problem::method_not_allowed("POST")),
        (["forgot-password", "submit"], "POST") => {
            Ok(form::post(cx, request, settings, words).await)
        }
        (["forgot-password", "submit"], "GET" | "HEAD") => Ok(form::get()),
        (["forgot-password", "submit"], _) => Err(Problem::method_not_allowed("GET, HEAD, POST")),
        _ => Err(Problem::not_found()),
    }
}

/// The component `verify-otp`, which only verifies codes.
///
/// # Errors
/// A [`Problem`].
pub async fn verify_otp<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Result<Answer, Problem> {
    let settings = settings::load(cx.env.variables()).await?;
    match (request.segments().as_slice(), request.method()) {
        (["v1", "verify-otp"], "POST") => verify::post(cx, request, settings).await,
        (["v1", "verify-otp"], _) => Err(Problem::method_not_allowed("POST")),
        _ => Err(Problem::not_found()),
    }
}

/// The component `reset-password`: users' and administrators' resets, users' changes, and the rules for passwords.
///
/// # Errors
/// A [`Problem`].
pub async fn reset_password<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
) -> Result<Answer, Problem> {
    let settings = settings::load(cx.env.variables()).await?;
    match (request.segments().as_slice(), request.method()) {
        (["v1", "reset-password"], "POST") => reset::post(cx, request, settings).await,
        (["v1", "reset-password", "check"], "POST") => {
            reset::check::post(cx, request, &settings).await
        }
        (["v1", "password-policy", "check"], "POST") => {
            password_policy::check::post(cx, request, &settings).await
        }
        (["v1", "change-password"], "POST") => change_password::post(cx, request, settings).await,
        (["v1", "cancel-recovery"], "POST") => cancel_recovery::post(cx, request, &settings).await,
        (["v1", "admin", "users", id, "reset-password"], "POST") => {
            users::reset_password::post(cx, request, settings, id).await
        }
        (
            [
                "v1",
                "reset-password" | "change-password" | "cancel-recovery",
            ]
            | ["v1", "reset-password" | "password-policy", "check"]
            | ["v1", "admin", "users", _, "reset-password"],
            _,
        ) => Err(Problem::method_not_allowed("POST")),
        (["v1", "password-policy"], "GET" | "HEAD") => Ok(password_policy::get(&settings)),
        (["v1", "password-policy"], _) => Err(Problem::method_not_allowed("GET, HEAD")),
        _ => Err(Problem::not_found()),
    }
}

/// The component `accounts`: the other calls of `/v1/admin/users…`, `/v1/admin/emails…` and `/v1/admin/events…`.
///
/// # Errors
/// A [`Problem`].
pub async fn accounts<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Result<Answer, Problem> {
    let path = request.segments();
    let Some(rest) = path.strip_prefix(&["v1", "admin"]) else {
        return Err(Problem::not_found());
    };
    let settings = settings::load(cx.env.variables()).await?;
    match (rest, request.method()) {
        (["users"], "GET" | "HEAD") => users::list::get(cx, request, &settings).await,
        (["users"], "POST") => users::create::post(cx, request, settings).await,
        (["users"], _) => Err(Problem::method_not_allowed("GET, HEAD, POST")),
        (["users", "bulk", rest @ ..], _) => of_bulk_jobs(cx, request, &settings, rest).await,
        (["users", "export"], "GET" | "HEAD") => users::export::get(cx, request, &settings).await,
        (["users", "export"], _) => Err(Problem::method_not_allowed("GET, HEAD")),
        (["users", "import"], "POST") => users::import::post(cx, request, &settings).await,
        (["users", id, "recovery"], "POST") => {
            users::start_recovery::post(cx, request, settings, id).await
        }
        (["users", id, "unlock"], "POST") => users::unlock::post(cx, request, &settings, id).await,
        (["users", id, "invite"], "POST") => users::invite::post(cx, request, settings, id).await,
        (["users", id, "sign-out"], "POST") => {
            users::sign_out::post(cx, request, &settings, id).await
        }
        (["users", "import"] | ["users", _, "recovery" | "invite" | "unlock" | "sign-out"], _) => {
            Err(Problem::method_not_allowed("POST"))
        }
        (["users", id], "GET" | "HEAD") => users::show::get(cx, request, &settings, id).await,
        (["users", id], "PATCH") => users::update::patch(cx, request, settings, id).await,
        (["users", id], "DELETE") => users::delete::delete(cx, request, &settings, id).await,
        (["users", _], _) => Err(Problem::method_not_allowed("GET, HEAD, PATCH, DELETE")),
        (["users", id, "password-change"], "PUT") => {
            users::require_change::put(cx, request, &settings, id).await
        }
        (["users", _, "password-change"], _) => Err(Problem::method_not_allowed("PUT")),
        (["users", id, "challenge"], "GET" | "HEAD") => {
            users::challenge::get(cx, request, &settings, id).await
        }
        (["users", id, "challenge"], "DELETE") => {
            users::challenge::delete(cx, request, &settings, id).await
        }
        (["users", _, "challenge"], _) => Err(Problem::method_not_allowed("GET, HEAD, DELETE")),
        (["users", id, "events"], "GET" | "HEAD") => {
            users::events::get(cx, request, &settings, id).await
        }
        (["users", _, "events"], _) => Err(Problem::method_not_allowed("GET, HEAD")),
        (["emails", rest @ ..], _) => of_emails(cx, request, &settings, rest).await,
        (["events", rest @ ..], _) => of_events(cx, request, &settings, rest).await,
        _ => Err(Problem::not_found()),
    }
}

/// The bulk jobs of the component `accounts`.
async fn of_bulk_jobs<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    rest: &[&str],
) -> Result<Answer, Problem> {
    match (rest, request.method()) {
        ([], "GET" | "HEAD") => users::bulk::list::get(cx, request, settings).await,
        ([], "POST") => users::bulk::start::post(cx, request, settings).await,
        ([], _) => Err(Problem::method_not_allowed("GET, HEAD, POST")),
        ([job], "GET" | "HEAD") => users::bulk::show::get(cx, request, settings, job).await,
        ([job], "DELETE") => users::bulk::stop::delete(cx, request, settings, job).await,
        ([_], _) => Err(Problem::method_not_allowed("GET, HEAD, DELETE")),
        _ => Err(Problem::not_found()),
    }
}

/// The emails of the component `accounts`.
async fn of_emails<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    rest: &[&str],
) -> Result<Answer, Problem> {
    match (rest, request.method()) {
        ([], "GET" | "HEAD") => emails::list::get(cx, request, settings).await,
        ([id], "GET" | "HEAD") => emails::show::get(cx, request, settings, id).await,
        ([] | [_], _) => Err(Problem::method_not_allowed("GET, HEAD")),
        ([id, "retry"], "POST") => emails::retry::post(cx, request, settings, id).await,
        ([_, "retry"], _) => Err(Problem::method_not_allowed("POST")),
        _ => Err(Problem::not_found()),
    }
}

/// The feed of all events of the component `accounts`.
async fn of_events<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    rest: &[&str],
) -> Result<Answer, Problem> {
    match (rest, request.method()) {
        ([], "GET" | "HEAD") => events::list::get(cx, request, settings).await,
        (["export"], "GET" | "HEAD") => events::export::get(cx, request, settings).await,
        (["heads"], "GET" | "HEAD") => events::heads::get(cx, request, settings).await,
        ([] | ["export" | "heads"], _) => Err(Problem::method_not_allowed("GET, HEAD")),
        _ => Err(Problem::not_found()),
    }
}

/// The component `admin-graphql`: Authgear's Admin API.
///
/// # Errors
/// A [`Problem`].
pub async fn admin_graphql<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
) -> Result<Answer, Problem> {
    if !matches!(
        request.segments().as_slice(),
        ["graphql"] | ["_api", "admin", "graphql"]
    ) {
        return Err(Problem::not_found());
    }
    match request.method() {
        "POST" => {
            let settings = settings::load(cx.env.variables()).await?;
            graphql::post(cx, request, &settings).await
        }
        "GET" | "HEAD" => Ok(graphql::get()),
        _ => Err(Problem::method_not_allowed("GET, HEAD, POST")),
    }
}

/// The component `sign-in`, which only verifies passwords.
///
/// # Errors
/// A [`Problem`].
pub async fn sign_in<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Result<Answer, Problem> {
    let settings = settings::load(cx.env.variables()).await?;
    match (request.segments().as_slice(), request.method()) {
        (["v1", "sign-in"], "POST") => signing_in::post(cx, request, settings).await,
        (["v1", "sign-in"], _) => Err(Problem::method_not_allowed("POST")),
        _ => Err(Problem::not_found()),
    }
}

/// The component `courier`: its run, health and metrics, and the providers' webhooks.
///
/// # Errors
/// A [`Problem`].
pub async fn courier<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Result<Answer, Problem> {
    match (request.segments().as_slice(), request.method()) {
        (["v1", "courier", "run"], "POST") => {
            let settings = settings::load(cx.env.variables()).await?;
            courier_run::post(cx, request, &settings).await
        }
        (["v1", "courier", "run"], "GET" | "HEAD") => {
            let settings = settings::load(cx.env.variables()).await?;
            courier_run::get(cx, request, &settings).await
        }
        (["v1", "courier", "run"], _) => Err(Problem::method_not_allowed("GET, HEAD, POST")),
        (["v1", "email-webhooks", provider], "POST") => {
            let settings = settings::load(cx.env.variables()).await?;
            email_webhooks::post(cx, request, &settings, provider).await
        }
        (["v1", "email-webhooks", _], _) => Err(Problem::method_not_allowed("POST")),
        (["v1", "health"], "GET" | "HEAD") => health::get(cx).await,
        (["v1", "metrics"], "GET" | "HEAD") => {
            let settings = settings::load(cx.env.variables()).await?;
            metrics::get(cx, request, &settings).await
        }
        (["v1", "health" | "metrics"], _) => Err(Problem::method_not_allowed("GET, HEAD")),
        _ => Err(Problem::not_found()),
    }
}

/// The files of the component `pages`.
#[derive(Debug)]
pub struct PageFiles {
    /// The files of the pages for users.
    pub pages: &'static Files,
    /// The files of the portal.
    pub portal: &'static Files,
    /// The texts about problems.
    pub problems: &'static [Language],
    /// The OpenAPI document, as JSON.
    pub openapi: Text,
}

/// The component `pages`: the pages for users and their files, the portal, the pages that explain problems, and the
/// answer to an unknown path.
///
/// # Errors
/// A [`Problem`].
pub async fn pages<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    files: &PageFiles,
) -> Result<Answer, Problem> {
    let settings = settings::load::<Pages>(cx.env.variables()).await;
    let page = |page| pages::get(&settings, request, files.pages, page);
    let path = request.segments();
    let answer = match path.as_slice() {
        [""] => page(Page::Start),
        // The address may have been read out and typed, perhaps with a slash.
        ["forgot-password"] | ["forgot-password", ""] => page(Page::ForgotPassword),
        ["verify-otp"] | ["verify-otp", ""] => page(Page::VerifyOtp),
        ["docs"] => api_docs::get(&settings, files.pages, files.openapi),
        ["v1", "openapi.json"] => {
            openapi_json::get(&settings, request, files.openapi).unwrap_or_else(Answer::from)
        }
        ["portal"] => portal::get(&settings, request, files.portal),
        ["problems", slug] => {
            let settings = settings.as_ref().ok();
            problem_pages::get(settings, request, files.pages, files.problems, slug)
        }
        ["assets", "brand", name] => brand::get(&settings, name),
        ["assets", version, name @ ..] => pages::file(&[files.pages, files.portal], version, name),
        [".well-known", "change-password"] => pages::change_password(),
        other => match link::page_of(other) {
            Some(link) => page(link),
            None => return Ok(in_words(Answer::not_found(), &settings, request, files)),
        },
    };
    match request.method() {
        "GET" | "HEAD" => Ok(in_words(answer, &settings, request, files)),
        _ => Err(Problem::method_not_allowed("GET, HEAD")),
    }
}

/// `answer`, or for a browser a page instead of an answer for programs.
fn in_words(
    answer: Answer,
    settings: &Result<Pages, Unavailable>,
    request: &Request,
    files: &PageFiles,
) -> Answer {
    if !pages::is_for_browser(request) {
        return answer;
    }
    let (pages, words) = (files.pages, files.problems);
    let readable = settings.as_ref().ok();
    match (answer.status(), settings) {
        (404, Ok(_)) => pages::get(settings, request, pages, Page::Missing),
        (404, Err(_)) => {
            problem_pages::page(404, readable, request, pages, words, ProblemType::NotFound)
        }
        (503, _) => {
            let kind = ProblemType::ServiceUnavailable;
            let outage = answer.outage().cloned();
            problem_pages::page(503, readable, request, pages, words, kind)
                .with_header("retry-after", RETRY_AFTER_OUTAGE.as_secs().to_string())
                .because_of(outage)
        }
        _ => answer,
    }
}
