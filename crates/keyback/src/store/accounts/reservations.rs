//! The ids and addresses of deleted accounts. For a day, only callers that could have deleted the account can use them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::email_address::EmailAddress;
use crate::model::event_chain::Day;
use crate::model::id::AccountId;
use crate::ports::{KeyValue, Unavailable};
use crate::store::batch::Batch;
use crate::store::keys::{self, Key};
use crate::store::record;

/// How long an id and an address stay reserved.
const RESERVED_FOR: Duration = Duration::from_hours(24);

/// An id or an address that is not free.
#[derive(Debug, Serialize, Deserialize)]
struct Reservation {
    until: Timestamp,
}

/// Reserves the id and the address of `account`, which is deleted at `now`.
///
/// # Errors
/// [`Unavailable::Record`].
pub fn reserve(batch: &mut Batch, account: &Account, now: Timestamp) -> Result<(), Unavailable> {
    let until = now.plus(RESERVED_FOR);
    let day = Day::of(now);
    let keys = [
        keys::reserved_id(&account.id, day.number()),
        keys::reserved_email(&account.email.digest(), day.number()),
    ];
    for key in &keys {
        batch.put(key.clone(), &Reservation { until })?;
    }
    // Another deletion of that day may have reserved them for longer.
    let all_over = day.end().plus(RESERVED_FOR);
    batch.expire(all_over, keys.map(Into::into));
    Ok(())
}

/// When the reservation of `email` ends, and of the id if one is given; `None` if both are free at `now`.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn reserved_until(
    store: &impl KeyValue,
    id: Option<&AccountId>,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Option<Timestamp>, Unavailable> {
    let today = Day::of(now);
    let mut keys: Vec<Key> = Vec::new();
    for day in [today.minus(1), today] {
        keys.extend(id.map(|id| keys::reserved_id(id, day.number())));
        keys.push(keys::reserved_email(&email.digest(), day.number()));
    }
    let found = keys
        .iter()
        .map(|key| record::find::<Reservation>(store, key));
    let found = futures::future::try_join_all(found).await?;
    let ends = found.into_iter().flatten().map(|it| it.until);
    Ok(ends.filter(|until| now < *until).max())
}
