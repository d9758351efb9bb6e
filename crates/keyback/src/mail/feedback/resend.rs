//! Resend: <https://resend.com/docs/webhooks/emails/bounced> and its neighbours, verified as
//! <https://resend.com/docs/webhooks/verify-webhooks-requests> says.

use serde_json::Value;

use super::{Feedback, bounced, complained, delivered, feedback, given_up, held_back, text};
use crate::mail::provider::EMAIL_ID;

pub(super) fn read(event: &Value) -> Vec<Feedback> {
    let fate = match text(event, "/type") {
        Some("email.delivered") => delivered(),
        Some("email.bounced") => {
            let code = text(event, "/data/bounce/subType");
            match text(event, "/data/bounce/type") {
                Some("Transient") => given_up(code),
                _ => bounced(code),
            }
        }
        Some("email.complained") => complained(None),
        Some("email.suppressed") => held_back(text(event, "/data/suppressed/type")),
        Some("email.failed") => held_back(text(event, "/data/failed/reason")),
        _ => return Vec::new(),
    };
    // An object, or a list of names and values as in our request.
    let email_id = match event.pointer("/data/tags") {
        Some(Value::Array(tags)) => tags
            .iter()
            .rfind(|tag| text(tag, "/name") == Some(EMAIL_ID))
            .and_then(|tag| text(tag, "/value")),
        Some(tags) => tags.get(EMAIL_ID).and_then(Value::as_str),
        None => None,
    };
    email_id
        .and_then(|email_id| feedback(email_id, fate))
        .into_iter()
        .collect()
}
