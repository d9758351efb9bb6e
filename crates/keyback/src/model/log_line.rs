//! All log lines, each a variant, so that no secret can end up in one.

use std::fmt;

use crate::base::unavailable::Unavailable;
use crate::model::failed_attempt::FailedAttempt;
use crate::model::id::{AccountId, EmailId, EventId};

/// One log line. `Display` is the text that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLine {
    /// A request was answered with 503.
    Unavailable {
        /// As in the answer's `X-Request-Id`.
        request_id: String,
        /// Its text names what failed, without a key's value.
        outage: Unavailable,
    },
    /// Work failed, and no request was answered with 503 for it: after a response, in a run of the courier, or within a
    /// request, as when memory runs out for a foreign hash at a sign-in. Only tasks on the agenda are retried.
    WorkFailed {
        /// As above: its text names what failed.
        outage: Unavailable,
    },
    /// A code, a password, a token or a key was wrong. No line says what it was, or whose.
    AttemptFailed {
        /// As in the answer's `X-Request-Id`.
        request_id: String,
        /// Which kind of secret was wrong.
        attempt: FailedAttempt,
    },
    /// The provider did not accept an email.
    EmailNotAccepted {
        /// Its id in the outbox; lines never contain the recipient.
        email_id: EmailId,
        /// Why, in the provider adapter's own words, never the provider's.
        reason: String,
        /// False once no attempt is left.
        will_retry: bool,
    },
    /// An email provider's webhook is authentic and contains an event of an unknown type.
    WebhookNotUnderstood {
        /// As in the webhook's path.
        provider: String,
        /// The event's type, a short name.
        kind: String,
    },
    /// A new password was accepted without the breach check.
    BreachListNotAsked {
        /// Why, in our words.
        reason: String,
    },
    /// An earlier version gave two accounts addresses that differ in case only. The older account has the mailbox now.
    EmailTaken {
        /// The account that its address no longer finds.
        account_id: AccountId,
        /// The account that the address finds.
        owner_id: AccountId,
    },
    /// Somebody exported password hashes.
    HashesExported {
        /// As in the answer's `X-Request-Id`.
        request_id: String,
        /// The API key's id, or the subject of a token.
        by: String,
        /// How many accounts the answer contains.
        accounts: i64,
    },
    /// The portal did not accept an event.
    EventNotTaken {
        /// The `webhook-id` of the attempt.
        event_id: EventId,
        /// Why, in our words.
        reason: String,
        /// False once no attempt is left.
        will_retry: bool,
    },
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { request_id, outage } => {
                write!(f, "503 request={request_id} cause=\"{outage}\"")
            }
            Self::WorkFailed { outage } => write!(f, "work-failed cause=\"{outage}\""),
            Self::AttemptFailed {
                request_id,
                attempt,
            } => write!(
                f,
                "attempt-failed request={request_id} kind={}",
                attempt.as_str()
            ),
            Self::EmailNotAccepted {
                email_id,
                reason,
                will_retry,
            } => write!(
                f,
                "email-not-accepted email={email_id} retry={will_retry} reason=\"{reason}\""
            ),
            Self::WebhookNotUnderstood { provider, kind } => {
                write!(f, "webhook-not-understood provider={provider} type={kind}")
            }
            Self::BreachListNotAsked { reason } => {
                write!(f, "breach-list-not-asked reason=\"{reason}\"")
            }
            Self::EmailTaken {
                account_id,
                owner_id,
            } => write!(f, "email-taken account={account_id} by={owner_id}"),
            // A token's subject can be any text.
            Self::HashesExported {
                request_id,
                by,
                accounts,
            } => write!(
                f,
                "hashes-exported request={request_id} by={by:?} accounts={accounts}"
            ),
            Self::EventNotTaken {
                event_id,
                reason,
                will_retry,
            } => write!(
                f,
                "event-not-taken event={event_id} retry={will_retry} reason=\"{reason}\""
            ),
        }
    }
}
