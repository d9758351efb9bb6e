//! Events: changes to accounts, for the portal and for audits. No event contains a secret or an address.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::base::timestamp::Timestamp;
use crate::model::breach::BreachCheck;
use crate::model::client_address::ClientAddress;
use crate::model::email::EmailKind;
use crate::model::id::{AccountId, EmailId, EventId};

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// The type of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl EventType {
            /// Every type, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name in the API and in webhooks.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The type with this name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

event_types! {
    /// An account was created.
    AccountCreated = "account.created",
    /// An account's owner was invited to choose its first password.
    AccountInvited = "account.invited",
    /// An account was deleted.
    AccountDeleted = "account.deleted",
    /// An account was disabled.
    AccountDisabled = "account.disabled",
    /// An account was enabled again.
    AccountEnabled = "account.enabled",
    /// An administrator cleared an account's locks and pauses.
    AccountUnlocked = "account.unlocked",
    /// An account's address was changed.
    EmailChanged = "email.changed",
    /// An account's address belongs to an account created earlier. The two addresses differ only in case.
    EmailTaken = "email.taken",
    /// The language of an account's emails was changed.
    LocaleChanged = "locale.changed",
    /// A challenge was issued.
    RecoveryRequested = "recovery.requested",
    /// A challenge was cancelled with "Cancel this request".
    RecoveryCancelled = "recovery.cancelled",
    /// An administrator stopped a challenge.
    RecoveryStopped = "recovery.stopped",
    /// A password was set.
    PasswordChanged = "password.changed",
    /// A password that was right at a sign-in is known from a data breach.
    PasswordBreached = "password.breached",
    /// A password must be changed at the next sign-in.
    PasswordChangeRequired = "password.change_required",
    /// A password no longer has to be changed at the next sign-in.
    PasswordChangeLifted = "password.change_lifted",
    /// All sessions must end.
    SessionsRevoked = "sessions.revoked",
    /// An email was not sent: no provider accepted it.
    EmailFailed = "email.failed",
    /// An email was not sent: its secret expired before a provider accepted it.
    EmailExpired = "email.expired",
    /// An administrator retried a failed email.
    EmailRetried = "email.retried",
    /// The provider reported an email as delivered.
    EmailDelivered = "email.delivered",
    /// The provider reported an email as undeliverable.
    EmailBounced = "email.bounced",
    /// The recipient reported an email as spam.
    EmailComplained = "email.complained",
}

/// The cause of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The user, or anyone with access to the user's mailbox.
    User,
    /// Keyback or the email provider.
    System,
    /// A caller of the administrator's API.
    Administrator {
        /// The API key's id, or the subject of a token.
        id: String,
        /// Which of the two `id` is; `None` in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authenticated_by: Option<AuthenticatedBy>,
        /// The token's `audit_context`, unchanged.
        audit_context: Option<Value>,
    },
}

impl Actor {
    /// The member `actor` in the API and in webhooks.
    #[must_use]
    pub fn shape(&self) -> Value {
        match self {
            Self::User => json!({"kind": "user"}),
            Self::System => json!({"kind": "system"}),
            Self::Administrator {
                id,
                authenticated_by,
                audit_context,
            } => json!({
                "kind": "administrator",
                "id": id,
                "authenticated_by": authenticated_by,
                "audit_context": audit_context,
            }),
        }
    }

    /// Whether `name` refers to it: `user`, `system`, or the id of an administrator's key or token.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        match self {
            Self::User => name == "user",
            Self::System => name == "system",
            Self::Administrator { id, .. } => id == name,
        }
    }

    /// The same actor without the way it was authenticated and its token's `audit_context`.
    #[must_use]
    pub fn without_context(&self) -> Self {
        match self {
            Self::Administrator { id, .. } => Self::Administrator {
                id: id.clone(),
                authenticated_by: None,
                audit_context: None,
            },
            other => other.clone(),
        }
    }
}

/// What authorised an administrator's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticatedBy {
    /// A key that is listed in `api_keys`.
    ApiKey,
    /// A JSON Web Token that is signed by a key in `jwt_jwks`.
    Jwt,
}

/// A change to one account, kept for 90 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Unique id. Receivers use it to drop duplicates.
    pub id: EventId,
    /// Its `as_str` is `type` in the API.
    pub kind: EventType,
    /// The account that the event is about. It may be deleted by now.
    pub account_id: AccountId,
    /// The time of the change.
    pub at: Timestamp,
    /// Who caused it: the user, an administrator or Keyback itself.
    pub actor: Actor,
    /// The client's masked address, such as `203.0.*.*`. Events keep no full address.
    pub from: Option<String>,
    /// The reason: the administrator's own, or ours for a failed email.
    pub reason: Option<String>,
    /// The email, if the event is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<AboutEmail>,
    /// For a new password: the result of the breach check. `None` if the check is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach_check: Option<BreachCheck>,
}

/// The place of an event: its account and its number there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventPlace {
    /// The account whose events are numbered.
    pub account_id: AccountId,
    /// From 1, without repetition; a crash can leave gaps.
    pub sequence: i64,
}

/// The email that an event is about, without recipient and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutEmail {
    /// Its id in the outbox.
    pub id: EmailId,
    /// Stored here because the email is deleted before the event.
    pub kind: EmailKind,
}

impl Event {
    /// The event for the final status of an email. `id` is derived from the email, so repeating it adds no event.
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

    /// An event caused by Keyback, for `reason`.
    #[must_use]
    pub fn by_system(
        id: EventId,
        kind: EventType,
        account_id: AccountId,
        reason: String,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            account_id,
            at,
            actor: Actor::System,
            from: None,
            reason: Some(reason),
            email: None,
            breach_check: None,
        }
    }

    /// The event, about an email.
    #[must_use]
    pub fn about(self, email: AboutEmail) -> Self {
        Self {
            email: Some(email),
            ..self
        }
    }

    /// The event with the result of the breach check.
    #[must_use]
    pub fn checked(self, breach_check: Option<BreachCheck>) -> Self {
        Self {
            breach_check,
            ..self
        }
    }

    /// The members in the API and in webhooks, except `type` and the time. `sequence` is the event's number.
    #[must_use]
    pub fn members(&self, sequence: i64) -> Map<String, Value> {
        let actor = self.actor.shape();
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

    /// The event as the API shows it, without its digests.
    #[must_use]
    pub fn shown(&self, sequence: i64) -> Map<String, Value> {
        let mut members = self.members(sequence);
        members.insert("type".to_owned(), json!(self.kind.as_str()));
        members.insert("at".to_owned(), json!(self.at.rfc3339()));
        members
    }

    /// An event caused by the user at `client`.
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
