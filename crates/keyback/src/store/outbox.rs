//! All emails of the last month: what is to be sent, and what became of the rest.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::agenda_task::AgendaTask;
use crate::model::email::{Email, EmailFeedback, EmailState};
use crate::model::id::EmailId;
use crate::model::timestamp::Timestamp;
use crate::ports::{KeyValue, Outage};
use crate::store::keys::{self, AnyKey, Key};
use crate::store::{agenda, record};

/// How long an email can be seen.
pub const KEPT_FOR: Duration = Duration::from_hours(31 * 24);
/// How many places in the list are looked at for one page.
const LOOKED_AT: i64 = 200;
/// How many at least, so that a few gaps are not taken for the end.
const LOOKED_AT_LEAST: i64 = 20;

#[derive(Serialize, Deserialize)]
struct Pointer {
    id: EmailId,
}

/// An email with what its provider said of it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailWithFeedback {
    /// Its name.
    pub id: EmailId,
    /// The email.
    pub email: Email,
    /// What the provider said.
    pub feedback: Option<EmailFeedback>,
}

impl EmailWithFeedback {
    /// What has become of it.
    #[must_use]
    pub fn state(&self) -> EmailState {
        self.feedback
            .as_ref()
            .map_or(self.email.state, |feedback| feedback.state)
    }
}

/// The email with this id.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn find(
    store: &impl KeyValue,
    id: &EmailId,
) -> Result<Option<EmailWithFeedback>, Outage> {
    let keys = (keys::outbox(id), keys::email_feedback(id));
    let (email, feedback) =
        futures::join!(record::find(store, &keys.0), record::find(store, &keys.1),);
    let feedback = feedback?;
    Ok(email?.map(|email| EmailWithFeedback {
        id: id.clone(),
        email,
        feedback,
    }))
}

/// What to store to change an email.
///
/// # Errors
/// [`Outage::Record`].
pub fn write(id: &EmailId, email: &Email) -> Result<(Key, Vec<u8>), Outage> {
    Ok((keys::outbox(id), record::encode(email)?))
}

/// Puts the email on the list, unless it is there, and on the agenda to be forgotten. Dying in between leaves a gap in the
/// list.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn list(
    store: &impl KeyValue,
    id: &EmailId,
    mut email: Email,
    now: Timestamp,
) -> Result<Email, Outage> {
    if email.number.is_some() {
        return Ok(email);
    }
    let number = store.increment(&keys::emails(), 1).await?;
    email.number = Some(number);
    let pointer_key = keys::email_at(number);
    let keys = vec![
        keys::outbox(id).as_str().to_owned(),
        keys::email_feedback(id).as_str().to_owned(),
        pointer_key.as_str().to_owned(),
    ];
    let forget_at = email.created_at.plus(KEPT_FOR).max(now);
    let placed = agenda::place(store, forget_at, AgendaTask::Forget { keys }).await?;
    let mut writes = placed.writes;
    writes.push((pointer_key, record::encode(&Pointer { id: id.clone() })?));
    writes.push(write(id, &email)?);
    store.set_many(writes).await?;
    Ok(email)
}

/// A page of emails, newest first.
#[derive(Debug)]
pub struct Page {
    /// The emails.
    pub emails: Vec<EmailWithFeedback>,
    /// Where the next page begins: all emails before this number; `None` if there are none.
    pub next: Option<i64>,
}

/// At most `limit` emails in `state`, or in any, with a number below `before`, or the latest ones. So that a page has its
/// price, only some of the list is looked at: there may be fewer than `limit` on a page that is not the last.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn page(
    store: &impl KeyValue,
    state: Option<EmailState>,
    before: Option<i64>,
    limit: i64,
) -> Result<Page, Outage> {
    let counter = keys::emails();
    let count = if store.exists(&AnyKey::from(counter.clone())).await? {
        store.increment(&counter, 0).await?
    } else {
        0
    };
    let newest = before.map_or(count, |before| before.saturating_sub(1).min(count));
    let oldest = newest
        .saturating_sub(if state.is_some() {
            LOOKED_AT
        } else {
            limit.max(LOOKED_AT_LEAST)
        })
        .max(0);
    let numbers: Vec<i64> = (oldest.saturating_add(1)..=newest).rev().collect();
    let found = futures::future::join_all(numbers.iter().map(|number| find_at(store, *number)));
    let mut emails = Vec::new();
    let mut any = false;
    for (number, found) in numbers.iter().zip(found.await) {
        let Some(found) = found? else {
            continue;
        };
        any = true;
        if state.is_some_and(|state| found.state() != state) {
            continue;
        }
        emails.push(found);
        if i64::try_from(emails.len()).is_ok_and(|count| count >= limit) {
            let next = (*number > 1).then_some(*number);
            return Ok(Page { emails, next });
        }
    }
    // Emails are forgotten oldest first: a stretch without any is the end.
    let next = (oldest > 0 && any).then_some(oldest.saturating_add(1));
    Ok(Page { emails, next })
}

async fn find_at(store: &impl KeyValue, number: i64) -> Result<Option<EmailWithFeedback>, Outage> {
    let pointer: Option<Pointer> = record::find(store, &keys::email_at(number)).await?;
    match pointer {
        Some(Pointer { id }) => find(store, &id).await,
        None => Ok(None),
    }
}
