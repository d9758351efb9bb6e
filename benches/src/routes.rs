//! Which component answers which path, and its routing table: `spin.toml` and `components/*/src/lib.rs` in one process.

use keyback::flow::afterwards::Afterwards;
use keyback::http::pages::{self, Page, brand, portal};
use keyback::http::{
    Answer, Request, accounts, cancel_recovery, courier, email_webhook, emails, forgot_password,
    forgot_password_form, health, password_policy, problem_pages, reset_password, sign_in,
    verify_otp,
};
use keyback::ports::Env;

#[path = "../../components/pages/src/files.rs"]
mod files;
#[path = "../../components/forgot-password/src/words.rs"]
mod words;

use self::files::{FILES, PORTAL, PROBLEMS};
use self::words::WORDS;

/// A component of `spin.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Component {
    ForgotPassword,
    VerifyOtp,
    ResetPassword,
    Accounts,
    SignIn,
    Courier,
    Pages,
}

impl Component {
    /// The component whose route in `spin.toml` matches the path.
    pub(crate) fn of(path: &[&str]) -> Self {
        match path {
            ["v1", "forgot-password"] | ["forgot-password", "submit"] => Self::ForgotPassword,
            ["v1", "verify-otp"] => Self::VerifyOtp,
            [
                "v1",
                "reset-password" | "cancel-recovery" | "password-policy",
            ]
            | ["v1", "admin", "users", _, "reset-password"] => Self::ResetPassword,
            ["v1", "admin", "users", "import"]
            | ["v1", "admin", "users" | "emails"]
            | ["v1", "admin", "users" | "emails", _]
            | [
                "v1",
                "admin",
                "users",
                _,
                "password-change" | "recovery" | "challenge" | "events",
            ]
            | ["v1", "admin", "emails", _, "retry"] => Self::Accounts,
            ["v1", "sign-in"] => Self::SignIn,
            ["v1", "courier", "run"] | ["v1", "health"] | ["v1", "email-webhooks", _] => {
                Self::Courier
            }
            _ => Self::Pages,
        }
    }

    /// Answers a request as the component's routing table does.
    pub(crate) async fn route<E: Env>(self, env: &E, request: &Request) -> Answer {
        match self {
            Self::ForgotPassword => route_forgot_password(env, request).await,
            Self::VerifyOtp => route_verify_otp(env, request).await,
            Self::ResetPassword => route_reset_password(env, request).await,
            Self::Accounts => route_accounts(env, request).await,
            Self::SignIn => route_sign_in(env, request).await,
            Self::Courier => route_courier(env, request).await,
            Self::Pages => route_pages(env, request).await,
        }
    }

    /// Does the work a request left for after its response, as far as the component does it.
    pub(crate) async fn work<E: Env>(self, env: &E, afterwards: Afterwards) {
        match self {
            Self::ForgotPassword | Self::ResetPassword | Self::Accounts | Self::Courier => {
                afterwards.run(env).await;
            }
            Self::VerifyOtp | Self::SignIn => afterwards.tidy(env).await,
            Self::Pages => {}
        }
    }
}

async fn route_forgot_password<E: Env>(env: &E, request: &Request) -> Answer {
    match (request.segments().as_slice(), request.method()) {
        (["v1", "forgot-password"], "POST") => forgot_password::post(env, request).await,
        (["v1", "forgot-password"], _) => Answer::method_not_allowed("POST"),
        (["forgot-password", "submit"], "POST") => {
            forgot_password_form::post(env, request, &WORDS).await
        }
        (["forgot-password", "submit"], "GET" | "HEAD") => forgot_password_form::get(),
        (["forgot-password", "submit"], _) => Answer::method_not_allowed("GET, HEAD, POST"),
        _ => Answer::not_found(),
    }
}

async fn route_verify_otp<E: Env>(env: &E, request: &Request) -> Answer {
    match request.method() {
        "POST" => verify_otp::post(env, request).await,
        _ => Answer::method_not_allowed("POST"),
    }
}

async fn route_reset_password<E: Env>(env: &E, request: &Request) -> Answer {
    match (request.segments().as_slice(), request.method()) {
        (["v1", "reset-password"], "POST") => reset_password::post(env, request).await,
        (["v1", "cancel-recovery"], "POST") => cancel_recovery::post(env, request).await,
        (["v1", "admin", "users", id, "reset-password"], "POST") => {
            accounts::reset_password::post(env, request, id).await
        }
        (["v1", "password-policy"], "GET" | "HEAD") => password_policy::get(env).await,
        (["v1", "password-policy"], _) => Answer::method_not_allowed("GET, HEAD"),
        _ => Answer::method_not_allowed("POST"),
    }
}

async fn route_accounts<E: Env>(env: &E, request: &Request) -> Answer {
    use accounts::{
        challenge, create, delete, events, import, list, require_change, show, start_recovery,
        update,
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
        (["users", id, "password-change"], "PUT") => require_change::put(env, request, id).await,
        (["users", _, "password-change"], _) => Answer::method_not_allowed("PUT"),
        (["users", id, "challenge"], "GET" | "HEAD") => challenge::get(env, request, id).await,
        (["users", id, "events"], "GET" | "HEAD") => events::get(env, request, id).await,
        (["emails"], "GET" | "HEAD") => emails::list::get(env, request).await,
        (["emails", id], "GET" | "HEAD") => emails::show::get(env, request, id).await,
        _ => Answer::method_not_allowed("GET, HEAD"),
    }
}

async fn route_sign_in<E: Env>(env: &E, request: &Request) -> Answer {
    match request.method() {
        "POST" => sign_in::post(env, request).await,
        _ => Answer::method_not_allowed("POST"),
    }
}

async fn route_courier<E: Env>(env: &E, request: &Request) -> Answer {
    match (request.segments().as_slice(), request.method()) {
        (["v1", "courier", "run"], "POST") => courier::post(env, request).await,
        (["v1", "email-webhooks", provider], "POST") => {
            email_webhook::post(env, request, provider).await
        }
        (["v1", "health"], "GET" | "HEAD") => health::get(env).await,
        (["v1", "health"], _) => Answer::method_not_allowed("GET, HEAD"),
        _ => Answer::method_not_allowed("POST"),
    }
}

async fn route_pages<E: Env>(env: &E, request: &Request) -> Answer {
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
}
