//! Invitations: a long-lived link with which the owner of a new account chooses the first password.

use serde_json::{Value, json};

use crate::testing::{App, Call, Mail, Reply};

const DAY: u64 = 86_400;

fn invited(order: &Value) -> (App, Value) {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "invite": order});
    let created = app.make(&app.call("/v1/admin/users", body)).expect(201);
    (app, created.json())
}

/// An app with the account `ann`, whose owner is invited, and the invitation's token.
fn mailed() -> (App, String) {
    let (app, _) = invited(&json!({"deliver": "email"}));
    let link = the_mail(&app).link();
    (app, link)
}

#[track_caller]
fn the_mail(app: &App) -> Mail {
    let mut mails = app.take_mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails.remove(0)
}

fn invite(app: &App, order: &Value) -> Reply {
    app.make(&app.call("/v1/admin/users/ann/invite", order.clone()))
}

fn token_in(link: &Value) -> String {
    let link = link.as_str().unwrap();
    link.split_once("#token=").unwrap().1.to_owned()
}

fn events(app: &App) -> Vec<String> {
    let events = app.make(&Call::get("/v1/admin/users/ann/events")).json();
    let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
    events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(kind)
        .collect()
}

#[test]
fn a_mailed_invitation_sets_the_first_password_days_later() {
    let (app, created) = invited(&json!({"deliver": "email"}));
    assert_eq!(created["credential"], Value::Null);
    let invitation = json!({"expires_at": "2026-11-30T09:00:00Z"});
    assert_eq!(created["invitation"], invitation);
    assert!(created["email_id"].is_string(), "{created}");
    let mail = the_mail(&app);
    assert_eq!(mail.subject, "You’re invited: set up your Keyback account");
    assert!(mail.text.contains("within 7 days"), "{}", mail.text);
    let link = mail.link();
    app.advance(7 * DAY - 1);
    let checked = app.check(&link).expect(200).json();
    let expected = json!({"email": App::EMAIL, "expires_in": 1, "reason": "invitation"});
    assert_eq!(checked, expected);
    let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
    assert!(app.knows(App::NEW_PASSWORD));
    assert_eq!(app.reset(&link, App::OTHER_PASSWORD).status, 400);
    let seen = [
        "sessions.revoked",
        "password.changed",
        "account.invited",
        "account.created",
    ];
    assert_eq!(events(&app), seen);
}

#[test]
fn a_returned_invitation_is_not_mailed_and_dies_when_it_says() {
    let (app, created) = invited(&json!({"deliver": "return", "expires_in": 1_209_600}));
    assert_eq!(app.take_mails(), []);
    assert_eq!(created.get("email_id"), None);
    assert_eq!(created["invitation"]["expires_at"], "2026-12-07T09:00:00Z");
    let link = token_in(&created["invitation"]["link"]);
    app.advance(14 * DAY - 1);
    assert_eq!(app.check(&link).status, 200);
    app.advance(1);
    assert_eq!(app.check(&link).status, 400);
    assert_eq!(app.reset(&link, App::NEW_PASSWORD).status, 400);
}

#[test]
fn where_the_owner_signs_in_is_in_the_mail_if_it_is_known() {
    let app = App::default();
    app.env
        .variables
        .set("sign_in_url", "https://portal.example.test/sign-in");
    let invite = json!({"deliver": "email"});
    let body = json!({"email": App::EMAIL, "invite": invite, "locale": "de"});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let text = the_mail(&app).text;
    assert!(
        text.contains("https://portal.example.test/sign-in"),
        "{text}"
    );
    assert!(text.contains("innerhalb von 7 Tagen"), "{text}");
}

#[test]
fn an_invitation_has_no_code_and_counts_no_attempt() {
    let (app, _) = mailed();
    for _ in 0..20 {
        assert_eq!(app.verify_for(App::EMAIL, "000000").status, 400);
    }
    app.advance(60);
    let recovery = app.recover();
    let _ = app.verify_for(App::EMAIL, &recovery.code).expect(200);
}

#[test]
fn sent_again_the_older_link_dies_whatever_the_cooldown() {
    let (app, first) = mailed();
    let again = invite(&app, &json!({"deliver": "email", "expires_in": 300}));
    let again = again.expect(202).json();
    assert_eq!(again["expires_at"], "2026-11-23T09:05:00Z");
    assert!(again["email_id"].is_string(), "{again}");
    let second = the_mail(&app).link();
    assert_eq!(app.reset(&first, App::NEW_PASSWORD).status, 400);
    assert_eq!(app.check(&second).status, 200);
    let returned = invite(&app, &json!({"deliver": "return", "reason": "by phone"}));
    let third = token_in(&returned.expect(200).json()["link"]);
    assert_eq!(app.take_mails(), []);
    assert_eq!(app.reset(&second, App::NEW_PASSWORD).status, 400);
    assert_eq!(app.reset(&third, App::NEW_PASSWORD).status, 204);
    let noted = events(&app);
    let invited = noted.iter().filter(|kind| *kind == "account.invited");
    assert_eq!(invited.count(), 3);
}

#[test]
fn a_mail_that_is_invited_anew_before_it_goes_out_is_not_sent() {
    let app = App::default();
    app.env.http.answer_with(503, None);
    let body = json!({"id": "ann", "email": App::EMAIL, "invite": {"deliver": "email"}});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let _ = app.take_mails();
    let _ = invite(&app, &json!({"deliver": "return"})).expect(200);
    app.env.http.answer_with(200, None);
    app.run_courier_for(10);
    assert_eq!(app.take_mails(), []);
}

#[test]
fn a_recovery_takes_the_invitations_place_at_once_and_sets_the_first_password() {
    let (app, invitation) = mailed();
    let recovery = app.recover();
    assert_eq!(app.reset(&invitation, App::NEW_PASSWORD).status, 400);
    let checked = app.check(&recovery.link).expect(200);
    assert_eq!(checked.json()["reason"], "recovery");
    let again = invite(&app, &json!({"deliver": "return"})).expect(200);
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    let newest = token_in(&again.json()["link"]);
    assert_eq!(app.reset(&newest, App::NEW_PASSWORD).status, 204);
    assert!(app.knows(App::NEW_PASSWORD));
}

#[test]
fn whoever_has_a_password_or_may_not_use_one_is_not_invited() {
    let (app, link) = mailed();
    let order = json!({"deliver": "email"});
    let ann = "/v1/admin/users/ann";
    let disable = app.call(ann, json!({"disabled": true})).by("PATCH");
    let disabled = app.fork();
    let _ = disabled.make(&disable).expect(200);
    assert_eq!(disabled.check(&link).status, 400);
    assert_eq!(invite(&disabled, &order).problem(), "account-disabled");
    let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
    assert_eq!(invite(&app, &order).problem(), "already-set-up");
    assert_eq!(invite(&app, &order).status, 409);
    let unknown = app.call("/v1/admin/users/eve/invite", order);
    assert_eq!(app.make(&unknown).status, 404);
    assert_eq!(app.take_mails().len(), 1, "the notice of the new password");
}

#[test]
fn what_is_no_order_is_named() {
    let (app, _) = mailed();
    for (order, pointer) in [
        (json!({}), "/deliver"),
        (json!({"deliver": "both"}), "/deliver"),
        (
            json!({"deliver": "email", "expires_in": 299}),
            "/expires_in",
        ),
        (
            json!({"deliver": "email", "expires_in": 1_209_601}),
            "/expires_in",
        ),
        (json!({"deliver": "email", "code": true}), "/code"),
    ] {
        let refused = invite(&app, &order).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{order}");
    }
}

#[test]
fn an_administrator_stops_an_invitation_like_a_recovery() {
    let (app, link) = mailed();
    let shown = app.make(&Call::get("/v1/admin/users/ann/challenge"));
    let expected = json!({
        "issued_at": "2026-11-23T09:00:00Z",
        "expires_at": "2026-11-30T09:00:00Z",
    });
    assert_eq!(shown.json()["challenge"], expected);
    let stop = app.call("/v1/admin/users/ann/challenge", Value::Null);
    let _ = app.make(&stop.by("DELETE")).expect(204);
    assert_eq!(app.check(&link).status, 400);
    assert_eq!(events(&app)[0], "recovery.stopped");
}

#[test]
fn an_account_created_anew_under_an_id_is_invited_under_its_own_epoch() {
    let (app, old) = mailed();
    let delete = app.call("/v1/admin/users/ann", Value::Null).by("DELETE");
    let _ = app.make(&delete).expect(204);
    app.advance(2 * DAY);
    let _ = app.run_courier();
    let body = json!({"id": "ann", "email": App::EMAIL, "invite": {"deliver": "return"}});
    let created = app
        .make(&app.call("/v1/admin/users", body))
        .expect(201)
        .json();
    assert_eq!(app.reset(&old, App::NEW_PASSWORD).status, 400);
    let link = token_in(&created["invitation"]["link"]);
    assert_eq!(app.reset(&link, App::NEW_PASSWORD).status, 204);
}

#[test]
fn nothing_of_an_invitation_stays_once_it_is_over() {
    let (app, _) = invited(&json!({"deliver": "email", "expires_in": 1_209_600}));
    let _ = invite(&app, &json!({"deliver": "return"})).expect(200);
    let fresh = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL});
    let _ = fresh.make(&fresh.call("/v1/admin/users", body)).expect(201);
    for _ in 0..92 {
        app.advance(DAY);
        let _ = app.run_courier();
        fresh.advance(DAY);
        let _ = fresh.run_courier();
    }
    assert_eq!(app.left_over(&fresh), Vec::<String>::new());
}
