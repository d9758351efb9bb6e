//! What a second provider gets.

use super::UNVERIFIED;
use crate::ports::NoAnswer;
use crate::testing::App;

const FALLBACK: &str = "mail.example.org";

fn with_fallback() -> App {
    let app = App::with_account();
    for (name, value) in [
        ("email_fallback_provider", "resend"),
        ("email_fallback_api_key", "re_fallback"),
        ("email_fallback_api_origin", "https://mail.example.org"),
    ] {
        app.env.variables.set(name, value);
    }
    app
}

/// The hosts that emails went to.
fn hosts(app: &App) -> Vec<String> {
    let requests = app.env.http.take_requests(|_| true);
    let host = |request: &::http::Request<_>| request.uri().host().unwrap().to_owned();
    requests.iter().map(host).collect()
}

#[test]
fn the_fallback_gets_what_the_first_provider_does_not_take() {
    let app = with_fallback();
    app.env.http.answer_from("api.resend.com", Ok((500, None)));
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app), ["api.resend.com", FALLBACK]);
    assert_eq!(app.emails_in("sent").len(), 1);
}

#[test]
fn a_mail_that_the_fallback_may_have_is_not_written_anew() {
    let app = with_fallback();
    app.env.http.answer_from("api.resend.com", Ok((503, None)));
    let unsure = Err(NoAnswer::Unreachable);
    app.env.http.answer_from(FALLBACK, unsure);
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app), ["api.resend.com", FALLBACK]);
    app.env.http.answer_from("api.resend.com", Ok((200, None)));
    app.advance(20 * 60);
    app.run_courier_for(3);
    assert_eq!(app.emails_in("expired").len(), 1);
    assert_eq!(app.emails_in("sent").len(), 0);
}

#[test]
fn the_fallback_gets_nothing_that_the_first_provider_may_have() {
    let app = with_fallback();
    let unsure = Err(NoAnswer::TimedOut);
    app.env.http.answer_from("api.resend.com", unsure);
    let _ = app.forgot(App::EMAIL);
    app.run_courier_for(1);
    assert_eq!(hosts(&app), ["api.resend.com"; 2]);
    assert_eq!(app.emails_in("pending").len(), 1);
    // In the end, twice is better than never.
    app.run_courier_for(3);
    assert_eq!(hosts(&app), ["api.resend.com", FALLBACK]);
    assert_eq!(app.emails_in("sent").len(), 1);
}

#[test]
fn the_fallback_gets_at_once_what_the_first_provider_cannot_have() {
    for why in [
        NoAnswer::NotConnected,
        NoAnswer::Denied,
        NoAnswer::CutShort(503),
    ] {
        let app = with_fallback();
        app.env.http.answer_from("api.resend.com", Err(why));
        let _ = app.forgot(App::EMAIL);
        assert_eq!(hosts(&app), ["api.resend.com", FALLBACK], "{why:?}");
        assert_eq!(app.emails_in("sent").len(), 1);
    }
}

#[test]
fn what_the_first_provider_acknowledged_goes_to_nobody_else() {
    let app = with_fallback();
    let cut_short = Err(NoAnswer::CutShort(202));
    app.env.http.answer_from("api.resend.com", cut_short);
    let _ = app.forgot(App::EMAIL);
    app.run_courier_for(5);
    assert_eq!(hosts(&app), ["api.resend.com"]);
    assert_eq!(app.emails_in("sent").len(), 1);
}

#[test]
fn what_the_first_provider_refuses_for_good_goes_to_nobody() {
    let app = with_fallback();
    app.env.http.answer_from("api.resend.com", Ok((422, None)));
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app), ["api.resend.com"]);
    assert_eq!(app.emails_in("failed").len(), 1);
}

#[test]
fn the_fallback_gets_what_the_first_provider_does_not_take_from_its_sender() {
    let app = with_fallback();
    let refused = || Ok((403, None));
    app.env.http.answer_from("api.resend.com", refused());
    for host in ["api.resend.com", FALLBACK] {
        app.env.http.answer_body_from(host, UNVERIFIED);
    }
    // The fallback may accept the sender.
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app), ["api.resend.com", FALLBACK]);
    assert_eq!(app.emails_in("sent").len(), 1);
    // It is retried as long as the fallback may accept it.
    app.advance(61);
    app.env.http.answer_from(FALLBACK, Ok((503, None)));
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app).len(), 2);
    let pending = app.emails_in("pending").remove(0);
    assert_eq!(
        pending["last_error"],
        "resend answered 503 validation_error: try again later"
    );
    // Neither accepts it.
    app.env.http.answer_from(FALLBACK, refused());
    app.run_courier_for(2);
    assert_eq!(hosts(&app).len(), 2);
    assert_eq!(app.emails_in("failed").len(), 1);
}

#[test]
fn while_neither_provider_takes_it_a_mail_is_tried_again() {
    let app = with_fallback();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app).len(), 2);
    assert_eq!(app.emails_in("pending")[0]["provider"], "resend");
    app.env.http.answer_from(FALLBACK, Ok((422, None)));
    app.run_courier_for(2);
    assert_eq!(app.emails_in("pending").len(), 1);
    app.env.http.answer_with(200, None);
    app.run_courier_for(4);
    assert_eq!(app.emails_in("sent").len(), 1);
}
