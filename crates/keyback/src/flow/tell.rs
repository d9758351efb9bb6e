//! Noting events, and telling the portal of them.

use std::time::Duration;

use ::http::Request;
use serde_json::json;

use crate::flow::accounts;
use crate::flow::afterwards::OwnEntry;
use crate::flow::backoff;
use crate::flow::work_agenda::Done;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::Event;
use crate::model::id::EventId;
use crate::model::log_line::LogLine;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, HttpClient, KeyValue, Log, NoAnswer, Outage};
use crate::settings::{self, Webhook, WebhookSettings};
use crate::store::keys::Lane;
use crate::store::{agenda, event_log};

/// How long the portal may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A try must begin this long before its time is over, so that it ends before another may begin.
const TRY_TIME: Duration = Duration::from_secs(10);

/// Notes `events`, and puts the telling of each on the agenda, in the same call to the store. Noting one again changes
/// nothing.
///
/// # Errors
/// [`Outage`]; then it may be tried again.
pub(super) async fn note<E: Env>(env: &E, events: &[Event]) -> Result<Vec<OwnEntry>, Outage> {
    let WebhookSettings(webhook) = settings::load(env.variables()).await?;
    let store = env.store();
    let mut entries = Vec::new();
    for event in events {
        let Some(noted) = event_log::note(store, event).await? else {
            continue;
        };
        let mut writes = noted.writes;
        if webhook.is_some() {
            let now = env.clock().now();
            let place = agenda::take_slot(store, Lane::Tasks, now).await?;
            let task = AgendaTask::Tell {
                event_id: event.id.clone(),
                sequence: noted.sequence,
                attempt: 1,
            };
            let entry = OwnEntry::new(place, task, now);
            writes.extend(agenda::place_at(place, entry.until(), entry.task().clone())?.writes);
            entries.push(entry);
        }
        store.set_many(writes).await?;
    }
    Ok(entries)
}

/// Makes try number `attempt` to tell of an event, which must be over by `until`.
///
/// # Errors
/// [`Outage`]; the entry stays on the agenda, and the portal may be told twice.
pub(super) async fn run<E: Env>(
    env: &E,
    event_id: &EventId,
    sequence: i64,
    attempt: u32,
    until: Timestamp,
) -> Result<Done, Outage> {
    let WebhookSettings(webhook) = settings::load(env.variables()).await?;
    let (Some(webhook), Some(event)) = (webhook, event_log::find(env.store(), event_id).await?)
    else {
        // Nobody is to be told any more.
        return Ok(Done::finished());
    };
    let account = accounts::find_by_id(env.store(), &event.account_id).await?;
    let epoch = account.map(|account| account.epoch());
    let now = env.clock().now();
    if now.plus(TRY_TIME) > until {
        return Ok(Done::unfinished());
    }
    let answer = match request(&webhook, &event, sequence, epoch, now) {
        Some(request) => env.http().send(request, TIMEOUT).await,
        None => Err(NoAnswer::Unreachable),
    };
    let reason = match answer {
        Ok(answer) if answer.status().is_success() => return Ok(Done::told(true)),
        Ok(answer) => format!("the receiver answered {}", answer.status().as_u16()),
        Err(why) => why.to_string(),
    };
    let wait = backoff::wait(attempt, None, env.random())?;
    env.log().write(&LogLine::EventNotTaken {
        event_id: event_id.clone(),
        reason,
        will_retry: wait.is_some(),
    });
    if let Some(wait) = wait {
        let task = AgendaTask::Tell {
            event_id: event_id.clone(),
            sequence,
            attempt: attempt.saturating_add(1),
        };
        let due_at = env.clock().now().plus(wait);
        let placed = agenda::place(env.store(), due_at, task).await?;
        env.store().set_many(placed.writes).await?;
    }
    Ok(Done::told(false))
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
