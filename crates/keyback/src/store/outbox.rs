//! All emails of the last month: those to be sent, and the outcome of the rest.

use crate::model::email::{Email, EmailFeedback, EmailState};
use crate::model::id::EmailId;
use crate::ports::{KeyValue, Unavailable};
use crate::store::batch::Batch;
use crate::store::keys;
use crate::store::outbox::records::Pointer;
use crate::store::{read_counter, record};

pub(super) mod records;

/// How many places in the list are read for one page.
const LOOKED_AT: i64 = 200;
/// The fewest that are read, so that a few gaps are not mistaken for the end.
const LOOKED_AT_LEAST: i64 = 20;

/// An email with its provider's feedback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailWithFeedback {
    /// Unique id, and the idempotency key for the provider.
    pub id: EmailId,
    /// The email as Keyback stored it.
    pub email: Email,
    /// The provider's last report.
    pub feedback: Option<EmailFeedback>,
}

impl EmailWithFeedback {
    /// Its current state: the provider's feedback, if there is any, overrides the stored state.
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
/// [`Unavailable`] of the store.
pub async fn find(
    store: &impl KeyValue,
    id: &EmailId,
) -> Result<Option<EmailWithFeedback>, Unavailable> {
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

/// Replaces the feedback of an email.
///
/// # Errors
/// [`Unavailable::Record`].
pub fn replace_feedback(
    batch: &mut Batch,
    id: &EmailId,
    feedback: &EmailFeedback,
) -> Result<(), Unavailable> {
    batch.put(keys::email_feedback(id), feedback)
}

/// Replaces an email.
///
/// # Errors
/// [`Unavailable::Record`].
pub fn replace(batch: &mut Batch, id: &EmailId, email: &Email) -> Result<(), Unavailable> {
    batch.put(keys::outbox(id), email)
}

/// Whether there is such an email.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn exists(store: &impl KeyValue, id: &EmailId) -> Result<bool, Unavailable> {
    store.exists(&keys::outbox(id).into()).await
}

/// The name of the lease under which an email is changed by anyone but those who deliver it.
#[must_use]
pub fn lease_name(id: &EmailId) -> String {
    format!("email.{id}")
}

/// Makes the calls of [`find`] without an email.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn imitate_find(store: &impl KeyValue) -> Result<(), Unavailable> {
    let keys = (keys::decoy(0), keys::decoy(1));
    let (one, other) = futures::join!(store.get(&keys.0), store.get(&keys.1));
    one?;
    other.map(drop)
}

/// Writes as much as [`replace`] would, without an email, plus as many bytes as the entry of a sent email has more for
/// its keys to be deleted.
///
/// # Errors
/// [`Unavailable::Record`].
pub fn imitate_replace(batch: &mut Batch) -> Result<(), Unavailable> {
    batch.put(keys::decoy(0), &"\u{a0}".repeat(570))
}

/// A page of emails, newest first.
#[derive(Debug)]
pub struct Page {
    /// At most as many as requested. There may be fewer if numbers have gaps.
    pub emails: Vec<EmailWithFeedback>,
    /// Where the next page begins: all emails before this number; `None` if there are none.
    pub next: Option<i64>,
}

/// At most `limit` emails in `state`, or in any, with a number below `before`, or the latest ones. To bound the cost of
/// a page, only part of the list is read: there may be fewer than `limit` on a page that is not the last.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn page(
    store: &impl KeyValue,
    state: Option<EmailState>,
    before: Option<i64>,
    limit: i64,
) -> Result<Page, Unavailable> {
    let count = read_counter(store, &keys::emails()).await?;
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
    // Emails expire oldest first, so a run of places without any is the end.
    let next = (oldest > 0 && any).then_some(oldest.saturating_add(1));
    Ok(Page { emails, next })
}

async fn find_at(
    store: &impl KeyValue,
    number: i64,
) -> Result<Option<EmailWithFeedback>, Unavailable> {
    let pointer: Option<Pointer> = record::find(store, &keys::email_at(number)).await?;
    match pointer {
        Some(Pointer { id }) => find(store, &id).await,
        None => Ok(None),
    }
}
