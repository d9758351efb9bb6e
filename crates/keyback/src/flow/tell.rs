//! What follows an event: the portal is told of it, and in the end it is forgotten.

use std::time::Duration;

use ::http::Request;
use serde_json::json;

use crate::flow::accounts;
use crate::flow::afterwards::OwnEntry;
use crate::flow::backoff;
use crate::flow::round::Done;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::{Event, EventPlace};
use crate::model::log_line::LogLine;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, HttpClient, KeyValue, Log, NoAnswer, Outage};
use crate::settings::{self, Webhook, WebhookSettings};
use crate::store::keys::Lane;
use crate::store::{agenda, event_log};

/// How long events are kept.
const KEPT_FOR: Duration = Duration::from_hours(90 * 24);
/// How long the portal may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How old an event may be to be told of: older than with its last try. Only where nobody takes any do some get so old.
const WORTH_TELLING: Duration = Duration::from_hours(36);
/// A try must begin this long before its time is over, so that it ends before another may begin.
const TRY_TIME: Duration = Duration::from_secs(10);

/// Puts the telling of `events` on the agenda, and the forgetting of all, in one call to the store. Doing it again
/// changes nothing.
///
/// # Errors
/// [`Outage`]; then it may be tried again.
pub(super) async fn follow_up<E: Env>(
    env: &E,
    events: &[EventPlace],
) -> Result<Vec<OwnEntry>, Outage> {
    let WebhookSettings(webhook) = settings::load(env.variables()).await?;
    let store = env.store();
    let found = futures::future::join_all(events.iter().map(|place| event_log::find(store, place)));
    let mut pending = Vec::new();
    for (place, found) in events.iter().zip(found.await) {
        pending.extend(found?.filter(|it| !it.followed_up).map(|it| (place, it)));
    }
    let Some(latest) = pending.iter().map(|(_, entry)| entry.event.at).max() else {
        return Ok(Vec::new());
    };
    let keys = pending
        .iter()
        .map(|(place, _)| event_log::key(place).as_str().to_owned());
    let task = AgendaTask::Forget {
        keys: keys.collect(),
    };
    let now = env.clock().now();
    let mut writes = agenda::place(store, latest.plus(KEPT_FOR).max(now), task)
        .await?
        .writes;
    let mut entries = Vec::new();
    for (place, mut found) in pending {
        found.followed_up = true;
        writes.push(event_log::write(place, &found)?);
        if webhook.is_some() {
            let slot = agenda::take_slot(store, Lane::Tasks, now).await?;
            let task = AgendaTask::Tell {
                event: place.clone(),
                attempt: 1,
            };
            let entry = OwnEntry::new(slot, task, now);
            writes.extend(agenda::place_at(slot, entry.until(), entry.task().clone())?.writes);
            entries.push(entry);
        }
    }
    store.set_many(writes).await?;
    Ok(entries)
}

/// Makes try number `attempt` to tell of an event, which must be over by `until`.
///
/// # Errors
/// [`Outage`]; the entry stays on the agenda, and the portal may be told twice.
pub(super) async fn run<E: Env>(
    env: &E,
    place: &EventPlace,
    attempt: u32,
    until: Timestamp,
) -> Result<Done, Outage> {
    let WebhookSettings(webhook) = settings::load(env.variables()).await?;
    let (Some(webhook), Some(found)) = (webhook, event_log::find(env.store(), place).await?) else {
        // Nobody is to be told any more.
        return Ok(Done::finished());
    };
    let event = found.event;
    let now = env.clock().now();
    if now >= event.at.plus(WORTH_TELLING) {
        not_taken(env, &event, "it waited for too long".to_owned(), false);
        return Ok(Done::finished());
    }
    let account = accounts::find_by_id(env.store(), &event.account_id).await?;
    let epoch = account.map(|account| account.epoch());
    let now = env.clock().now();
    if now.plus(TRY_TIME) > until {
        return Ok(Done::unfinished());
    }
    let answer = match request(&webhook, &event, place.sequence, epoch, now) {
        Some(request) => env.http().send(request, TIMEOUT).await,
        None => Err(NoAnswer::Unreachable),
    };
    let reason = match answer {
        Ok(answer) if answer.status().is_success() => return Ok(Done::told(true)),
        Ok(answer) => format!("the receiver answered {}", answer.status().as_u16()),
        Err(why) => why.to_string(),
    };
    let wait = backoff::wait(attempt, None, env.random())?;
    not_taken(env, &event, reason, wait.is_some());
    if let Some(wait) = wait {
        let task = AgendaTask::Tell {
            event: place.clone(),
            attempt: attempt.saturating_add(1),
        };
        let due_at = env.clock().now().plus(wait);
        let placed = agenda::place(env.store(), due_at, task).await?;
        env.store().set_many(placed.writes).await?;
    }
    Ok(Done::told(false))
}

fn not_taken<E: Env>(env: &E, event: &Event, reason: String, will_retry: bool) {
    env.log().write(&LogLine::EventNotTaken {
        event_id: event.id.clone(),
        reason,
        will_retry,
    });
}

/// The webhook, as the Standard Webhooks specification has it.
fn request(
    webhook: &Webhook,
    event: &Event,
    sequence: i64,
    epoch: Option<u64>,
    now: Timestamp,
) -> Option<Request<Vec<u8>>> {
    let mut data = event.members(sequence);
    data.insert("credential_epoch".to_owned(), json!(epoch));
    let body = json!({
        "type": event.kind.as_str(),
        "timestamp": event.at.rfc3339(),
        "data": data,
    });
    let body = body.to_string().into_bytes();
    let id = event.id.as_str();
    Request::post(&webhook.url)
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .header("user-agent", concat!("keyback/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", id)
        .header("webhook-timestamp", now.unix_seconds())
        .header("webhook-signature", webhook.secret.sign(id, now, &body))
        .body(body)
        .ok()
}
