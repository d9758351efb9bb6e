//! The use cases, one file each.

pub mod admin_reset;
pub mod afterwards;
pub mod caller;
pub mod cancel_recovery;
pub mod create_account;
pub mod delete_account;
pub mod deliver;
pub mod find_challenge;
pub mod forgot_password;
pub mod import_accounts;
pub mod list_accounts;
pub mod note_feedback;
pub mod recover;
pub mod require_change;
pub mod reset_password;
pub mod retry_email;
pub mod round;
pub mod sign_in;
pub mod start_recovery;
pub mod update_account;
pub mod verify_otp;
pub mod work_agenda;

mod accounts;
mod backoff;
mod judge;
mod outbox;
mod rehash;
mod tell;
#[cfg(test)]
mod tests;

pub use accounts::{AccountWithCredential, find_by_email, find_by_id};

use crate::model::limit::LimitExceeded;
use crate::ports::Outage;

/// Why a call that anyone may make is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too many calls.
    #[error("too many calls")]
    Limited(LimitExceeded),
    /// Something outside failed.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Turns a passed limit into the refusal.
fn within(exceeded: Option<LimitExceeded>) -> Result<(), Refusal> {
    exceeded.map_or(Ok(()), |exceeded| Err(Refusal::Limited(exceeded)))
}
