//! Counting calls against limits.

use crate::model::client_address::ClientAddress;
use crate::model::keyring::{KeyUse, Keyring};
use crate::model::limit::{Limit, LimitExceeded};
use crate::model::timestamp::Timestamp;
use crate::ports::{KeyValue, Outage};
use crate::store::keys::{self, AnyKey, CounterKey};

/// A limit with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedLimit {
    /// The name in keys and `RateLimit` fields.
    pub name: &'static str,
    /// How many in how long.
    pub limit: Limit,
}

/// A counter that is of no use once its window is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// Its key.
    pub key: AnyKey,
    /// When its window ends.
    pub ends_at: Timestamp,
}

/// What counting a call brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Set if the call was one too many.
    pub exceeded: Option<LimitExceeded>,
    /// What counted it, to give the call back.
    pub counter: CounterKey,
    /// Set for the first call in a window: the counter to put on the agenda for deletion.
    pub opened: Option<Spent>,
}

/// Counts one call from `client`.
///
/// The counter's name holds a keyed digest of the client's network, so that the store tells nobody's address.
///
/// # Errors
/// [`Outage::Store`].
pub async fn count(
    store: &impl KeyValue,
    keyring: &Keyring,
    named: NamedLimit,
    client: ClientAddress,
    now: Timestamp,
) -> Result<Counted, Outage> {
    let network = keyring.digest(KeyUse::Clients, &[named.name.as_bytes(), &client.network()]);
    count_by(store, named, network.as_name(), now).await
}

/// Counts one call about `subject`, whose name the store does not tell either.
///
/// # Errors
/// [`Outage::Store`].
pub async fn count_subject(
    store: &impl KeyValue,
    keyring: &Keyring,
    named: NamedLimit,
    subject: &[u8],
    now: Timestamp,
) -> Result<Counted, Outage> {
    let digest = keyring.digest(KeyUse::Clients, &[named.name.as_bytes(), subject]);
    count_by(store, named, digest.as_name(), now).await
}

/// Counts one call of anyone.
///
/// # Errors
/// [`Outage::Store`].
pub async fn count_all(
    store: &impl KeyValue,
    named: NamedLimit,
    now: Timestamp,
) -> Result<Counted, Outage> {
    count_by(store, named, "all", now).await
}

async fn count_by(
    store: &impl KeyValue,
    NamedLimit { name, limit }: NamedLimit,
    whose: &str,
    now: Timestamp,
) -> Result<Counted, Outage> {
    // The window's length is part of the name: a changed limit starts afresh instead of meeting a stranger's count.
    let named_window = format!("{name}.{}", limit.window().as_secs());
    let key = keys::limit(&named_window, limit.window_at(now), whose);
    let number = store.increment(&key, 1).await?;
    Ok(Counted {
        exceeded: (!limit.allows(number)).then(|| LimitExceeded::new(name, limit, now)),
        opened: (number == 1).then(|| Spent {
            key: key.clone().into(),
            ends_at: limit.window_end(now),
        }),
        counter: key,
    })
}
