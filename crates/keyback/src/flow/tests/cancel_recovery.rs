//! "This was not me".

use crate::testing::App;

#[test]
fn it_kills_the_code_and_the_link() {
    let app = App::with_account();
    let recovery = app.recover();
    assert_eq!(app.cancel(&recovery.cancel).status, 204);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    assert!(app.knows(App::PASSWORD));
}

#[test]
fn it_kills_a_reset_token_already_given() {
    let app = App::with_account();
    let recovery = app.recover();
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    assert_eq!(app.cancel(&recovery.cancel).status, 204);
    let reply = app.reset(&token.text("reset_token"), App::NEW_PASSWORD);
    assert_eq!(reply.problem(), "invalid-reset-token");
    assert!(app.knows(App::PASSWORD));
}

#[test]
fn it_works_as_long_as_anything_of_the_mail_does() {
    let app = App::with_account();
    app.env.variables.set("link_ttl_seconds", "60");
    app.env.variables.set("reset_token_ttl_seconds", "3600");
    let recovery = app.recover();
    app.advance(599);
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let token = token.expect(200).text("reset_token");
    app.advance(3_599);
    let unharmed = app.fork();
    assert_eq!(unharmed.reset(&token, App::NEW_PASSWORD).status, 204);
    assert_eq!(app.cancel(&recovery.cancel).status, 204);
    assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 400);
}

#[test]
fn a_second_click_is_no_error() {
    let app = App::with_account();
    let recovery = app.recover();
    assert_eq!(app.cancel(&recovery.cancel).status, 204);
    assert_eq!(app.cancel(&recovery.cancel).status, 204);
}

#[test]
fn a_request_after_it_brings_a_new_mail_that_works() {
    let app = App::with_account();
    let cancelled = app.recover();
    let _ = app.cancel(&cancelled.cancel).expect(204);
    // Within the cooldown there is no email, and no way back to the cancelled one.
    let within = app.forgot(App::EMAIL).text("challenge_id");
    assert_eq!(app.take_mails(), []);
    assert_eq!(app.verify(&within, &cancelled.code).status, 400);
    app.advance(60);
    let newer = app.recover();
    assert_eq!(app.cancel(&cancelled.cancel).status, 400);
    assert_eq!(app.verify(&newer.challenge_id, &newer.code).status, 200);
}

#[test]
fn it_is_too_late_after_the_reset() {
    let app = App::with_account();
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    assert_eq!(
        app.cancel(&recovery.cancel).problem(),
        "invalid-reset-token"
    );
}
