//! Resend: <https://resend.com/docs/api-reference/emails/send-email>,
//! errors: <https://resend.com/docs/api-reference/errors>,
//! idempotency keys, kept for 24 hours: <https://resend.com/docs/dashboard/emails/idempotency-keys>.
//!
//! Tracking has no switch here: it is a setting of the sending domain, and off unless it was switched on.
//!
//! Webhooks: <https://resend.com/docs/webhooks/emails/bounced> and its neighbours, verified as
//! <https://resend.com/docs/webhooks/verify-webhooks-requests> says.

use ::http::Request;
use serde_json::{Value, json};

use crate::mail::api::reports::{
    bounced, complained, delivered, given_up, held_back, report, text,
};
#[cfg(test)]
use crate::mail::api::signed;
use crate::mail::api::signed::{SVIX, SignedWebhooks};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, EMAIL_ID, EmailProvider, Handover, OutboundMail, WebhookReader, post,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;
use crate::model::email::DeliveryReport;

pub(in crate::mail) struct Resend;

impl EmailProvider for Resend {
    const NAME: &'static str = "resend";
    const ORIGIN: Option<&'static str> = Some("https://api.resend.com");

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail {
            settings,
            message,
            email_id,
            ..
        } = *mail;
        let (name, value) = AUTO_SUBMITTED;
        let body = json!({
            "from": settings.mailbox(),
            "to": [message.to],
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "headers": { name: value },
            "tags": [{ "name": EMAIL_ID, "value": email_id }],
        });
        post(
            settings.origin.join("/emails"),
            "application/json",
            &[
                ("authorization", &format!("Bearer {}", settings.api_key)),
                ("idempotency-key", email_id.as_str()),
            ],
            body.to_string().into_bytes(),
        )
    }

    fn read_answer(answer: &Answer<'_>) -> Handover {
        let name = answer.text("/name");
        match (answer.status(), name) {
            (200..=299, _) => answer.success(),
            // 403 with this name: the sender's domain is not verified, or it is Resend's own, which only writes to the
            // account's owner.
            (403, Some("validation_error")) | (_, Some("invalid_from_address")) => {
                answer.sender_refused(name)
            }
            (409, _) => answer.later(name, "another request with its key"),
            _ => answer.by_status(name),
        }
    }

    /// `whsec_…`, as Resend shows it.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        SignedWebhooks::reader(secret, &SVIX, reports)
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "re_123",
        page: "https://resend.com/docs/api-reference/emails/send-email",
        secret: signed::tests::SECRET,
        sign: |post| signed::tests::sign(post, &SVIX),
    };
}

fn reports(event: &Value) -> Vec<DeliveryReport> {
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
        .and_then(|email_id| report(email_id, fate))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use EmailState::{Bounced, Complained, Delivered};
    use ProviderKind::Resend;

    use crate::mail::providers::tests::{Event, assert_answers, assert_events};
    use crate::mail::registry::ProviderKind;
    use crate::model::email::EmailState;

    const ANSWERS: &[(ProviderKind, u16, &str, &str)] = &[
        (Resend, 200, r#"{"id":"49a3999c"}"#, "accepted"),
        (
            Resend,
            422,
            r#"{"name":"validation_error"}"#,
            "refused: resend answered 422 validation_error: it does not take this mail",
        ),
        (
            Resend,
            422,
            r#"{"name":"invalid_from_address"}"#,
            "sender refused: resend answered 422 invalid_from_address: the sender is not accepted",
        ),
        (
            Resend,
            409,
            r#"{"name":"concurrent_idempotent_requests"}"#,
            "later: resend answered 409 concurrent_idempotent_requests: another request with its key",
        ),
        (
            Resend,
            403,
            r#"{"name":"validation_error","message":"The example.test domain is not verified."}"#,
            "sender refused: resend answered 403 validation_error: the sender is not accepted",
        ),
        (
            Resend,
            403,
            r#"{"name":"invalid_api_key","message":"API key is invalid"}"#,
            "later: resend answered 403 invalid_api_key: the key is not allowed to send",
        ),
    ];

    const EVENTS: &[Event] = &[
        (
            Resend,
            r#"{"type":"email.delivered","created_at":"2026-11-23T09:00:00.000Z","data":{"email_id":"56761188-7520-42d8-8898-ff6fc54ce618","from":"Keyback <no-reply@example.test>","to":["ann@example.test"],"subject":"Reset","tags":{"keyback_email_id":"e1"}}}"#,
            Some((Delivered, None)),
        ),
        (
            Resend,
            r#"{"type":"email.bounced","data":{"to":["ann@example.test"],"bounce":{"message":"The recipient's email address is on the suppression list","subType":"Suppressed","type":"Permanent"},"tags":[{"name":"keyback_email_id","value":"e1"}]}}"#,
            Some((Bounced, Some("refused by its server: Suppressed"))),
        ),
        (
            Resend,
            r#"{"type":"email.bounced","data":{"bounce":{"subType":"MailboxFull","type":"Transient"},"tags":{"keyback_email_id":"e1"}}}"#,
            Some((
                Bounced,
                Some("temporarily refused by its server: MailboxFull"),
            )),
        ),
        (
            Resend,
            r#"{"type":"email.complained","data":{"tags":{"keyback_email_id":"e1"}}}"#,
            Some((Complained, Some("reported as spam"))),
        ),
        (
            Resend,
            r#"{"type":"email.failed","data":{"failed":{"reason":"reached_daily_quota"},"tags":{"keyback_email_id":"e1"}}}"#,
            Some((
                Bounced,
                Some("the provider did not send it: reached_daily_quota"),
            )),
        ),
        (
            Resend,
            r#"{"type":"email.suppressed","data":{"tags":{"keyback_email_id":"e1"}}}"#,
            Some((Bounced, Some("the provider did not send it"))),
        ),
        (
            Resend,
            r#"{"type":"email.delivery_delayed","data":{"tags":{"keyback_email_id":"e1"}}}"#,
            None,
        ),
        (
            Resend,
            r#"{"type":"email.delivered","data":{"tags":{"category":"other"}}}"#,
            None,
        ),
        (Resend, r#"{"type":"email.delivered","data":{}}"#, None),
    ];

    #[test]
    fn its_answers_are_understood() {
        assert_answers(ANSWERS);
    }

    #[test]
    fn its_events_are_read_as_documented() {
        assert_events(EVENTS);
    }
}
