//! Which component answers which path, and its routing table: `spin.toml` and `components/*/src/lib.rs` in one process.

use keyback::courier::after_response;
use keyback::http::v1::admin::users;
use keyback::http::{Answer, Problem, Request, max_body_bytes, routes};
use keyback::ports::Env;
use keyback::store::cx::{Cx, Deferred};

#[path = "../../components/pages/src/files.rs"]
mod files;
#[path = "../../components/forgot-password/src/words.rs"]
mod words;

use self::files::ALL;
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
            | ["v1", "reset-password" | "password-policy", "check"]
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

    /// The most bytes to read of a body.
    pub(crate) async fn room<E: Env>(self, env: &E, head: &http::request::Parts) -> usize {
        match self {
            Self::Accounts => users::import::max_body_bytes(env, head).await,
            _ => max_body_bytes(head.uri.path()),
        }
    }

    /// Answers a request as the component's routing table does.
    pub(crate) async fn route<E: Env>(
        self,
        cx: &mut Cx<'_, E>,
        request: &Request,
    ) -> Result<Answer, Problem> {
        match self {
            Self::ForgotPassword => routes::forgot_password(cx, request, &WORDS).await,
            Self::VerifyOtp => routes::verify_otp(cx, request).await,
            Self::ResetPassword => routes::reset_password(cx, request).await,
            Self::Accounts => routes::accounts(cx, request).await,
            Self::SignIn => routes::sign_in(cx, request).await,
            Self::Courier => routes::courier(cx, request).await,
            Self::Pages => routes::pages(cx, request, &ALL).await,
        }
    }

    /// Does the work a request left for after its response, as far as the component does it.
    pub(crate) async fn work<E: Env>(self, env: &E, deferred: Deferred) {
        match self {
            Self::ForgotPassword | Self::ResetPassword | Self::Courier => {
                after_response::run(env, deferred).await;
            }
            Self::Accounts => after_response::run_and_follow(env, deferred).await,
            Self::VerifyOtp | Self::SignIn => after_response::tidy(env, deferred).await,
            Self::Pages => {}
        }
    }
}
