//! Problems: every error that a client can get (RFC 9457). Only this file knows their status codes.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::limit::LimitExceeded;
use crate::model::password_policy::PasswordViolation;
use crate::ports::Unavailable;
use crate::settings::{Finding, names_of};

mod field_error;
mod shown;
mod violations;

pub use field_error::FieldError;
#[cfg(test)]
pub(super) use shown::ProblemShown;
pub(super) use shown::{ErrorShown, violations_of};

/// `Retry-After` of an outage.
pub(super) const RETRY_AFTER_OUTAGE: Duration = Duration::from_secs(5);

macro_rules! problem_types {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $slug:literal, $title:literal, $help:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemType {
            $($(#[$doc])* $name,)+
        }

        impl ProblemType {
            /// Every kind, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The HTTP status, the same in the answer and in the member `status`.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// The last part of the type's URL.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// A short text, the same for all problems of the kind.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// The text of its page: what it means and what to do.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$name => $help,)+ }
            }
        }
    };
}

problem_types! {
    /// The code is wrong, expired, used or unknown.
    InvalidOtp = 400, "invalid-otp", "The code is not valid",
        "The code may be wrong, expired, already used, or replaced by a newer one, or there were too many attempts. The answer is the same in all these cases. Request a new email and use the code from the newest one.";
    /// The token is wrong, expired, used or unknown.
    InvalidResetToken = 400, "invalid-reset-token", "The link or token is not valid",
        "The link or token may be wrong, expired, already used, or replaced by a newer one. The answer is the same in all these cases. Request a new email and use its link or code.";
    /// The API key or token is missing or invalid.
    Unauthorized = 401, "unauthorized", "A valid API key or token is needed",
        "Send \"Authorization: Bearer\" with an API key or a JSON Web Token. The key must be listed in the variable api_keys. The token must be signed by a key in jwt_jwks, be meant for the audience in jwt_audience, and expire in ten minutes or less.";
    /// The webhook is not authenticated as the provider documents.
    NotAuthentic = 401, "not-authentic", "The webhook is not authentic",
        "The webhook is too old, its signature or credentials are missing or wrong, or the variable email_webhook_secret is not the provider's secret.";
    /// The account is unknown or disabled, or the password is wrong.
    InvalidCredentials = 401, "invalid-credentials", "The email address, ID or password is wrong",
        "The account may not exist, may have no password or a different one, or may be disabled. The answer is the same in all these cases.";
    /// The API key or token lacks the scope.
    Forbidden = 403, "forbidden", "The API key or token lacks the required scope",
        "The API key or token is valid, but its scopes do not include this call. Add the scope that the call's documentation names.";
    /// No account, email or path has this name.
    NotFound = 404, "not-found", "Not found",
        "There is no path, account, email or bulk job with this name.";
    /// The path exists for other methods, which `Allow` lists.
    MethodNotAllowed = 405, "method-not-allowed", "The method is not allowed here",
        "The path exists, but only for the methods in the answer's Allow header.";
    /// Another account has the id or address.
    Conflict = 409, "conflict", "The ID or address is taken",
        "Another account has this ID or email address, or an account that had it was deleted less than a day ago. Use another one. If the account was deleted, you can also wait a day.";
    /// A change cannot be required of an account without a password.
    NoCredential = 409, "no-credential", "The account has no password",
        "There is no password to change. Set one first.";
    /// Nobody is invited to an account that has a password.
    AlreadySetUp = 409, "already-set-up", "The account is already set up",
        "The account already has a password, so its user needs no invitation. If they cannot sign in, start a recovery.";
    /// Recovery cannot start while the account is disabled.
    AccountDisabled = 409, "account-disabled", "The account is disabled",
        "A disabled account cannot be recovered. Enable it first.";
    /// The email has not failed, or its secret has expired.
    EmailNotFailed = 409, "email-not-failed", "The email cannot be sent again",
        "Only an email in the state \"failed\" can be sent again, and only until its contents expire. Have a new one sent instead.";
    /// A body over the limit.
    PayloadTooLarge = 413, "payload-too-large", "The body is too large",
        "A body can be up to 16 KiB. A bulk job can be up to 256 KiB, an import up to 8 MiB and 100,000 lines, and an email provider's webhook up to 1 MiB.";
    /// The `Content-Type` is not JSON.
    UnsupportedMediaType = 415, "unsupported-media-type", "The content type is not supported",
        "Send \"Content-Type: application/json\". An import also accepts application/x-ndjson and text/csv.";
    /// A body that is not as documented.
    ValidationFailed = 422, "validation-failed", "The request is not valid",
        "The body or the query does not match the documentation. The member \"errors\" says what is wrong and where (JSON Pointers).";
    /// The password breaks the policy.
    PasswordRejected = 422, "password-rejected", "The password is not accepted",
        "The password breaks rules of the password policy. The member \"errors\" lists them all, each with a code: too-short, too-long, too-common, too-weak, similar-to-email, similar-to-app-name, breached, same-as-current. The link or token can still be used, until the 30th refused password.";
    /// A generated password would be neither emailed nor returned.
    UndeliverablePassword = 422, "undeliverable-password", "The generated password must be sent or returned",
        "A generated password must be sent (\"send_email\": true), returned (\"return_password\": true), or both. Otherwise nobody would ever know it. Nothing was changed.";
    /// The password is right and has expired.
    PasswordExpired = 401, "password-expired", "The temporary password has expired",
        "The password is correct, but it has expired. Recover the account, or ask an administrator for a new temporary password.";
    /// A limit is reached. `Retry-After` has the seconds.
    RateLimited = 429, "rate-limited", "Too many requests",
        "Wait for the number of seconds in the Retry-After header, then try again.";
    /// The secret may be used up, and the change may not be stored.
    StartAgain = 503, "start-again", "Start again",
        "Something went wrong, and the link or code may be used up. If you chose a new password, it may have been saved: try signing in with it. If it does not work, your old password still does, and you can request a new email.";
    /// Too many passwords are being hashed. `Retry-After` has the seconds.
    Overloaded = 503, "overloaded", "Too busy right now",
        "Too many passwords are being checked or set at this moment. Nothing was changed, and a link or code in the call can still be used. Wait for the number of seconds in the Retry-After header, then try again.";
    /// The store, the host or the settings failed.
    ServiceUnavailable = 503, "service-unavailable", "Not available right now",
        "The store cannot be reached, or the app is not configured. A link or code in the call can still be used. Any other change may have been made: check before you try again. The app's log names the cause.";
}

impl ProblemType {
    /// The kind with this slug.
    #[must_use]
    pub fn find(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.slug() == slug)
    }
}

/// A problem to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(super) kind: ProblemType,
    /// Details beyond the title.
    pub(super) detail: Option<String>,
    pub(super) errors: Vec<FieldError>,
    pub(super) variables: Vec<&'static str>,
    /// Why each of them is bad, without its value.
    pub(super) reasons: Vec<String>,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The cause, for the log only.
    pub(super) outage: Option<Unavailable>,
}

impl Problem {
    fn new(kind: ProblemType) -> Self {
        Self {
            kind,
            detail: None,
            errors: Vec::new(),
            variables: Vec::new(),
            reasons: Vec::new(),
            headers: Vec::new(),
            outage: None,
        }
    }

    fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn invalid_otp() -> Self {
        Self::new(ProblemType::InvalidOtp)
    }

    pub(super) fn invalid_reset_token() -> Self {
        Self::new(ProblemType::InvalidResetToken)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(ProblemType::Unauthorized).with_header("www-authenticate", "Bearer")
    }

    pub(super) fn not_authentic() -> Self {
        // RFC 7617: some providers send a name and a password only after they are asked to.
        Self::new(ProblemType::NotAuthentic)
            .with_header("www-authenticate", "Basic realm=\"email webhooks\"")
    }

    pub(super) fn invalid_credentials() -> Self {
        // RFC 9110 §15.5.2: every 401 has a challenge, here that of the call.
        Self::new(ProblemType::InvalidCredentials).with_header("www-authenticate", "Bearer")
    }

    pub(super) fn forbidden() -> Self {
        // RFC 6750 §3.1.
        Self::new(ProblemType::Forbidden)
            .with_header("www-authenticate", "Bearer error=\"insufficient_scope\"")
    }

    /// The form was sent by a page of another site.
    pub(super) fn forbidden_form() -> Self {
        Self::new(ProblemType::Forbidden)
    }

    /// How many minutes to wait, rounded up.
    pub(super) fn retry_after_minutes(&self) -> u32 {
        let header = self.headers.iter().find(|(name, _)| *name == "retry-after");
        let seconds: u32 = header
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(60);
        seconds.div_ceil(60)
    }

    pub(super) fn not_found() -> Self {
        Self::new(ProblemType::NotFound)
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(ProblemType::MethodNotAllowed).with_header("allow", allow)
    }

    pub(super) fn conflict() -> Self {
        Self::new(ProblemType::Conflict)
    }

    /// The id or address belonged to a deleted account.
    pub(super) fn reserved(until: Timestamp) -> Self {
        Self {
            detail: Some(reserved(until)),
            ..Self::conflict()
        }
    }

    pub(super) fn email_not_failed() -> Self {
        Self::new(ProblemType::EmailNotFailed)
    }

    pub(super) fn no_credential() -> Self {
        Self::new(ProblemType::NoCredential)
    }

    pub(super) fn already_set_up() -> Self {
        Self::new(ProblemType::AlreadySetUp)
    }

    pub(super) fn account_disabled() -> Self {
        Self::new(ProblemType::AccountDisabled)
    }

    pub(super) fn undeliverable_password() -> Self {
        let detail =
            "needs send_email or return_password: otherwise nobody would know the password";
        Self {
            errors: vec![FieldError::at("generate", detail)],
            ..Self::new(ProblemType::UndeliverablePassword)
        }
    }

    pub(super) fn password_expired() -> Self {
        Self::new(ProblemType::PasswordExpired).with_header("www-authenticate", "Bearer")
    }

    pub(super) fn payload_too_large() -> Self {
        Self::new(ProblemType::PayloadTooLarge)
    }

    /// With the accepted types, as in RFC 9110 §12.5.1.
    pub(super) fn unsupported_media_type(accepted: &[&str]) -> Self {
        Self::new(ProblemType::UnsupportedMediaType).with_header("accept", accepted.join(", "))
    }

    pub(super) fn validation_failed(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::new(ProblemType::ValidationFailed)
        }
    }

    pub(super) fn password_rejected(member: &str, violations: &[PasswordViolation]) -> Self {
        Self {
            errors: FieldError::of_violations(member, violations),
            ..Self::new(ProblemType::PasswordRejected)
        }
    }

    /// The token had so many passwords refused that it is used up.
    pub(super) fn last_password_rejected(member: &str, violations: &[PasswordViolation]) -> Self {
        let detail = "This was the 30th refused password. The link or token can no longer be used: request a new email, or sign in again.";
        Self {
            detail: Some(detail.to_owned()),
            ..Self::password_rejected(member, violations)
        }
    }

    /// With the fields of draft-ietf-httpapi-ratelimit-headers §3 and §4.
    pub(super) fn rate_limited(exceeded: LimitExceeded) -> Self {
        let LimitExceeded {
            name,
            limit,
            retry_after,
        } = exceeded;
        let (count, window) = (limit.count(), limit.window().as_secs());
        let seconds = retry_after.as_secs();
        Self::new(ProblemType::RateLimited)
            .with_header("retry-after", seconds.to_string())
            .with_header(
                "ratelimit-policy",
                format!("\"{name}\";q={count};w={window}"),
            )
            .with_header("ratelimit", format!("\"{name}\";r=0;t={seconds}"))
    }

    pub(super) fn unavailable(outage: Unavailable) -> Self {
        let (kind, retry_after) = match outage {
            Unavailable::Overloaded { retry_after } => (ProblemType::Overloaded, retry_after),
            _ => (ProblemType::ServiceUnavailable, RETRY_AFTER_OUTAGE),
        };
        // Rounded up, so that no client retries too early.
        let seconds = retry_after.as_millis().div_ceil(1_000);
        let problem = Self::new(kind).with_header("retry-after", seconds.to_string());
        Self {
            outage: Some(outage),
            ..problem
        }
    }

    /// An outage that names the bad variables and says why, for the health check.
    pub(super) fn bad_variables(findings: &[Finding]) -> Self {
        let names = names_of(findings);
        Self {
            variables: names.clone(),
            reasons: findings.iter().map(ToString::to_string).collect(),
            ..Self::unavailable(Unavailable::Variables(names))
        }
    }

    /// An outage of the store that says what is wrong, for the health check.
    pub(super) fn failed_store(outage: Unavailable) -> Self {
        Self {
            reasons: vec![outage.to_string()],
            ..Self::unavailable(outage)
        }
    }

    /// An outage after a part was done: [`ProblemType::Overloaded`] would claim that nothing was changed.
    pub(super) fn interrupted(outage: Unavailable) -> Self {
        Self {
            kind: ProblemType::ServiceUnavailable,
            ..Self::unavailable(outage)
        }
    }

    /// An outage after a secret was used up.
    pub(super) fn start_again(outage: Unavailable) -> Self {
        Self {
            kind: ProblemType::StartAgain,
            ..Self::unavailable(outage)
        }
    }
}

/// Why an id or address is not free, and until when.
pub(super) fn reserved(until: Timestamp) -> String {
    let until = until.rfc3339();
    format!("The ID or address belonged to a deleted account. It can be used again from {until}.")
}

#[cfg(test)]
mod tests;
