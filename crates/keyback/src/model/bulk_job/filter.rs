//! Which accounts a bulk job covers.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::listing::{Beginning, StateFilter};

/// Conditions, all of which an account must meet. A condition that is `None` always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkFilter {
    /// The password was set before this time. An account without one does not match.
    pub password_set_before: Option<Timestamp>,
    /// The account was created before this time.
    pub created_before: Option<Timestamp>,
    /// The account's state.
    pub state: StateFilter,
    /// How the address, its domain or the id begins.
    pub q: Option<Beginning>,
}

impl BulkFilter {
    /// Whether `account` meets all conditions.
    #[must_use]
    pub fn matches(&self, account: &Account) -> bool {
        let Self {
            password_set_before,
            created_before,
            state,
            q,
        } = self;
        let credential = account.credential.as_ref();
        let is_old = |time: &Timestamp| credential.is_some_and(|it| it.set_at < *time);
        let listing = account.listing();
        password_set_before.as_ref().is_none_or(is_old)
            && created_before.is_none_or(|time| account.created_at < time)
            && state.accepts(listing.state)
            && q.as_ref()
                .is_none_or(|beginning| listing.begins_with(beginning))
    }
}
