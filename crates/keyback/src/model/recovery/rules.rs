//! How often one account gets a recovery email.

use std::time::Duration;

use crate::model::limit::Limit;

/// Limits on recovery emails to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRules {
    /// `cooldown_seconds`: minimum time between two emails.
    pub cooldown: Duration,
    /// `limit_account`: how many emails each network may ask for; all networks together may ask for twice as many.
    /// Emails beyond that are spaced by a [pause](PAUSES), so that nobody can keep an account's owner waiting for
    /// longer.
    pub limits: Vec<Limit>,
}

/// The successive pauses between emails beyond a limit. The last one repeats.
pub const PAUSES: [Duration; 4] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
];

impl IssueRules {
    /// The longest window of the rules. Older issue times have no effect.
    #[must_use]
    pub fn memory(&self) -> Duration {
        self.limits
            .iter()
            .map(|limit| limit.window())
            .chain([self.cooldown])
            .max()
            .unwrap_or_default()
    }
}
