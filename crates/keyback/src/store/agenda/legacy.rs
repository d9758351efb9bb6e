//! The agenda of the previous layout, which had its entries by the minute. It is moved in once.

use std::time::Duration;

use serde::Deserialize;

use crate::base::timestamp::Timestamp;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::EventPlace;
use crate::model::id::{AccountId, EmailId};
use crate::model::sealed::Sealed;
use crate::ports::{Env, KeyValue, Unavailable};
use crate::store::agenda::calendar::alone;
use crate::store::agenda::{DueTask, Entry, Expiring, Place};
use crate::store::keys::{self, AnyKey, Lane};
use crate::store::outbox::records;
use crate::store::{event_log, read_counter, record};

/// Nothing was ever put on it for later than this.
const LONGEST: Duration = Duration::from_hours(92 * 24);
/// The letters of its two rows of entries.
const LANES: [char; 2] = ['r', 't'];
/// How many keys are deleted in one call.
const DELETED_AT_ONCE: usize = 500;

#[derive(Deserialize)]
struct Cursor {
    minute: u64,
}

#[derive(Deserialize)]
struct LegacyEntry {
    due_at: Timestamp,
    task: LegacyTask,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LegacyTask {
    Recover {
        request: Sealed,
    },
    Deliver {
        email_id: EmailId,
        attempt: u32,
        events: Vec<EventPlace>,
    },
    FollowUp {
        events: Vec<EventPlace>,
    },
    Tell {
        event: EventPlace,
        attempt: u32,
    },
    Forget {
        keys: Vec<String>,
    },
    ForgetEvents {
        account_id: AccountId,
    },
    ForgetRecovery {
        account_id: AccountId,
        attempts_day: u64,
    },
}

/// Moves the entries of the older agenda into this one and deletes it. Does nothing if there is none. Repeated after a
/// crash, it moves what is left; tasks that are then there twice are harmless.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn move_in<E: Env>(env: &E, now: Timestamp) -> Result<(), Unavailable> {
    let store = env.store();
    let cursor: Option<Cursor> = record::find(store, &keys::legacy_agenda_cursor()).await?;
    let Some(Cursor { minute }) = cursor else {
        return Ok(());
    };
    let moved = alone(env, async |_| {
        let last_day = day_of(now.plus(LONGEST).unix_minutes());
        for day in day_of(minute)..=last_day {
            if store.exists(&keys::legacy_agenda_day(day).into()).await? {
                move_day(store, day, now).await?;
            }
        }
        delete(store, vec![keys::legacy_agenda_cursor().into()]).await?;
        Ok(false)
    });
    moved.await.map(drop)
}

async fn move_day(store: &impl KeyValue, day: u64, now: Timestamp) -> Result<(), Unavailable> {
    let mut gone: Vec<AnyKey> = vec![keys::legacy_agenda_day(day).into()];
    for hour in (0..24).map(|hour| day.saturating_mul(24).saturating_add(hour)) {
        let mark = keys::legacy_agenda_hour(hour).into();
        if store.exists(&mark).await? {
            for minute in (0..60).map(|minute| hour.saturating_mul(60).saturating_add(minute)) {
                for lane in LANES {
                    gone.extend(move_minute(store, lane, minute, now).await?);
                }
            }
            gone.push(mark);
        }
    }
    delete(store, gone).await
}

/// Moves the entries of one minute and lane. Returns the keys that are then no longer needed.
async fn move_minute(
    store: &impl KeyValue,
    lane: char,
    minute: u64,
    now: Timestamp,
) -> Result<Vec<AnyKey>, Unavailable> {
    let slots = keys::legacy_slots(lane, minute);
    let count = read_counter(store, &slots).await?;
    let mut gone: Vec<AnyKey> = Vec::new();
    let mut entry = Entry::default();
    for slot in 1..=count {
        let key = keys::legacy_agenda(lane, minute, slot);
        let found: Option<LegacyEntry> = record::find(store, &key).await?;
        if let Some(found) = found {
            add(&mut entry, found, now);
        }
        gone.push(key.into());
    }
    if !entry.is_empty() {
        let place = Place::take(store, Lane::Tasks).await?;
        let write = (place.key(), record::encode(&entry)?);
        store.set_many(vec![write]).await?;
    }
    if count > 0 {
        gone.push(slots.into());
    }
    Ok(gone)
}

/// Converts an older entry to this agenda.
fn add(entry: &mut Entry, LegacyEntry { due_at, task }: LegacyEntry, now: Timestamp) {
    let mut due = |task| entry.tasks.push(due_task(due_at, task));
    match task {
        LegacyTask::Recover { request } => due(AgendaTask::Recover { request }),
        LegacyTask::Deliver {
            email_id,
            attempt,
            events,
        } => {
            entry.expiring.push(Expiring {
                at: now.plus(records::KEPT_FOR),
                keys: [keys::outbox(&email_id), keys::email_feedback(&email_id)]
                    .map(|key| key.as_str().to_owned())
                    .into(),
            });
            let deliver = AgendaTask::Deliver { email_id, attempt };
            entry.tasks.push(due_task(due_at, deliver));
            add_events(entry, events, due_at, now);
        }
        LegacyTask::FollowUp { events } => add_events(entry, events, due_at, now),
        LegacyTask::Tell { event, attempt } => due(AgendaTask::Notify { event, attempt }),
        LegacyTask::Forget { keys } => entry.expiring.push(Expiring { at: due_at, keys }),
        LegacyTask::ForgetEvents { account_id } => due(AgendaTask::ForgetAccount { account_id }),
        LegacyTask::ForgetRecovery {
            account_id,
            attempts_day,
        } => due(AgendaTask::ForgetRecovery {
            account_id,
            attempts_day,
        }),
    }
}

/// Converts the notification about `events`, and their deletion, to this agenda.
fn add_events(entry: &mut Entry, events: Vec<EventPlace>, due_at: Timestamp, now: Timestamp) {
    for event in events {
        entry.expiring.push(Expiring {
            at: now.plus(event_log::KEPT_FOR),
            keys: vec![event_log::key(&event).as_str().to_owned()],
        });
        let notify = AgendaTask::Notify { event, attempt: 1 };
        entry.tasks.push(due_task(due_at, notify));
    }
}

const fn due_task(at: Timestamp, task: AgendaTask) -> DueTask {
    DueTask {
        at,
        own: false,
        task,
    }
}

const fn day_of(minute: u64) -> u64 {
    minute / (24 * 60)
}

async fn delete(store: &impl KeyValue, keys: Vec<AnyKey>) -> Result<(), Unavailable> {
    for keys in keys.chunks(DELETED_AT_ONCE) {
        store.delete_many(keys.to_vec()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
