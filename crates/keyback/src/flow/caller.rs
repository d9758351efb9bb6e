//! Who calls the administrator's API, and noting what they did.

use serde_json::Value;

use crate::flow::afterwards::OwnEntry;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::{Actor, Event, EventType};
use crate::model::id::{AccountId, EventId};
use crate::ports::{Clock, Env, Outage};
use crate::store::keys::{Key, Lane};
use crate::store::{agenda, event_log};

/// An authorised caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The API key's id, or the subject of a token.
    pub id: String,
    /// What the token says of its bearer.
    pub audit_context: Option<Value>,
    /// From where, masked.
    pub from: String,
}

impl Caller {
    /// An event that the caller makes happen now.
    ///
    /// # Errors
    /// [`Outage::Random`].
    pub fn event<E: Env>(
        &self,
        env: &E,
        kind: EventType,
        account_id: &AccountId,
        reason: Option<String>,
    ) -> Result<Event, Outage> {
        Ok(Event {
            id: EventId::generate(env.random())?,
            kind,
            account_id: account_id.clone(),
            at: env.clock().now(),
            actor: Actor::Administrator {
                id: self.id.clone(),
                audit_context: self.audit_context.clone(),
            },
            from: Some(self.from.clone()),
            reason,
            email: None,
            breach_check: None,
        })
    }
}

/// An entry that follows `events` up, and what to store for both together with what they tell of: one round trip.
pub(super) async fn note<E: Env>(
    env: &E,
    events: Vec<Event>,
) -> Result<(OwnEntry, Vec<(Key, Vec<u8>)>), Outage> {
    let store = env.store();
    let now = env.clock().now();
    let (place, appended) = futures::join!(
        agenda::take_slot(store, Lane::Tasks, now),
        event_log::append(store, events),
    );
    let (place, appended) = (place?, appended?);
    let task = AgendaTask::FollowUp {
        events: appended.places,
    };
    let entry = OwnEntry::new(place, task, now);
    let mut writes = agenda::place_at(place, entry.until(), entry.task().clone())?.writes;
    writes.extend(appended.writes);
    Ok((entry, writes))
}
