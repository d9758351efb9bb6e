//! The lifetimes of secrets.

use std::time::Duration;

use crate::model::code::CodeLength;

/// `reset_token_ttl_seconds`.
#[derive(Debug, Clone, Copy)]
pub struct ResetTokenLifetime(
    /// Counted from the answer that contains the token.
    pub Duration,
);

/// The lifetimes of a challenge's secrets, and the length of its code.
#[derive(Debug, Clone, Copy)]
pub struct ChallengeSettings {
    /// `otp_length`, in digits.
    pub code_length: CodeLength,
    /// `otp_ttl_seconds`.
    pub code: Duration,
    /// `link_ttl_seconds`.
    pub link: Duration,
    /// For the reset token that a right code returns.
    pub reset_token: ResetTokenLifetime,
}
