//! What can be due.

use serde::{Deserialize, Serialize};

use crate::model::event::EventPlace;
use crate::model::id::{AccountId, EmailId};
use crate::model::sealed::Sealed;

/// Something to be done at its time. Doing it twice does no harm; not doing it would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgendaTask {
    /// Look an address up, issue a challenge and mail it. The request is sealed: it holds the address.
    Recover {
        /// The sealed request.
        request: Sealed,
    },
    /// Send an email of the outbox.
    Deliver {
        /// Which one.
        email_id: EmailId,
        /// Which try this is, from 1. An entry whose try was already made is stale.
        attempt: u32,
        /// What to follow up first: the events that the email goes with.
        events: Vec<EventPlace>,
    },
    /// See to it that the portal is told of events, and that they are forgotten in time.
    FollowUp {
        /// Which.
        events: Vec<EventPlace>,
    },
    /// Tell the portal of an event.
    Tell {
        /// Which.
        event: EventPlace,
        /// Which try this is, from 1.
        attempt: u32,
    },
    /// Delete what has expired, by the names of the keys.
    Forget {
        /// Their names.
        keys: Vec<String>,
    },
    /// Delete the counters of a deleted account's events and epochs.
    ForgetEvents {
        /// Whose.
        account_id: AccountId,
    },
    /// Delete an account's recovery record, unless something newer is in it, and a day's attempt counter.
    ForgetRecovery {
        /// Whose.
        account_id: AccountId,
        /// Which day's counter: days since 1970 in UTC.
        attempts_day: u64,
    },
}
