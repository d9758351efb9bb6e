//! The lifetimes of secrets.

use std::time::Duration;

use crate::model::code::CodeLength;

/// `reset_token_ttl_seconds`: 60 seconds to an hour.
#[derive(Debug, Clone, Copy)]
pub struct ResetTokenLifetime(
    /// Counted from the answer that contains the token.
    pub Duration,
);

/// The lifetimes of a challenge's secrets, and the length of its code.
#[derive(Debug, Clone, Copy)]
pub struct ChallengeSettings {
    /// `otp_length`: 6 to 10 digits.
    pub code_length: CodeLength,
    /// `otp_ttl_seconds`: 30 seconds to ten minutes.
    pub code: Duration,
    /// `link_ttl_seconds`, a minute to a day, or the lifetime an administrator chose.
    pub link: Duration,
    /// For the reset token that a right code returns.
    pub reset_token: ResetTokenLifetime,
}
