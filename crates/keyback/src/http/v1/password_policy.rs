//! `GET /v1/password-policy`

pub(in crate::http) mod check;

use serde::Serialize;

use crate::http::answer::Answer;
use crate::model::password_policy::{MAX_LENGTH, MAX_OCTETS};
use crate::settings::ResetPassword;

/// The rules for passwords.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct PasswordRulesShown {
    /// Minimum code points.
    min_length: usize,
    /// Maximum code points.
    max_length: usize,
    /// Maximum bytes in UTF-8.
    max_octets: usize,
    /// Minimum zxcvbn score, 0 to 4.
    #[cfg_attr(test, schemars(range(max = 4)))]
    min_strength: u8,
    /// Whether new passwords are checked against breached ones.
    breach_check: bool,
    /// Whether an administrator may choose the password in a reset.
    admin_may_choose: bool,
    /// Seconds until a password expires that an administrator set and the user must change.
    temporary_password_expires_in: u64,
    /// For password managers (<https://developer.apple.com/password-rules/>).
    passwordrules: String,
}

/// Returns the rules that the server applies, whether an administrator may type a password for a user, the lifetime of
/// a temporary password, and a `passwordrules` string for password managers
/// (<https://developer.apple.com/password-rules/>).
#[must_use]
pub fn get(settings: &ResetPassword) -> Answer {
    let policy = &settings.rules.policy;
    let min = policy.min_length;
    let admin_reset = &settings.admin_reset;
    let rules = PasswordRulesShown {
        min_length: min,
        max_length: MAX_LENGTH,
        max_octets: MAX_OCTETS,
        min_strength: policy.min_strength,
        breach_check: settings.rules.breach_list.is_some(),
        admin_may_choose: admin_reset.may_choose.0,
        temporary_password_expires_in: admin_reset.temporary_password_lifetime.as_secs(),
        // A password generated with the minimum length could be too weak.
        passwordrules: format!("minlength: {}; maxlength: {MAX_LENGTH};", min.max(16)),
    };
    Answer::of(200, &rules)
}
