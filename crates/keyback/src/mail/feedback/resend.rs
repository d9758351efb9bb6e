//! Resend: <https://resend.com/docs/webhooks/emails/bounced> and its neighbours, verified as
//! <https://resend.com/docs/webhooks/verify-webhooks-requests> says.

use serde_json::Value;

use super::{Feedback, about, bounced, complained, delivered, held_back, text};
use crate::mail::provider::EMAIL_ID;

pub(super) fn read(event: &Value) -> Vec<Feedback> {
    let fate = match text(event, "/type") {
        Some("email.delivered") => delivered(),
        // Documented as permanent; the type is looked at, so that no other is taken for it.
        Some("email.bounced")
            if matches!(text(event, "/data/bounce/type"), None | Some("Permanent")) =>
        {
            bounced(text(event, "/data/bounce/subType"))
        }
        Some("email.complained") => complained(None),
        Some("email.suppressed") => held_back(text(event, "/data/suppressed/type")),
        Some("email.failed") => held_back(text(event, "/data/failed/reason")),
        _ => return Vec::new(),
    };
    // An object, or a list of names and values as in our request.
    let tags = event.pointer("/data/tags").map(|tags| match tags {
        Value::Array(tags) => tags
            .iter()
            .filter(|tag| text(tag, "/name") == Some(EMAIL_ID))
            .map(|tag| {
                (
                    EMAIL_ID.to_owned(),
                    tag.get("value").cloned().unwrap_or_default(),
                )
            })
            .collect(),
        tags => tags.clone(),
    });
    about(tags.as_ref(), fate).into_iter().collect()
}
