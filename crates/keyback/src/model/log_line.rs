//! What may be logged: each line is a variant here, so that no secret can slip into one.

use std::fmt;

use crate::model::id::{EmailId, EventId};
use crate::ports::Outage;

/// One log line. `Display` is the text that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLine {
    /// A request was answered with 503.
    Unavailable {
        /// The request's id.
        request_id: String,
        /// What failed.
        outage: Outage,
    },
    /// Work after an answer failed; it is on the agenda and will be tried again.
    WorkFailed {
        /// What failed.
        outage: Outage,
    },
    /// The provider did not take an email.
    EmailNotAccepted {
        /// Which one.
        email_id: EmailId,
        /// Why, in the provider adapter's own words, never the provider's.
        reason: String,
        /// Whether it will be tried again.
        will_retry: bool,
    },
    /// A new password was not looked for among breached ones.
    BreachListNotAsked {
        /// Why, in our words.
        reason: String,
    },
    /// The portal did not take an event.
    EventNotTaken {
        /// Which one.
        event_id: EventId,
        /// Why, in our words.
        reason: String,
        /// Whether it will be tried again.
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
            Self::EmailNotAccepted {
                email_id,
                reason,
                will_retry,
            } => write!(
                f,
                "email-not-accepted email={email_id} retry={will_retry} reason=\"{reason}\""
            ),
            Self::BreachListNotAsked { reason } => {
                write!(f, "breach-list-not-asked reason=\"{reason}\"")
            }
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
