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
    /// Do what delivering costs the store, and deliver nothing: what follows a request that brings no mail.
    Imitate,
    /// Send an email of the outbox.
    Deliver {
        /// Which one.
        email_id: EmailId,
        /// Which try this is, from 1. An entry whose try was already made is stale.
        attempt: u32,
    },
    /// Send an event to the portal.
    Notify {
        /// Which.
        event: EventPlace,
        /// Which try this is, from 1.
        attempt: u32,
    },
    /// Delete an account's recovery record, unless something newer is in it, and a day's attempt counter.
    ForgetRecovery {
        /// Whose.
        account_id: AccountId,
        /// Which day's counter: days since 1970 in UTC.
        attempts_day: u64,
    },
    /// Delete the index of an address that an account had, unless somebody has the address.
    ForgetAddress {
        /// The digest of the address.
        digest: String,
    },
    /// Delete an account, unless it is another one by now.
    Erase {
        /// Which.
        account_id: AccountId,
        /// Its place in the list of all accounts.
        number: i64,
    },
    /// Delete the counters of a deleted account, unless there is such an account again.
    ForgetAccount {
        /// Whose.
        account_id: AccountId,
    },
}
