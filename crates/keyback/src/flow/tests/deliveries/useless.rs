//! Emails that are not worth sending any more: their content has expired, was replaced, or is for another address.

use std::time::Duration;

use serde_json::{Value, json};

use super::{retry, user_events};
use crate::courier::after_response;
use crate::testing::{App, run_while};

#[test]
fn a_mail_that_has_expired_is_marked_and_not_sent() {
    let app = App::with_account();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL);
    app.run_courier_for(9);
    app.advance(20 * 60);
    app.env.http.answer_with(200, None);
    let _ = app.take_mails();
    let report = app.run_courier().json();
    assert_eq!(report["expired"], 1);
    assert_eq!(app.take_mails(), []);
    assert_eq!(app.emails_in("expired").len(), 1);
    assert_eq!(user_events(&app)[0], "email.expired");
    let expired = &app.emails_in("expired")[0];
    assert_eq!(retry(&app, expired).status, 409);
}

#[test]
fn a_mail_whose_code_lives_for_a_moment_only_goes_out_right_after_the_request() {
    let short_lived = || {
        let app = App::with_account();
        app.env.variables.set("allow_short_lifetimes", "true");
        app.env.variables.set("otp_ttl_seconds", "1");
        app
    };
    let slow = short_lived();
    let call = slow.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, deferred) = slow.answer(&call);
    // Each call to the store takes some time.
    let goes_on = || {
        slow.env.clock.advance(Duration::from_millis(100));
        true
    };
    let _ = run_while(after_response::run(&slow.env, deferred), goes_on);
    let mails = slow.take_mails();
    assert_eq!(slow.reset(&mails[0].link(), App::NEW_PASSWORD).status, 204);

    let failing = short_lived();
    failing.env.http.answer_with(503, None);
    let _ = failing.forgot(App::EMAIL);
    let _ = failing.take_mails();
    failing.env.http.answer_with(200, None);
    failing.run_courier_for(1);
    assert_eq!(failing.take_mails(), []);
    assert_eq!(failing.emails_in("expired").len(), 1);
}

#[test]
fn a_mail_whose_link_a_newer_one_has_killed_is_not_sent() {
    let app = App::with_account();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL);
    let _ = app.take_mails();
    app.env.http.answer_with(200, None);
    app.advance(61);
    // The first request of a minute does the due work: the older email's second try comes after the newer's first.
    let _ = app.forgot(App::EMAIL);
    app.run_courier_for(3);
    assert_eq!(app.take_mails().len(), 1);
    assert_eq!(app.emails_in("expired").len(), 1);
    assert_eq!(app.emails_in("sent").len(), 1);
}

#[test]
fn a_mail_is_marked_when_its_code_expires_however_far_off_the_next_try_would_be() {
    for (link, life) in [("1200", 600), ("60", 60)] {
        let app = App::with_account();
        app.env.variables.set("link_ttl_seconds", link);
        app.env.http.answer_with(503, Some("7200"));
        let _ = app.forgot(App::EMAIL);
        let _ = app.take_mails();
        let pending = app.emails_in("pending").remove(0);
        assert_eq!(pending["next_attempt_at"], Value::Null);
        app.env.http.answer_with(200, None);
        app.advance(life - 1);
        assert_eq!(app.run_courier().json()["expired"], 0);
        assert_eq!(app.emails_in("pending").len(), 1);
        app.advance(1);
        assert_eq!(app.run_courier().json()["expired"], 1);
        assert_eq!(app.emails_in("expired").len(), 1);
        assert_eq!(app.take_mails(), [], "nothing is sent at that moment");
    }
}

#[test]
fn a_mail_that_waits_for_longer_than_its_secrets_live_to_be_answered_is_marked() {
    let app = App::with_account();
    app.env.variables.set("link_ttl_seconds", "60");
    let clock = app.env.clock.clone();
    // The answer comes after the link has expired.
    app.env.http.answer_by(move |_| {
        clock.advance(Duration::from_secs(61));
        Ok((503, None))
    });
    let _ = app.forgot(App::EMAIL);
    app.run_courier_for(1);
    assert_eq!(app.take_mails().len(), 2);
    app.run_courier_for(3);
    assert_eq!(app.take_mails(), []);
    // The answer came too late to record the try, so the email was written anew, with the same result.
    assert_eq!(app.emails_in("expired").len(), 2);
}

/// An account whose emailed password waits for a provider that takes it.
fn with_waiting_password() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app.env.http.answer_with(503, None);
    mail_a_password(&app);
    let _ = app.take_mails();
    app
}

fn mail_a_password(app: &App) {
    let body = json!({"generate": true, "send_email": true});
    let call = app.call("/v1/admin/users/ann/reset-password", body);
    let _ = app.make(&call).expect(200);
}

fn temporary_passwords(app: &App) -> usize {
    let mails = app.take_mails();
    mails
        .iter()
        .filter(|mail| mail.subject.contains("new Keyback password"))
        .count()
}

#[test]
fn a_waiting_password_goes_out_while_it_works_and_the_address_is_the_account_s() {
    let app = with_waiting_password();
    // Requiring a change does not invalidate it.
    for required in [false, true] {
        let body = json!({"required": required});
        let order = app
            .call("/v1/admin/users/ann/password-change", body)
            .by("PUT");
        let _ = app.make(&order).expect(204);
    }
    app.env.http.answer_with(200, None);
    app.run_courier_for(3);
    assert_eq!(temporary_passwords(&app), 1);
}

#[test]
fn a_waiting_password_does_not_go_to_an_address_that_was_given_up() {
    let app = with_waiting_password();
    let moved = json!({"email": "ann@example.org"});
    let _ = app
        .make(&app.call("/v1/admin/users/ann", moved).by("PATCH"))
        .expect(200);
    app.env.http.answer_with(200, None);
    let _ = app.take_mails();
    app.run_courier_for(3);
    assert_eq!(temporary_passwords(&app), 0);
    assert_eq!(app.emails_in("expired").len(), 1);
}

#[test]
fn a_waiting_password_that_was_replaced_or_whose_account_is_gone_is_not_sent() {
    let replaced = with_waiting_password();
    mail_a_password(&replaced);
    let gone = with_waiting_password();
    let _ = gone.make(&gone.call("/v1/admin/users/ann", Value::Null).by("DELETE"));
    for (app, sent) in [(replaced, 1), (gone, 0)] {
        let _ = app.take_mails();
        app.env.http.answer_with(200, None);
        app.run_courier_for(3);
        assert_eq!(temporary_passwords(&app), sent);
        assert_eq!(app.emails_in("expired").len(), 1);
    }
}

#[test]
fn a_recovery_mail_that_a_crash_held_up_is_not_sent_after_a_newer_one() {
    let mut held_up = 0;
    for operations in 0..100 {
        let app = App::with_account();
        let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
        let (_, deferred) = app.answer(&call);
        app.env.store.halt_after(Some(operations));
        let _ = run_while(after_response::run(&app.env, deferred), || {
            !app.env.store.is_halted()
        });
        app.env.store.halt_after(None);
        let written = app.env.store.dump().contains("v1:outbox:");
        if !written || app.env.http.requests() > 0 {
            continue;
        }
        held_up += 1;
        app.advance(61);
        let newer = app.forgot(App::EMAIL).expect(202).text("challenge_id");
        app.run_courier_for(3);
        // Whichever of the two is sent first, the code of the last email is the one that works.
        let mails = app.take_mails();
        let last = mails.last().expect("a mail");
        assert_eq!(app.verify(&newer, &last.code()).status, 200, "{operations}");
    }
    assert!(held_up > 0, "the mail was written and not sent");
}
