//! Which account an address finds.
//!
//! A pointer to the account is stored under the digest of its folded address. Earlier versions stored it under the
//! digest of the address as spelled, which differs if the local part has a capital. Those accounts are found by their
//! exact spelling until the courier has moved them ([`Folding`]).

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::ports::{KeyValue, Unavailable};
use crate::store::accounts::{Pointer, find, last_number, range};
use crate::store::keys::{self, AnyKey};
use crate::store::record;

/// The ids stored under an address. This does not reveal whether any account has the address: which ids are looked up
/// depends only on how the address is spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    folded: AccountId,
    /// For a spelling that had its own digest in earlier versions.
    as_spelled: Option<AccountId>,
}

impl Candidates {
    /// The ids to look up: one, or two for a spelling with capitals.
    pub fn ids(&self) -> impl Iterator<Item = &AccountId> {
        std::iter::once(&self.folded).chain(&self.as_spelled)
    }
}

/// The ids stored under `email`, in one round trip.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_candidates(
    store: &impl KeyValue,
    email: &EmailAddress,
) -> Result<Candidates, Unavailable> {
    let as_spelled = async {
        match email.digest_as_spelled() {
            Some(digest) => find_pointed(store, &digest).await.map(Some),
            None => Ok(None),
        }
    };
    let digest = email.digest();
    let (folded, as_spelled) = futures::join!(find_pointed(store, &digest), as_spelled);
    Ok(Candidates {
        folded: folded?,
        as_spelled: as_spelled?,
    })
}

/// The one of `candidates` that has `email`, in one round trip. The account's own record decides which address it has.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_among(
    store: &impl KeyValue,
    candidates: &Candidates,
    email: &EmailAddress,
) -> Result<Option<Account>, Unavailable> {
    let as_spelled = async {
        match &candidates.as_spelled {
            Some(id) => find(store, id).await,
            None => Ok(None),
        }
    };
    let (folded, as_spelled) = futures::join!(find(store, &candidates.folded), as_spelled);
    let is_found = |account: &Account| account.email_taken_by.is_none();
    let folded = folded?.filter(|it| is_found(it) && it.email.is_same_mailbox(email));
    let as_spelled = as_spelled?.filter(|it| is_found(it) && it.email == *email);
    // If both belong to accounts, this store's addresses have not been folded yet: each is found as before.
    Ok(as_spelled.or(folded))
}

/// The account with this address. An address without an account takes the same calls to the store.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_by_email(
    store: &impl KeyValue,
    email: &EmailAddress,
) -> Result<Option<Account>, Unavailable> {
    let candidates = find_candidates(store, email).await?;
    find_among(store, &candidates, email).await
}

/// Whether no account but `id` has `email`. A stale index does not count.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn is_free_for(
    store: &impl KeyValue,
    email: &EmailAddress,
    id: &AccountId,
) -> Result<bool, Unavailable> {
    let found = find_by_email(store, email).await?;
    Ok(found.is_none_or(|account| account.id == *id))
}

/// The account that owns the folded form of `email`, however either is spelled.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_owner(
    store: &impl KeyValue,
    email: &EmailAddress,
) -> Result<Option<Account>, Unavailable> {
    let id = find_pointed(store, &email.digest()).await?;
    let found = find(store, &id).await?;
    Ok(found.filter(|it| it.email_taken_by.is_none() && it.email.is_same_mailbox(email)))
}

/// The id under the digest of an address, or one that no account has.
async fn find_pointed(store: &impl KeyValue, digest: &str) -> Result<AccountId, Unavailable> {
    let pointer: Option<Pointer> = record::find(store, &keys::address(digest)).await?;
    Ok(pointer.map_or_else(AccountId::placeholder, |pointer| pointer.account_id))
}

/// The indexes that point to `account`. The folded address may point to another account.
pub(super) async fn find_own_keys(
    store: &impl KeyValue,
    account: &Account,
) -> Result<Vec<AnyKey>, Unavailable> {
    let mut keys = Vec::new();
    for digest in digests_of(&account.email) {
        if find_pointed(store, &digest).await? == account.id {
            keys.push(keys::address(&digest).into());
        }
    }
    Ok(keys)
}

/// The digests under which an account with this address may be found.
pub fn digests_of(email: &EmailAddress) -> impl Iterator<Item = String> {
    [Some(email.digest()), email.digest_as_spelled()]
        .into_iter()
        .flatten()
}

/// Deletes the index under the digest that earlier versions used for the address of `account`.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn forget_spelling(
    store: &impl KeyValue,
    email: &EmailAddress,
) -> Result<(), Unavailable> {
    match email.digest_as_spelled() {
        Some(digest) => store.delete_many(vec![keys::address(&digest).into()]).await,
        None => Ok(()),
    }
}

/// How many accounts whose address is taken are remembered at a time.
const MOST_TAKEN: usize = 100;

/// How far the addresses in a store of an earlier version have been folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folding {
    /// The addresses of all accounts up to this number are folded.
    pub settled: i64,
    /// The last account number when folding began. Accounts with a higher number were created with a folded address.
    pub last: i64,
    /// Accounts whose address belongs to another account, until an administrator has changed it; a hundred at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taken: Vec<AccountId>,
    /// Whether there may be more of them.
    #[serde(default, skip_serializing_if = "is_false")]
    has_more_taken: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Folding {
    /// For a store without accounts: this version folds all new addresses.
    pub(in crate::store) const NOTHING: Self = Self::up_to(0);

    const fn up_to(last: i64) -> Self {
        Self {
            settled: 0,
            last,
            taken: Vec::new(),
            has_more_taken: false,
        }
    }

    /// The stored progress. If there is none, any accounts in the store are from an earlier version: a store whose
    /// first account is created by this version gets `Folding::NOTHING` with it.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn load(store: &impl KeyValue) -> Result<Self, Unavailable> {
        if let Some(folding) = record::find(store, &keys::folding()).await? {
            return Ok(folding);
        }
        Ok(Self::up_to(last_number(store).await?))
    }

    /// Whether there are known accounts whose address belongs to another one. It costs one read.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn finds_taken(store: &impl KeyValue) -> Result<bool, Unavailable> {
        let folding: Option<Self> = record::find(store, &keys::folding()).await?;
        Ok(folding.is_some_and(|folding| !folding.taken.is_empty()))
    }

    /// Remembers an account whose address belongs to another one.
    pub fn note_taken(&mut self, id: AccountId) {
        if self.taken.contains(&id) {
            return;
        }
        if self.taken.len() < MOST_TAKEN {
            self.taken.push(id);
        } else {
            self.has_more_taken = true;
        }
    }

    /// Forgets the accounts that now have an address of their own, or are deleted. If there were more than could be
    /// remembered, all accounts are checked again. It costs one read per account.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn forget_settled(&mut self, store: &impl KeyValue) -> Result<(), Unavailable> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let accounts = self.taken.iter().map(|id| find(store, id));
        let accounts = futures::future::try_join_all(accounts).await?;
        let accounts = accounts.into_iter().flatten();
        let taken = accounts.filter(|account| account.email_taken_by.is_some());
        let taken: Vec<_> = taken.map(|account| account.id).collect();
        if taken == self.taken {
            return Ok(());
        }
        self.taken = taken;
        if self.taken.is_empty() && std::mem::take(&mut self.has_more_taken) {
            self.settled = 0;
        }
        self.save(store).await
    }

    /// Stores it.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn save(&self, store: &impl KeyValue) -> Result<(), Unavailable> {
        let write = (keys::folding(), record::encode(self)?);
        store.set_many(vec![write]).await
    }

    /// The next accounts to look at, at most `count` of them, each with its own result: one that cannot be read does
    /// not hide the others. `None` for a deleted one.
    pub async fn next(
        &self,
        store: &impl KeyValue,
        count: i64,
    ) -> Vec<(i64, Result<Option<Account>, Unavailable>)> {
        let last = self.settled.saturating_add(count).min(self.last);
        range(store, self.settled.saturating_add(1), last).await
    }
}
