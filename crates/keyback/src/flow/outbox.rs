//! Emails that wait to be sent.

use crate::mail::message::Message;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::{Email, EmailKind, EmailState, MailSecret};
use crate::model::event::Event;
use crate::model::id::{AccountId, EmailId};
use crate::model::keyring::Keyring;
use crate::model::sealed::NONCE_BYTES;
use crate::model::timestamp::Timestamp;
use crate::ports::{Env, Outage, SecureRandom};
use crate::store::keys::{self, Key};
use crate::store::{self, agenda, event_log};

use super::afterwards::OwnEntry;

/// The name of the lease under which an email is changed by others than those who deliver it.
pub(super) fn lease_name(email_id: &EmailId) -> String {
    format!("email.{email_id}")
}

/// An email to be stored together with what it tells of, and the entry to deliver it.
pub(super) struct Enqueued {
    pub(super) email_id: EmailId,
    pub(super) writes: Vec<(Key, Vec<u8>)>,
    pub(super) entry: OwnEntry,
}

/// An email to be written.
pub(super) struct Draft<'a> {
    pub(super) kind: EmailKind,
    pub(super) account_id: &'a AccountId,
    pub(super) message: &'a Message,
    /// From when on it is not worth sending.
    pub(super) discard_at: Option<Timestamp>,
    /// The secret that it holds, if any.
    pub(super) secret: Option<MailSecret>,
    /// What to note.
    pub(super) events: Vec<Event>,
}

/// Prepares an email for the outbox: one round trip for its slot on the agenda and the numbers of its events. The caller
/// stores all `writes` together with its own.
pub(super) async fn enqueue<E: Env>(
    env: &E,
    keyring: &Keyring,
    draft: Draft<'_>,
    now: Timestamp,
) -> Result<Enqueued, Outage> {
    let Draft {
        kind,
        account_id,
        message,
        discard_at,
        secret,
        events,
    } = draft;
    let email_id = EmailId::generate(env.random())?;
    let mut nonce = [0; NONCE_BYTES];
    env.random().fill(&mut nonce)?;
    let plaintext = serde_json::to_vec(message).map_err(|_| Outage::Record("cannot be written"))?;
    let email = Email {
        kind,
        account_id: account_id.clone(),
        state: EmailState::Pending,
        message: Some(keyring.seal(nonce, email_id.as_str(), &plaintext)),
        created_at: now,
        updated_at: now,
        discard_at,
        secret,
        number: None,
        attempts: 0,
        attempts_before: 0,
        next_attempt_at: Some(now),
        last_error: None,
        provider: None,
    };
    let (place, appended) = futures::join!(
        agenda::take_slot(env.store(), keys::Lane::Tasks, now),
        event_log::append(env.store(), events),
    );
    let (place, appended) = (place?, appended?);
    let task = AgendaTask::Deliver {
        email_id: email_id.clone(),
        attempt: 1,
        events: appended.places,
    };
    let entry = OwnEntry::new(place, task, now);
    let mut placed = agenda::place_at(place, entry.until(), entry.task().clone())?;
    placed.writes.push(store::outbox::write(&email_id, &email)?);
    placed.writes.extend(appended.writes);
    Ok(Enqueued {
        email_id,
        writes: placed.writes,
        entry,
    })
}
