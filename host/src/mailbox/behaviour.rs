//! What the mailbox does with the next mail or event.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How the mailbox answers the next mails; set by `PUT /api/behaviour`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Behaviour {
    /// Accepts it, the default.
    #[default]
    Accept,
    /// Rejects it permanently, like a bad address.
    Refuse,
    /// Answers 503, so that it is retried.
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
    /// Parses `{"behaviour": "fail"}`; `None` for any other body.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let body: Body = serde_json::from_slice(body).ok()?;
        Some(body.behaviour)
    }

    /// The same as it is read.
    pub(super) fn shown(self) -> Value {
        json!({ "behaviour": self })
    }
}
