//! The events that a portal would receive, in memory.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::inbox::{now, push_within};

/// How many events are kept; older ones are dropped.
const MOST_EVENTS: usize = 200;

/// The events, oldest first.
#[derive(Default)]
pub(super) struct Events(VecDeque<Value>);

impl Events {
    /// Records an event. A repeated id counts once, as in a portal.
    ///
    /// # Errors
    /// When the body is not JSON.
    pub(super) fn accept(&mut self, id: &str, body: &[u8]) -> serde_json::Result<()> {
        let body: Value = serde_json::from_slice(body)?;
        if !self.0.iter().any(|event| event["id"] == id) {
            let event =
                json!({ "id": id, "received_at": now(), "type": body["type"], "body": body });
            push_within(&mut self.0, event, MOST_EVENTS);
        }
        Ok(())
    }

    /// All of them, newest first.
    pub(super) fn shown(&self) -> Value {
        self.0.iter().rev().cloned().collect()
    }
}
