//! Claims: who uses a secret that works once.
//!
//! The first to increment a claim's counter has it. Each claimant adds a random amount of its own: an answer that says
//! just that amount means that it was the first. If the answer is lost, the counter is read, and says the same.
//!
//! A counter has three fields, so that it can be read who came: links and reset tokens add to the lowest, codes to the one
//! above, and "this was not me" to the highest. The first two hold 32 racers before they overflow, which costs
//! nothing but that a cancel is refused. The highest holds 8,191 cancels, of which `MAX_CANCELS` are counted.

use crate::ports::{Env, KeyValue, SecureRandom, Unavailable};
use crate::store::keys::CounterKey;

/// The least amount of a code.
const CODE: i64 = 1 << 24;
/// The amount of a cancel.
const CANCEL: i64 = 1 << 50;
/// Amounts are drawn from 1 to this.
const MAX_AMOUNT: u32 = 1 << 19;

/// How often a claim whose answer was lost is looked at.
const LOOKS: u32 = 2;
/// A cancel is only made again if what it changes could not be stored. However often that is, the counter holds it.
const MAX_CANCELS: i64 = 1 << 12;

/// The kind of secret that a claim is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimant {
    /// A link or a reset token.
    Token,
    /// The code from a mail.
    Code,
}

/// What came of claiming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The secret is the caller's to use.
    Won,
    /// Somebody else was first.
    Lost,
    /// The store did not say. The secret may be used up.
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
    // It may have been done: only reading tells, since a second increment would make a won claim look lost. It may also
    // be done later, after it was read that it was not.
    for sent in 1..=LOOKS {
        match super::read_counter(env.store(), counter).await {
            Ok(0) => match env.store().increment(counter, amount).await {
                Ok(stands) if is_all_of(amount, sent.saturating_add(1), stands) => {
                    return Claimed::Won;
                }
                // Somebody else came, before or after an increment that was late.
                Ok(_) => break,
                Err(again) => outage = again,
            },
            Ok(stands) if is_all_of(amount, sent, stands) => return Claimed::Won,
            // Others came, and nobody knows who was first.
            Ok(_) | Err(_) => break,
        }
    }
    Claimed::Unknown(outage)
}

/// Whether a counter stands at what up to `sent` increments by `amount` have added, and nothing else.
fn is_all_of(amount: i64, sent: u32, stands: i64) -> bool {
    (1..=i64::from(sent)).any(|done| stands == amount.saturating_mul(done))
}

/// What a cancel found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    /// Whether a link or a reset token had claimed it before.
    pub by_token: bool,
}

/// Claims `counter` for good, whoever had it, and says who had.
///
/// # Errors
/// [`Unavailable::Store`]; it may be cancelled.
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
