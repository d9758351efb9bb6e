//! Telling the portal of an event.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::courier::backoff;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::{Event, EventPlace};
use crate::model::log_line::LogLine;
use crate::portal;
use crate::ports::{Clock, Env, HttpClient, Log, NoAnswer, Unavailable};
use crate::settings::WebhookSettings;
use crate::store::agenda::DueTask;
use crate::store::{accounts, event_log};

/// How long the portal may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Older events are not sent: the last try comes earlier. Only where nobody takes any do some get so old.
const WORTH_SENDING: Duration = Duration::from_hours(36);
/// A try must begin this long before its time is over, so that it ends before another may begin.
const TRY_TIME: Duration = Duration::from_secs(10);

/// What came of a try.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::courier) enum Notification {
    /// There is nobody to be told any more.
    Dropped,
    /// The portal has it.
    Taken,
    /// The portal did not take it. It is tried again, unless that was the last time.
    NotTaken(Option<DueTask>),
    /// There was too little time left to begin.
    TooLate,
}

/// Makes try number `attempt` to tell of the event at `place`, which must be over by `until`.
///
/// # Errors
/// [`Unavailable`]; it is tried again, and the event may be told of twice.
pub(in crate::courier) async fn run<E: Env>(
    env: &E,
    WebhookSettings(webhook): &WebhookSettings,
    place: &EventPlace,
    attempt: u32,
    until: Timestamp,
) -> Result<Notification, Unavailable> {
    let (Some(webhook), Some(event)) = (webhook, event_log::find(env.store(), place).await?) else {
        return Ok(Notification::Dropped);
    };
    let now = env.clock().now();
    if now >= event.at.plus(WORTH_SENDING) {
        log(env, &event, "it waited for too long".to_owned(), false);
        return Ok(Notification::Dropped);
    }
    let account = accounts::find(env.store(), &event.account_id).await?;
    let epoch = account.map(|account| account.epoch);
    let now = env.clock().now();
    if now.plus(TRY_TIME) > until {
        return Ok(Notification::TooLate);
    }
    let answer = match portal::request(webhook, &event, place.sequence, epoch, now) {
        Some(request) => env.http().send(request, TIMEOUT).await,
        None => Err(NoAnswer::Unreachable),
    };
    let reason = match answer {
        Ok(answer) if answer.status().is_success() => return Ok(Notification::Taken),
        Ok(answer) => format!("the receiver answered {}", answer.status().as_u16()),
        Err(why) => why.to_string(),
    };
    let wait = backoff::wait(attempt, None, env.random())?;
    log(env, &event, reason, wait.is_some());
    Ok(Notification::NotTaken(wait.map(|wait| DueTask {
        at: env.clock().now().plus(wait),
        own: false,
        task: AgendaTask::Notify {
            event: place.clone(),
            attempt: attempt.saturating_add(1),
        },
    })))
}

fn log<E: Env>(env: &E, event: &Event, reason: String, will_retry: bool) {
    env.log().write(&LogLine::EventNotTaken {
        event_id: event.id.clone(),
        reason,
        will_retry,
    });
}
