//! Failures outside this program.

use std::time::Duration;

/// A failure of the store, the host or the settings. The caller answers 503 and changes nothing more.
///
/// The text is for the log. It names what failed and never contains a key's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The key-value store answered with an error.
    #[error("the store failed: {0}")]
    Store(String),
    /// A stored record could not be read, or could not be unsealed with any known key.
    #[error("an unreadable record: {0}")]
    Record(&'static str),
    /// The source of randomness failed.
    #[error("no secure randomness")]
    Random,
    /// The host's password hashing failed, which only a lack of memory can cause.
    #[error("password hashing failed")]
    Hashing,
    /// Too many passwords are being hashed. Nothing was changed.
    #[error("too many passwords are being hashed")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// A page's template could not be rendered.
    #[error("a template failed")]
    Template,
    /// A variable is missing or unusable; each was named in the log.
    #[error("bad variables: {}", .0.join(", "))]
    Variables(Vec<&'static str>),
}
