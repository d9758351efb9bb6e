//! The requests to each provider.

use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::mail::api::EMAIL_ID;

/// The request as a text file: headers sorted, JSON indented, one line for each form value.
fn shown(settings: &ProviderSettings) -> String {
    let request = written(settings);
    let page = settings.kind.example().page;
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

/// `KEYBACK_RENEW_SNAPSHOTS=1 cargo test --locked --lib each_request` renews the files; review the difference.
#[test]
fn each_request_is_as_its_checked_in_file_shows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mail/snapshots");
    for &kind in ProviderKind::ALL {
        let file = folder.join(format!("{}.http", kind.as_str()));
        let request = shown(&settings(kind));
        if std::env::var_os("KEYBACK_RENEW_SNAPSHOTS").is_some() {
            std::fs::write(&file, &request).unwrap();
        }
        assert_eq!(request, std::fs::read_to_string(&file).unwrap(), "{file:?}");
    }
}

#[test]
fn each_request_carries_the_mails_id_and_says_that_a_program_wrote_it() {
    for &kind in ProviderKind::ALL {
        let request = shown(&settings(kind));
        for part in ["eMail-1_x", "Auto-Submitted", "auto-generated"] {
            assert!(request.contains(part), "{part}: {request}");
        }
        assert_eq!(request.contains(EMAIL_ID), kind != ProviderKind::Webhook);
    }
}

#[test]
fn a_key_stands_in_no_url_and_no_body() {
    for &kind in ProviderKind::ALL {
        let request = written(&settings(kind));
        let key = kind.example().key;
        let secret = key.split(':').nth(1).unwrap_or(key);
        let body = String::from_utf8_lossy(request.body());
        assert!(!request.uri().to_string().contains(secret) && !body.contains(secret));
    }
}

#[test]
fn a_senders_name_with_a_comma_is_not_two_senders() {
    for &kind in ProviderKind::ALL {
        let mut settings = settings(kind);
        settings.from = Mailbox::parse("Acme, Inc <a@b.test>").unwrap();
        let request = shown(&settings);
        let name = match kind {
            // The name and the address are two members.
            ProviderKind::SendGrid => "\"name\": \"Acme, Inc\"",
            _ => "\\\"Acme, Inc\\\" <a@b.test>",
        };
        assert!(request.contains(name), "{request}");
    }
}
