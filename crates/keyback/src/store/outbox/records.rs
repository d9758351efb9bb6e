//! The records of an email: itself, and its place in the list of all.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::email::Email;
use crate::model::id::EmailId;
use crate::ports::Unavailable;
use crate::store::keys::{self, AnyKey, Key};
use crate::store::record;

/// How long an email can be viewed.
pub(in crate::store) const KEPT_FOR: Duration = Duration::from_hours(31 * 24);

/// Which email has a place in the list.
#[derive(Serialize, Deserialize)]
pub(super) struct Pointer {
    pub(super) id: EmailId,
}

/// The writes that store a new email as number `number` of the list.
///
/// # Errors
/// [`Unavailable::Record`].
pub(in crate::store) fn insert(
    id: &EmailId,
    email: &Email,
    number: i64,
) -> Result<[(Key, Vec<u8>); 2], Unavailable> {
    let pointer = Pointer { id: id.clone() };
    Ok([
        (keys::outbox(id), record::encode(email)?),
        (keys::email_at(number), record::encode(&pointer)?),
    ])
}

/// The keys that are deleted when the email expires.
pub(in crate::store) fn keys_of(id: &EmailId, number: i64) -> [AnyKey; 3] {
    [
        keys::outbox(id).into(),
        keys::email_feedback(id).into(),
        keys::email_at(number).into(),
    ]
}
