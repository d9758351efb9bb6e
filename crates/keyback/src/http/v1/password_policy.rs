//! `GET /v1/password-policy`

pub(in crate::http) mod check;

use serde_json::json;

use crate::http::answer::Answer;
use crate::model::password_policy::{MAX_LENGTH, MAX_OCTETS};
use crate::settings::ResetPassword;

/// Returns the rules that the server applies, whether an administrator may type a password for a user, how long one works
/// that the user must change, and a `passwordrules` string for password managers (<https://developer.apple.com/password-rules/>).
#[must_use]
pub fn get(settings: &ResetPassword) -> Answer {
    let policy = &settings.rules.policy;
    let min = policy.min_length;
    Answer::json(
        200,
        json!({
            "min_length": min,
            "max_length": MAX_LENGTH,
            "max_octets": MAX_OCTETS,
            "min_strength": policy.min_strength,
            "breach_check": settings.rules.breach_list.is_some(),
            "admin_may_choose": settings.admin_reset.may_choose.0,
            "temporary_password_expires_in": settings.admin_reset.temporary_password_lifetime.as_secs(),
            // A generated password as long as the shortest allowed could be too weak.
            "passwordrules": format!("minlength: {}; maxlength: {MAX_LENGTH};", min.max(16)),
        }),
    )
}
