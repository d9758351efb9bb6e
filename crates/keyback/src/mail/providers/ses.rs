//! Amazon SES, version 2 of its API: <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>,
//! errors there and in <https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html>.
//!
//! It has no idempotency keys. Tracking is a setting of the configuration set.
//!
//! Webhooks: <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>.
//!
//! An event comes through Amazon EventBridge, in `detail`
//! (<https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html>), or through Amazon SNS, as text in
//! `Message`, or without an envelope by raw delivery
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html>). Both can send HTTP Basic
//! credentials. SNS also signs, but its certificate would have to be fetched from an address in the message. Nothing is
//! fetched here, not even to confirm a subscription.

use ::http::{Request, Uri};
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

#[cfg(test)]
use crate::mail::api::basic;
use crate::mail::api::basic::BasicWebhooks;
use crate::mail::api::reports::Meaning::{self, Final};
use crate::mail::api::reports::{
    bounced, complained, delivered, given_up, held_back, is_suppression, text,
};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, EMAIL_ID, EmailProvider, Feedback, Handover, Mailbox, OpenedMail,
    OutboundMail, WebhookReader, post, set,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;

mod signature_v4;
#[cfg(test)]
mod tests;

use signature_v4::Signer;

const PATH: &str = "/v2/email/outbound-emails";
const JSON: &str = "application/json";
/// The errors by which AWS says "too often", with any status: those that its SDKs treat as throttling.
const THROTTLING: [&str; 10] = [
    "BandwidthLimitExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];
/// The most octets of a name in one encoded word, which may have 75 characters (RFC 2047 §2).
const WORD_OCTETS: usize = 45;

/// Parsed from `email_api_key`: `access_key_id:secret_access_key:region`.
struct Credentials<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    region: &'a str,
}

impl<'a> Credentials<'a> {
    fn parse(key: &'a str) -> Option<Self> {
        let mut parts = key.split(':');
        let credentials = Self {
            access_key_id: parts.next()?,
            secret_access_key: parts.next()?,
            region: parts.next()?,
        };
        let is_word = |text: &str, also: &[u8]| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
        };
        let is_good = parts.next().is_none()
            && is_word(credentials.access_key_id, b"")
            && is_word(credentials.secret_access_key, b"+/=")
            && is_word(credentials.region, b"-");
        is_good.then_some(credentials)
    }
}

pub(in crate::mail) struct Ses;

impl EmailProvider for Ses {
    const NAME: &'static str = "ses";
    const ORIGIN: Option<&'static str> = None;

    /// The endpoint of the key's region: <https://docs.aws.amazon.com/general/latest/gr/ses.html>. `None` in the partitions
    /// whose hosts are not in `amazonaws.com`.
    fn default_origin(key: &str) -> Option<String> {
        let region = Credentials::parse(key)?.region;
        let is_elsewhere = region.starts_with("cn-") || region.contains("-iso");
        (!is_elsewhere).then(|| format!("https://email.{region}.amazonaws.com"))
    }

    fn is_key(key: &str) -> bool {
        Credentials::parse(key).is_some()
    }

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail {
            settings,
            mail,
            now,
        } = *mail;
        let OpenedMail {
            email_id, message, ..
        } = mail;
        let (name, value) = AUTO_SUBMITTED;
        let utf8 = |text: &str| json!({ "Data": text, "Charset": "UTF-8" });
        let mut body = json!({
            "FromEmailAddress": mailbox(&settings.from),
            "Destination": { "ToAddresses": [message.to] },
            "Content": { "Simple": {
                "Subject": utf8(&message.subject),
                "Body": { "Text": utf8(&message.text), "Html": utf8(&message.html) },
                "Headers": [{ "Name": name, "Value": value }],
            } },
            "EmailTags": [{ "Name": EMAIL_ID, "Value": email_id }],
        });
        if let Some(reply_to) = &settings.reply_to {
            set(&mut body, "ReplyToAddresses", vec![mailbox(reply_to)]);
        }
        let body = body.to_string();

        let credentials = Credentials::parse(&settings.api_key)?;
        let url = settings.origin.join(PATH);
        let uri: Uri = url.parse().ok()?;
        let time = signature_v4::time(now);
        let signer = Signer {
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key,
            region: credentials.region,
            service: "ses",
            time: &time,
        };
        let headers = [
            ("content-type", JSON),
            ("host", uri.authority()?.as_str()),
            ("x-amz-date", time.as_str()),
        ];
        let authorization = signer.authorization("POST", PATH, &headers, body.as_bytes())?;
        post(
            url,
            JSON,
            &[("authorization", &authorization), ("x-amz-date", &time)],
            body.into_bytes(),
        )
    }

    fn read_answer(answer: &Answer<'_>) -> Handover {
        // In a header or in the body. The name may have a URL after it and a namespace before it
        // (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization).
        let error = answer
            .header("x-amzn-errortype")
            .or_else(|| answer.text("/__type"))
            .or_else(|| answer.text("/code"));
        let name = error
            .and_then(|error| error.split(':').next())
            .and_then(|error| error.rsplit('#').next());
        // This is about the sender or, in the sandbox, about the recipient.
        let is_unverified = answer
            .text("/message")
            .or_else(|| answer.text("/Message"))
            .is_some_and(|text| text.to_ascii_lowercase().contains("not verified"));
        match (answer.status(), name) {
            (200..=299, _) => answer.success(),
            (_, Some(name)) if THROTTLING.contains(&name) => answer.throttled(Some(name)),
            (400, Some("MailFromDomainNotVerifiedException")) => answer.sender_refused(name),
            (400, Some("MessageRejected")) if is_unverified => answer.sender_refused(name),
            // Any other error with this status is about the account.
            (400, Some("BadRequestException" | "ValidationException")) | (413, _) => {
                answer.by_status(name)
            }
            (400, _) => answer.later(name, "the account is not allowed to send"),
            _ => answer.by_status(name),
        }
    }

    /// `user:password`, as the operator entered it in EventBridge or SNS.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        BasicWebhooks::reader(secret, read_event)
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:eu-central-1",
        bad_keys: &["AKIDEXAMPLE:secret", "a::b", "a:b:c:d", "a:b:c/d"],
        page: "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html",
        secret: basic::tests::CREDENTIALS,
        bad_secret: ":0123456789abcdef",
        sign: basic::tests::sign,
    };
}

/// A mailbox in 7-bit ASCII, as SES requires: other names are written as encoded words (RFC 2047).
fn mailbox(mailbox: &Mailbox) -> String {
    match mailbox.parts() {
        (Some(name), address) if !name.is_ascii() => {
            format!("{} <{address}>", encoded_words(&name))
        }
        _ => mailbox.to_string(),
    }
}

fn encoded_words(text: &str) -> String {
    let mut pieces = vec![String::new()];
    for character in text.chars() {
        match pieces.last_mut() {
            Some(piece) if piece.len().saturating_add(character.len_utf8()) <= WORD_OCTETS => {
                piece.push(character);
            }
            _ => pieces.push(character.to_string()),
        }
    }
    let words = pieces
        .iter()
        .map(|piece| format!("=?UTF-8?B?{}?=", Base64::encode_string(piece.as_bytes())));
    words.collect::<Vec<_>>().join(" ")
}

fn read_event(envelope: &Value) -> Feedback {
    let inner = match (envelope.get("detail"), text(envelope, "/Message")) {
        (Some(detail), _) => Some(detail.clone()),
        // SNS reports subscriptions, and SES tests a new topic, with a text that is not an event. As bytes, since a
        // parser of `str` would add code to the component.
        (None, Some(message)) => serde_json::from_slice(message.as_bytes()).ok(),
        (None, None) => None,
    };
    let event = inner.as_ref().unwrap_or(envelope);
    let meaning = match text(event, "/eventType") {
        Some(kind) => meaning(kind, event),
        None => without_event(envelope, event),
    };
    meaning.about(text(event, &format!("/mail/tags/{EMAIL_ID}/0")))
}

/// By <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>.
fn meaning(kind: &str, event: &Value) -> Meaning {
    let bounce = text(event, "/bounce/bounceSubType");
    let complaint = text(event, "/complaint/complaintSubType");
    match kind {
        "Delivery" => Final(delivered()),
        "Bounce" if is_suppression(bounce) => Final(held_back(bounce)),
        // Sent when SES has given up.
        "Bounce" if text(event, "/bounce/bounceType") == Some("Transient") => {
            Final(given_up(bounce))
        }
        "Bounce" => Final(bounced(bounce)),
        // The recipient complained about an earlier email, so SES did not send this one.
        "Complaint" if is_suppression(complaint) => Final(held_back(complaint)),
        "Complaint" => Final(complained(text(event, "/complaint/complaintFeedbackType"))),
        "Reject" => Final(held_back(None)),
        "Rendering Failure" => Final(held_back(Some("RenderingFailure"))),
        "Send" | "DeliveryDelay" | "Open" | "Click" | "Subscription" => Meaning::Nothing,
        _ => Meaning::unknown(Some(kind)),
    }
}

/// Bodies without a published event, which report nothing about our emails: SNS control messages, such as a
/// subscription confirmation; an identity's notifications, which have no tags; and messages of other services.
fn without_event(envelope: &Value, event: &Value) -> Meaning {
    match (text(envelope, "/Type"), text(event, "/notificationType")) {
        (_, Some(kind)) => Meaning::unknown(Some(&format!("notification.{kind}"))),
        (Some("Notification"), None) => Meaning::Nothing,
        (Some(kind), None) => Meaning::unknown(Some(kind)),
        (None, None) => Meaning::unknown(text(envelope, "/detail-type")),
    }
}
