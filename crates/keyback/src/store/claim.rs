//! Claims: who uses a secret that works once.
//!
//! The first to increment a claim's counter has it. Each claimant adds a random amount of its own: an answer that says
//! just that amount means that it was the first. If the answer is lost, the counter is read, and says the same.
//!
//! A counter has three fields, so that it can be read who came: links and reset tokens add to the lowest, codes to the one
//! above, and "this was not me" to the highest. The first two hold 32 racers before they overflow, which costs
//! nothing but that a cancel is refused.

use crate::ports::{Env, KeyValue, Outage, SecureRandom};
use crate::store::keys::CounterKey;

/// The least amount of a code.
const CODE: i64 = 1 << 24;
/// The amount of a cancel.
const CANCEL: i64 = 1 << 50;
/// Amounts are drawn from 1 to this.
const MAX_AMOUNT: u32 = 1 << 19;

/// How often a claim whose answer was lost is looked at.
const LOOKS: u32 = 2;

/// Who claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimant {
    /// A link or a reset token.
    Token,
    /// A code.
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
    Unknown(Outage),
}

/// Claims `counter`.
pub async fn take<E: Env>(env: &E, counter: &CounterKey, claimant: Claimant) -> Claimed {
    let amount = match draw_amount(env, claimant) {
        Ok(amount) => amount,
        Err(outage) => return Claimed::Unknown(outage),
    };
    let mut outage = match env.store().increment(counter, amount).await {
        Ok(stands) => return won_if(stands == amount),
        Err(outage) => outage,
    };
    // It may have been done: only reading tells, since a second increment would make a won claim look lost.
    for _ in 0..LOOKS {
        match super::read_counter(env.store(), counter).await {
            Ok(stands) if stands == amount => return Claimed::Won,
            Ok(0) => match env.store().increment(counter, amount).await {
                Ok(stands) => return won_if(stands == amount),
                Err(again) => outage = again,
            },
            // Others came, and nobody knows who was first.
            Ok(_) | Err(_) => break,
        }
    }
    Claimed::Unknown(outage)
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
/// [`Outage::Store`]; it may be cancelled.
pub async fn cancel(store: &impl KeyValue, counter: &CounterKey) -> Result<Cancelled, Outage> {
    let stood = super::read_counter(store, counter).await?;
    let stands = if stood < CANCEL {
        store
            .increment(counter, CANCEL)
            .await?
            .saturating_sub(CANCEL)
    } else {
        stood
    };
    let claims = stands.checked_rem(CANCEL).unwrap_or_default();
    Ok(Cancelled {
        by_token: claims.checked_rem(CODE) != Some(0),
    })
}

const fn won_if(won: bool) -> Claimed {
    if won { Claimed::Won } else { Claimed::Lost }
}

fn draw_amount<E: Env>(env: &E, claimant: Claimant) -> Result<i64, Outage> {
    let mut bytes = [0; 4];
    env.random().fill(&mut bytes)?;
    let drawn = u32::from_le_bytes(bytes).checked_rem(MAX_AMOUNT);
    let amount = i64::from(drawn.unwrap_or_default()).saturating_add(1);
    Ok(match claimant {
        Claimant::Token => amount,
        Claimant::Code => amount.saturating_mul(CODE),
    })
}
