//! Any other provider: a service that the operator runs accepts a signed webhook
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>) and sends the email.
//!
//! `webhook-id` is the email's id, the same in each attempt: the receiver sends one email for it.
//!
//! The receiver reports about the email by signed webhooks too: see `docs/email.md`.

use ::http::Request;
use serde_json::{Map, Value, json};

use crate::mail::api::reports::{Meaning, text};
#[cfg(test)]
use crate::mail::api::signed;
use crate::mail::api::signed::{STANDARD, SignedWebhooks};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, EmailProvider, Feedback, Handover, OpenedMail, OutboundMail,
    ProviderSettings, WebhookReader, post,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;
use crate::model::email::EmailState;
use crate::model::standard_webhook::WebhookSecret;

/// The longest reason that is kept, in octets.
const REASON_OCTETS: usize = 100;

pub(in crate::mail) struct Webhook;

impl EmailProvider for Webhook {
    const NAME: &'static str = "webhook";
    const ORIGIN: Option<&'static str> = None;

    fn is_key(key: &str) -> bool {
        WebhookSecret::parse(key).is_ok()
    }

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail {
            settings,
            mail,
            now,
        } = *mail;
        let email_id = mail.email_id;
        let body = json!({
            "type": "email.send",
            "timestamp": now.rfc3339(),
            "data": data(settings, mail)?,
        })
        .to_string()
        .into_bytes();
        let secret = WebhookSecret::parse(&settings.api_key).ok()?;
        post(
            settings.origin.join("/"),
            "application/json",
            &[
                ("webhook-id", email_id.as_str()),
                ("webhook-timestamp", &now.unix_seconds().to_string()),
                (
                    "webhook-signature",
                    &secret.sign(email_id.as_str(), now, &body),
                ),
            ],
            body,
        )
    }

    /// By the specification, any 2xx is acceptance and anything else is not. Only 422 rejects an email permanently. A
    /// receiver may answer 400 for reasons that can be fixed, such as a different secret.
    fn read_answer(answer: &Answer<'_>) -> Handover {
        match answer.status() {
            200..=299 => Handover::Accepted,
            400 | 413 => answer.later(None, "the receiver did not understand it"),
            _ => answer.by_status(None),
        }
    }

    /// `whsec_…`, as for requests.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        SignedWebhooks::reader(secret, &STANDARD, read_event)
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==",
        bad_keys: &["whsec_", "a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ=="],
        page: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
        secret: signed::tests::SECRET,
        bad_secret: "whsec_c2hvcnQ=",
        sign: |post| signed::tests::sign(post, &STANDARD),
    };
}

/// The email as data, together with its text and HTML.
fn data(settings: &ProviderSettings, mail: OpenedMail<'_>) -> Option<Map<String, Value>> {
    let (name, value) = AUTO_SUBMITTED;
    let message = mail.message;
    let rendered = json!({
        "id": mail.email_id,
        "kind": mail.kind,
        "user_id": mail.account_id,
        "to": message.to,
        "from": settings.from.to_string(),
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "headers": { name: value },
    });
    let reply_to = settings.reply_to.as_ref();
    let reply_to = reply_to.map(|it| ("reply_to".to_owned(), it.to_string().into()));
    let Value::Object(mut members) = rendered else {
        return None;
    };
    members.extend(reply_to);
    if let Some(Value::Object(data)) = message.data.as_ref().map(|data| json!(data)) {
        members.extend(data);
    }
    Some(members)
}

fn read_event(event: &Value) -> Feedback {
    let kind = text(event, "/type");
    let state = match kind {
        Some("email.delivered") => Some(EmailState::Delivered),
        Some("email.bounced") => Some(EmailState::Bounced),
        Some("email.complained") => Some(EmailState::Complained),
        _ => None,
    };
    let reason = text(event, "/data/reason").and_then(plain);
    let meaning = state.map_or_else(
        || Meaning::unknown(kind),
        |state| Meaning::Final((state, reason)),
    );
    meaning.about(text(event, "/data/email_id"))
}

/// A short line without an address.
fn plain(reason: &str) -> Option<String> {
    let is_plain = (1..=REASON_OCTETS).contains(&reason.len())
        && !reason.contains(|it: char| it == '@' || it.is_control());
    is_plain.then(|| reason.to_owned())
}

#[cfg(test)]
mod tests {
    use EmailState::{Bounced, Complained, Delivered};
    use ProviderKind::Webhook;

    use super::WebhookSecret;
    use crate::mail::providers::tests::{
        AT, Event, assert_answers, assert_events, assert_unknown, settings, written,
    };
    use crate::mail::registry::ProviderKind;
    use crate::model::email::EmailState;

    const ANSWERS: &[(ProviderKind, u16, &str, &str)] = &[
        (Webhook, 204, "", "accepted"),
        (Webhook, 200, "<html>", "accepted"),
        (
            Webhook,
            422,
            "",
            "refused: webhook answered 422: it rejected this email",
        ),
        (
            Webhook,
            400,
            "",
            "later: webhook answered 400: the receiver did not understand it",
        ),
        (
            Webhook,
            410,
            "",
            "later: webhook answered 410: try again later",
        ),
    ];

    const EVENTS: &[Event] = &[
        (
            Webhook,
            r#"{"type":"email.delivered","data":{"email_id":"e1"}}"#,
            Some((Delivered, None)),
        ),
        (
            Webhook,
            r#"{"type":"email.bounced","data":{"email_id":"e1","reason":"550 no such user"}}"#,
            Some((Bounced, Some("550 no such user"))),
        ),
        (
            Webhook,
            r#"{"type":"email.complained","data":{"email_id":"e1","reason":"ann@example.test complained"}}"#,
            Some((Complained, None)),
        ),
        (
            Webhook,
            r#"{"type":"email.send","data":{"email_id":"e1"}}"#,
            None,
        ),
        (
            Webhook,
            r#"{"type":"email.delivered","data":{"email_id":"not an id"}}"#,
            None,
        ),
        (Webhook, r#"{"type":"email.delivered"}"#, None),
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
    fn only_what_nobody_knows_is_named() {
        assert_unknown(&[
            (Webhook, r#"{"type":"email.opened"}"#, &["email.opened"]),
            (Webhook, r#"{"type":"email.delivered"}"#, &[]),
        ]);
    }

    #[test]
    fn a_webhook_is_signed_over_what_is_sent() {
        let settings = settings(Webhook);
        let request = written(&settings);
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        let secret = WebhookSecret::parse(&settings.api_key).unwrap();
        assert!(secret.verify(
            header("webhook-id"),
            header("webhook-timestamp"),
            header("webhook-signature"),
            request.body(),
            AT
        ));
    }
}
