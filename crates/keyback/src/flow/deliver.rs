//! Handing an email of the outbox to the provider.

use std::time::Duration;

use crate::flow::accounts;
use crate::flow::afterwards::OwnEntry;
use crate::flow::backoff;
use crate::flow::caller::note;
use crate::mail::api::{Handover, TIMEOUT};
use crate::mail::message::Message;
use crate::mail::registry;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::{Email, EmailState, MailSecret};
use crate::model::event::{AboutEmail, Event, EventType};
use crate::model::id::{EmailId, EventId};
use crate::model::keyring::Keyring;
use crate::model::log_line::LogLine;
use crate::model::recovery::Recovery;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, HttpClient, KeyValue, Log, NoAnswer, Outage};
use crate::settings::{self, MailSettings, ProviderKind, ProviderSettings};
use crate::store::outbox::{self, EmailWithFeedback};
use crate::store::{agenda, keys, record};

/// A try must begin this long before its lease ends, so that it ends before another may begin.
const TRY_TIME: Duration = Duration::from_secs(15);
/// For so long after a request its mail is taken to be waited for.
const AWAITED_FOR: Duration = Duration::from_mins(1);
/// From this try on, a mail of which it is not known whether the first provider has it goes to the fallback, too: better
/// twice than never.
const FALLBACK_WHEN_UNSURE: u32 = 3;

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The provider has it.
    Delivered,
    /// It will be tried again.
    Retried,
    /// It will not be tried again.
    Failed,
    /// What it holds has expired or was replaced: it is not sent.
    Expired,
    /// This try was made already.
    Stale,
    /// There was too little time left to begin.
    TooLate,
}

/// What is left of a try.
#[derive(Debug)]
pub(super) struct Tried {
    /// What became of it.
    pub(super) delivery: Delivery,
    /// The entry that notes it.
    pub(super) next: Option<OwnEntry>,
}

impl Tried {
    const fn silently(delivery: Delivery) -> Self {
        Self {
            delivery,
            next: None,
        }
    }
}

/// Makes try number `attempt`, which must be over by `until`.
///
/// # Errors
/// [`Outage`]; the entry stays on the agenda. If the provider had accepted the mail before the outage, its idempotency
/// key keeps the next try from sending it twice, where the provider has such.
pub(super) async fn run<E: Env>(
    env: &E,
    email_id: &EmailId,
    attempt: u32,
    until: Timestamp,
) -> Result<Tried, Outage> {
    let (keyring, mail) = settings::load::<(Keyring, MailSettings)>(env.variables()).await?;
    let store = env.store();
    let Some(EmailWithFeedback {
        email, feedback, ..
    }) = outbox::find(store, email_id).await?
    else {
        return Ok(Tried::silently(Delivery::Stale));
    };
    let Some(sealed) = email.message.clone() else {
        return Ok(Tried::silently(Delivery::Stale));
    };
    if email.attempts.saturating_add(1) != attempt || email.state != EmailState::Pending {
        return Ok(Tried::silently(Delivery::Stale));
    }
    let now = env.clock().now();
    if now.plus(TRY_TIME) > until {
        return Ok(Tried::silently(Delivery::TooLate));
    }
    let email = outbox::list(store, email_id, email, now).await?;
    let message: Option<Message> = keyring
        .open(&sealed, email_id.as_str())
        .and_then(|plaintext| serde_json::from_slice(&plaintext).ok());
    let to = message.as_ref().map(|message| message.to.as_str());
    // Right after the request somebody waits for the mail: it goes out while its link is good, however short-lived its code.
    let is_awaited = attempt == 1 && now < email.created_at.plus(AWAITED_FOR);
    let is_late = email.should_discard(now) && !is_awaited;
    if is_late || is_dead(env, &email, to, now).await? {
        return end(env, email_id, email, EmailState::Expired, None).await;
    }
    let email = Email {
        attempts: attempt,
        ..email
    };
    if feedback.is_some() {
        // A try of which nothing was heard had reached the provider.
        let _ = end(env, email_id, email, EmailState::Sent, None).await?;
        return Ok(Tried::silently(Delivery::Stale));
    }
    let (handover, provider) = if let Some(message) = message {
        hand_over(env, &mail, &message, email_id, attempt).await
    } else {
        let reason = "sealed with a key that is gone".to_owned();
        (Handover::Refused { reason }, mail.primary.kind)
    };
    let email = Email {
        provider: Some(provider.as_str().to_owned()),
        ..email
    };
    match handover {
        Handover::Accepted => end(env, email_id, email, EmailState::Sent, None).await,
        Handover::Refused { reason } | Handover::SenderRefused { reason } => {
            end(env, email_id, email, EmailState::Failed, Some(reason)).await
        }
        Handover::TryLater { reason, after } => retry(env, email_id, email, reason, after).await,
    }
}

/// Whether the secret in it is dead, since a newer one or a credential event has killed it, or is not for `to` any more.
async fn is_dead<E: Env>(
    env: &E,
    email: &Email,
    to: Option<&str>,
    now: Timestamp,
) -> Result<bool, Outage> {
    let (Some(secret), Some(to)) = (&email.secret, to) else {
        return Ok(false);
    };
    let recovery_key = keys::recovery(&email.account_id);
    let (found, recovery) = futures::join!(
        accounts::find_by_id(env.store(), &email.account_id),
        record::find::<Recovery>(env.store(), &recovery_key),
    );
    let recovery = recovery?.unwrap_or_default();
    let Some(found) = found? else {
        return Ok(true);
    };
    let is_alive = match secret {
        MailSecret::Challenge { serial } => recovery
            .live(found.epoch(), now)
            .is_some_and(|challenge| challenge.serial == *serial),
        // An order to change it raises the account's epoch and leaves the password good.
        MailSecret::Password { epoch } => found
            .credential
            .as_ref()
            .is_some_and(|credential| credential.epoch == *epoch),
    };
    Ok(!is_alive || found.account.email.as_str() != to)
}

/// Offers the mail to the first provider, and to the fallback if the first does not take it now or not from its sender.
/// What became of it, and who said so.
async fn hand_over<E: Env>(
    env: &E,
    mail: &MailSettings,
    message: &Message,
    email_id: &EmailId,
    attempt: u32,
) -> (Handover, ProviderKind) {
    let (handover, heard) = offer(env, &mail.primary, message, email_id).await;
    let first = (handover, mail.primary.kind);
    let Some(fallback) = &mail.fallback else {
        return first;
    };
    // Unheard, the first provider may have taken it.
    let may_fall_back = heard || attempt >= FALLBACK_WHEN_UNSURE;
    let is_open = matches!(
        first.0,
        Handover::TryLater { .. } | Handover::SenderRefused { .. }
    );
    if !is_open || !may_fall_back {
        return first;
    }
    let (second, _) = offer(env, fallback, message, email_id).await;
    match (&first.0, &second) {
        // Where the first provider never will, the fallback may take it yet.
        (_, Handover::Accepted) | (Handover::SenderRefused { .. }, Handover::TryLater { .. }) => {
            (second, fallback.kind)
        }
        // The first provider may take it yet, or neither will.
        _ => first,
    }
}

/// Offers the mail to a provider: what became of it, and whether it is sure that the provider does not have it unless it
/// accepted.
async fn offer<E: Env>(
    env: &E,
    provider: &ProviderSettings,
    message: &Message,
    email_id: &EmailId,
) -> (Handover, bool) {
    let now = env.clock().now();
    let Some(request) = registry::request(provider, message, email_id, now) else {
        let reason = "cannot be written as a request".to_owned();
        return (Handover::Refused { reason }, true);
    };
    let answer = env.http().send(request, TIMEOUT).await;
    let sure = !matches!(answer, Err(NoAnswer::TimedOut | NoAnswer::Unreachable));
    let now = env.clock().now();
    let handover = registry::read(provider.kind, answer.as_ref().map_err(|why| *why), now);
    (handover, sure)
}

async fn retry<E: Env>(
    env: &E,
    email_id: &EmailId,
    email: Email,
    reason: String,
    after: Option<Duration>,
) -> Result<Tried, Outage> {
    let round = email.attempts.saturating_sub(email.attempts_before);
    let Some(wait) = backoff::wait(round, after, env.random())? else {
        return end(env, email_id, email, EmailState::Failed, Some(reason)).await;
    };
    let now = env.clock().now();
    let next_attempt_at = Some(now.plus(wait)).filter(|at| !email.should_discard(*at));
    // When it expires, the entry is there to mark it. The provider's answer may have outlasted it.
    let due_at = next_attempt_at.or(email.discard_at).unwrap_or(now).max(now);
    let task = AgendaTask::Deliver {
        email_id: email_id.clone(),
        attempt: email.attempts.saturating_add(1),
        events: Vec::new(),
    };
    log(env, email_id, &reason, next_attempt_at.is_some());
    let email = Email {
        updated_at: now,
        next_attempt_at,
        last_error: Some(reason),
        ..email
    };
    let mut placed = agenda::place(env.store(), due_at, task).await?;
    placed.writes.push(outbox::write(email_id, &email)?);
    env.store().set_many(placed.writes).await?;
    Ok(Tried::silently(Delivery::Retried))
}

/// Ends the tries. What failed keeps its message, sealed, so that an administrator can have it tried anew.
async fn end<E: Env>(
    env: &E,
    email_id: &EmailId,
    email: Email,
    state: EmailState,
    reason: Option<String>,
) -> Result<Tried, Outage> {
    let now = env.clock().now();
    let (delivery, event) = match state {
        // It can fail once more in a later round.
        EmailState::Failed => {
            let which = format!("failed-{}", email.attempts);
            (Delivery::Failed, Some((EventType::EmailFailed, which)))
        }
        EmailState::Expired => {
            let which = "expired".to_owned();
            (Delivery::Expired, Some((EventType::EmailExpired, which)))
        }
        _ => (Delivery::Delivered, None),
    };
    if let Some(reason) = reason.as_deref() {
        log(env, email_id, reason, false);
    }
    let about = AboutEmail {
        id: email_id.clone(),
        kind: email.kind,
    };
    let event = event.map(|(kind, which)| {
        let id = EventId::of_email(email_id, &which);
        Event::of_email(
            id,
            kind,
            about,
            email.account_id.clone(),
            reason.clone(),
            now,
        )
    });
    let (next, mut writes) = match event {
        Some(event) => {
            let (entry, writes) = note(env, vec![event]).await?;
            (Some(entry), writes)
        }
        None => (None, Vec::new()),
    };
    let email = Email {
        state,
        message: email.message.filter(|_| state == EmailState::Failed),
        updated_at: now,
        next_attempt_at: None,
        last_error: reason.or(email.last_error),
        ..email
    };
    writes.push(outbox::write(email_id, &email)?);
    env.store().set_many(writes).await?;
    Ok(Tried { delivery, next })
}

fn log<E: Env>(env: &E, email_id: &EmailId, reason: &str, will_retry: bool) {
    env.log().write(&LogLine::EmailNotAccepted {
        email_id: email_id.clone(),
        reason: reason.to_owned(),
        will_retry,
    });
}
