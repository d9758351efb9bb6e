//! Emails: their kinds, states and records.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::id::{AccountId, ChallengeSerial, EmailId};
use crate::model::sealed::Sealed;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in the HTTP contract.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The variant with this word, if there is one.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }
    };
}

words! {
    /// The kind of an email.
    EmailKind {
        /// The recovery email, with a link and a code.
        Recovery = "recovery",
        /// The notice that the password was changed.
        PasswordChanged = "password-changed",
        /// A password that an administrator set.
        TemporaryPassword = "temporary-password",
        /// The invitation to choose a new account's first password.
        Invitation = "invitation",
        /// The notice to the old address that the account's address was changed.
        EmailChanged = "email-changed",
        /// The notice that the account was deleted.
        AccountDeleted = "account-deleted",
    }
}

words! {
    /// The delivery status of an email.
    EmailState {
        /// Waiting for its first or next attempt.
        Pending = "pending",
        /// Accepted by a provider.
        Sent = "sent",
        /// Permanently rejected, or out of attempts. An administrator can retry it.
        Failed = "failed",
        /// Its secret expired before a provider accepted it: it was not sent.
        Expired = "expired",
        /// Reported as delivered by the provider.
        Delivered = "delivered",
        /// Reported as undeliverable by the provider.
        Bounced = "bounced",
        /// Reported by the recipient as spam.
        Complained = "complained",
    }
}

/// An email as stored. Recipient and content are in the encrypted message only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// Shown by the API; the message is already written.
    pub kind: EmailKind,
    /// The recipient's account.
    pub account_id: AccountId,
    /// The status as Keyback knows it; the provider's reports are in [`EmailFeedback`].
    pub state: EmailState,
    /// The message, encrypted; `None` once it is sent or expired.
    pub message: Option<Sealed>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its state or its attempts last changed.
    pub updated_at: Timestamp,
    /// When its secret expires. It is not sent after that.
    #[serde(rename = "useless_at")]
    pub discard_at: Option<Timestamp>,
    /// The link and code, or the password, that its text contains.
    #[serde(rename = "holds")]
    pub secret: Option<MailSecret>,
    /// The sealed recovery request that it answers, present while it is certain that no provider has the email. If a
    /// due attempt was missed until the secret had expired, the email is rewritten from this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Sealed>,
    /// Calls to a provider so far. An attempt that also asked the fallback counts once.
    pub attempts: u32,
    /// The value of `attempts` when an administrator last retried it. The backoff counts from there.
    pub attempts_before: u32,
    /// When the next attempt is due; `None` if there is none.
    pub next_attempt_at: Option<Timestamp>,
    /// Why the last attempt failed, in our words.
    pub last_error: Option<String>,
    /// The provider that accepted it, or the last one tried.
    pub provider: Option<String>,
}

/// The secret in an email's text. An email whose secret no longer works is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailSecret {
    /// The link and the code of a challenge.
    Challenge {
        /// The email is invalid once a newer challenge replaces this one.
        serial: ChallengeSerial,
    },
    /// A temporary password, invalid once another one is set.
    Password {
        /// The epoch of its credential.
        epoch: u64,
    },
}

impl MailSecret {
    /// The link and the code of the challenge `serial`.
    #[must_use]
    pub fn challenge(serial: &ChallengeSerial) -> Self {
        Self::Challenge {
            serial: serial.clone(),
        }
    }
}

impl Email {
    /// Whether its secret has expired by `now`.
    #[must_use]
    pub fn should_discard(&self, now: Timestamp) -> bool {
        self.discard_at.is_some_and(|discard_at| now >= discard_at)
    }

    /// Whether the next attempt was due while its secret was still valid, but is not recorded by `now`, when the secret
    /// has expired: the app was down, or a clock was wrong. Earlier attempts may have failed.
    #[must_use]
    pub fn was_missed(&self, now: Timestamp) -> bool {
        let next = self.next_attempt_at;
        self.should_discard(now) && next.is_some_and(|at| !self.should_discard(at))
    }
}

/// A provider's report on one accepted email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// From the `keyback_email_id` that our request carried.
    pub email_id: EmailId,
    /// [`Delivered`](EmailState::Delivered), [`Bounced`](EmailState::Bounced) or
    /// [`Complained`](EmailState::Complained). A status that may still change, such as a delay, is not reported.
    pub state: EmailState,
    /// Why, in our words and with the provider's code; never an address.
    pub reason: Option<String>,
}

/// A provider's last report on an accepted email, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailFeedback {
    /// [`Delivered`](EmailState::Delivered), [`Bounced`](EmailState::Bounced) or
    /// [`Complained`](EmailState::Complained).
    pub state: EmailState,
    /// When the report arrived.
    pub at: Timestamp,
    /// Why, in our words.
    pub reason: Option<String>,
}

impl EmailFeedback {
    /// Whether this report replaces `before`. Providers report out of order: a complaint outranks a bounce, a bounce a
    /// delivery.
    #[must_use]
    pub fn replaces(&self, before: Option<&Self>) -> bool {
        let weight = |state| match state {
            EmailState::Complained => 3,
            EmailState::Bounced => 2,
            EmailState::Delivered => 1,
            EmailState::Pending | EmailState::Sent | EmailState::Failed | EmailState::Expired => 0,
        };
        weight(self.state) > before.map_or(0, |before| weight(before.state))
    }
}
