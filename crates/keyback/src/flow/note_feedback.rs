//! Noting what a provider says became of emails that it took.

use crate::flow::afterwards::Afterwards;
use crate::flow::caller::note;
use crate::model::email::{EmailFeedback, EmailState};
use crate::model::event::{AboutEmail, Event, EventType};
use crate::model::id::EmailId;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::store::{keys, outbox, record};

/// What a provider says of one email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Which.
    pub email_id: EmailId,
    /// [`Delivered`](EmailState::Delivered), [`Bounced`](EmailState::Bounced) or
    /// [`Complained`](EmailState::Complained).
    pub state: EmailState,
    /// Why, in our words.
    pub reason: Option<String>,
}

/// Notes it with the email and among the events of its account. What is said of an unknown email, or was said before,
/// changes nothing; so a provider may tell twice.
///
/// # Errors
/// [`Outage`]; the provider will tell again.
pub async fn run<E: Env>(env: &E, said: Vec<Said>) -> Result<Afterwards, Outage> {
    let store = env.store();
    let now = env.clock().now();
    let mut writes = Vec::new();
    let mut events = Vec::new();
    for Said {
        email_id,
        state,
        reason,
    } in said
    {
        let kind = match state {
            EmailState::Delivered => EventType::EmailDelivered,
            EmailState::Bounced => EventType::EmailBounced,
            EmailState::Complained => EventType::EmailComplained,
            EmailState::Pending | EmailState::Sent | EmailState::Failed | EmailState::Expired => {
                continue;
            }
        };
        let Some(found) = outbox::find(store, &email_id).await? else {
            continue;
        };
        let feedback = EmailFeedback {
            state,
            at: now,
            reason: reason.clone(),
        };
        if !feedback.replaces(found.feedback.as_ref()) {
            continue;
        }
        let about = AboutEmail {
            id: email_id.clone(),
            kind: found.email.kind,
        };
        events.push(Event::of_email(
            kind,
            about,
            found.email.account_id,
            reason,
            now,
        ));
        writes.push((keys::email_feedback(&email_id), record::encode(&feedback)?));
    }
    if events.is_empty() {
        return Ok(Afterwards::nothing());
    }
    let (entry, noted) = note(env, events).await?;
    writes.extend(noted);
    store.set_many(writes).await?;
    Ok(Afterwards::work(entry))
}
