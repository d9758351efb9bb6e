//! Who calls the administrator's API, and noting what they did.

use serde_json::Value;

use crate::flow::afterwards::OwnEntry;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::{Actor, Event, EventType};
use crate::model::id::{AccountId, EventId};
use crate::ports::{Clock, Env, Outage};
use crate::store::agenda;
use crate::store::keys::{Key, Lane};

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

/// An entry that notes `events`, and what to store for it together with what they tell of.
pub(super) async fn note<E: Env>(
    env: &E,
    events: Vec<Event>,
) -> Result<(OwnEntry, Vec<(Key, Vec<u8>)>), Outage> {
    let now = env.clock().now();
    let place = agenda::take_slot(env.store(), Lane::Tasks, now).await?;
    let entry = OwnEntry::new(place, AgendaTask::Note { events }, now);
    let placed = agenda::place_at(place, entry.until(), entry.task().clone())?;
    Ok((entry, placed.writes))
}
