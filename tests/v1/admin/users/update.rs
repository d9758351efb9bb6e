//! `PATCH /v1/admin/users/:id`

use serde_json::json;

use crate::app::{App, Scope, User, assert_alike, strong_password, unique_email};
use crate::v1::admin::access::Guarded;

#[test]
fn another_address_is_told_to_the_old_one_and_recovers_from_then_on() {
    let app = App::shared();
    let portal = app.portal();
    let mut user = app.create_user();
    let (old, new) = (user.email.clone(), unique_email());
    let before = portal.find_user(&user.id).expect_json(200);

    let (local, domain) = new.split_once('@').expect("an address has an at sign");
    let typed = format!("{local}@{}", domain.to_uppercase());
    let changed = portal
        .update_user(&user.id, &json!({ "email": typed }))
        .expect_json(200);
    assert_eq!(portal.find_user(&user.id).expect_json(200), changed);
    let mut expected = before.clone();
    expected["email"] = json!(new);
    for of_the_change in ["credential_epoch", "updated_at"] {
        expected[of_the_change] = changed[of_the_change].clone();
    }
    assert_eq!(changed, expected);
    assert!(changed["credential_epoch"].as_u64() > before["credential_epoch"].as_u64());

    let notice = app.sink().wait_for_mail(&old);
    let everything = notice.everything();
    assert!(!everything.contains(&new), "{everything}");
    assert!(!everything.contains(local), "{everything}");
    assert!(
        !everything.contains("/reset-password#token="),
        "{everything}"
    );

    app.assert_does_not_sign_in(&user, &user.password);
    app.visitor().challenge(&old);
    app.sink().assert_no_mail(&old);
    // Nothing but the recovery was ever emailed to the new address.
    user.email = new;
    app.assert_signs_in(&user, &user.password);
    let recovery = app.recover(&user);
    let password = strong_password();
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &password)
        .expect_nothing();
    app.assert_signs_in(&user, &password);

    // The old address is free, for another account or for the same one.
    let heir = portal
        .create_user(&json!({ "email": old }))
        .expect_json(201);
    assert_ne!(heir["id"], user.id.as_str());
    let back = portal.update_user(&user.id, &json!({ "email": old }));
    back.expect_problem(409, "conflict");
    let heir = heir["id"].as_str().expect("an account has an id");
    portal.delete_user(heir).expect_nothing();
    let back = portal.update_user(&user.id, &json!({ "email": old }));
    back.expect_json(200);
    portal
        .create_user(&json!({ "email": old }))
        .expect_problem(409, "conflict");
    user.email = old;
    app.assert_signs_in(&user, &password);
}

#[test]
fn another_address_kills_whatever_was_issued_before() {
    let app = App::shared();
    let recovering = app.create_user();
    let verified = app.create_user();
    let changing = app.create_user();
    let order = json!({ "password": strong_password(), "return_password": true });
    app.portal()
        .reset_users_password(&changing.id, &order)
        .expect_json(200);
    let temporary = order["password"].as_str().expect("it was typed");

    let recovery = app.recover(&recovering);
    let reset_token = app.reset_token(&app.recover(&verified));
    let change_token = app.change_token(&changing.email, temporary);
    for user in [&recovering, &verified, &changing] {
        app.portal()
            .update_user(&user.id, &json!({ "email": unique_email() }))
            .expect_json(200);
    }
    app.visitor()
        .verify_otp(&recovery.challenge_id, &recovery.mail.code())
        .expect_problem(400, "invalid-otp");
    for token in [recovery.mail.link_token(), reset_token, change_token] {
        app.visitor()
            .reset_password(&token, &strong_password())
            .expect_problem(400, "invalid-reset-token");
    }
}

#[test]
fn a_disabled_account_is_as_if_it_were_not_until_it_is_enabled_again() {
    let app = App::builder().variable("cooldown_seconds", "0").start();
    let portal = app.portal();
    let user = app.create_user();
    let stranger = unique_email();
    let recovery = app.recover(&user);
    let other = app.create_user();
    let reset_token = app.reset_token(&app.recover(&other));

    for user in [&user, &other] {
        let before = app.epoch(&user.id);
        let disabled = portal
            .update_user(&user.id, &json!({ "disabled": true }))
            .expect_json(200);
        assert_eq!(disabled["disabled"], true);
        assert_eq!(disabled["email"], user.email.as_str());
        assert!(app.epoch(&user.id) > before);
    }
    let refused = portal.sign_in(&user.email, &user.password);
    assert_alike(&refused, &portal.sign_in(&stranger, &user.password));
    app.visitor().challenge(&user.email);
    app.sink().assert_no_mail(&user.email);

    let assert_all_dead = || {
        app.visitor()
            .verify_otp(&recovery.challenge_id, &recovery.mail.code())
            .expect_problem(400, "invalid-otp");
        for token in [&recovery.mail.link_token(), &reset_token] {
            app.visitor()
                .reset_password(token, &strong_password())
                .expect_problem(400, "invalid-reset-token");
        }
    };
    assert_all_dead();
    for user in [&user, &other] {
        let enabled = portal
            .update_user(&user.id, &json!({ "disabled": false }))
            .expect_json(200);
        assert_eq!(enabled["disabled"], false);
        app.assert_signs_in(user, &user.password);
    }
    assert_all_dead();
    let reset_token = app.reset_token(&app.recover(&user));
    app.visitor()
        .reset_password(&reset_token, &strong_password())
        .expect_nothing();
}

#[test]
fn a_change_that_changes_nothing_leaves_everything_as_it_was() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let before = portal.find_user(&user.id).expect_json(200);
    let (local, domain) = user.email.split_once('@').expect("it has an at sign");
    for changes in [
        json!({}),
        json!({ "email": user.email }),
        json!({ "email": format!("{local}@{}", domain.to_uppercase()) }),
        json!({ "disabled": false }),
        json!({ "email": user.email, "disabled": false }),
    ] {
        let answer = portal.update_user(&user.id, &changes).expect_json(200);
        assert_eq!(answer, before, "{changes}");
    }
    // Another language is no credential event.
    let mut expected = before;
    expected["locale"] = json!("de");
    let answer = portal.update_user(&user.id, &json!({ "locale": "de" }));
    let answer = answer.expect_json(200);
    expected["updated_at"] = answer["updated_at"].clone();
    assert_eq!(answer, expected);
    assert_eq!(portal.find_user(&user.id).expect_json(200), expected);
    app.reset_token(&recovery);
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn null_takes_the_language_away_and_nothing_that_an_account_must_have() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let mut before = portal.find_user(&user.id).expect_json(200);
    let patch = |changes| portal.update_user(&user.id, &changes);
    patch(json!({ "locale": "pt-BR" })).expect_json(200);
    let answer = patch(json!({ "locale": null })).expect_json(200);
    before["updated_at"] = answer["updated_at"].clone();
    assert_eq!(answer, before);
    assert_eq!(portal.find_user(&user.id).expect_json(200), before);
    for member in ["email", "disabled"] {
        let refused = patch(json!({ member: null, "locale": "de" }));
        assert_eq!(refused.expect_invalid(), [format!("/{member}")]);
    }
    assert_eq!(portal.find_user(&user.id).expect_json(200), before);
}

#[test]
fn another_spelling_is_kept_for_the_same_account() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let spelling = user.email.replacen('u', "U", 1);
    let changed = portal
        .update_user(&user.id, &json!({ "email": spelling }))
        .expect_json(200);
    assert_eq!(changed["email"], spelling.as_str());
    app.assert_signs_in(&user, &user.password);
    app.sink().wait_for_mail(&user.email);
    app.visitor().challenge(&user.email);
    app.sink().wait_for_mail(&spelling);
}

#[test]
fn a_refused_change_changes_nothing_of_it() {
    let app = App::shared();
    let portal = app.portal();
    let (user, other) = (app.create_user(), app.create_user());
    let before = portal.find_user(&user.id).expect_json(200);

    let (local, domain) = other.email.split_once('@').expect("it has an at sign");
    let taken = format!("{local}@{}", domain.to_uppercase());
    let changes = json!({ "email": taken, "locale": "de", "disabled": true });
    portal
        .update_user(&user.id, &changes)
        .expect_problem(409, "conflict");
    for (changes, pointers) in [
        (json!({ "surprise": 1, "locale": "de" }), vec!["/surprise"]),
        (json!({ "id": "zebra" }), vec!["/id"]),
        (json!({ "password": strong_password() }), vec!["/password"]),
        (json!({ "credential_epoch": 1 }), vec!["/credential_epoch"]),
        (json!({ "email": "zebra" }), vec!["/email"]),
        (json!({ "email": null }), vec!["/email"]),
        (json!({ "email": "zebra@example.test\n" }), vec!["/email"]),
        (json!({ "locale": ["de"] }), vec!["/locale"]),
        (json!({ "disabled": "true" }), vec!["/disabled"]),
        (
            json!({ "email": 7, "locale": 7, "disabled": null, "x": [] }),
            vec!["/disabled", "/email", "/locale", "/x"],
        ),
        (json!([{ "disabled": true }]), vec![""]),
    ] {
        let refused = portal.update_user(&user.id, &changes);
        assert_eq!(refused.expect_invalid(), pointers, "{changes}");
    }
    assert_eq!(portal.find_user(&user.id).expect_json(200), before);
    for User { email, .. } in [&user, &other] {
        app.sink().assert_no_mail(email);
    }
    portal
        .update_user("nobody-here", &json!({ "disabled": true }))
        .expect_problem(404, "not-found");
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn only_a_key_with_the_scope_changes_an_account() {
    let app = App::shared();
    let user = app.create_user_without_password();
    let before = app.portal().find_user(&user.id).expect_json(200);
    let changes = json!({ "locale": "de" });
    let guarded = Guarded {
        app: &app,
        scope: Scope::UsersWrite,
        method: "PATCH",
        paths: [
            &format!("/v1/admin/users/{}", user.id),
            "/v1/admin/users/nobody-here",
        ],
        body: Some(changes.clone()),
    };
    guarded.assert_refused_to_others();
    assert_eq!(app.portal().find_user(&user.id).expect_json(200), before);
    app.api_client(Scope::UsersWrite)
        .update_user(&user.id, &changes)
        .expect_json(200);
}
