//! Claims: who gets to use a one-time secret.
//!
//! The first to increment a claim's counter has it. Each claimant adds a random amount of its own: if the result is
//! just that amount, it was the first. If the answer is lost, reading the counter gives the same value.
//!
//! A counter has three fields, so that it shows which kinds of claimant came: links and reset tokens add to the lowest,
//! codes to the one above, and "this was not me" to the highest. The lowest always has room for 31 increments, the next
//! one for 127. A racer whose answers are lost makes up to three. More overflow into the field above. That is harmless:
//! a cancel only checks whether the sum is a multiple of `CODE`, which sums with tokens practically never are. The
//! highest has room for 8,191 cancels, of which `MAX_CANCELS` are counted.

use crate::ports::{Env, KeyValue, SecureRandom, Unavailable};
use crate::store::keys::CounterKey;

/// The smallest amount of a code.
const CODE: i64 = 1 << 24;
/// The amount of a cancel.
const CANCEL: i64 = 1 << 50;
/// Amounts are drawn from 1 to this.
const MAX_AMOUNT: u32 = 1 << 19;

/// How many times a claim whose answer was lost is checked.
const LOOKS: u32 = 2;
/// A cancel is only repeated if its effect could not be stored. However often that is, the counter does not overflow.
const MAX_CANCELS: i64 = 1 << 12;

/// The kind of secret that a claim is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimant {
    /// A link or a reset token.
    Token,
    /// The code from an email.
    Code,
}

/// The result of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The caller may use the secret.
    Won,
    /// Somebody else was first.
    Lost,
    /// The store gave no answer. The secret may be used up.
    Unknown(Unavailable),
}

/// Claims `counter`: of all callers, at most one wins.
pub async fn take<E: Env>(env: &E, counter: &CounterKey, claimant: Claimant) -> Claimed {
    let amount = match draw_amount(env, claimant) {
        Ok(amount) => amount,
        Err(outage) => return Claimed::Unknown(outage),
    };
    let mut outage = match env.store().increment(counter, amount).await {
        Ok(stands) if stands == amount => return Claimed::Won,
        Ok(_) => return Claimed::Lost,
        Err(outage) => outage,
    };
    // It may have been applied. Only reading can tell, since a second increment would make a won claim look lost. It
    // may also be applied late, after a read that did not see it.
    for sent in 1..=LOOKS {
        match super::read_counter(env.store(), counter).await {
            Ok(0) => match env.store().increment(counter, amount).await {
                Ok(stands) if is_all_of(amount, sent.saturating_add(1), stands) => {
                    return Claimed::Won;
                }
                // Another claimant came, before or after a late increment.
                Ok(_) => break,
                Err(again) => outage = again,
            },
            Ok(stands) if is_all_of(amount, sent, stands) => return Claimed::Won,
            // Others came, and it is unknown who was first.
            Ok(_) | Err(_) => break,
        }
    }
    Claimed::Unknown(outage)
}

/// Whether a counter's value is the sum of at most `sent` increments by `amount`, and nothing else.
fn is_all_of(amount: i64, sent: u32, stands: i64) -> bool {
    (1..=i64::from(sent)).any(|done| stands == amount.saturating_mul(done))
}

/// What a cancel found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    /// Whether a link or a reset token had claimed it before.
    pub by_token: bool,
}

/// Claims `counter` for good, even if another caller has claimed it, and reports which kind of caller has.
///
/// # Errors
/// [`Unavailable::Store`]; the cancel may have been applied.
pub async fn cancel(store: &impl KeyValue, counter: &CounterKey) -> Result<Cancelled, Unavailable> {
    let stands = store.increment(counter, CANCEL).await?;
    if stands >= CANCEL.saturating_mul(MAX_CANCELS) {
        store.increment(counter, CANCEL.saturating_neg()).await?;
    }
    let claims = stands.checked_rem(CANCEL).unwrap_or_default();
    Ok(Cancelled {
        by_token: claims.checked_rem(CODE) != Some(0),
    })
}

fn draw_amount<E: Env>(env: &E, claimant: Claimant) -> Result<i64, Unavailable> {
    let mut bytes = [0; 4];
    env.random().fill(&mut bytes)?;
    let drawn = u32::from_le_bytes(bytes).checked_rem(MAX_AMOUNT);
    let amount = i64::from(drawn.unwrap_or_default()).saturating_add(1);
    Ok(match claimant {
        Claimant::Token => amount,
        Claimant::Code => amount.saturating_mul(CODE),
    })
}

#[cfg(test)]
mod tests;
