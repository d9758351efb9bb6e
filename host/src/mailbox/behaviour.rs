//! What the mailbox does with the next mail or event.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How it behaves.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Behaviour {
    /// Takes it.
    #[default]
    Accept,
    /// Refuses it for good, as a bad address is refused.
    Refuse,
    /// Answers 503.
    Fail,
    /// Does not answer for 30 seconds.
    TimeOut,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    behaviour: Behaviour,
}

impl Behaviour {
    /// From `{"behaviour": "fail"}`.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let body: Body = serde_json::from_slice(body).ok()?;
        Some(body.behaviour)
    }

    /// The same as it is read.
    pub(super) fn shown(self) -> Value {
        json!({ "behaviour": self })
    }
}
