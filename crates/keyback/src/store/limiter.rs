//! Counting calls against limits.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::client_address::ClientAddress;
use crate::model::keyring::{KeyUse, Keyring};
use crate::model::limit::{Limit, LimitExceeded};
use crate::model::measured::Measured;
use crate::ports::{Env, KeyValue, Unavailable};
use crate::store::agenda::Expiring;
use crate::store::cx::Cx;
use crate::store::keys::{self, CounterKey};
use crate::store::record;

/// A limit with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedLimit {
    /// The name in keys and `RateLimit` fields.
    pub name: &'static str,
    /// The limit: a count per window.
    pub limit: Limit,
}

/// A call that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Set if the call exceeds the limit.
    pub exceeded: Option<LimitExceeded>,
    /// Its number in its window.
    number: i64,
    counter: CounterKey,
}

impl Counted {
    /// Whether it is the first in its window.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.number == 1
    }

    /// Whether it is the first in its window that `limit` does not allow.
    #[must_use]
    pub fn is_first_beyond(&self, limit: Limit) -> bool {
        !limit.allows(self.number) && limit.allows(self.number.saturating_sub(1))
    }

    /// Whether it uses the limit up: the next call exceeds it.
    #[must_use]
    pub fn uses_up(&self, limit: Limit) -> bool {
        !limit.allows(self.number.saturating_add(1))
    }

    /// Takes the call back after the response, and leaves the counter until the end of its window, since others may
    /// have relied on it.
    pub fn take_back<E: Env>(self, cx: &mut Cx<'_, E>) {
        cx.deferred.give_back.push(self.counter);
    }

    /// Takes the call back after the response, as if it had never come.
    pub fn give_back<E: Env>(self, cx: &mut Cx<'_, E>) {
        if self.number == 1 {
            // It opened the counter, so nothing needs to be kept until the window ends.
            let opened = self.counter.as_str();
            for expiring in &mut cx.deferred.expiring {
                expiring.keys.retain(|key| key != opened);
            }
            cx.deferred.expiring.retain(|it| !it.keys.is_empty());
            cx.deferred.delete.push(self.counter.into());
        } else {
            cx.deferred.give_back.push(self.counter);
        }
    }
}

/// Counts one call from `client`.
///
/// The counter's name contains a keyed digest of the client's network, so that the store reveals no addresses.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn count<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    named: NamedLimit,
    client: ClientAddress,
) -> Result<Counted, Unavailable> {
    let network = keyring.digest(KeyUse::Clients, &[named.name.as_bytes(), &client.network()]);
    count_by(cx, named, network.as_name()).await
}

/// Counts one call about `subject`, which the store does not reveal either.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn count_subject<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    named: NamedLimit,
    subject: &[u8],
) -> Result<Counted, Unavailable> {
    let digest = keyring.digest(KeyUse::Clients, &[named.name.as_bytes(), subject]);
    count_by(cx, named, digest.as_name()).await
}

/// Whether a call about `subject` was counted in the current window. Unlike reading the count, this changes nothing in
/// any store.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn is_counted<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    named: NamedLimit,
    subject: &[u8],
) -> Result<bool, Unavailable> {
    let digest = keyring.digest(KeyUse::Clients, &[named.name.as_bytes(), subject]);
    let counter = counter_of(cx.now, named, digest.as_name());
    cx.store().exists(&counter.into()).await
}

/// How many calls about `subject` were counted in the current window.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn read_subject<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    named: NamedLimit,
    subject: &[u8],
) -> Result<i64, Unavailable> {
    let digest = keyring.digest(KeyUse::Clients, &[named.name.as_bytes(), subject]);
    let counter = counter_of(cx.now, named, digest.as_name());
    super::read_counter(cx.store(), &counter).await
}

/// Counts one call from `client` about `subject`.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn count_subject_from<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    named: NamedLimit,
    subject: &[u8],
    client: ClientAddress,
) -> Result<Counted, Unavailable> {
    let parts = [named.name.as_bytes(), subject, &client.network()];
    let digest = keyring.digest(KeyUse::Clients, &parts);
    count_by(cx, named, digest.as_name()).await
}

/// Until when a limit for all clients is used up.
#[derive(Debug, Serialize, Deserialize)]
struct Full {
    until: Timestamp,
}

/// The reason why a call of any client would be refused, as recorded by an earlier call that was: reading this costs no
/// count.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_full<E: Env>(
    env: &E,
    NamedLimit { name, limit }: NamedLimit,
    now: Timestamp,
) -> Result<Option<LimitExceeded>, Unavailable> {
    let full: Option<Full> = record::find(env.store(), &keys::limit_full(name)).await?;
    let is_full = full.is_some_and(|full| full.until == limit.window_end(now));
    if is_full {
        env.meter().note(&Measured::Limit(name));
    }
    Ok(is_full.then(|| LimitExceeded::new(name, limit, now)))
}

/// The end of the last window that was recorded as used up.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_last_full(
    store: &impl KeyValue,
    named: NamedLimit,
) -> Result<Option<Timestamp>, Unavailable> {
    let full: Option<Full> = record::find(store, &keys::limit_full(named.name)).await?;
    Ok(full.map(|full| full.until))
}

/// Records that the current window of a limit for all clients is used up.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn note_full<E: Env>(
    cx: &Cx<'_, E>,
    NamedLimit { name, limit }: NamedLimit,
) -> Result<(), Unavailable> {
    let full = Full {
        until: limit.window_end(cx.now),
    };
    let write = (keys::limit_full(name), record::encode(&full)?);
    cx.store().set_many(vec![write]).await
}

/// Counts one call, whichever client it came from.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn count_all<E: Env>(
    cx: &mut Cx<'_, E>,
    named: NamedLimit,
) -> Result<Counted, Unavailable> {
    count_by(cx, named, "all").await
}

/// Counts the call. The first in a window has the counter deleted when the window ends.
async fn count_by<E: Env>(
    cx: &mut Cx<'_, E>,
    NamedLimit { name, limit }: NamedLimit,
    whose: &str,
) -> Result<Counted, Unavailable> {
    let counter = counter_of(cx.now, NamedLimit { name, limit }, whose);
    let number = super::draw(cx.store(), &counter, 1).await?;
    if number == 1 {
        cx.deferred.expiring.push(Expiring {
            at: limit.window_end(cx.now),
            keys: vec![counter.as_str().to_owned()],
        });
    }
    if !limit.allows(number) {
        cx.env.meter().note(&Measured::Limit(name));
    }
    Ok(Counted {
        exceeded: (!limit.allows(number)).then(|| LimitExceeded::new(name, limit, cx.now)),
        number,
        counter,
    })
}

/// The counter of the window at `now`.
fn counter_of(now: Timestamp, NamedLimit { name, limit }: NamedLimit, whose: &str) -> CounterKey {
    // The window's length is part of the name: a changed limit starts afresh instead of continuing an unrelated count.
    let named_window = format!("{name}.{}", limit.window().as_secs());
    keys::limit(&named_window, limit.window_at(now), whose)
}
