//! The use cases, one file each. They make the decisions; [`store`](crate::store) handles persistence, and the
//! [`courier`](crate::courier) does the work that they defer.

pub mod accounts;
pub mod emails;
pub mod events;
pub mod passwords;
pub mod recovery;
#[cfg(test)]
mod tests;

use crate::model::limit::LimitExceeded;
use crate::ports::Unavailable;

/// Why a call that anyone may make is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A limit is reached. Says when to try again.
    #[error("too many calls")]
    Limited(LimitExceeded),
    /// The store, the host or a variable failed. The flow says whether the call can be repeated.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Turns an exceeded limit into the refusal.
fn within(exceeded: Option<LimitExceeded>) -> Result<(), Refusal> {
    exceeded.map_or(Ok(()), |exceeded| Err(Refusal::Limited(exceeded)))
}
