//! A receiver of the operator's own tells what became of a mail: `docs/email.md`.

use serde_json::Value;

use super::{Fate, Feedback, Outcome, feedback, text};

/// The longest reason that is kept, in octets.
const REASON_OCTETS: usize = 100;

pub(super) fn read(event: &Value) -> Vec<Feedback> {
    let outcome = match text(event, "/type") {
        Some("email.delivered") => Outcome::Delivered,
        Some("email.bounced") => Outcome::Bounced,
        Some("email.complained") => Outcome::Complained,
        _ => return Vec::new(),
    };
    let fate: Fate = (outcome, text(event, "/data/reason").and_then(plain));
    text(event, "/data/email_id")
        .and_then(|email_id| feedback(email_id, fate))
        .into_iter()
        .collect()
}

/// A short line without an address.
fn plain(reason: &str) -> Option<String> {
    let is_plain = (1..=REASON_OCTETS).contains(&reason.len())
        && !reason.contains(|it: char| it == '@' || it.is_control());
    is_plain.then(|| reason.to_owned())
}
