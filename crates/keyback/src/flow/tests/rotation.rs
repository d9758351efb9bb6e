//! Rotating `secret_key`: what was made with the previous key is valid while that key is known, and not after.

use crate::testing::App;

const NEXT: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const FIRST: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn rotate(app: &App) {
    app.env.variables.set("secret_key", NEXT);
    app.env.variables.set("secret_key_previous", FIRST);
}

fn finish_rotating(app: &App) {
    app.env.variables.set("secret_key_previous", "");
}

#[test]
fn a_code_mailed_before_completes_after() {
    let app = App::with_account();
    let recovery = app.recover();
    rotate(&app);
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let token = token.expect(200).text("reset_token");
    assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 204);
    assert!(app.knows(App::NEW_PASSWORD));
}

#[test]
fn a_link_and_a_reset_token_given_before_complete_after() {
    let app = App::with_account();
    let recovery = app.recover();
    let by_code = app.fork();
    let token = by_code.verify(&recovery.challenge_id, &recovery.code);
    for (app, token) in [(app, recovery.link), (by_code, token.text("reset_token"))] {
        rotate(&app);
        assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 204);
    }
}

#[test]
fn a_mail_sealed_before_is_sent_after() {
    let app = App::with_account();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL);
    let _ = app.take_mails();
    app.env.http.answer_with(200, None);
    rotate(&app);
    app.advance(60);
    let _ = app.run_courier();
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn a_request_sealed_before_is_worked_after() {
    let app = App::with_account();
    let body = serde_json::json!({"email": App::EMAIL});
    let (_, _crashed) = app.answer(&app.call("/v1/forgot-password", body));
    rotate(&app);
    app.advance(60);
    let _ = app.run_courier();
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn what_is_issued_after_it_needs_the_new_key_alone() {
    let app = App::with_account();
    rotate(&app);
    let recovery = app.recover();
    finish_rotating(&app);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        200
    );
}

#[test]
fn what_was_issued_before_is_dead_once_the_old_key_is_gone() {
    let app = App::with_account();
    let recovery = app.recover();
    rotate(&app);
    finish_rotating(&app);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    app.advance(60);
    let _ = app.recover();
}

#[test]
fn no_account_and_no_password_is_lost() {
    let app = App::with_account();
    rotate(&app);
    finish_rotating(&app);
    assert!(app.knows(App::PASSWORD));
    let _ = app.recover();
}
