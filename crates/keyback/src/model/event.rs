//! What happened to an account, for the portal and for audits. No event holds a secret or an address.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::client_address::ClientAddress;
use crate::model::id::{AccountId, EventId};
use crate::model::timestamp::Timestamp;

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl EventType {
            /// The name in the HTTP contract.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

event_types! {
    /// An account was created.
    AccountCreated = "account.created",
    /// An account is gone.
    AccountDeleted = "account.deleted",
    /// An account may no longer sign in or recover.
    AccountDisabled = "account.disabled",
    /// An account may sign in and recover again.
    AccountEnabled = "account.enabled",
    /// An account has another address.
    EmailChanged = "email.changed",
    /// An account's mails come in another language.
    LocaleChanged = "locale.changed",
    /// A challenge was issued.
    RecoveryRequested = "recovery.requested",
    /// A challenge was ended by the mail's "this was not me" link.
    RecoveryCancelled = "recovery.cancelled",
    /// A password was set.
    PasswordChanged = "password.changed",
    /// A password must be changed at the next sign-in.
    PasswordChangeRequired = "password.change_required",
    /// A password need not be changed at the next sign-in any more.
    PasswordChangeLifted = "password.change_lifted",
    /// All sessions must end.
    SessionsRevoked = "sessions.revoked",
}

/// Who made it happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The user, or whoever has the user's mail.
    User,
    /// A caller of the administrator's API.
    Administrator {
        /// The API key's id, or the subject of a token.
        id: String,
        /// What the token says of its bearer, as it said it.
        audit_context: Option<Value>,
    },
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its own name. Telling of it twice under one name tells of it once.
    pub id: EventId,
    /// What.
    pub kind: EventType,
    /// Whom.
    pub account_id: AccountId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// From where, masked.
    pub from: Option<String>,
    /// Why, in an administrator's words.
    pub reason: Option<String>,
}

impl Event {
    /// Something that a user did.
    #[must_use]
    pub fn by_user(
        id: EventId,
        kind: EventType,
        account_id: AccountId,
        client: ClientAddress,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            account_id,
            at,
            actor: Actor::User,
            from: Some(client.to_string()),
            reason: None,
        }
    }
}
