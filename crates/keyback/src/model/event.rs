//! What happened to an account, for the portal and for audits. No event holds a secret or an address.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::breach::BreachCheck;
use crate::model::client_address::ClientAddress;
use crate::model::email::EmailKind;
use crate::model::id::{AccountId, EmailId, EventId};
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
    /// An email is not sent: no provider took it.
    EmailFailed = "email.failed",
    /// An email is not sent: what it holds expired before a provider took it.
    EmailExpired = "email.expired",
    /// The provider says that an email arrived.
    EmailDelivered = "email.delivered",
    /// The provider says that an email cannot arrive.
    EmailBounced = "email.bounced",
    /// The provider says that an email was called spam.
    EmailComplained = "email.complained",
}

/// Who made it happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The user, or whoever has the user's mail.
    User,
    /// Keyback or the email provider.
    System,
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
    /// Why, in an administrator's words, or in ours where it was nobody's will.
    pub reason: Option<String>,
    /// The email that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<AboutEmail>,
    /// Where a password was set: what came of looking for it among breached ones. None where that is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach_check: Option<BreachCheck>,
}

/// Where an event stands in the log of its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPlace {
    /// Whose log.
    pub account_id: AccountId,
    /// Its number there, from 1.
    pub sequence: i64,
}

/// The email that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutEmail {
    /// Which.
    pub id: EmailId,
    /// What kind.
    pub kind: EmailKind,
}

impl Event {
    /// What became of an email, under a name that is made from it.
    #[must_use]
    pub fn of_email(
        id: EventId,
        kind: EventType,
        about: AboutEmail,
        account_id: AccountId,
        reason: Option<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            account_id,
            at,
            actor: Actor::System,
            from: None,
            reason,
            email: Some(about),
            breach_check: None,
        }
    }

    /// The event, which tells of a password that was checked so.
    #[must_use]
    pub fn checked(self, breach_check: Option<BreachCheck>) -> Self {
        Self {
            breach_check,
            ..self
        }
    }

    /// The event as callers and receivers of webhooks are told of it: its members but for `type` and the time.
    /// `sequence` is its number among the account's events.
    #[must_use]
    pub fn members(&self, sequence: i64) -> Map<String, Value> {
        let actor = match &self.actor {
            Actor::User => json!({"kind": "user"}),
            Actor::System => json!({"kind": "system"}),
            Actor::Administrator { id, audit_context } => {
                json!({"kind": "administrator", "id": id, "audit_context": audit_context})
            }
        };
        let email = self
            .email
            .as_ref()
            .map(|email| json!({"id": email.id.as_str(), "kind": email.kind.as_str()}));
        let mut members = Map::new();
        for (name, value) in [
            ("id", json!(self.id.as_str())),
            ("sequence", json!(sequence)),
            ("user_id", json!(self.account_id.as_str())),
            ("actor", actor),
            ("from", json!(self.from)),
            ("reason", json!(self.reason)),
            ("email", json!(email)),
        ] {
            members.insert(name.to_owned(), value);
        }
        if let Some(check) = self.breach_check {
            members.insert("breach_check".to_owned(), json!(check.as_str()));
        }
        members
    }

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
            email: None,
            breach_check: None,
        }
    }
}
