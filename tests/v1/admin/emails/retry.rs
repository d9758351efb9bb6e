//! `POST /v1/admin/emails/:id/retry`

use std::{sync::Barrier, thread};

use super::{mail_password, wait_for_state, wait_for_tries};
use crate::app::{App, Caller as _, Provider, Scope, User, random_token};
use crate::v1::admin::access::Guarded;

const REFUSES: Provider = Provider::Fails {
    status: 422,
    retry_after: None,
};

/// A user whose emailed password the provider refused, and the email's id. The provider accepts emails from then on.
fn refused(app: &App) -> (User, String) {
    let user = app.create_user();
    app.sink().provider(REFUSES);
    let id = mail_password(app, &user);
    wait_for_state(app, &id, "failed");
    app.sink().provider(Provider::Accepts);
    (user, id)
}

#[test]
fn a_failed_email_is_sent_when_somebody_has_it_tried_anew() {
    let app = App::start();
    let (user, id) = refused(&app);
    app.sink().provider(REFUSES);
    let answer = app.portal().retry_email(&id).expect_json(202);
    assert_eq!(answer["id"], id.as_str());
    assert_eq!(answer["state"], "pending");
    let failed = wait_for_tries(&app, &id, 2);
    assert_eq!(failed["state"], "failed", "{failed}");

    app.sink().provider(Provider::Accepts);
    app.portal().retry_email(&id).expect_json(202);
    let sent = wait_for_state(&app, &id, "sent");
    assert_eq!(sent["attempts"], 3);
    // It is the same email, as the provider can see.
    let attempts = app.sink().attempts(&user.email);
    assert_eq!(attempts.len(), 3);
    for (mail, _) in &attempts {
        assert_eq!(mail.text, attempts[0].0.text);
        assert_eq!(mail.idempotency_key, attempts[0].0.idempotency_key);
    }
    let mail = app.sink().wait_for_mail(&user.email);
    app.change_token(&user.email, &mail.password());

    let events = app
        .portal()
        .get(&format!("/v1/admin/users/{}/events", user.id));
    let events = events.expect_json(200)["events"].clone();
    let events = events.as_array().cloned().unwrap_or_default();
    let retried: Vec<_> = events
        .iter()
        .filter(|it| it["type"] == "email.retried")
        .collect();
    assert_eq!(retried.len(), 2, "{events:?}");
    assert_eq!(retried[0]["email"]["id"], id.as_str());
    assert_eq!(retried[0]["actor"]["kind"], "administrator");
}

#[test]
fn what_did_not_fail_is_not_tried_anew() {
    let app = App::start();
    let (sent, pending) = (app.create_user(), app.create_user());
    let sent_id = mail_password(&app, &sent);
    wait_for_state(&app, &sent_id, "sent");
    app.sink().provider(Provider::Fails {
        status: 503,
        retry_after: None,
    });
    let pending_id = mail_password(&app, &pending);
    let before = wait_for_tries(&app, &pending_id, 1);
    app.sink().provider(Provider::Accepts);

    for id in [&sent_id, &pending_id] {
        app.portal()
            .retry_email(id)
            .expect_problem(409, "email-not-failed");
    }
    assert_eq!(
        app.portal().find_email(&pending_id).expect_json(200),
        before
    );
    assert_eq!(app.sink().attempts(&pending.email).len(), 1);
    assert_eq!(app.sink().attempts(&sent.email).len(), 1);
    for id in ["nobody-here", &random_token(16), "a.b"] {
        app.portal()
            .retry_email(id)
            .expect_problem(404, "not-found");
    }
}

#[test]
fn of_ten_who_have_it_tried_anew_one_does() {
    let app = App::start();
    let (user, id) = refused(&app);
    let start = Barrier::new(10);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let retry = || {
            start.wait();
            app.portal().retry_email(&id).status
        };
        let racers: Vec<_> = (0..10).map(|_| scope.spawn(retry)).collect();
        let joined = racers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|racer| racer.expect("it is answered")).collect()
    });
    let took = statuses.iter().filter(|&&status| status == 202).count();
    assert_eq!(took, 1, "{statuses:?}");
    wait_for_state(&app, &id, "sent");
    app.portal().run_courier().expect_status(200);
    assert_eq!(app.sink().accepted(&user.email), 1);
}

#[test]
fn only_a_key_with_the_scope_has_an_email_tried_anew() {
    let app = App::start();
    let (user, id) = refused(&app);
    let guarded = Guarded {
        app: &app,
        scope: Scope::EmailsRetry,
        method: "POST",
        paths: [
            &format!("/v1/admin/emails/{id}/retry"),
            "/v1/admin/emails/nobody-here/retry",
        ],
        body: None,
    };
    guarded.assert_refused_to_others();
    assert_eq!(app.sink().attempts(&user.email).len(), 1);
    app.api_client(Scope::EmailsRetry)
        .retry_email(&id)
        .expect_json(202);
    wait_for_state(&app, &id, "sent");
}
