//! Postmark: <https://postmarkapp.com/developer/api/email-api#send-a-single-email>,
//! errors: <https://postmarkapp.com/developer/api/overview#error-codes>.
//!
//! It has no idempotency keys. Emails are sent on the default transactional message stream.
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
use crate::mail::api::reports::Meaning::{self, Final};
use crate::mail::api::reports::{bounced, complained, delivered, given_up, held_back, text};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, EMAIL_ID, EmailProvider, Feedback, Handover, OpenedMail, OutboundMail,
    WebhookReader, post, set,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;

pub(in crate::mail) struct Postmark;

impl EmailProvider for Postmark {
    const NAME: &'static str = "postmark";
    const ORIGIN: Option<&'static str> = Some("https://api.postmarkapp.com");

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail { settings, mail, .. } = *mail;
        let OpenedMail {
            email_id, message, ..
        } = mail;
        let (name, value) = AUTO_SUBMITTED;
        let mut body = json!({
            "From": settings.from.to_string(),
            "To": message.to,
            "Subject": message.subject,
            "TextBody": message.text,
            "HtmlBody": message.html,
            "Headers": [{ "Name": name, "Value": value }],
            "Metadata": { EMAIL_ID: email_id },
            "TrackOpens": false,
            "TrackLinks": "None",
        });
        if let Some(reply_to) = &settings.reply_to {
            set(&mut body, "ReplyTo", reply_to.to_string());
        }
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
            (429, _) => answer.throttled(text),
            (_, Some(300)) => answer.refused(text, "the email or an address in it is not valid"),
            (_, Some(406)) => answer.refused(text, "the recipient is inactive at Postmark"),
            (_, Some(402 | 403 | 409 | 411)) => answer.refused(text, "it rejected this email"),
            // No such sender signature, or an unconfirmed one.
            (_, Some(400 | 401)) => answer.sender_refused(text),
            (_, Some(405 | 412 | 413)) => answer.later(text, "the account is not allowed to send"),
            (422, _) => answer.later(text, "it is not accepting email now"),
            _ => answer.by_status(text),
        }
    }

    /// `user:password`, as the operator entered it in the webhook's URL at Postmark.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        BasicWebhooks::reader(secret, read_event)
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "5f0cd9a4-b6b1-4b0e-a2d2-7b3a2b2a9e10",
        bad_keys: &["5f0c d9a4"],
        page: "https://postmarkapp.com/developer/api/email-api#send-a-single-email",
        secret: basic::tests::CREDENTIALS,
        bad_secret: "postmark:0123456789abcde",
        sign: basic::tests::sign,
    };
}

fn read_event(event: &Value) -> Feedback {
    let kind = text(event, "/RecordType");
    let meaning = match kind {
        Some("Delivery") => Final(delivered()),
        Some("SpamComplaint") => Final(complained(None)),
        Some("Bounce") => of_bounce(event),
        // A change of the suppression list comes in addition to the bounce or complaint that caused it.
        Some("Open" | "Click" | "SubscriptionChange") => Meaning::Nothing,
        _ => Meaning::unknown(kind),
    };
    meaning.about_mail_of(event.get("Metadata"))
}

/// By <https://postmarkapp.com/developer/api/bounce-api#bounce-types>.
fn of_bounce(event: &Value) -> Meaning {
    let kind = text(event, "/Type");
    let is_switched_off = event.get("Inactive") == Some(&Value::Bool(true));
    match kind.unwrap_or_default() {
        "SpamComplaint" => Final(complained(None)),
        // Rejected by the recipient's server, or by a filter behind it.
        "HardBounce" | "BadEmailAddress" | "Blocked" | "DMARCPolicy" | "SpamNotification"
        | "VirusNotification" | "AddressChange" | "Unknown" => Final(bounced(kind)),
        // Postmark has retried for hours before it reports these. A challenge needs a person to answer.
        "SoftBounce" | "DnsError" | "ChallengeVerification" => Final(given_up(kind)),
        "ManuallyDeactivated"
        | "Unconfirmed"
        | "SMTPApiError"
        | "TemplateRenderingFailed"
        | "InboundError" => Final(held_back(kind)),
        // A program answered the email, so it arrived.
        "AutoResponder" | "Subscribe" | "Unsubscribe" | "OpenRelayTest" => Meaning::Nothing,
        // Postmark no longer sends to an address that it has deactivated.
        _ if is_switched_off => Final(bounced(kind)),
        // Postmark retries.
        "Transient" => Meaning::Nothing,
        _ => Meaning::unknown(kind),
    }
}

#[cfg(test)]
mod tests {
    use EmailState::{Bounced, Complained, Delivered};
    use ProviderKind::Postmark;

    use crate::mail::providers::tests::{
        Event, NOW, assert_answers, assert_events, assert_unknown, posted,
    };
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
            "refused: postmark answered 200 406: the recipient is inactive at Postmark",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":406}"#,
            "refused: postmark answered 422 406: the recipient is inactive at Postmark",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":300}"#,
            "refused: postmark answered 422 300: the email or an address in it is not valid",
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
            "later: postmark answered 422 405: the account is not allowed to send",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":412}"#,
            "later: postmark answered 422 412: the account is not allowed to send",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":413}"#,
            "later: postmark answered 422 413: the account is not allowed to send",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":402}"#,
            "refused: postmark answered 422 402: it rejected this email",
        ),
        (
            Postmark,
            422,
            r#"{"ErrorCode":1236}"#,
            "later: postmark answered 422 1236: it is not accepting email now",
        ),
        (
            Postmark,
            422,
            "garbage",
            "later: postmark answered 422: it is not accepting email now",
        ),
        (
            Postmark,
            429,
            r#"{"ErrorCode":429,"Message":"Rate limit exceeded"}"#,
            "throttled: postmark answered 429 429: too many requests",
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
            Some((
                Bounced,
                Some("rejected by the recipient's server: HardBounce"),
            )),
        ),
        (
            Postmark,
            r#"{"RecordType":"Bounce","Type":"SoftBounce","TypeCode":4096,"Inactive":false,"Metadata":{"keyback_email_id":"e1"}}"#,
            Some((
                Bounced,
                Some("temporarily rejected by the recipient's server: SoftBounce"),
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

    /// Every type at <https://postmarkapp.com/developer/api/bounce-api#bounce-types>.
    #[test]
    fn every_type_of_bounce_is_known() {
        let refused = "rejected by the recipient's server";
        let for_now = "temporarily rejected by the recipient's server";
        let unsent = "the provider did not send it";
        for (kind, expected) in [
            ("HardBounce", Some(refused)),
            ("Transient", None),
            ("Unsubscribe", None),
            ("Subscribe", None),
            ("AutoResponder", None),
            ("AddressChange", Some(refused)),
            ("DnsError", Some(for_now)),
            ("SpamNotification", Some(refused)),
            ("OpenRelayTest", None),
            ("Unknown", Some(refused)),
            ("SoftBounce", Some(for_now)),
            ("VirusNotification", Some(refused)),
            ("ChallengeVerification", Some(for_now)),
            ("BadEmailAddress", Some(refused)),
            ("ManuallyDeactivated", Some(unsent)),
            ("Unconfirmed", Some(unsent)),
            ("Blocked", Some(refused)),
            ("SMTPApiError", Some(unsent)),
            ("InboundError", Some(unsent)),
            ("DMARCPolicy", Some(refused)),
            ("TemplateRenderingFailed", Some(unsent)),
        ] {
            let body = format!(
                r#"{{"RecordType":"Bounce","Type":"{kind}","Metadata":{{"keyback_email_id":"e1"}}}}"#
            );
            let said = posted(Postmark, &body).read_at(NOW).unwrap();
            let reason = said
                .reports
                .first()
                .and_then(|report| report.reason.clone());
            assert_eq!(reason, expected.map(|words| format!("{words}: {kind}")));
            assert_eq!(said.unknown, [""; 0], "{kind}");
        }
    }

    #[test]
    fn only_what_nobody_knows_is_named() {
        assert_unknown(&[
            (Postmark, r#"{"RecordType":"Open"}"#, &[]),
            (Postmark, r#"{"RecordType":"Click"}"#, &[]),
            (Postmark, r#"{"RecordType":"SubscriptionChange"}"#, &[]),
            (Postmark, r#"{"RecordType":"Teleport"}"#, &["Teleport"]),
            (
                Postmark,
                r#"{"RecordType":"Bounce","Type":"Boomerang"}"#,
                &["Boomerang"],
            ),
            (Postmark, "{}", &["unnamed"]),
        ]);
    }

    #[test]
    fn a_reason_holds_no_address() {
        let body = r#"{"RecordType":"Bounce","Type":"ann@example.test","Inactive":true,"Metadata":{"keyback_email_id":"e1"}}"#;
        let reports = posted(Postmark, body).read_at(NOW).unwrap().reports;
        assert_eq!(
            reports[0].reason.as_deref(),
            Some("rejected by the recipient's server")
        );
    }
}
