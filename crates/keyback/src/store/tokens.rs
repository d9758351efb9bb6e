//! Link, reset and cancel tokens.

use crate::model::timestamp::Timestamp;
use crate::model::token::{Token, TokenRecord, TokenReference};
use crate::ports::{KeyValue, Outage};
use crate::store::batch::Batch;
use crate::store::keys;
use crate::store::record;
use crate::store::recoveries::Claim;

/// What is stored of a token.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn find(
    store: &impl KeyValue,
    reference: &TokenReference,
) -> Result<Option<TokenRecord>, Outage> {
    record::find(store, &keys::token(reference)).await
}

/// Stores a token's record.
///
/// # Errors
/// [`Outage::Record`].
pub fn insert(batch: &mut Batch, token: &Token, stored: &TokenRecord) -> Result<(), Outage> {
    batch.put(keys::token(token.reference()), stored)
}

/// Has a token's record go at `at`, with its claim.
pub fn expire(batch: &mut Batch, token: &Token, at: Timestamp) {
    let reference = token.reference();
    let keys = [
        keys::token(reference).into(),
        keys::token_claim(reference).into(),
    ];
    batch.expire(at, keys);
}

/// What decides who uses a token that is not a link.
#[must_use]
pub fn claim_of(reference: &TokenReference) -> Claim {
    Claim(keys::token_claim(reference))
}
