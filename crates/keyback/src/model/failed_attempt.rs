//! Attempts that failed: at what, and how many are too many.

use crate::model::limit::Limit;

/// What somebody got wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedAttempt {
    /// A code, or the challenge that it was for.
    Code,
    /// A password at the sign-in, or the account that it was for.
    Password,
    /// The token of a link or of a code: wrong, expired or used.
    Token,
    /// An API key, or a token in its place.
    ApiKey,
    /// What an email provider's webhook is authenticated with.
    Webhook,
}

impl FailedAttempt {
    /// Those that are counted over all clients.
    pub const COUNTED: [Self; 4] = [Self::Code, Self::Token, Self::ApiKey, Self::Webhook];

    /// The word in log lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Password => "password",
            Self::Token => "token",
            Self::ApiKey => "api-key",
            Self::Webhook => "webhook",
        }
    }

    /// The words in a warning.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Code => "wrong codes",
            Self::Password => "wrong passwords",
            Self::Token => "wrong or expired links",
            Self::ApiKey => "wrong API keys",
            Self::Webhook => "email webhooks that are not authentic",
        }
    }

    /// How many of all clients together are still no reason for a warning.
    pub const USUAL: Limit = Limit::new(100, 3_600);
}
