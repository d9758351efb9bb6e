//! Emails, from being written until they are forgotten.

use serde::{Deserialize, Serialize};

use crate::model::id::{AccountId, ChallengeSerial, EmailId};
use crate::model::sealed::Sealed;
use crate::model::timestamp::Timestamp;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in the HTTP contract.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The one with this word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }
    };
}

words! {
    /// What kind of mail it is.
    EmailKind {
        /// Link and code.
        Recovery = "recovery",
        /// Tells that the password was changed.
        PasswordChanged = "password-changed",
        /// Brings a password that an administrator had set.
        TemporaryPassword = "temporary-password",
        /// Tells the old address that there is a new one.
        EmailChanged = "email-changed",
    }
}

words! {
    /// What has become of it.
    EmailState {
        /// It waits for its first try or for the next one.
        Pending = "pending",
        /// A provider has it.
        Sent = "sent",
        /// No provider took it, and it is not tried any more.
        Failed = "failed",
        /// What it holds had expired before a provider took it: it was not sent.
        Expired = "expired",
        /// The provider says that it arrived.
        Delivered = "delivered",
        /// The provider says that it cannot arrive.
        Bounced = "bounced",
        /// The provider says that whoever got it calls it spam.
        Complained = "complained",
    }
}

/// An email as it is stored. Only its seal knows address and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// What kind.
    pub kind: EmailKind,
    /// Whom it is for.
    pub account_id: AccountId,
    /// What has become of it, as far as Keyback itself knows.
    pub state: EmailState,
    /// The message, sealed; `None` once it need not be sent any more.
    pub message: Option<Sealed>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its state or its tries last changed.
    pub updated_at: Timestamp,
    /// When its secret expires. It is not sent after that.
    #[serde(rename = "useless_at")]
    pub discard_at: Option<Timestamp>,
    /// The link and code, or the password, that its text contains.
    #[serde(rename = "holds")]
    pub secret: Option<MailSecret>,
    /// Tries made.
    pub attempts: u32,
    /// Tries made when an administrator last had it tried anew.
    pub attempts_before: u32,
    /// When the next try is due.
    pub next_attempt_at: Option<Timestamp>,
    /// Why the last try failed, in our words.
    pub last_error: Option<String>,
    /// The provider that took it, or the last that did not.
    pub provider: Option<String>,
}

/// The secret in an email's text. An email whose secret no longer works is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailSecret {
    /// The link and the code of a challenge.
    Challenge {
        /// Which.
        serial: ChallengeSerial,
    },
    /// A password.
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
}

/// What a provider reports on one email after it took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Which email.
    pub email_id: EmailId,
    /// [`Delivered`](EmailState::Delivered), [`Bounced`](EmailState::Bounced) or
    /// [`Complained`](EmailState::Complained). What may still change, such as a delay, is not reported.
    pub state: EmailState,
    /// Why, in our words and with the provider's code; never an address.
    pub reason: Option<String>,
}

/// What a provider said of an email after taking it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailFeedback {
    /// [`Delivered`](EmailState::Delivered), [`Bounced`](EmailState::Bounced) or
    /// [`Complained`](EmailState::Complained).
    pub state: EmailState,
    /// When it was said.
    pub at: Timestamp,
    /// Why, in our words.
    pub reason: Option<String>,
}

impl EmailFeedback {
    /// Whether this is said of an email after `before` was. Providers tell out of order: a complaint stands, and a bounce
    /// stands against a delivery.
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
