//! Which events a page shows.

use crate::base::timestamp::Timestamp;
use crate::model::event::{Actor, EventType};
use crate::store::event_log::Recorded;

/// The conditions for events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only events of this type.
    pub kind: Option<EventType>,
    /// Only events caused by this actor, as in [`Actor::is_called`].
    pub actor: Option<String>,
    /// Only events at this time or later.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
}

impl Filter {
    pub(super) fn takes(&self, kind: EventType, actor: &Actor, at: Timestamp) -> bool {
        self.kind.is_none_or(|it| it == kind)
            && self.actor.as_ref().is_none_or(|it| actor.is_called(it))
            && self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at < until)
    }

    pub(super) fn takes_recorded(&self, it: &Recorded) -> bool {
        self.takes(it.event.kind, &it.event.actor, it.event.at)
    }
}
