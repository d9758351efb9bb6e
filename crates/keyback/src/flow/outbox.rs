//! Emails that wait to be sent.

use serde::{Deserialize, Serialize};

use crate::mail::message::Message;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::Event;
use crate::model::id::{AccountId, EmailId};
use crate::model::keyring::Keyring;
use crate::model::sealed::{NONCE_BYTES, Sealed};
use crate::model::timestamp::Timestamp;
use crate::ports::{Env, Outage, SecureRandom};
use crate::store::agenda;
use crate::store::keys::{self, Key};
use crate::store::record;

use super::afterwards::OwnEntry;

/// What kind of mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EmailKind {
    Recovery,
    PasswordChanged,
    TemporaryPassword,
    EmailChanged,
}

/// An email as it stands in the outbox. Only its seal knows address and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OutboxRecord {
    pub(super) kind: EmailKind,
    pub(super) account_id: AccountId,
    /// `None` once it has failed for good: what will not be sent is not kept.
    pub(super) message: Option<Sealed>,
    pub(super) created_at: Timestamp,
    /// From when on it is not worth sending, since what it holds has expired.
    pub(super) useless_at: Option<Timestamp>,
    /// Tries made.
    pub(super) attempts: u32,
    pub(super) last_error: Option<String>,
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
    pub(super) useless_at: Option<Timestamp>,
    /// What to note when it is first worked on.
    pub(super) events: Vec<Event>,
}

/// Prepares an email for the outbox: one round trip for its slot on the agenda. The caller stores all `writes` together
/// with its own.
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
        useless_at,
        events,
    } = draft;
    let email_id = EmailId::generate(env.random())?;
    let mut nonce = [0; NONCE_BYTES];
    env.random().fill(&mut nonce)?;
    let plaintext = serde_json::to_vec(message).map_err(|_| Outage::Record("cannot be written"))?;
    let record = OutboxRecord {
        kind,
        account_id: account_id.clone(),
        message: Some(keyring.seal(nonce, email_id.as_str(), &plaintext)),
        created_at: now,
        useless_at,
        attempts: 0,
        last_error: None,
    };
    let place = agenda::take_slot(env.store(), keys::Lane::Tasks, now).await?;
    let task = AgendaTask::Deliver {
        email_id: email_id.clone(),
        attempt: 1,
        events,
    };
    let entry = OwnEntry::new(place, task, now);
    let mut placed = agenda::place_at(place, entry.until(), entry.task().clone())?;
    placed
        .writes
        .push((keys::outbox(&email_id), record::encode(&record)?));
    Ok(Enqueued {
        email_id,
        writes: placed.writes,
        entry,
    })
}
