//! Link, reset and cancel tokens.

use crate::base::timestamp::Timestamp;
use crate::model::token::{Token, TokenRecord, TokenReference};
use crate::ports::{KeyValue, Unavailable};
use crate::store::batch::Batch;
use crate::store::keys;
use crate::store::recoveries::Claim;
use crate::store::{draw, record};

/// The stored record of a token.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find(
    store: &impl KeyValue,
    reference: &TokenReference,
) -> Result<Option<TokenRecord>, Unavailable> {
    record::find(store, &keys::token(reference)).await
}

/// Stores a token's record.
///
/// # Errors
/// [`Unavailable::Record`].
pub fn insert(batch: &mut Batch, token: &Token, stored: &TokenRecord) -> Result<(), Unavailable> {
    batch.put(keys::token(token.reference()), stored)
}

/// Schedules the deletion of a token's record at `at`, with its claim and its count of refused passwords.
pub fn expire(batch: &mut Batch, token: &Token, at: Timestamp) {
    let reference = token.reference();
    let keys = [
        keys::token(reference).into(),
        keys::token_claim(reference).into(),
        keys::refusals(reference).into(),
    ];
    batch.expire(at, keys);
}

/// The claim that decides who uses a token other than a link.
#[must_use]
pub fn claim_of(reference: &TokenReference) -> Claim {
    Claim(keys::token_claim(reference))
}

/// Counts a password that was refused to the holder of `token`, and returns the count. The count is deleted with the
/// token.
///
/// # Errors
/// [`Unavailable::Store`]; it may have been counted.
pub async fn count_refusal(store: &impl KeyValue, token: &Token) -> Result<i64, Unavailable> {
    draw(store, &keys::refusals(token.reference()), 1).await
}
