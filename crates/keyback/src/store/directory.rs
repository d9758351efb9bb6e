//! The directory: finding accounts by the beginning of an address, of its domain or of an id, and by state.
//!
//! The store cannot list, so a `tree` indexes the terms of all accounts. Changes are queued, so account writes never wait for
//! the tree: a write that affects how an account is found adds a numbered change (`changes`) to its batch. The holder of the
//! directory's lease applies changes to the tree, many in one write ([`follow`](follow())). A search reads the changes that
//! the tree lacks and corrects its result.
//!
//! A store of an earlier version has accounts and no directory. They are added in the order of their numbers.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::ports::{KeyValue, Unavailable};
use crate::store::keys::{self, Key};
use crate::store::{read_counter, record};

mod changes;
mod follow;
mod node;
mod numbers;
mod pages;
mod search;
mod tree;

pub(super) use changes::write as write_change;
pub use follow::run as follow;
pub use search::{Order, Place, SearchPage, SearchQuery, search};

/// How far the directory has followed the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last name given to a node or a part.
    next_id: u64,
    /// All changes up to this number are in the tree.
    changes: i64,
    /// All changes up to this number are also deleted.
    cleaned: i64,
    /// All accounts of an earlier version up to this number are in the tree.
    accounts: i64,
    /// The last number when the directory began. Accounts with a higher one left a change.
    last_account: i64,
    /// Change numbers that had been drawn but not written when last checked.
    #[serde(default)]
    missing: Option<Missing>,
    /// Nodes and parts that are no longer used, to be deleted by the next step.
    #[serde(default)]
    spent: Vec<String>,
}

/// Changes that may still be on their way to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Missing {
    /// Those up to this number.
    head: i64,
    /// When they were first looked for.
    since: Timestamp,
}

/// The record that all accounts of the store leave changes. It is written with the first one.
///
/// # Errors
/// [`Unavailable::Record`].
pub(super) fn write_begun() -> Result<(Key, Vec<u8>), Unavailable> {
    Ok((keys::directory_begun(), record::encode(&())?))
}

/// Whether the directory should not wait for the courier: the last `count` changes, up to `last`, completed a step.
pub(super) const fn is_far_behind(last: i64, count: i64) -> bool {
    let before = last.saturating_sub(count);
    last.div_euclid(follow::STEP) > before.div_euclid(follow::STEP)
}

impl State {
    /// The stored state, or that of a store without a directory.
    async fn load(store: &impl KeyValue) -> Result<Self, Unavailable> {
        if let Some(state) = record::find(store, &keys::directory()).await? {
            return Ok(state);
        }
        let is_new = store.exists(&keys::directory_begun().into()).await?;
        let last_account = if is_new {
            0
        } else {
            read_counter(store, &keys::accounts()).await?
        };
        Ok(Self {
            next_id: 0,
            changes: 0,
            cleaned: 0,
            accounts: 0,
            last_account,
            missing: None,
            spent: Vec::new(),
        })
    }

    fn write(&self) -> Result<(Key, Vec<u8>), Unavailable> {
        Ok((keys::directory(), record::encode(self)?))
    }

    /// Whether all accounts of an earlier version are in the tree.
    const fn is_built(&self) -> bool {
        self.accounts >= self.last_account
    }
}
