//! What each provider is sent, and how each of its answers is read.

use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::model::base_url::BaseUrl;

mod answers;

/// A provider, a key for it, and the page of its documentation that its request follows.
const PROVIDERS: [(ProviderKind, &str, &str); 7] = [
    (
        ProviderKind::Resend,
        "re_123",
        "https://resend.com/docs/api-reference/emails/send-email",
    ),
    (
        ProviderKind::Postmark,
        "5f0cd9a4-b6b1-4b0e-a2d2-7b3a2b2a9e10",
        "https://postmarkapp.com/developer/api/email-api#send-a-single-email",
    ),
    (
        ProviderKind::SendGrid,
        "SG.123",
        "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
    ),
    (ProviderKind::Mailgun, "key-123", MAILGUN),
    (ProviderKind::MailgunEu, "mg.example.test:key-123", MAILGUN),
    (
        ProviderKind::Ses,
        "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:eu-central-1",
        "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html",
    ),
    (
        ProviderKind::Webhook,
        "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==",
        "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    ),
];
const MAILGUN: &str = "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages";
/// 2026-11-23T09:00:00Z
const NOW: Timestamp = Timestamp::from_unix_millis(1_795_424_400_000);

fn settings(kind: ProviderKind, key: &str) -> ProviderSettings {
    let origin = kind.default_origin().unwrap_or(match kind {
        ProviderKind::Ses => "https://email.eu-central-1.amazonaws.com",
        _ => "https://mailer.example.test",
    });
    ProviderSettings {
        kind,
        origin: BaseUrl::parse(origin).unwrap(),
        api_key: key.to_owned(),
        from: "Müller & Co <no-reply@example.test>".to_owned(),
    }
}

fn written(settings: &ProviderSettings) -> Request<Vec<u8>> {
    let message = Message {
        to: "ann@example.test".to_owned(),
        subject: "Reset – now".to_owned(),
        text: "Text\nand \"more\" & more".to_owned(),
        html: "<p>HTML</p>".to_owned(),
    };
    let email_id = EmailId::parse("eMail-1_x").unwrap();
    request(settings, &message, &email_id, NOW).unwrap()
}

/// The request as a file shows it: headers sorted, JSON indented, one line for each value of a form.
fn shown(page: &str, request: &Request<Vec<u8>>) -> String {
    let mut text = format!("# {page}\n{} {}\n", request.method(), request.uri());
    let mut headers: Vec<_> = request.headers().iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    text.push('\n');
    if request.headers()["content-type"] == "application/json" {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        text.push_str(&serde_json::to_string_pretty(&body).unwrap());
        text.push('\n');
    } else {
        for (name, value) in form_urlencoded::parse(request.body()) {
            writeln!(text, "{name}={value:?}").unwrap();
        }
    }
    text
}

/// The files are written anew with `KEYBACK_RENEW_SNAPSHOTS=1 cargo test --lib each_request`; look at the difference.
#[test]
fn each_request_is_as_its_checked_in_file_shows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mail/snapshots");
    for (kind, key, page) in PROVIDERS {
        let file = folder.join(format!("{}.http", kind.as_str()));
        let request = shown(page, &written(&settings(kind, key)));
        if std::env::var_os("KEYBACK_RENEW_SNAPSHOTS").is_some() {
            std::fs::write(&file, &request).unwrap();
        }
        assert_eq!(request, std::fs::read_to_string(&file).unwrap(), "{file:?}");
    }
}

#[test]
fn each_request_carries_the_mails_id_and_says_that_a_program_wrote_it() {
    for (kind, key, page) in PROVIDERS {
        let request = shown(page, &written(&settings(kind, key)));
        for part in ["eMail-1_x", "Auto-Submitted", "auto-generated"] {
            assert!(request.contains(part), "{part}: {request}");
        }
        assert_eq!(request.contains(EMAIL_ID), kind != ProviderKind::Webhook);
    }
}

#[test]
fn a_key_stands_in_no_url_and_no_body() {
    for (kind, key, _) in PROVIDERS {
        let request = written(&settings(kind, key));
        let secret = key.split(':').nth(1).unwrap_or(key);
        let body = String::from_utf8_lossy(request.body());
        assert!(!request.uri().to_string().contains(secret) && !body.contains(secret));
    }
}

#[test]
fn a_webhook_is_signed_over_what_is_sent() {
    let (kind, key, _) = PROVIDERS[6];
    let request = written(&settings(kind, key));
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    let secret = crate::model::standard_webhook::WebhookSecret::parse(key).unwrap();
    assert!(secret.verify(
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
        request.body(),
        NOW
    ));
}

#[test]
fn mailgun_sends_from_the_senders_domain_unless_the_key_names_one() {
    let uri = |key| {
        written(&settings(ProviderKind::Mailgun, key))
            .uri()
            .to_string()
    };
    assert_eq!(uri("k"), "https://api.mailgun.net/v3/example.test/messages");
    assert_eq!(
        uri("mg.b.test:k"),
        "https://api.mailgun.net/v3/mg.b.test/messages"
    );
}

#[test]
fn ses_is_given_long_foreign_names_as_short_encoded_words() {
    let (kind, key, _) = PROVIDERS[5];
    let mut settings = settings(kind, key);
    settings.from = format!("{} <a@b.test>", "パスワード".repeat(9));
    let request = written(&settings);
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    let from = body["FromEmailAddress"].as_str().unwrap();
    assert!(from.is_ascii() && from.ends_with(" <a@b.test>"), "{from}");
    assert!(from.split(' ').all(|word| word.len() <= 75), "{from}");
    settings.from = "Plain, Inc <a@b.test>".to_owned();
    let request = written(&settings);
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["FromEmailAddress"], "\"Plain, Inc\" <a@b.test>");
}

#[test]
fn a_senders_name_with_a_comma_is_not_two_senders() {
    for (kind, key, page) in PROVIDERS {
        let mut settings = settings(kind, key);
        settings.from = "Acme, Inc <a@b.test>".to_owned();
        let request = shown(page, &written(&settings));
        let name = match kind {
            // The name and the address are two members.
            ProviderKind::SendGrid => "\"name\": \"Acme, Inc\"",
            _ => "\\\"Acme, Inc\\\" <a@b.test>",
        };
        assert!(request.contains(name), "{request}");
    }
}
