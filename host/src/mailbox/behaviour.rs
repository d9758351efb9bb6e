//! What the mailbox does with the next email, and with the next event.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How the mailbox answers one email or event; set by `PUT /api/behaviour`.
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

    /// The behaviour in the form that [`Self::parse`] reads.
    pub(super) fn shown(self) -> Value {
        json!({ "behaviour": self })
    }
}

/// The behaviours for the next email and for the next event. Each counts once; later ones are accepted.
#[derive(Debug, Default)]
pub(super) struct Next {
    mail: Behaviour,
    event: Behaviour,
}

impl Next {
    /// Sets it for the next email and, separately, for the next event.
    pub(super) const fn set(&mut self, behaviour: Behaviour) {
        self.mail = behaviour;
        self.event = behaviour;
    }

    /// The behaviour for the next email, which is not used up.
    pub(super) const fn for_mail(&self) -> Behaviour {
        self.mail
    }

    /// The behaviour for this email, which uses it up.
    pub(super) fn take_for_mail(&mut self) -> Behaviour {
        std::mem::take(&mut self.mail)
    }

    /// The behaviour for this event, which uses it up.
    pub(super) fn take_for_event(&mut self) -> Behaviour {
        std::mem::take(&mut self.event)
    }
}
