//! How long secrets live.

use std::time::Duration;

use crate::model::code::CodeLength;

/// How long a reset token lives.
#[derive(Debug, Clone, Copy)]
pub struct ResetTokenLifetime(
    /// From its being given on.
    pub Duration,
);

/// How long the secrets of a challenge live, and how long a code is.
#[derive(Debug, Clone, Copy)]
pub struct ChallengeSettings {
    /// The digits of a code.
    pub code_length: CodeLength,
    /// A code's life.
    pub code: Duration,
    /// A link's life.
    pub link: Duration,
    /// The life of the reset token that a code is turned into.
    pub reset_token: ResetTokenLifetime,
}
