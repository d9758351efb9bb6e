//! Resend: <https://resend.com/docs/api-reference/emails/send-email>,
//! errors: <https://resend.com/docs/api-reference/errors>,
//! idempotency keys, kept for 24 hours: <https://resend.com/docs/dashboard/emails/idempotency-keys>.
//!
//! Tracking cannot be switched per email: it is a setting of the sending domain, and off by default.
//!
//! Webhooks: <https://resend.com/docs/webhooks/emails/bounced> and its neighbours, verified as
//! <https://resend.com/docs/webhooks/verify-webhooks-requests> says.

use ::http::Request;
use serde_json::{Value, json};

use crate::mail::api::reports::Meaning::{self, Final};
use crate::mail::api::reports::{
    Fate, bounced, complained, delivered, given_up, held_back, is_suppression, text,
};
#[cfg(test)]
use crate::mail::api::signed;
use crate::mail::api::signed::{SVIX, SignedWebhooks};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, EMAIL_ID, EmailProvider, Feedback, Handover, OpenedMail, OutboundMail,
    WebhookReader, post, set,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;

pub(in crate::mail) struct Resend;

impl EmailProvider for Resend {
    const NAME: &'static str = "resend";
    const ORIGIN: Option<&'static str> = Some("https://api.resend.com");

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail { settings, mail, .. } = *mail;
        let OpenedMail {
            email_id, message, ..
        } = mail;
        let (name, value) = AUTO_SUBMITTED;
        let mut body = json!({
            "from": settings.from.to_string(),
            "to": [message.to],
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "headers": { name: value },
            "tags": [{ "name": EMAIL_ID, "value": email_id }],
        });
        if let Some(reply_to) = &settings.reply_to {
            set(&mut body, "reply_to", reply_to.to_string());
        }
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
            (409, _) => answer.later(name, "another request used its idempotency key"),
            _ => answer.by_status(name),
        }
    }

    /// `whsec_…`, as Resend shows it.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        SignedWebhooks::reader(secret, &SVIX, read_event)
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "re_123",
        bad_keys: &["re_ 1"],
        page: "https://resend.com/docs/api-reference/emails/send-email",
        secret: signed::tests::SECRET,
        bad_secret: "re_1",
        sign: |post| signed::tests::sign(post, &SVIX),
    };
}

/// By <https://resend.com/docs/webhooks/event-types>.
fn read_event(event: &Value) -> Feedback {
    let kind = text(event, "/type");
    let meaning = match kind.unwrap_or_default() {
        "email.delivered" => Final(delivered()),
        "email.bounced" => Final(of_bounce(event)),
        "email.complained" => Final(complained(None)),
        "email.suppressed" => Final(held_back(text(event, "/data/suppressed/type"))),
        "email.failed" => Final(held_back(text(event, "/data/failed/reason"))),
        "email.sent"
        | "email.scheduled"
        | "email.delivery_delayed"
        | "email.opened"
        | "email.clicked"
        | "email.received" => Meaning::Nothing,
        // These are about the account, not about an email.
        other
            if ["contact.", "domain.", "suppression."]
                .iter()
                .any(|about| other.starts_with(about)) =>
        {
            Meaning::Nothing
        }
        _ => Meaning::unknown(kind),
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
    meaning.about(email_id)
}

/// The types and subtypes are those of SES.
fn of_bounce(event: &Value) -> Fate {
    let code = text(event, "/data/bounce/subType");
    match text(event, "/data/bounce/type") {
        _ if is_suppression(code) => held_back(code),
        Some("Transient") => given_up(code),
        _ => bounced(code),
    }
}

#[cfg(test)]
mod tests {
    use EmailState::{Bounced, Complained, Delivered};
    use ProviderKind::Resend;

    use crate::mail::providers::tests::{Event, assert_answers, assert_events, assert_unknown};
    use crate::mail::registry::ProviderKind;
    use crate::model::email::EmailState;

    const ANSWERS: &[(ProviderKind, u16, &str, &str)] = &[
        (Resend, 200, r#"{"id":"49a3999c"}"#, "accepted"),
        (
            Resend,
            422,
            r#"{"name":"validation_error"}"#,
            "refused: resend answered 422 validation_error: it rejected this email",
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
            "later: resend answered 409 concurrent_idempotent_requests: another request used its idempotency key",
        ),
        (
            Resend,
            403,
            r#"{"name":"validation_error","message":"The example.test domain is not verified."}"#,
            "sender refused: resend answered 403 validation_error: the sender is not accepted",
        ),
        (
            Resend,
            429,
            r#"{"name":"rate_limit_exceeded","message":"Too many requests"}"#,
            "throttled: resend answered 429 rate_limit_exceeded: too many requests",
        ),
        (
            Resend,
            429,
            r#"{"name":"daily_quota_exceeded"}"#,
            "throttled: resend answered 429 daily_quota_exceeded: too many requests",
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
            Some((Bounced, Some("the provider did not send it: Suppressed"))),
        ),
        (
            Resend,
            r#"{"type":"email.bounced","data":{"bounce":{"subType":"MailboxFull","type":"Transient"},"tags":{"keyback_email_id":"e1"}}}"#,
            Some((
                Bounced,
                Some("temporarily rejected by the recipient's server: MailboxFull"),
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

    #[test]
    fn only_what_nobody_knows_is_named() {
        for kind in [
            "email.sent",
            "email.scheduled",
            "email.delivery_delayed",
            "email.opened",
            "email.clicked",
            "email.received",
            "contact.created",
            "domain.updated",
            "suppression.added",
        ] {
            let body =
                format!(r#"{{"type":"{kind}","data":{{"tags":{{"keyback_email_id":"e1"}}}}}}"#);
            assert_unknown(&[(Resend, &body, &[])]);
        }
        assert_unknown(&[
            (
                Resend,
                r#"{"type":"email.teleported"}"#,
                &["email.teleported"],
            ),
            (Resend, r#"{"type":"ann@example.test"}"#, &["unnamed"]),
            (Resend, "{}", &["unnamed"]),
        ]);
    }
}
