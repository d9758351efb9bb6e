//! Which accounts a bulk job is about.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;

/// Conditions, all of which an account must meet. One that is `None` is met by every account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkFilter {
    /// The password was set before this time. An account without one does not match.
    pub password_set_before: Option<Timestamp>,
    /// The account was created before this time.
    pub created_before: Option<Timestamp>,
    /// Whether the account is disabled.
    pub disabled: Option<bool>,
    /// Whether the account has no password.
    pub no_password: Option<bool>,
    /// Whether the password must be changed at the next sign-in.
    pub must_change: Option<bool>,
    /// The beginning of the address, of its domain, or of the id, in any case.
    pub q: Option<String>,
}

impl BulkFilter {
    /// Whether `account` meets all conditions.
    #[must_use]
    pub fn matches(&self, account: &Account) -> bool {
        let Self {
            password_set_before,
            created_before,
            disabled,
            no_password,
            must_change,
            q,
        } = self;
        let credential = account.credential.as_ref();
        let is_old = |time: &Timestamp| credential.is_some_and(|it| it.set_at < *time);
        let is = |wanted: Option<bool>, value: bool| wanted.is_none_or(|wanted| wanted == value);
        password_set_before.as_ref().is_none_or(is_old)
            && created_before.is_none_or(|time| account.created_at < time)
            && is(*disabled, account.disabled)
            && is(*no_password, credential.is_none())
            && is(*must_change, account.must_change())
            && q.as_ref()
                .is_none_or(|beginning| begins(account, beginning))
    }
}

fn begins(account: &Account, beginning: &str) -> bool {
    let beginning = beginning.to_ascii_lowercase();
    let email = account.email.folded();
    let domain = email.split_once('@').map_or("", |(_, domain)| domain);
    let id = account.id.as_str().to_ascii_lowercase();
    [email.as_str(), domain, &id]
        .iter()
        .any(|text| text.starts_with(&beginning))
}
