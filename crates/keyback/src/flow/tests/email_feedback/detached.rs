//! Mailgun signs a time and a token, not the body: a signature is valid only for the body that it first came with.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::ports::{Clock as _, Env as _};
use crate::testing::{App, Call, Reply, block_on, exchange};

const SIGNING_KEY: &str = "0123456789abcdef0123456789abcdef";

fn with_mails(count: usize) -> (App, Vec<String>) {
    let app = App::default();
    for number in 0..count {
        let email = format!("user{number}@example.test");
        let _ = app.create_account(&email).expect(201);
        let _ = app.forgot(&email).expect(202);
    }
    let sent = app.emails_in("sent");
    let ids = sent
        .iter()
        .map(|email| email["id"].as_str().unwrap().to_owned());
    let ids = ids.collect();
    for (name, value) in [
        ("email_provider", "mailgun"),
        ("email_api_key", "key-123"),
        ("email_webhook_secret", SIGNING_KEY),
    ] {
        app.env.variables.set(name, value);
    }
    (app, ids)
}

/// A current signature over `token`.
fn signature(app: &App, token: &str) -> Value {
    let time = app.env.clock().now().unix_seconds().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_KEY.as_bytes()).unwrap();
    mac.update(format!("{time}{token}").as_bytes());
    let mac = base16ct::lower::encode_string(&mac.finalize().into_bytes());
    json!({"timestamp": time, "token": token, "signature": mac})
}

fn call(app: &App, signature: &Value, event: &str, email_id: &str) -> Call {
    let body = json!({
        "signature": signature,
        "event-data": {"event": event, "user-variables": {"keyback_email_id": email_id}},
    });
    app.call("/v1/email-webhooks/mailgun", body)
}

fn say(app: &App, signature: &Value, event: &str, email_id: &str) -> Reply {
    app.make(&call(app, signature, event, email_id))
}

#[test]
fn one_signature_is_good_for_one_body_as_often_as_it_comes() {
    let (app, ids) = with_mails(2);
    let seen = signature(&app, "t0ken");
    let _ = say(&app, &seen, "delivered", &ids[0]).expect(204);
    for _ in 0..3 {
        let refused = say(&app, &seen, "complained", &ids[0]).expect(401);
        assert_eq!(refused.problem(), "not-authentic");
        let _ = say(&app, &seen, "delivered", &ids[1]).expect(401);
        let _ = say(&app, &seen, "delivered", &ids[0]).expect(204);
        app.advance(3_600);
        let _ = app.run_courier();
    }
    assert_eq!(app.emails_in("complained"), [] as [Value; 0]);
    assert_eq!(app.emails_in("delivered").len(), 1);
    // Another signature may come with another body.
    let _ = say(&app, &signature(&app, "0ther"), "complained", &ids[0]).expect(204);
    assert_eq!(app.emails_in("complained").len(), 1);
}

#[test]
fn of_two_bodies_at_the_same_moment_one_counts_and_stays_the_one() {
    let (app, ids) = with_mails(2);
    let seen = signature(&app, "t0ken");
    let calls = [
        call(&app, &seen, "delivered", &ids[0]),
        call(&app, &seen, "complained", &ids[1]),
    ];
    let both =
        async { futures::join!(exchange(&app.env, &calls[0]), exchange(&app.env, &calls[1])) };
    let (first, second) = block_on(both);
    let statuses = [first.0.status, second.0.status];
    assert!(statuses.contains(&401), "{statuses:?}");
    for (call, status) in calls.iter().zip(statuses) {
        assert_eq!(app.make(call).status, status);
    }
}

#[test]
fn a_signature_is_forgotten_when_it_is_too_old_to_be_accepted() {
    let (app, ids) = with_mails(1);
    let seen = signature(&app, "t0ken");
    let _ = say(&app, &seen, "delivered", &ids[0]).expect(204);
    assert!(app.env.store.dump().contains("v1:proof:"));
    app.advance(9 * 3_600 + 60);
    let _ = say(&app, &seen, "complained", &ids[0]).expect(401);
    app.run_courier_for(130);
    assert!(!app.env.store.dump().contains("v1:proof:"));
}

#[test]
fn what_nobody_understands_is_logged_by_its_type() {
    let (app, ids) = with_mails(1);
    let _ = say(&app, &signature(&app, "t1"), "teleported", &ids[0]).expect(204);
    let _ = say(&app, &signature(&app, "t2"), "opened", &ids[0]).expect(204);
    let _ = say(&app, &signature(&app, "t3"), "ann@example.test", &ids[0]).expect(204);
    let lines = app.env.log.lines().into_iter();
    let lines: Vec<_> = lines.filter(|it| it.starts_with("webhook-")).collect();
    assert_eq!(
        lines,
        [
            "webhook-not-understood provider=mailgun type=teleported",
            "webhook-not-understood provider=mailgun type=unnamed",
        ]
    );
}
