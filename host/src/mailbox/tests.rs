//! The mailbox over real HTTP.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;
use tokio::sync::watch;

use super::inbox::MOST_MESSAGES;
use super::*;
use crate::server;

mod providers;

const MAIL: &str = r#"{"from": "Keyback <no-reply@example.com>", "to": "ada@example.com", "subject": "Hello",
    "text": "<b>plain</b>", "html": "<p>rich</p>", "headers": {"X-Kind": "test"}, "reply_to": "help@example.com"}"#;
const KEY: (&str, &str) = ("authorization", "Bearer re_test");

/// A mailbox on a port of its own. It stops when dropped.
struct Served {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
    _stop: watch::Sender<()>,
}

struct Got {
    status: u16,
    head: String,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Served {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (stop, stopped) = watch::channel(());
        let listener = runtime
            .block_on(server::bind(([127, 0, 0, 1], 0).into()))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let mailbox = Arc::new(Mailbox::default());
        runtime.spawn(server::serve(listener, stopped, move |request, _| {
            Arc::clone(&mailbox).handle(request)
        }));
        Self {
            address,
            _runtime: runtime,
            _stop: stop,
        }
    }

    fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        if !headers.iter().any(|(name, _)| *name == "host") {
            write!(request, "host: {}\r\n", self.address).unwrap();
        }
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        // The mailbox may answer, and close, before it has read all of a body that it refuses.
        let _ = stream.write_all(format!("{request}\r\n{body}").as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Got {
            status,
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    fn send(&self, headers: &[(&str, &str)], body: &str) -> Got {
        self.call("POST", "/emails", &[&[KEY], headers].concat(), body)
    }

    fn messages(&self) -> Vec<Value> {
        self.call("GET", "/api/messages", &[], "")
            .json()
            .as_array()
            .unwrap()
            .clone()
    }
}

#[test]
fn a_mail_is_taken_in_and_shown() {
    let mailbox = Served::start();
    let sent = mailbox.send(&[], MAIL);
    assert_eq!(sent.status, 200);

    let messages = mailbox.messages();
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(message["provider"], "resend");
    assert_eq!(message["id"], sent.json()["id"]);
    assert_eq!(message["from"], "Keyback <no-reply@example.com>");
    assert_eq!(message["to"], json!(["ada@example.com"]));
    assert_eq!(message["subject"], "Hello");
    assert_eq!(message["text"], "<b>plain</b>");
    assert_eq!(message["html"], "<p>rich</p>");
    assert_eq!(message["headers"], json!({ "X-Kind": "test" }));
    assert_eq!(message["reply_to"], json!(["help@example.com"]));
    let received_at = message["received_at"].as_str().unwrap();
    assert!(
        received_at.ends_with('Z') && received_at.contains('T'),
        "{received_at}"
    );
}

#[test]
fn the_newest_mail_comes_first_and_clearing_removes_all() {
    let mailbox = Served::start();
    mailbox.send(&[], MAIL);
    mailbox.send(&[], &MAIL.replace("Hello", "Later"));
    let subjects: Vec<_> = mailbox
        .messages()
        .iter()
        .map(|message| message["subject"].clone())
        .collect();
    assert_eq!(subjects, ["Later", "Hello"]);

    assert_eq!(mailbox.call("DELETE", "/api/messages", &[], "").status, 204);
    assert!(mailbox.messages().is_empty());
}

#[test]
fn a_repeated_idempotency_key_stores_nothing_twice() {
    let mailbox = Served::start();
    let key = [("idempotency-key", "outbox-1")];
    let first = mailbox.send(&key, MAIL);
    let second = mailbox.send(&key, MAIL);
    assert_eq!(first.json()["id"], second.json()["id"]);
    assert_eq!(mailbox.messages().len(), 1);

    let other = mailbox.send(&key, &MAIL.replace("Hello", "Other"));
    assert_eq!(
        (other.status, &other.json()["name"]),
        (409, &json!("invalid_idempotent_request"))
    );
    assert_ne!(mailbox.send(&[], MAIL).json()["id"], first.json()["id"]);
}

#[test]
fn a_mail_without_an_api_key_is_refused() {
    let mailbox = Served::start();
    for headers in [
        &[][..],
        &[("authorization", "Bearer ")],
        &[("authorization", "Basic abc")],
    ] {
        let refused = mailbox.call("POST", "/emails", headers, MAIL);
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["name"], "missing_api_key");
    }
    assert!(mailbox.messages().is_empty());
}

#[test]
fn a_malformed_mail_is_refused_in_resends_shape() {
    let mailbox = Served::start();
    for (from, to, name) in [
        ("{", "", "validation_error"),
        ("\"from\"", "\"absent\"", "missing_required_field"),
        ("\"to\"", "\"absent\"", "missing_required_field"),
        ("\"subject\"", "\"absent\"", "missing_required_field"),
        ("\"ada@example.com\"", "[]", "validation_error"),
        ("\"ada@example.com\"", "7", "validation_error"),
        ("\"ada@example.com\"", "\"nobody\"", "validation_error"),
        (
            "ada@example.com",
            "a\\r\\nBcc: b@example.com",
            "validation_error",
        ),
        (
            "Keyback <no-reply@example.com>",
            "Keyback",
            "validation_error",
        ),
    ] {
        let refused = mailbox.send(&[], &MAIL.replacen(from, to, 1));
        let body = refused.json();
        assert_eq!(
            (refused.status, &body["name"]),
            (422, &json!(name)),
            "{from} -> {to}"
        );
        assert_eq!(body["statusCode"], 422);
        assert!(body["message"].is_string());
    }
    let without_parts = MAIL
        .replace("\"text\"", "\"a\"")
        .replace("\"html\"", "\"b\"");
    assert_eq!(
        mailbox.send(&[], &without_parts).json()["name"],
        "missing_required_field"
    );
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let mailbox = Served::start();
    let long = MAIL.replace("plain", &"x".repeat(BODY_LIMIT));
    assert_eq!(mailbox.send(&[], &long).status, 413);
}

#[test]
fn only_the_newest_mails_are_kept() {
    let mailbox = Served::start();
    for number in 0..=MOST_MESSAGES {
        mailbox.send(&[], &MAIL.replace("Hello", &format!("Mail {number}")));
    }
    let messages = mailbox.messages();
    assert_eq!(messages.len(), MOST_MESSAGES);
    assert_eq!(messages.last().unwrap()["subject"], "Mail 1");
}

#[test]
fn the_page_runs_only_its_own_script() {
    let mailbox = Served::start();
    let page = mailbox.call("GET", "/", &[], "");
    assert_eq!(page.status, 200);
    assert!(
        page.head
            .contains("content-security-policy: default-src 'none'; script-src 'self';"),
        "{}",
        page.head
    );
    assert!(page.body.contains("sandbox=") && !page.body.contains("<script>"));
    assert_eq!(mailbox.call("GET", "/mailbox.js", &[], "").status, 200);
    assert_eq!(mailbox.call("GET", "/mailbox.css", &[], "").status, 200);
}

#[test]
fn other_paths_methods_and_host_names_are_refused() {
    let mailbox = Served::start();
    assert_eq!(mailbox.call("GET", "/other", &[], "").status, 404);
    let method = mailbox.call("PUT", "/api/messages", &[], "");
    assert_eq!(method.status, 405);
    assert!(
        method.head.contains("allow: get, delete"),
        "{}",
        method.head
    );
    assert_eq!(
        mailbox
            .call("GET", "/api/messages", &[("host", "evil.test")], "")
            .status,
        421
    );
    assert_eq!(
        mailbox
            .call("GET", "/api/messages", &[("host", "localhost:1")], "")
            .status,
        200
    );
}

#[test]
fn events_for_the_portal_are_shown_once_each_and_the_newest_first() {
    let mailbox = Served::start();
    let tell = |id: &str, body: &str| {
        let headers = [("webhook-id", id), ("webhook-signature", "v1,1")];
        mailbox.call("POST", "/events", &headers, body).status
    };
    let event = r#"{"type":"password.changed","data":{"user_id":"u1"}}"#;
    assert_eq!(tell("m1", event), 204);
    assert_eq!(tell("m2", r#"{"type":"sessions.revoked"}"#), 204);
    assert_eq!(tell("m1", event), 204);
    assert_eq!(tell("m3", "{"), 400);
    assert_eq!(mailbox.call("POST", "/events", &[], event).status, 401);
    mailbox.behave("fail");
    assert_eq!(tell("m4", event), 503);

    let events = mailbox.call("GET", "/api/events", &[], "").json();
    let shown: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["id"], &it["type"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!("m2"), &json!("sessions.revoked")),
            (&json!("m1"), &json!("password.changed"))
        ]
    );
    assert_eq!(events[1]["body"]["data"]["user_id"], "u1");
    assert_eq!(mailbox.call("DELETE", "/api/events", &[], "").status, 204);
    assert_eq!(
        mailbox.call("GET", "/api/events", &[], "").json(),
        json!([])
    );
}
