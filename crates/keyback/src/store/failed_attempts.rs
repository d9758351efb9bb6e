//! How many attempts fail, across all clients.

use std::time::Duration;

use futures::future::join_all;

use crate::base::timestamp::Timestamp;
use crate::model::failed_attempt::FailedAttempt;
use crate::ports::{Env, KeyValue, Unavailable};
use crate::store::cx::Cx;
use crate::store::limiter::{self, NamedLimit};

/// How long after its hour a spray is still reported.
const REPORTED_FOR: Duration = Duration::from_hours(1);

/// Counts a failed attempt. The first one beyond the hour's limit is recorded, so that checking costs no count.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn count<E: Env>(cx: &mut Cx<'_, E>, attempt: FailedAttempt) -> Result<(), Unavailable> {
    let named = named(attempt);
    let counted = limiter::count_all(cx, named).await?;
    if counted.is_first_beyond(named.limit) {
        limiter::note_full(cx, named).await?;
    }
    Ok(())
}

/// The kinds of attempt of which more than usual have failed, in this hour or the one before.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_sprays(
    store: &impl KeyValue,
    now: Timestamp,
) -> Result<Vec<FailedAttempt>, Unavailable> {
    let ends = FailedAttempt::COUNTED.map(|attempt| limiter::find_last_full(store, named(attempt)));
    let ends = join_all(ends).await;
    let mut sprays = Vec::new();
    for (attempt, end) in FailedAttempt::COUNTED.into_iter().zip(ends) {
        if end?.is_some_and(|end| now < end.plus(REPORTED_FOR)) {
            sprays.push(attempt);
        }
    }
    Ok(sprays)
}

const fn named(attempt: FailedAttempt) -> NamedLimit {
    NamedLimit {
        name: match attempt {
            FailedAttempt::Code => "failed-code",
            FailedAttempt::Password => "failed-password",
            FailedAttempt::Token => "failed-token",
            FailedAttempt::ApiKey => "failed-api-key",
            FailedAttempt::Webhook => "failed-webhook",
        },
        limit: FailedAttempt::USUAL,
    }
}
