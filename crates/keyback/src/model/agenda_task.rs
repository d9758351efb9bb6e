//! The tasks on the agenda.

use serde::{Deserialize, Serialize};

use crate::model::event::EventPlace;
use crate::model::id::{AccountId, EmailId};
use crate::model::sealed::Sealed;

/// A task with a time. Running it twice does no harm; losing it would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgendaTask {
    /// Look an address up, issue a challenge and email it.
    Recover {
        /// Address, client and time, encrypted under the app's key.
        request: Sealed,
    },
    /// Make the store calls of a delivery but send no email. Follows a decoy.
    Imitate,
    /// Send an email of the outbox.
    Deliver {
        /// The email in the outbox.
        email_id: EmailId,
        /// The attempt, from 1. A task is stale if its attempt has already been made.
        attempt: u32,
    },
    /// Send an event to the portal.
    Notify {
        /// The event, by account and number.
        event: EventPlace,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// Delete an account's recovery record, unless it is newer, and a day's attempt counter.
    ForgetRecovery {
        /// The account whose recovery is deleted.
        account_id: AccountId,
        /// Which day's counter: days since 1970 in UTC.
        attempts_day: u64,
    },
    /// Delete the index of an account's former address, unless an account has that address now.
    ForgetAddress {
        /// The digest of the address.
        digest: String,
    },
    /// Delete an account, unless the id belongs to a newer one.
    Erase {
        /// The account to delete.
        account_id: AccountId,
        /// Its number in the list of all accounts, which distinguishes it from a newer one.
        number: i64,
    },
    /// Delete the event counter of a deleted account, unless the id is in use again.
    ForgetAccount {
        /// The deleted account whose counter is deleted.
        account_id: AccountId,
    },
}
