//! An administrator sets a password while another call about the account stalls: the administrator's password works.

use std::cell::Cell;

use serde_json::json;

use super::{ANN, CHANGE, account, at_every_stall, set_password, signs_in, with_ann};
use crate::testing::{App, Call, Reply};

/// bcrypt of [`App::PASSWORD`].
const FOREIGN: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";

/// The administrator sets [`App::NEW_PASSWORD`] while `slow` stalls.
#[track_caller]
fn the_administrators_password_stays(app: &App, slow: &Call) {
    let administrator = set_password(app, App::NEW_PASSWORD);
    let meanwhile = |app: &App| {
        let _ = app.make(&administrator).expect(200);
    };
    at_every_stall(app, slow, CHANGE, meanwhile, |app, _, ()| {
        assert_eq!(account(app, "ann")["credential"]["must_change"], false);
        let _ = app.make(&app.call(ANN, json!({"disabled": false})).by("PATCH"));
        assert!(signs_in(app, "ann", App::NEW_PASSWORD));
    });
}

#[test]
fn against_a_sign_in_that_stores_a_newer_hash() {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password_hash": FOREIGN});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let body = json!({"email": App::EMAIL, "password": App::PASSWORD});
    let sign_in = app.call("/v1/sign-in", body);
    the_administrators_password_stays(&app, &sign_in);
}

#[test]
fn against_changes_of_the_account() {
    let app = with_ann();
    for changes in [
        json!({"locale": "de"}),
        json!({"email": "moved@example.test"}),
        json!({"disabled": true}),
    ] {
        let change = app.call(ANN, changes).by("PATCH");
        the_administrators_password_stays(&app, &change);
    }
}

#[test]
fn against_a_reset_by_link_and_by_reset_token() {
    let app = with_ann();
    let recovery = app.recover();
    let by_code = app.fork();
    let token = by_code.verify(&recovery.challenge_id, &recovery.code);
    for (app, token) in [(app, recovery.link), (by_code, token.text("reset_token"))] {
        let body = json!({"token": token, "new_password": App::OTHER_PASSWORD});
        let reset = app.call("/v1/reset-password", body);
        the_administrators_password_stays(&app, &reset);
    }
}

#[test]
fn against_another_administrators_reset_the_later_one_has_the_higher_epoch() {
    let app = with_ann();
    let epoch = |app: &App| account(app, "ann")["credential_epoch"].as_u64().unwrap();
    // The epoch of her first event.
    let first = epoch(&app);
    let slow = set_password(&app, App::OTHER_PASSWORD);
    let administrator = set_password(&app, App::NEW_PASSWORD);
    let meanwhile = |app: &App| {
        let _ = app.make(&administrator).expect(200);
    };
    at_every_stall(&app, &slow, CHANGE, meanwhile, |app, reply, ()| {
        let stays = signs_in(app, "ann", App::NEW_PASSWORD);
        assert!(stays || reply.status == 200);
        assert_ne!(stays, signs_in(app, "ann", App::OTHER_PASSWORD));
        let page = app.make(&Call::get(&format!("{ANN}/events"))).json();
        let latest = &page["events"][0];
        assert_eq!(latest["type"], "sessions.revoked");
        let raised = epoch(app).abs_diff(first);
        assert_eq!(Some(raised + 1), latest["sequence"].as_u64());
    });
}

#[test]
fn what_an_administrator_changes_while_anothers_call_stalls_stays_changed() {
    let app = with_ann();
    let moved = "moved@example.test";
    let change = json!({"email": moved, "locale": "de", "disabled": true});
    let change = app.call(ANN, change).by("PATCH");
    let meanwhile = |app: &App| {
        let _ = app.make(&change).expect(200);
    };
    let path = format!("{ANN}/password-change");
    let calls = [
        set_password(&app, App::OTHER_PASSWORD),
        app.call(&path, json!({"required": true})).by("PUT"),
        app.call(ANN, json!({"locale": "fr"})).by("PATCH"),
    ];
    for slow in calls {
        at_every_stall(&app, &slow, CHANGE, meanwhile, |app, _, ()| {
            let account = account(app, "ann");
            assert_eq!(account["email"], moved);
            assert_eq!(account["disabled"], true);
        });
    }
}

#[test]
fn against_a_change_that_is_required() {
    let app = with_ann();
    let path = format!("{ANN}/password-change");
    let require = app.call(&path, json!({"required": true})).by("PUT");
    the_administrators_password_stays(&app, &require);
    let _ = app.make(&require).expect(204);
    let lift = app.call(&path, json!({"required": false})).by("PUT");
    the_administrators_password_stays(&app, &lift);
}

#[test]
fn a_reset_that_is_refused_before_its_token_is_used_leaves_it_good() {
    let app = with_ann();
    let link = app.recover().link;
    let body = json!({"token": link, "new_password": App::NEW_PASSWORD});
    let reset = app.call("/v1/reset-password", body);
    let starts_again = Cell::new(0);
    let check = |app: &App, reply: &Reply, ()| {
        if reply.status == 503 && reply.problem() == "start-again" {
            starts_again.set(starts_again.get() + 1);
            assert!(signs_in(app, "ann", App::PASSWORD));
            return;
        }
        if reply.status == 503 {
            let _ = app.make(&reset).expect(204);
        }
        assert!(signs_in(app, "ann", App::NEW_PASSWORD));
    };
    at_every_stall(&app, &reset, CHANGE, |_| (), check);
    // At the claim and at the three numbers drawn with it.
    assert_eq!(starts_again.get(), 4);
}
