//! Noting what a provider says became of emails that it took.

use crate::flow::afterwards::{Afterwards, OwnEntry};
use crate::flow::caller::note;
use crate::flow::outbox::lease_name;
use crate::model::email::{DeliveryReport, EmailFeedback, EmailState};
use crate::model::event::{AboutEmail, Event, EventType};
use crate::model::id::EventId;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::store::lease::Lease;
use crate::store::{keys, outbox, record};

/// Notes it with the email and among the events of its account. What is said of an unknown email, or was said before,
/// changes nothing; so a provider may tell twice.
///
/// # Errors
/// [`Outage`]; the provider will tell again.
pub async fn run<E: Env>(env: &E, reports: Vec<DeliveryReport>) -> Result<Afterwards, Outage> {
    let store = env.store();
    let mut afterwards = Afterwards::nothing();
    for report in reports {
        if store.exists(&keys::outbox(&report.email_id).into()).await? {
            // Of what is said at the same moment, each is held against what was said before.
            let name = lease_name(&report.email_id);
            if let Some(entry) = Lease::hold(env, &name, note_one(env, report)).await? {
                afterwards.also_work(entry);
            }
        }
    }
    Ok(afterwards)
}

async fn note_one<E: Env>(env: &E, report: DeliveryReport) -> Result<Option<OwnEntry>, Outage> {
    let store = env.store();
    let now = env.clock().now();
    let DeliveryReport {
        email_id,
        state,
        reason,
    } = report;
    let kind = match state {
        EmailState::Delivered => EventType::EmailDelivered,
        EmailState::Bounced => EventType::EmailBounced,
        EmailState::Complained => EventType::EmailComplained,
        EmailState::Pending | EmailState::Sent | EmailState::Failed | EmailState::Expired => {
            return Ok(None);
        }
    };
    let Some(found) = outbox::find(store, &email_id).await? else {
        return Ok(None);
    };
    let feedback = EmailFeedback {
        state,
        at: now,
        reason: reason.clone(),
    };
    if !feedback.replaces(found.feedback.as_ref()) {
        return Ok(None);
    }
    let about = AboutEmail {
        id: email_id.clone(),
        kind: found.email.kind,
    };
    let id = EventId::of_email(&email_id, state.as_str());
    let event = Event::of_email(id, kind, about, found.email.account_id, reason, now);
    let (entry, mut writes) = note(env, vec![event]).await?;
    writes.push((keys::email_feedback(&email_id), record::encode(&feedback)?));
    store.set_many(writes).await?;
    Ok(Some(entry))
}
