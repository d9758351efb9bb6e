//! Detached signatures: while it is valid, each stands for the body that it first comes with.
//!
//! As with claims, the first to increment a counter decides. The amount is a keyed digest of the body, so the counter
//! also shows which body came first. A caller that sends the same body again is let through, such as a provider that
//! got no answer.

use crate::base::timestamp::Timestamp;
use crate::model::keyring::{KeyUse, Keyring};
use crate::ports::{Env, KeyValue, Unavailable};
use crate::store::agenda::Expiring;
use crate::store::cx::Cx;
use crate::store::keys;

/// Whether `signature`, which is valid until `expires_at`, stands for `body`: it comes for the first time, or came with
/// this body before.
///
/// # Errors
/// [`Unavailable::Store`]; it may already be recorded that the signature stands for the body.
pub async fn stands_for<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    signature: &str,
    body: &[u8],
    expires_at: Timestamp,
) -> Result<bool, Unavailable> {
    let store = cx.store();
    let name = keyring.digest(KeyUse::Clients, &[b"proof", signature.as_bytes()]);
    let counter = keys::proof(name.as_name());
    let amount = keyring
        .digest(
            KeyUse::Clients,
            &[b"proven body", signature.as_bytes(), body],
        )
        .as_amount();
    let is_ours = |stands: i64| stands.checked_rem(amount) == Some(0);
    let stood = super::read_counter(store, &counter).await?;
    if stood != 0 {
        return Ok(is_ours(stood));
    }
    cx.deferred.expiring.push(Expiring {
        at: expires_at,
        keys: vec![counter.as_str().to_owned()],
    });
    let stands = store.increment(&counter, amount).await?;
    if is_ours(stands) {
        return Ok(true);
    }
    // Another body came at the same moment, and was first.
    store.increment(&counter, amount.saturating_neg()).await?;
    Ok(false)
}
