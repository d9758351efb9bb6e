//! Sending an event to the portal.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::courier::backoff;
use crate::courier::report::CourierRun;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::{Event, EventPlace};
use crate::model::log_line::LogLine;
use crate::model::retry_after::retry_after;
use crate::portal::{self, Webhook};
use crate::ports::{Clock, Env, HttpClient, Log, NoAnswer, Unavailable};
use crate::settings::WebhookSettings;
use crate::store::agenda::DueTask;
use crate::store::{accounts, event_log};

/// How long the portal may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Older events are not sent. The last try comes earlier, so an event gets this old only while nothing is tried: the
/// portal is throttled or skipped, or no courier runs.
const WORTH_SENDING: Duration = Duration::from_hours(36);
/// A try must begin this long before its time is over, so that it ends before another may begin.
const TRY_TIME: Duration = Duration::from_secs(10);

/// The result of a try.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::courier) enum Notification {
    /// There is no receiver or no event any more, or the event is too old.
    Dropped,
    /// The portal has accepted it.
    Taken,
    /// The portal did not accept it. It is tried again, unless this was the last try.
    NotTaken(Option<DueTask>),
    /// The portal is throttled. This does not count as a try.
    Postponed(DueTask),
    /// There was too little time left to begin.
    TooLate,
}

/// Makes try number `attempt` to send the event at `place`, which must end by `until`. If the portal is throttled for a
/// moment, a courier that has nothing else to do waits for it.
///
/// # Errors
/// [`Unavailable`]; it is tried again, and the event may be sent twice.
pub(in crate::courier) async fn run<E: Env>(
    env: &E,
    WebhookSettings(webhook): &WebhookSettings,
    place: &EventPlace,
    attempt: u32,
    until: Timestamp,
    run: &CourierRun,
) -> Result<Notification, Unavailable> {
    let (Some(webhook), Some(event)) = (webhook, event_log::find(env.store(), place).await?) else {
        return Ok(Notification::Dropped);
    };
    let now = env.clock().now();
    if now >= event.at.plus(WORTH_SENDING) {
        log(
            env,
            &event,
            "it expired before it could be sent".to_owned(),
            false,
        );
        return Ok(Notification::Dropped);
    }
    let account = accounts::find(env.store(), &event.account_id).await?;
    let epoch = account.map(|account| account.epoch);
    let again = |attempt: u32, at: Timestamp| DueTask {
        at,
        own: false,
        task: AgendaTask::Notify {
            event: place.clone(),
            attempt,
        },
    };
    let reason = loop {
        let now = env.clock().now();
        if now.plus(TRY_TIME) > until {
            return Ok(Notification::TooLate);
        }
        match send(env, webhook, &event, place.sequence, epoch, run).await {
            Sent::Taken => return Ok(Notification::Taken),
            Sent::NotTaken(reason) => break reason,
            Sent::Throttled { reason, wait } => {
                let now = env.clock().now();
                if !run.may_wait_for_portal(wait, now, until.minus(TRY_TIME)) {
                    log(env, &event, reason, true);
                    let wait = backoff::pause(Some(wait), env.random())?;
                    return Ok(Notification::Postponed(again(attempt, now.plus(wait))));
                }
                env.clock().sleep(wait).await;
            }
        }
    };
    let wait = backoff::wait(attempt, None, env.random())?;
    log(env, &event, reason, wait.is_some());
    let now = env.clock().now();
    let next = wait.map(|wait| again(attempt.saturating_add(1), now.plus(wait)));
    Ok(Notification::NotTaken(next))
}

/// What the portal made of an event.
enum Sent {
    Taken,
    NotTaken(String),
    /// It accepts no event for the time `wait`.
    Throttled {
        reason: String,
        wait: Duration,
    },
}

/// Sends the event, unless the portal is throttled.
async fn send<E: Env>(
    env: &E,
    webhook: &Webhook,
    event: &Event,
    sequence: i64,
    epoch: Option<u64>,
    run: &CourierRun,
) -> Sent {
    let pace = run.portal();
    let began = env.clock().now();
    if let Err(wait) = pace.take_turn(began) {
        return Sent::Throttled {
            reason: "the receiver is not accepting requests for now".to_owned(),
            wait,
        };
    }
    let Some(request) = portal::request(webhook, event, sequence, epoch, began) else {
        return Sent::NotTaken(NoAnswer::Unreachable.to_string());
    };
    let answer = match env.http().send(request, TIMEOUT).await {
        Ok(answer) => answer,
        Err(why) => return Sent::NotTaken(why.to_string()),
    };
    let now = env.clock().now();
    let after = retry_after(answer.headers(), now);
    let status = answer.status().as_u16();
    let reason = format!("the receiver answered {status}");
    if status == 429 || (status == 503 && after.is_some()) {
        let wait = pace.note_throttled(began, now, after);
        return Sent::Throttled { reason, wait };
    }
    pace.note_taken();
    if answer.status().is_success() {
        Sent::Taken
    } else {
        Sent::NotTaken(reason)
    }
}

fn log<E: Env>(env: &E, event: &Event, reason: String, will_retry: bool) {
    env.log().write(&LogLine::EventNotTaken {
        event_id: event.id.clone(),
        reason,
        will_retry,
    });
}
