//! What the portal is told: every event, signed, at least once, and numbered so that it can be put in order.

use serde_json::{Value, json};

use crate::app::{App, Provider, Receiver, Webhook, strong_password, unique_email};
use crate::v1::{admin::users::events::wait_for_events, courier_run::run_courier_until};

#[test]
fn everything_that_happens_to_an_account_is_told_signed_and_numbered() {
    let receiver = Receiver::start();
    let app = receiver.told_by(App::builder()).start();
    let portal = app.portal();
    let user = app.create_user();
    let mut told = Vec::new();
    let mut expect = |kinds: &[&'static str]| {
        told.extend_from_slice(kinds);
        assert_eq!(
            kinds_in_order(&receiver.wait_for(&user.id, told.len())),
            told
        );
    };
    expect(&["account.created"]);
    portal
        .require_password_change(&user.id, true)
        .expect_nothing();
    expect(&["password.change_required"]);
    let order = json!({ "generate": true, "return_password": true, "reason": "lost ⛵" });
    let reset = portal
        .reset_users_password(&user.id, &order)
        .expect_json(200);
    let temporary = reset["password"].as_str().expect("it is returned");
    expect(&[
        "password.changed",
        "password.change_required",
        "sessions.revoked",
    ]);
    app.sink().wait_for_mail(&user.email);
    let recovery = app.recover(&user);
    expect(&["recovery.requested"]);
    app.visitor()
        .cancel_recovery(&recovery.mail.cancel_token())
        .expect_nothing();
    expect(&["recovery.cancelled"]);
    for (changes, kind) in [
        (json!({ "email": unique_email() }), "email.changed"),
        (json!({ "disabled": true }), "account.disabled"),
        (json!({ "disabled": false }), "account.enabled"),
    ] {
        portal.update_user(&user.id, &changes).expect_json(200);
        expect(&[kind]);
    }

    // The webhooks match the recorded events.
    let webhooks = receiver.told_of(&user.id);
    let mut recorded = wait_for_events(&app, &user.id, webhooks.len());
    recorded.reverse();
    for (webhook, event) in in_order(&webhooks).into_iter().zip(recorded) {
        let mut told = webhook.json();
        assert_eq!(told["type"], event["type"]);
        assert_eq!(told["timestamp"], event["at"]);
        assert_eq!(webhook.id, event["id"].as_str().unwrap_or_default());
        let data = told["data"].as_object_mut().expect("data is an object");
        let epoch = data.remove("credential_epoch");
        assert!(epoch.is_some_and(|epoch| epoch.is_u64()), "{webhook:?}");
        for (name, value) in data {
            assert_eq!(*value, event[name.as_str()], "{name}");
        }
    }
    let text = format!("{webhooks:?}");
    for secret in [
        &user.email,
        &user.password,
        temporary,
        &recovery.mail.code(),
        &recovery.mail.link_token(),
    ] {
        assert!(!text.contains(secret), "{text}");
    }

    portal.delete_user(&user.id).expect_nothing();
    let gone = receiver.wait_for(&user.id, webhooks.len() + 1);
    let gone = gone.last().expect("there are some").json();
    assert_eq!(gone["type"], "account.deleted");
}

#[test]
fn a_mail_that_fails_is_told_to_the_portal() {
    let receiver = Receiver::start();
    let app = receiver.told_by(App::builder()).start();
    let user = app.create_user();
    app.sink().provider(Provider::Fails {
        status: 422,
        retry_after: None,
    });
    let order = json!({ "password": strong_password(), "send_email": true });
    let reset = app.portal().reset_users_password(&user.id, &order);
    let reset = reset.expect_json(200);
    let told = receiver.wait_for(&user.id, 5);
    assert_eq!(
        kinds_in_order(&told),
        [
            "account.created",
            "password.changed",
            "password.change_required",
            "sessions.revoked",
            "email.failed",
        ]
    );
    let failed = in_order(&told)[4].json();
    assert_eq!(
        failed["data"]["email"],
        json!({ "id": reset["email_id"], "kind": "temporary-password" })
    );
}

#[test]
fn a_receiver_that_hangs_keeps_no_answer_and_no_mail_waiting() {
    let receiver = Receiver::start();
    receiver.answers(None);
    let app = receiver.told_by(App::builder()).start();
    let user = app.create_user();
    let recovery = app.recover(&user);
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_nothing();
    app.sink().wait_for_mail(&user.email);
}

#[test]
fn without_a_receiver_everything_works_all_the_same() {
    let app = App::shared();
    let user = app.create_user();
    wait_for_events(&app, &user.id, 1);
    app.portal().run_courier().expect_status(200);
}

#[test]
fn slow_an_event_that_the_receiver_did_not_take_is_told_again_even_after_a_restart() {
    let receiver = Receiver::start();
    let app = receiver.told_by(App::builder()).start();
    let user = app.create_user();
    receiver.wait_for(&user.id, 1);
    receiver.answers(Some(500));
    app.portal()
        .require_password_change(&user.id, true)
        .expect_nothing();
    receiver.wait_for(&user.id, 2);
    let app = app.stop().start();
    receiver.answers(Some(204));
    // The next event is sent at once, and its number shows which one it follows.
    app.portal()
        .require_password_change(&user.id, false)
        .expect_nothing();
    receiver.wait_for(&user.id, 3);
    let courier = app.portal();
    let taken = || {
        let mut told = receiver.told_of(&user.id);
        told.retain(|webhook| webhook.taken);
        told
    };
    run_courier_until(&courier, || taken().len() == 3);
    for _ in 0..2 {
        courier.run_courier().expect_status(200);
    }

    assert_eq!(
        kinds_in_order(&taken()),
        [
            "account.created",
            "password.change_required",
            "password.change_lifted",
        ]
    );
    // It is the same event, as the receiver can see.
    let all = receiver.told_of(&user.id);
    let again: Vec<&Webhook> = all.iter().filter(|it| it.id == all[1].id).collect();
    assert!(again.len() >= 2, "{all:?}");
    let without_epoch = |webhook: &Webhook| {
        let mut told = webhook.json();
        // The epoch is that of the time of sending.
        told["data"]["credential_epoch"] = Value::Null;
        told
    };
    for webhook in &again {
        assert_eq!(without_epoch(webhook), without_epoch(&all[1]));
    }
    // Signed at another time.
    assert_ne!(again[0].signature, again[again.len() - 1].signature);
}

/// The webhooks by their number, which must be from 1 on without a gap.
#[track_caller]
fn in_order(webhooks: &[Webhook]) -> Vec<Webhook> {
    let sequence = |webhook: &Webhook| webhook.json()["data"]["sequence"].as_u64();
    let mut webhooks = webhooks.to_vec();
    webhooks.sort_by_key(sequence);
    for (webhook, number) in webhooks.iter().zip(1..) {
        assert_eq!(sequence(webhook), Some(number), "{webhooks:?}");
    }
    webhooks
}

#[track_caller]
fn kinds_in_order(webhooks: &[Webhook]) -> Vec<String> {
    let kind = |webhook: &Webhook| match &webhook.json()["type"] {
        Value::String(kind) => kind.clone(),
        other => panic!("{other} is no type"),
    };
    in_order(webhooks).iter().map(kind).collect()
}
