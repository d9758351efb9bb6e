//! Postmark: <https://postmarkapp.com/developer/webhooks/bounce-webhook>,
//! <https://postmarkapp.com/developer/webhooks/delivery-webhook>,
//! <https://postmarkapp.com/developer/webhooks/spam-complaint-webhook>.
//!
//! It signs nothing; <https://postmarkapp.com/developer/webhooks/webhooks-overview> says to use HTTP Basic credentials.

use serde_json::Value;

use super::{Feedback, about, bounced, complained, delivered, given_up, text};

pub(super) fn read(event: &Value) -> Vec<Feedback> {
    let kind = text(event, "/Type");
    let fate = match (text(event, "/RecordType"), kind) {
        (Some("Delivery"), _) => delivered(),
        (Some("SpamComplaint"), _) | (Some("Bounce"), Some("SpamComplaint")) => complained(None),
        (Some("Bounce"), _) if is_permanent(event, kind) => bounced(kind),
        // Postmark has tried for hours before it tells.
        (Some("Bounce"), Some("SoftBounce" | "DnsError")) => given_up(kind),
        _ => return Vec::new(),
    };
    about(event.get("Metadata"), fate).into_iter().collect()
}

/// By <https://postmarkapp.com/developer/api/bounce-api#bounce-types>; and an address that Postmark has switched off
/// gets nothing any more.
fn is_permanent(event: &Value, kind: Option<&str>) -> bool {
    matches!(
        kind,
        Some("HardBounce" | "BadEmailAddress" | "ManuallyDeactivated" | "Blocked" | "DMARCPolicy")
    ) || event.get("Inactive") == Some(&Value::Bool(true))
}
