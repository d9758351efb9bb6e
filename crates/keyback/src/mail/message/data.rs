//! The content of an email as data, for a receiver that writes its own emails.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::mail::message::{Requester, Translator};

/// The content of an email as data. The members are those of `docs/email.md`; absent values are left out. Times are in
/// RFC 3339.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailData {
    /// The tag of the language that the email is written in.
    pub locale: String,
    /// Whether an administrator caused it.
    pub by_administrator: bool,
    /// The page that sets a password, with its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When the link stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_expires_at: Option<String>,
    /// The code, as digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When the code stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_expires_at: Option<String>,
    /// The page that cancels a recovery, with its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_link: Option<String>,
    /// The password that an administrator set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// When the password stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_expires_at: Option<String>,
    /// Whether the password must be changed at the next sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_change: Option<bool>,
    /// Where the user signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_url: Option<String>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<String>,
    /// When the password or the address was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<String>,
    /// When the account was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

impl MailData {
    /// The data that does not depend on the kind of email.
    pub(super) fn new(translator: &Translator<'_>, requester: Requester) -> Self {
        Self {
            locale: translator.language.tag().to_owned(),
            by_administrator: requester == Requester::Administrator,
            ..Self::default()
        }
    }
}

/// Without the secrets.
impl fmt::Debug for MailData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailData({})", self.locale)
    }
}
