//! How long work has been waiting.

use crate::base::timestamp::Timestamp;
use crate::ports::{KeyValue, Unavailable};
use crate::store::agenda::{State, Walk};

/// How many steps of a walk are taken, so that the cost is bounded. The oldest entries come first.
const LOOKS: u32 = 10;

/// Since when the oldest task or parked part has been due at `now`; `None` if nothing is due.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_oldest_due(
    store: &impl KeyValue,
    now: Timestamp,
) -> Result<Option<Timestamp>, Unavailable> {
    let state = State::load(store).await?;
    let mut oldest = state.oldest_parked();
    let mut walk = Walk::start(store, &state).await?;
    for _ in 0..LOOKS {
        let entries = walk.next(store).await?;
        if entries.is_empty() {
            break;
        }
        // An unreadable entry is left to the courier, which reports it.
        let readable = entries.into_iter().filter_map(|(_, found)| found.ok());
        let tasks = readable.flatten().flat_map(|entry| entry.tasks);
        oldest = tasks.map(|task| task.at).chain(oldest).min();
    }
    Ok(oldest.filter(|due| *due <= now))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::ports::Clock as _;
    use crate::testing::{App, block_on};

    #[test]
    fn a_mail_that_nobody_delivers_is_due_after_a_minute_and_ages() {
        let app = App::with_account();
        let age = || {
            let now = app.env.clock.now();
            let due = block_on(find_oldest_due(&app.env.store, now)).unwrap();
            due.map(|due| now.since(due))
        };
        app.run_courier();
        assert_eq!(age(), None);
        // The instance ends with the response.
        let body = json!({"email": "ada@example.com"});
        let (reply, _) = app.answer(&app.call("/v1/forgot-password", body));
        let _ = reply.expect(202);
        assert_eq!(age(), None);
        app.advance(90);
        assert_eq!(age(), Some(Duration::from_secs(30)));
        app.advance(600);
        assert_eq!(age(), Some(Duration::from_secs(630)));
        app.run_courier();
        assert_eq!(age(), None);
    }
}
