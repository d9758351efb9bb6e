//! Amazon SES: <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>.
//!
//! An event comes through Amazon EventBridge, in `detail`
//! (<https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html>), or through Amazon SNS, in `Message` as
//! text, or as it is with raw delivery
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html>). Both can send HTTP Basic
//! credentials. SNS also signs, with a key whose certificate would have to be fetched from an address in the message;
//! nothing is fetched here, and a subscription is not confirmed by fetching either.

use serde_json::Value;

use super::{Feedback, bounced, complained, delivered, feedback, given_up, held_back, text};
use crate::mail::provider::EMAIL_ID;

pub(super) fn read(envelope: &Value) -> Vec<Feedback> {
    let inner = match (envelope.get("detail"), text(envelope, "/Message")) {
        (Some(detail), _) => Some(detail.clone()),
        // SNS tells of subscriptions, and SES tries a new topic, with a text that is no event.
        // As bytes: a reader of text would be a second one in the component.
        (None, Some(message)) => serde_json::from_slice(message.as_bytes()).ok(),
        (None, None) => None,
    };
    let event = inner.as_ref().unwrap_or(envelope);
    let fate = match (text(event, "/eventType"), text(event, "/bounce/bounceType")) {
        (Some("Delivery"), _) => delivered(),
        // Told when SES tries no more.
        (Some("Bounce"), Some("Transient")) => given_up(text(event, "/bounce/bounceSubType")),
        (Some("Bounce"), _) => bounced(text(event, "/bounce/bounceSubType")),
        (Some("Complaint"), _) => complained(text(event, "/complaint/complaintFeedbackType")),
        (Some("Reject"), _) => held_back(None),
        _ => return Vec::new(),
    };
    let email_id = text(event, &format!("/mail/tags/{EMAIL_ID}/0"));
    email_id
        .and_then(|email_id| feedback(email_id, fate))
        .into_iter()
        .collect()
}
