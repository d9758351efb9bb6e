//! Failed attempts: their kinds, and how many are too many.

use crate::model::limit::Limit;

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedAttempt {
    /// A code, or the challenge it was for.
    Code,
    /// A password at sign-in, or the account it was for.
    Password,
    /// The token of a link or a code: wrong, expired or used.
    Token,
    /// An API key, or a token in its place.
    ApiKey,
    /// The credential of an email provider's webhook.
    Webhook,
}

impl FailedAttempt {
    /// The kinds that are counted across all clients.
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

    /// Failures of all clients together up to this limit raise no warning.
    pub const USUAL: Limit = Limit::new(100, 3_600);
}
