//! Postmark: <https://postmarkapp.com/developer/api/email-api#send-a-single-email>,
//! errors: <https://postmarkapp.com/developer/api/overview#error-codes>.
//!
//! It has no idempotency keys. A mail goes out on the default transactional message stream.
//!
//! Webhooks: <https://postmarkapp.com/developer/webhooks/bounce-webhook>,
//! <https://postmarkapp.com/developer/webhooks/delivery-webhook>,
//! <https://postmarkapp.com/developer/webhooks/spam-complaint-webhook>.
//!
//! It signs nothing; <https://postmarkapp.com/developer/webhooks/webhooks-overview> says to use HTTP Basic credentials.

use ::http::Request;
use serde_json::{Value, json};

#[cfg(test)]
use crate::mail::api::basic;
use crate::mail::api::basic::BasicWebhooks;
use crate::mail::api::reports::{about, bounced, complained, delivered, given_up, text};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, EMAIL_ID, EmailProvider, Handover, OutboundMail, WebhookReader, post,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;
use crate::model::email::DeliveryReport;

pub(in crate::mail) struct Postmark;

impl EmailProvider for Postmark {
    const NAME: &'static str = "postmark";
    const ORIGIN: Option<&'static str> = Some("https://api.postmarkapp.com");

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail {
            settings,
            message,
            email_id,
            ..
        } = *mail;
        let (name, value) = AUTO_SUBMITTED;
        let body = json!({
            "From": settings.mailbox(),
            "To": message.to,
            "Subject": message.subject,
            "TextBody": message.text,
            "HtmlBody": message.html,
            "Headers": [{ "Name": name, "Value": value }],
            "Metadata": { EMAIL_ID: email_id },
            "TrackOpens": false,
            "TrackLinks": "None",
        });
        post(
            settings.origin.join("/email"),
            "application/json",
            &[("x-postmark-server-token", &settings.api_key)],
            body.to_string().into_bytes(),
        )
    }

    fn read_answer(answer: &Answer<'_>) -> Handover {
        let code = answer.member("/ErrorCode").and_then(Value::as_u64);
        let text = code.map(|code| code.to_string());
        let text = text.as_deref();
        match (answer.status(), code) {
            (200..=299, Some(0) | None) => answer.success(),
            (_, Some(300)) => answer.refused(text, "not a valid mail or address"),
            (_, Some(406)) => answer.refused(text, "the recipient is inactive there"),
            (_, Some(402 | 403 | 409 | 411)) => answer.refused(text, "it does not take this mail"),
            // No such sender signature; one that is not confirmed.
            (_, Some(400 | 401)) => answer.sender_refused(text),
            (_, Some(405 | 412 | 413)) => answer.later(text, "the account may not send"),
            (422, _) => answer.later(text, "it does not take mail now"),
            _ => answer.by_status(text),
        }
    }

    /// `user:password`, as the operator put it into the webhook's URL there.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        BasicWebhooks::reader(secret, reports)
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "5f0cd9a4-b6b1-4b0e-a2d2-7b3a2b2a9e10",
        page: "https://postmarkapp.com/developer/api/email-api#send-a-single-email",
        secret: basic::tests::CREDENTIALS,
        sign: basic::tests::sign,
    };
}

fn reports(event: &Value) -> Vec<DeliveryReport> {
    let kind = text(event, "/Type");
    let fate = match (text(event, "/RecordType"), kind) {
        (Some("Delivery"), _) => delivered(),
        (Some("SpamComplaint"), _) | (Some("Bounce"), Some("SpamComplaint")) => complained(None),
        (Some("Bounce"), _) if is_permanent(event, kind) => bounced(kind),
        // Postmark has retried for hours before it reports.
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

#[cfg(test)]
mod tests {
    use EmailState::{Bounced, Complained, Delivered};
    use ProviderKind::Postmark;

    use crate::mail::providers::tests::{Event, NOW, assert_answers, assert_events, posted};
    use crate::mail::registry::ProviderKind;
    use crate::model::email::EmailState;

    const ANSWERS: &[(ProviderKind, u16, &str, &str)] = &[
        (
            Postmark,
            200,
            r#"{"ErrorCode":0,"Message":"OK","MessageID":"b7bc2f4a"}"#,
            "accepted",
        ),
        (
            Postmark,
            200,
            r#"{"ErrorCode":406}"#,
            "refused: postmark answered 200 406: the recipient is inactive there",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":406}"#,
            "refused: postmark answered 422 406: the recipient is inactive there",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":300}"#,
            "refused: postmark answered 422 300: not a valid mail or address",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":400}"#,
            "sender refused: postmark answered 422 400: the sender is not accepted",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":401}"#,
            "sender refused: postmark answered 422 401: the sender is not accepted",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":405}"#,
            "later: postmark answered 422 405: the account may not send",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":412}"#,
            "later: postmark answered 422 412: the account may not send",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":413}"#,
            "later: postmark answered 422 413: the account may not send",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":402}"#,
            "refused: postmark answered 422 402: it does not take this mail",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":1236}"#,
            "later: postmark answered 422 1236: it does not take mail now",
        ),
        (
            Postmark,
            422,
            "garbage",
            "later: postmark answered 422: it does not take mail now",
        ),
        (
            Postmark,
            401,
            r#"{"ErrorCode":10}"#,
            "later: postmark answered 401 10: the key is not accepted",
        ),
        (
            Postmark,
            503,
            r#"{"ErrorCode":100}"#,
            "later: postmark answered 503 100: try again later",
        ),
    ];

    const EVENTS: &[Event] = &[
        (
            Postmark,
            r#"{"RecordType":"Delivery","ServerID":23,"MessageStream":"outbound","MessageID":"00000000-0000-0000-0000-000000000000","Recipient":"ann@example.test","Tag":"","DeliveredAt":"2026-11-23T09:00:00Z","Details":"Test delivery webhook details","Metadata":{"keyback_email_id":"e1"}}"#,
            Some((Delivered, None)),
        ),
        (
            Postmark,
            r#"{"RecordType":"Bounce","ID":42,"Type":"HardBounce","TypeCode":1,"Name":"Hard bounce","Email":"ann@example.test","Inactive":true,"CanActivate":true,"Description":"The server was unable to deliver your message (ex: unknown user, mailbox not found).","Metadata":{"keyback_email_id":"e1"}}"#,
            Some((Bounced, Some("refused by its server: HardBounce"))),
        ),
        (
            Postmark,
            r#"{"RecordType":"Bounce","Type":"SoftBounce","TypeCode":4096,"Inactive":false,"Metadata":{"keyback_email_id":"e1"}}"#,
            Some((
                Bounced,
                Some("temporarily refused by its server: SoftBounce"),
            )),
        ),
        (
            Postmark,
            r#"{"RecordType":"Bounce","Type":"Transient","TypeCode":2,"Inactive":false,"Metadata":{"keyback_email_id":"e1"}}"#,
            None,
        ),
        (
            Postmark,
            r#"{"RecordType":"Bounce","Type":"SpamComplaint","TypeCode":100001,"Inactive":true,"Metadata":{"keyback_email_id":"e1"}}"#,
            Some((Complained, Some("reported as spam"))),
        ),
        (
            Postmark,
            r#"{"RecordType":"SpamComplaint","Type":"SpamComplaint","Inactive":true,"Metadata":{"keyback_email_id":"e1"}}"#,
            Some((Complained, Some("reported as spam"))),
        ),
        (
            Postmark,
            r#"{"RecordType":"Open","Metadata":{"keyback_email_id":"e1"}}"#,
            None,
        ),
        (Postmark, r#"{"RecordType":"Delivery","Metadata":{}}"#, None),
    ];

    #[test]
    fn its_answers_are_understood() {
        assert_answers(ANSWERS);
    }

    #[test]
    fn its_events_are_read_as_documented() {
        assert_events(EVENTS);
    }

    #[test]
    fn a_reason_holds_no_address() {
        let body = r#"{"RecordType":"Bounce","Type":"ann@example.test","Inactive":true,"Metadata":{"keyback_email_id":"e1"}}"#;
        let reports = posted(Postmark, body).read_at(NOW).unwrap();
        assert_eq!(reports[0].reason.as_deref(), Some("refused by its server"));
    }
}
