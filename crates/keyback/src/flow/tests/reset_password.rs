//! Setting a new password.

use serde_json::json;

use crate::testing::App;

#[test]
fn the_link_alone_sets_the_password_and_signs_nobody_in() {
    let app = App::with_account();
    let recovery = app.recover();
    let reply = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    assert_eq!(reply.body, "");
    assert!(!reply.headers.iter().any(|(name, _)| name == "set-cookie"));
    assert!(app.knows(App::NEW_PASSWORD) && !app.knows(App::PASSWORD));
}

#[test]
fn a_reset_tells_the_stored_address_once_and_without_a_secret() {
    let app = App::with_account();
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, App::EMAIL);
    assert!(!mails[0].is_recovery());
    for secret in [
        App::NEW_PASSWORD,
        App::PASSWORD,
        "/reset-password#token=",
        &recovery.link,
    ] {
        assert!(!mails[0].text.contains(secret) && !mails[0].html.contains(secret));
    }
}

#[test]
fn a_reset_raises_the_epoch_so_that_sessions_end() {
    let app = App::with_account();
    let epoch = |password| app.sign_in(App::EMAIL, password).json()["credential_epoch"].as_u64();
    let before = epoch(App::PASSWORD).unwrap();
    let _ = app
        .reset(&app.recover().link, App::NEW_PASSWORD)
        .expect(204);
    assert!(epoch(App::NEW_PASSWORD).unwrap() > before);
}

#[test]
fn a_token_works_once() {
    let app = App::with_account();
    let link = app.recover().link;
    assert_eq!(app.reset(&link, App::NEW_PASSWORD).status, 204);
    let again = app.reset(&link, App::OTHER_PASSWORD);
    assert_eq!(again.problem(), "invalid-reset-token");
    assert!(app.knows(App::NEW_PASSWORD));
}

#[test]
fn a_link_expires_after_twenty_minutes() {
    let app = App::with_account();
    let link = app.recover().link;
    let in_time = app.fork();
    in_time.advance(1_199);
    assert_eq!(in_time.reset(&link, App::NEW_PASSWORD).status, 204);
    app.advance(1_200);
    assert_eq!(app.reset(&link, App::NEW_PASSWORD).status, 400);
    assert!(app.knows(App::PASSWORD));
}

#[test]
fn a_reset_token_expires_ten_minutes_after_it_was_given() {
    let app = App::with_account();
    let recovery = app.recover();
    app.advance(599);
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let token = token.text("reset_token");
    let in_time = app.fork();
    in_time.advance(599);
    assert_eq!(in_time.reset(&token, App::NEW_PASSWORD).status, 204);
    app.advance(600);
    assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 400);
}

#[test]
fn a_refused_password_burns_nothing_and_names_every_violation() {
    let app = App::with_account();
    let recovery = app.recover();
    let refused = app.reset(&recovery.link, "12345").expect(422);
    assert_eq!(refused.problem(), "password-rejected");
    let errors = refused.json()["errors"].clone();
    let codes: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["too-short", "too-common", "too-weak"]);
    let code_still_works = app.fork();
    let verified = code_still_works.verify(&recovery.challenge_id, &recovery.code);
    assert_eq!(verified.status, 200);
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
}

#[test]
fn a_bad_token_is_refused_before_the_password_is_looked_at() {
    let app = App::with_account();
    let good = app.reset("nonsense", App::NEW_PASSWORD);
    let weak = app.reset("nonsense", "12345");
    assert_eq!(good.problem(), "invalid-reset-token");
    assert_eq!(good.without_ids(), weak.without_ids());
}

#[test]
fn a_token_for_another_purpose_is_refused() {
    let app = App::with_account();
    let recovery = app.recover();
    assert_eq!(app.reset(&recovery.cancel, App::NEW_PASSWORD).status, 400);
    assert_eq!(app.cancel(&recovery.link).status, 400);
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    assert_eq!(app.cancel(&token.text("reset_token")).status, 400);
}

#[test]
fn a_reset_kills_what_is_left_of_the_account_s_other_tokens() {
    let app = App::default();
    let _ = app.make(&app.call(
        "/v1/admin/users",
        json!({"email": App::EMAIL, "password": App::PASSWORD, "change_on_next_sign_in": true}),
    ));
    let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).json();
    let forced = signed_in["password_change"]["token"].as_str().unwrap();
    let recovery = app.recover();
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
    assert_eq!(app.reset(forced, App::OTHER_PASSWORD).status, 400);
    assert!(app.knows(App::NEW_PASSWORD));
}

#[test]
fn after_a_failed_write_the_answer_says_to_start_again_and_the_old_password_works() {
    // The last operation before the answer is the one write.
    let operations = {
        let app = App::with_account();
        let link = app.recover().link;
        let before = app.env.store.operations();
        let body = json!({"token": link, "new_password": App::NEW_PASSWORD});
        let _ = app.answer(&app.call("/v1/reset-password", body));
        app.env.store.operations() - before
    };
    let app = App::with_account();
    let recovery = app.recover();
    app.env.store.fail_after(Some(operations - 1));
    let failed = app.reset(&recovery.link, App::NEW_PASSWORD).expect(503);
    app.env.store.fail_after(None);
    assert_eq!(failed.problem(), "start-again");
    assert_eq!(failed.header("retry-after"), "5");
    assert!(app.knows(App::PASSWORD) && !app.knows(App::NEW_PASSWORD));
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    assert_eq!(app.take_mails(), [], "nothing changed, nothing to tell");
    app.advance(60);
    assert_eq!(
        app.reset(&app.recover().link, App::NEW_PASSWORD).status,
        204
    );
}

#[test]
fn a_link_and_a_code_do_not_set_the_current_password_again() {
    let app = App::with_account();
    let recovery = app.recover();
    let refused = app.reset(&recovery.link, App::PASSWORD).expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "same-as-current");
    let by_code = app.fork();
    let token = by_code.verify(&recovery.challenge_id, &recovery.code);
    let token = token.text("reset_token");
    let _ = by_code.reset(&token, App::PASSWORD).expect(422);
    let _ = by_code.reset(&token, App::NEW_PASSWORD).expect(204);
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    // The one before the current is no longer in use, so it may be set.
    app.advance(60);
    let again = app.recover().link;
    let _ = app.reset(&again, App::NEW_PASSWORD).expect(422);
    let _ = app.reset(&again, App::PASSWORD).expect(204);
}

#[test]
fn an_imported_password_is_compared_as_well_and_no_password_with_nothing() {
    let app = App::default();
    let hash = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";
    let body = json!({"email": App::EMAIL, "password_hash": hash});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let link = app.recover().link;
    let refused = app.reset(&link, App::PASSWORD).expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "same-as-current");
    let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);

    let app = App::default();
    let body = json!({"email": App::EMAIL});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let _ = app.reset(&app.recover().link, App::PASSWORD).expect(204);
}

#[test]
fn thirty_refused_passwords_use_a_token_up() {
    let app = App::with_account();
    let recovery = app.recover();
    for number in 0..30 {
        if number == 20 {
            app.advance(60);
        }
        let refused = app.reset(&recovery.link, "12345").expect(422);
        assert_eq!(refused.problem(), "password-rejected", "{number}");
        let says_so = refused.json()["detail"].is_string();
        assert_eq!(says_so, number == 29, "only the last one says that it is");
    }
    app.advance(60);
    let dead = app.reset(&recovery.link, App::NEW_PASSWORD).expect(400);
    assert_eq!(dead.problem(), "invalid-reset-token");
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
    assert!(app.knows(App::PASSWORD));
    // A new email comes at once.
    let _ = app
        .reset(&app.recover().link, App::NEW_PASSWORD)
        .expect(204);
}
