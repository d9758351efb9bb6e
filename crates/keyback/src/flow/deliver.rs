//! Handing an email of the outbox to the provider.

use std::time::Duration;

use crate::flow::outbox::OutboxRecord;
use crate::mail::message::Message;
use crate::mail::provider::{self, Handover};
use crate::model::agenda_task::AgendaTask;
use crate::model::id::EmailId;
use crate::model::keyring::Keyring;
use crate::model::log_line::LogLine;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, HttpClient, KeyValue, Log, Outage, SecureRandom};
use crate::settings::{self, MailSettings};
use crate::store::{agenda, keys, record};

/// The time between one try and the next, in seconds: ten tries over about a day.
const BACKOFF_SECONDS: [u64; 9] = [30, 120, 480, 1_200, 3_600, 7_200, 14_400, 25_200, 36_000];
/// A try must begin this long before its lease ends, so that it ends before another may begin.
const TRY_TIME: Duration = Duration::from_secs(15);
/// How long a mail that failed for good stays visible.
const FAILED_FOR: Duration = Duration::from_hours(30 * 24);

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The provider has it.
    Delivered,
    /// It will be tried again.
    Retried,
    /// It will not be tried again.
    Failed,
    /// What it holds had expired: it was dropped.
    Expired,
    /// This try was made already.
    Stale,
    /// There was too little time left to begin.
    TooLate,
}

/// Makes try number `attempt`, which must be over by `until`.
///
/// # Errors
/// [`Outage`]; the entry stays on the agenda. If the provider had accepted the mail before the outage, its idempotency
/// key keeps the next try from sending it twice.
pub async fn run<E: Env>(
    env: &E,
    email_id: &EmailId,
    attempt: u32,
    until: Timestamp,
) -> Result<Delivery, Outage> {
    let (keyring, mail) = settings::load::<(Keyring, MailSettings)>(env.variables()).await?;
    let store = env.store();
    let key = keys::outbox(email_id);
    let Some(email) = record::find::<OutboxRecord>(store, &key).await? else {
        return Ok(Delivery::Stale);
    };
    let Some(sealed) = email.message.as_ref() else {
        return Ok(Delivery::Stale);
    };
    if email.attempts.saturating_add(1) != attempt {
        return Ok(Delivery::Stale);
    }
    let now = env.clock().now();
    if email.useless_at.is_some_and(|useless_at| now >= useless_at) {
        store.delete_many(vec![key.into()]).await?;
        return Ok(Delivery::Expired);
    }
    if now.plus(TRY_TIME) > until {
        return Ok(Delivery::TooLate);
    }
    let message: Option<Message> = keyring
        .open(sealed, email_id.as_str())
        .and_then(|plaintext| serde_json::from_slice(&plaintext).ok());
    let request = message
        .as_ref()
        .and_then(|message| provider::request(&mail.primary, message, email_id, now));
    let handover = match request {
        Some(request) => {
            let answer = env.http().send(request, provider::TIMEOUT).await;
            provider::read(mail.primary.kind, answer.as_ref().map_err(|why| *why))
        }
        None => Handover::Refused {
            reason: "sealed with a key that is gone".to_owned(),
        },
    };
    match handover {
        Handover::Accepted => {
            store.delete_many(vec![key.into()]).await?;
            Ok(Delivery::Delivered)
        }
        Handover::TryLater { reason, after } => {
            retry(env, email_id, email, attempt, reason, after).await
        }
        Handover::Refused { reason } => fail(env, email_id, email, attempt, reason).await,
    }
}

async fn retry<E: Env>(
    env: &E,
    email_id: &EmailId,
    mut email: OutboxRecord,
    attempt: u32,
    reason: String,
    after: Option<Duration>,
) -> Result<Delivery, Outage> {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(seconds) = BACKOFF_SECONDS.get(index) else {
        return fail(env, email_id, email, attempt, reason).await;
    };
    let wait =
        jittered(Duration::from_secs(*seconds), env.random())?.max(after.unwrap_or_default());
    let due_at = env.clock().now().plus(wait);
    let task = AgendaTask::Deliver {
        email_id: email_id.clone(),
        attempt: attempt.saturating_add(1),
        events: Vec::new(),
    };
    log(env, email_id, &reason, true);
    email.attempts = attempt;
    email.last_error = Some(reason);
    let mut placed = agenda::place(env.store(), due_at, task).await?;
    placed
        .writes
        .push((keys::outbox(email_id), record::encode(&email)?));
    env.store().set_many(placed.writes).await?;
    Ok(Delivery::Retried)
}

async fn fail<E: Env>(
    env: &E,
    email_id: &EmailId,
    mut email: OutboxRecord,
    attempt: u32,
    reason: String,
) -> Result<Delivery, Outage> {
    log(env, email_id, &reason, false);
    email.attempts = attempt;
    email.last_error = Some(reason);
    email.message = None;
    let key = keys::outbox(email_id);
    let task = AgendaTask::Forget {
        keys: vec![key.as_str().to_owned()],
    };
    let forget_at = env.clock().now().plus(FAILED_FOR);
    let mut placed = agenda::place(env.store(), forget_at, task).await?;
    placed.writes.push((key, record::encode(&email)?));
    env.store().set_many(placed.writes).await?;
    Ok(Delivery::Failed)
}

fn log<E: Env>(env: &E, email_id: &EmailId, reason: &str, will_retry: bool) {
    env.log().write(&LogLine::EmailNotAccepted {
        email_id: email_id.clone(),
        reason: reason.to_owned(),
        will_retry,
    });
}

/// `wait` and up to a fifth more, so that what failed together is not tried together.
fn jittered(wait: Duration, random: &impl SecureRandom) -> Result<Duration, Outage> {
    let mut byte = [0];
    random.fill(&mut byte)?;
    let [byte] = byte;
    let share = wait.checked_div(5).unwrap_or_default();
    let jitter = share.saturating_mul(u32::from(byte)).checked_div(255);
    Ok(wait.saturating_add(jitter.unwrap_or_default()))
}
