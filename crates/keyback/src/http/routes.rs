//! Which handler answers which call: one function per component. The settings of the component are read here, once.
//!
//! The same functions serve the tests, so that a route that no component has is never tested.

use crate::http::pages::{self, Files, Language, Page, brand, link, portal};
use crate::http::problem::RETRY_AFTER_OUTAGE;
use crate::http::v1::admin::{emails, users};
use crate::http::v1::{
    cancel_recovery, courier_run, email_webhooks, forgot_password as forgot, health,
    password_policy, reset_password as reset, sign_in as signing_in, verify_otp as verify,
};
use crate::http::{
    Answer, Problem, ProblemType, Request, forgot_password_form as form, problem_pages,
};
use crate::ports::{Env, Unavailable};
use crate::settings::{
    self, Accounts, Courier, ForgotPassword, Pages, ResetPassword, Section, SignIn, VerifyOtp,
};
use crate::store::cx::Cx;

/// Answers by `route` with the component's settings, or says that they are bad.
async fn with_settings<E: Env, S: Section>(
    cx: &mut Cx<'_, E>,
    route: impl AsyncFnOnce(&mut Cx<'_, E>, S) -> Answer,
) -> Answer {
    match settings::load::<S>(cx.env.variables()).await {
        Ok(settings) => route(cx, settings).await,
        Err(outage) => Problem::from(outage).into(),
    }
}

/// The component `forgot-password`: the call, and the same from a form.
pub async fn forgot_password<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    words: &Files,
) -> Answer {
    let settings = settings::load::<ForgotPassword>(cx.env.variables()).await;
    match (request.segments().as_slice(), request.method()) {
        (["v1", "forgot-password"], "POST") => match settings {
            Ok(settings) => forgot::post(cx, request, &settings).await,
            Err(outage) => Problem::from(outage).into(),
        },
        (["v1", "forgot-password"], _) => Answer::method_not_allowed("POST"),
        (["forgot-password", "submit"], "POST") => form::post(cx, request, settings, words).await,
        (["forgot-password", "submit"], "GET" | "HEAD") => form::get(),
        (["forgot-password", "submit"], _) => Answer::method_not_allowed("GET, HEAD, POST"),
        _ => Answer::not_found(),
    }
}

/// The component `verify-otp`, which only verifies codes.
pub async fn verify_otp<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    with_settings(cx, async |cx, settings: VerifyOtp| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "verify-otp"], "POST") => verify::post(cx, request, settings).await,
            (["v1", "verify-otp"], _) => Answer::method_not_allowed("POST"),
            _ => Answer::not_found(),
        }
    })
    .await
}

/// The component `reset-password`: users' and administrators' resets, and the rules for passwords.
pub async fn reset_password<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    with_settings(cx, async |cx, settings: ResetPassword| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "reset-password"], "POST") => reset::post(cx, request, settings).await,
            (["v1", "reset-password", "check"], "POST") => {
                reset::check::post(cx, request, &settings).await
            }
            (["v1", "cancel-recovery"], "POST") => {
                cancel_recovery::post(cx, request, &settings).await
            }
            (["v1", "admin", "users", id, "reset-password"], "POST") => {
                users::reset_password::post(cx, request, settings, id).await
            }
            (
                ["v1", "reset-password" | "cancel-recovery"]
                | ["v1", "reset-password", "check"]
                | ["v1", "admin", "users", _, "reset-password"],
                _,
            ) => Answer::method_not_allowed("POST"),
            (["v1", "password-policy"], "GET" | "HEAD") => password_policy::get(&settings),
            (["v1", "password-policy"], _) => Answer::method_not_allowed("GET, HEAD"),
            _ => Answer::not_found(),
        }
    })
    .await
}

/// The component `accounts`: the rest of `/v1/admin/users…`, and `/v1/admin/emails…`.
pub async fn accounts<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    let path = request.segments();
    let Some(rest) = path.strip_prefix(&["v1", "admin"]) else {
        return Answer::not_found();
    };
    with_settings(cx, async |cx, settings: Accounts| {
        match (rest, request.method()) {
            (["users"], "GET" | "HEAD") => users::list::get(cx, request, &settings).await,
            (["users"], "POST") => users::create::post(cx, request, &settings).await,
            (["users"], _) => Answer::method_not_allowed("GET, HEAD, POST"),
            (["users", "import"], "POST") => users::import::post(cx, request, &settings).await,
            (["users", id, "recovery"], "POST") => {
                users::start_recovery::post(cx, request, settings, id).await
            }
            (["emails", id, "retry"], "POST") => {
                emails::retry::post(cx, request, &settings, id).await
            }
            (["users", id, "unlock"], "POST") => {
                users::unlock::post(cx, request, &settings, id).await
            }
            (
                ["users", "import"] | ["users", _, "recovery" | "unlock"] | ["emails", _, "retry"],
                _,
            ) => Answer::method_not_allowed("POST"),
            (["users", id], "GET" | "HEAD") => users::show::get(cx, request, &settings, id).await,
            (["users", id], "PATCH") => users::update::patch(cx, request, settings, id).await,
            (["users", id], "DELETE") => users::delete::delete(cx, request, &settings, id).await,
            (["users", _], _) => Answer::method_not_allowed("GET, HEAD, PATCH, DELETE"),
            (["users", id, "password-change"], "PUT") => {
                users::require_change::put(cx, request, &settings, id).await
            }
            (["users", _, "password-change"], _) => Answer::method_not_allowed("PUT"),
            (["users", id, "challenge"], "GET" | "HEAD") => {
                users::challenge::get(cx, request, &settings, id).await
            }
            (["users", id, "events"], "GET" | "HEAD") => {
                users::events::get(cx, request, &settings, id).await
            }
            (["emails"], "GET" | "HEAD") => emails::list::get(cx, request, &settings).await,
            (["emails", id], "GET" | "HEAD") => emails::show::get(cx, request, &settings, id).await,
            (["users", _, "challenge" | "events"] | ["emails"] | ["emails", _], _) => {
                Answer::method_not_allowed("GET, HEAD")
            }
            _ => Answer::not_found(),
        }
    })
    .await
}

/// The component `sign-in`, which only verifies passwords.
pub async fn sign_in<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    with_settings(cx, async |cx, settings: SignIn| {
        match (request.segments().as_slice(), request.method()) {
            (["v1", "sign-in"], "POST") => signing_in::post(cx, request, settings).await,
            (["v1", "sign-in"], _) => Answer::method_not_allowed("POST"),
            _ => Answer::not_found(),
        }
    })
    .await
}

/// The component `courier`: its run, the health, and the providers' webhooks.
pub async fn courier<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    match (request.segments().as_slice(), request.method()) {
        (["v1", "courier", "run"], "POST") => {
            with_settings(cx, async |cx, settings: Courier| {
                courier_run::post(cx, request, &settings).await
            })
            .await
        }
        (["v1", "email-webhooks", provider], "POST") => {
            with_settings(cx, async |cx, settings: Courier| {
                email_webhooks::post(cx, request, &settings, provider).await
            })
            .await
        }
        (["v1", "courier", "run"] | ["v1", "email-webhooks", _], _) => {
            Answer::method_not_allowed("POST")
        }
        (["v1", "health"], "GET" | "HEAD") => health::get(cx).await,
        (["v1", "health"], _) => Answer::method_not_allowed("GET, HEAD"),
        _ => Answer::not_found(),
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
}

/// The component `pages`: the pages that people use and their files, the portal, the pages that explain problems, and the
/// answer to an unknown path.
pub async fn pages<E: Env>(cx: &mut Cx<'_, E>, request: &Request, files: &PageFiles) -> Answer {
    let settings = settings::load::<Pages>(cx.env.variables()).await;
    let page = |page| pages::get(&settings, request, files.pages, page);
    let path = request.segments();
    let answer = match path.as_slice() {
        [""] => page(Page::Start),
        // Typed from what was read out, perhaps with a slash.
        ["forgot-password"] | ["forgot-password", ""] => page(Page::ForgotPassword),
        ["verify-otp"] | ["verify-otp", ""] => page(Page::VerifyOtp),
        ["portal"] => portal::get(&settings, request, files.portal),
        ["problems", slug] => {
            let site = settings.as_ref().ok().map(|settings| &settings.site);
            problem_pages::get(site, request, files.pages, files.problems, slug)
        }
        ["assets", "brand", name] => brand::get(&settings, name),
        ["assets", version, name @ ..] => pages::file(&[files.pages, files.portal], version, name),
        [".well-known", "change-password"] => pages::change_password(),
        other => match link::page_of(other) {
            Some(link) => page(link),
            None => return in_words(Answer::not_found(), &settings, request, files),
        },
    };
    match request.method() {
        "GET" | "HEAD" => in_words(answer, &settings, request, files),
        _ => Answer::method_not_allowed("GET, HEAD"),
    }
}

/// `answer`, or for a browser a page in place of what only programs read.
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
    let site = settings.as_ref().ok().map(|settings| &settings.site);
    match (answer.status(), settings) {
        (404, Ok(_)) => pages::get(settings, request, pages, Page::Missing),
        (404, Err(_)) => {
            problem_pages::page(404, site, request, pages, words, ProblemType::NotFound)
        }
        (503, _) => {
            let kind = ProblemType::ServiceUnavailable;
            let outage = answer.outage().cloned();
            problem_pages::page(503, site, request, pages, words, kind)
                .with_header("retry-after", RETRY_AFTER_OUTAGE.as_secs().to_string())
                .because_of(outage)
        }
        _ => answer,
    }
}
