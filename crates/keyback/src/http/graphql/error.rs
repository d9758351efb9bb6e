//! The errors of fields and requests, in the words of Authgear's API.

use async_graphql::{ErrorExtensionValues, ErrorExtensions as _};
use serde_json::{Map, Value, json};

use crate::http::answer::Answer;
use crate::model::password_policy::{MAX_LENGTH, PasswordPolicy, PasswordViolation};
use crate::ports::Unavailable;

/// A refusal: a class, a reason within it, a message for people, and details for programs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiError {
    name: &'static str,
    reason: &'static str,
    message: String,
    info: Map<String, Value>,
}

/// Why a field has no value.
#[derive(Debug)]
pub(super) enum Failure {
    /// The caller gets the reason.
    Refused(ApiError),
    /// Something outside failed. Only the log says what.
    Unavailable(Unavailable),
}

impl ApiError {
    pub(super) fn new(name: &'static str, reason: &'static str, message: &str) -> Self {
        Self {
            name,
            reason,
            message: message.to_owned(),
            info: Map::new(),
        }
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.info.insert(member.to_owned(), value);
        self
    }

    /// The input is invalid.
    pub(super) fn invalid(message: &str) -> Self {
        Self::new("Invalid", "Invalid", message)
    }

    /// The request cannot be run.
    pub(super) fn bad_request(message: &str) -> Self {
        Self::new("BadRequest", "BadRequest", message)
    }

    /// The body is over the limit.
    pub(super) fn too_large() -> Self {
        let name = "RequestEntityTooLarge";
        Self::new(name, name, "the request is larger than 64 KiB")
    }

    /// The caller's scopes do not include `scope`, which the field needs.
    pub(super) fn forbidden(scope: &str) -> Self {
        let message = format!("the API key or token lacks the scope {scope}");
        Self::new("Forbidden", "Forbidden", &message)
    }

    /// A mutation got a global id that is not a user's.
    pub(super) fn invalid_user_id() -> Self {
        Self::invalid("invalid user ID")
    }

    /// No account has the id.
    pub(super) fn user_not_found() -> Self {
        Self::new("NotFound", "UserNotFound", "user not found")
    }

    /// A field was set that Keyback has no equivalent for.
    pub(super) fn unsupported(field: &str, what: &str) -> Self {
        let message = format!("{field} must not be set: Keyback has no {what}");
        Self::new("Invalid", "Unsupported", &message).with("field", json!(field))
    }

    /// More than `most` users, in an order that has no index.
    pub(super) fn too_many_to_sort(most: usize) -> Self {
        let message = format!(
            "sortBy LAST_LOGIN_AT supports at most {most} users: narrow searchKeyword, or use CREATED_AT"
        );
        Self::new("Invalid", "Unsupported", &message).with("field", json!("sortBy"))
    }

    /// An invalid combination of page arguments.
    pub(super) fn invalid_page() -> Self {
        Self::new("BadRequest", "InvalidQuery", "unsupported pagination")
    }

    /// A cursor that does not come from an answer.
    pub(super) fn invalid_cursor() -> Self {
        Self::new("Invalid", "InvalidCursor", "invalid pagination cursor")
    }

    /// A look-up by something that no account has.
    pub(super) fn invalid_look_up(message: &str) -> Self {
        Self::new("Invalid", "GetUsersInvalidArgument", message)
    }

    fn invariant(kind: &str, message: &str) -> Self {
        let error = Self::new("Invalid", "InvariantViolated", message);
        error.with("cause", json!({ "kind": kind }))
    }

    /// Another account has the address, or a recently deleted one had it.
    pub(super) fn duplicated_identity(message: &str) -> Self {
        Self::invariant("DuplicatedIdentity", message)
    }

    /// A login id whose key is not `email`.
    pub(super) fn invalid_login_id_key() -> Self {
        Self::invariant(
            "InvalidLoginIDKey",
            "invalid login ID key: it must be email",
        )
    }

    /// A login id whose value is no email address.
    pub(super) fn invalid_email() -> Self {
        let cause = json!({"location": "", "kind": "format", "details": {"format": "email"}});
        Self::new("Invalid", "ValidationFailed", "invalid login ID").with("causes", json!([cause]))
    }

    /// The account has no password.
    pub(super) fn authenticator_not_found() -> Self {
        Self::new(
            "NotFound",
            "AuthenticatorNotFound",
            "authenticator not found",
        )
    }

    /// A generated password that is not sent.
    pub(super) fn undeliverable_password() -> Self {
        let message =
            "a generated password needs sendPassword: true, otherwise nobody would know it";
        Self::new("Invalid", "SendPasswordRequired", message)
    }

    /// By the operator's setting, administrators can only generate passwords.
    pub(super) fn password_not_choosable() -> Self {
        let message =
            "passwords cannot be chosen here: leave the password empty and set sendPassword";
        Self::new("Forbidden", "PasswordNotChoosable", message)
    }

    /// No account has the address to which a message should go.
    pub(super) fn nobody_to_remind() -> Self {
        let error = Self::new(
            "Invalid",
            "ForgotPasswordFailed",
            "specified user not found",
        );
        error.with("cause", json!({"kind": "UserNotFound"}))
    }

    /// The account is disabled.
    pub(super) fn disabled_user() -> Self {
        Self::new("Forbidden", "DisabledUser", "user is disabled")
    }

    /// A limit of `bucket` is reached.
    pub(super) fn rate_limited(bucket: &str) -> Self {
        let error = Self::new("TooManyRequest", "RateLimited", "request rate limited");
        error.with("bucket_name", json!(bucket))
    }

    /// A typed password of so many characters breaks rules.
    pub(super) fn password_rejected(
        policy: &PasswordPolicy,
        length: usize,
        violations: &[PasswordViolation],
    ) -> Self {
        let mut causes: Vec<Value> = Vec::new();
        for violation in violations {
            let cause = cause_of(*violation, policy, length);
            if !causes.contains(&cause) {
                causes.push(cause);
            }
        }
        let reason = "PasswordPolicyViolated";
        Self::new("Invalid", reason, "password policy violated").with("causes", json!(causes))
    }

    const fn status(&self) -> u16 {
        match self.name.as_bytes() {
            b"RequestEntityTooLarge" => 413,
            _ => 400,
        }
    }

    /// The answer to a request that is refused as a whole, before any of it is run.
    pub(super) fn into_answer(self) -> Answer {
        let code = self.status();
        let mut error = json!({
            "name": self.name,
            "reason": self.reason,
            "message": self.message,
            "code": code,
        });
        if let Some(members) = error.as_object_mut().filter(|_| !self.info.is_empty()) {
            members.insert("info".to_owned(), Value::Object(self.info));
        }
        Answer::json(code, json!({ "error": error }))
    }
}

/// A broken rule under Authgear's name. It has none for breached or too long passwords: these two names are ours.
fn cause_of(violation: PasswordViolation, policy: &PasswordPolicy, length: usize) -> Value {
    match violation {
        PasswordViolation::TooShort => json!({
            "Name": "PasswordTooShort",
            "Info": {
                "min_length": policy.min_length,
                "pw_length": length,
            },
        }),
        PasswordViolation::TooLong => json!({
            "Name": "PasswordTooLong",
            "Info": {"max_length": MAX_LENGTH},
        }),
        // Levels there begin at 1, the scores of zxcvbn at 0.
        PasswordViolation::TooWeak => json!({
            "Name": "PasswordBelowGuessableLevel",
            "Info": {"min_level": policy.min_strength.saturating_add(1)},
        }),
        PasswordViolation::TooCommon
        | PasswordViolation::SimilarToEmail
        | PasswordViolation::SimilarToAppName => {
            json!({"Name": "PasswordContainingExcludedKeywords"})
        }
        PasswordViolation::Breached => json!({"Name": "PasswordBreached"}),
        PasswordViolation::SameAsCurrent => json!({"Name": "PasswordReused"}),
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<Unavailable> for Failure {
    fn from(outage: Unavailable) -> Self {
        Self::Unavailable(outage)
    }
}

impl Failure {
    /// The error of a field.
    pub(super) fn into_field_error(self) -> async_graphql::Error {
        match self {
            Self::Refused(error) => {
                let plain = async_graphql::Error::new(&error.message);
                plain.extend_with(|_, extensions| fill(extensions, error))
            }
            Self::Unavailable(_) => async_graphql::Error::new("unexpected error"),
        }
    }
}

fn fill(extensions: &mut ErrorExtensionValues, error: ApiError) {
    extensions.set("errorName", error.name);
    extensions.set("reason", error.reason);
    if !error.info.is_empty() {
        // JSON can always be converted.
        let info = async_graphql::Value::from_json(Value::Object(error.info));
        extensions.set("info", info.unwrap_or_default());
    }
}
