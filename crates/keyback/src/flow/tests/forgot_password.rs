//! Asking for a recovery: what is emailed, how often, and what that does to what was emailed before.

use crate::testing::App;

#[test]
fn a_known_address_gets_one_mail_at_its_stored_spelling() {
    for typed in [App::EMAIL, "ann@EXAMPLE.test", "ANN@example.test"] {
        for stored in [App::EMAIL, "Ann@Example.test"] {
            let app = App::default();
            let account = app.create_account(stored).expect(201);
            assert_eq!(app.forgot(typed).status, 202);
            let mails = app.take_mails();
            assert_eq!(mails.len(), 1, "{typed} {stored}");
            assert_eq!(mails[0].to, account.text("email"));
        }
    }
}

#[test]
fn an_unknown_address_gets_no_mail() {
    let app = App::with_account();
    for email in [App::NOBODY, "an.n@example.test", "ann@example.test.test"] {
        assert_eq!(app.forgot(email).status, 202);
    }
    app.advance(120);
    app.run_courier();
    assert_eq!(app.take_mails(), []);
}

#[test]
fn a_newer_mail_kills_the_code_and_the_link_of_the_older() {
    let app = App::with_account();
    let older = app.recover();
    app.advance(60);
    let newer = app.recover();
    assert_eq!(app.verify(&older.challenge_id, &older.code).status, 400);
    assert_eq!(app.verify(&newer.challenge_id, &older.code).status, 400);
    assert_eq!(app.reset(&older.link, App::NEW_PASSWORD).status, 400);
    assert_eq!(app.cancel(&older.cancel).status, 400);
    assert_eq!(app.reset(&newer.link, App::NEW_PASSWORD).status, 204);
}

#[test]
fn a_newer_mail_kills_the_reset_token_that_an_older_code_brought() {
    let app = App::with_account();
    let older = app.recover();
    let token = app.verify(&older.challenge_id, &older.code);
    app.advance(60);
    let _ = app.recover();
    let reply = app.reset(&token.text("reset_token"), App::NEW_PASSWORD);
    assert_eq!(reply.problem(), "invalid-reset-token");
    assert!(app.knows(App::PASSWORD));
}

#[test]
fn within_the_cooldown_the_code_already_mailed_works_with_either_challenge_id() {
    let app = App::with_account();
    let first = app.recover();
    app.advance(59);
    let second = app.forgot(App::EMAIL).expect(202).text("challenge_id");
    assert_eq!(app.take_mails(), [], "no second mail within the cooldown");
    assert_ne!(first.challenge_id, second);
    let old_name = app.fork();
    assert_eq!(
        old_name.verify(&first.challenge_id, &first.code).status,
        200
    );
    assert_eq!(app.verify(&second, &first.code).status, 200);
}

#[test]
fn a_tied_challenge_id_shares_the_attempts() {
    let app = App::with_account();
    let first = app.recover();
    let second = app.forgot(App::EMAIL).text("challenge_id");
    for _ in 0..3 {
        assert_eq!(app.verify(&first.challenge_id, "0").status, 400);
    }
    for _ in 0..2 {
        assert_eq!(app.verify(&second, "0").status, 400);
    }
    assert_eq!(app.verify(&second, &first.code).status, 400);
}

#[test]
fn beyond_five_mails_in_an_hour_pauses_grow_and_the_last_code_works_meanwhile() {
    let app = App::with_account();
    let mut last = app.recover();
    for pause in [60, 60, 60, 60, 60, 5 * 60, 15 * 60] {
        app.advance(pause - 1);
        let too_early = app.forgot(App::EMAIL).expect(202);
        assert_eq!(app.take_mails(), [], "within the pause of {pause}");
        let tied = app.fork();
        let id = too_early.text("challenge_id");
        let status = tied.verify(&id, &last.code).status;
        assert_eq!(status, if pause > 600 { 400 } else { 200 }, "{pause}");
        app.advance(1);
        last = app.recover();
    }
}

#[test]
fn beyond_ten_mails_in_a_day_one_comes_each_hour_at_least_and_at_most() {
    let app = App::with_account();
    for _ in 0..10 {
        let _ = app.recover();
        app.advance(3_600);
    }
    let mut mailed_at = Vec::new();
    for minute in (0..24 * 60).step_by(5) {
        assert_eq!(app.forgot(App::EMAIL).status, 202);
        mailed_at.extend(app.take_mails().iter().map(|_| minute));
        app.advance(300);
    }
    let longest = mailed_at.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert_eq!(longest, Some(60), "{mailed_at:?}");
    assert!(mailed_at.len() <= 28, "{mailed_at:?}");
}

#[test]
fn the_requests_of_one_network_cost_the_owner_on_another_no_mail() {
    let app = App::with_account();
    app.come_from("203.0.113.9:1");
    for _ in 0..20 {
        app.advance(170);
        assert_eq!(app.forgot(App::EMAIL).status, 202);
    }
    let strangers = app.take_mails().len();
    assert!((6..=9).contains(&strangers), "{strangers}");
    for number in 0..5 {
        app.advance(60);
        app.come_from(&format!("198.51.100.7:{number}"));
        let _ = app.recover();
    }
}

#[test]
fn whoever_asks_from_many_networks_keeps_the_owner_waiting_for_an_hour_at_most() {
    let app = App::with_account();
    for number in 0..100 {
        app.come_from(&format!("10.0.{number}.1:1"));
        let _ = app.forgot(App::EMAIL);
        app.advance(61);
    }
    let strangers = app.take_mails().len();
    assert!(strangers <= 24, "{strangers}");
    app.come_from("198.51.100.7:1");
    let mut waited = 0;
    while app.forgot(App::EMAIL).status == 202 && app.take_mails().is_empty() {
        app.advance(60);
        waited += 60;
        app.come_from(&format!("198.51.100.{}:1", waited / 1_200));
    }
    assert!(waited <= 3_600, "{waited}");
}

#[test]
fn silence_looks_like_a_mail_to_the_caller() {
    let app = App::with_account();
    let loud = app.forgot(App::EMAIL);
    let silent = app.forgot(App::EMAIL);
    assert_eq!(app.take_mails().len(), 1);
    assert_eq!(loud.without_ids(), silent.without_ids());
}

#[test]
fn the_mail_of_an_account_names_the_account_and_no_client() {
    let app = App::with_account();
    app.come_from("203.0.113.9:1");
    let _ = app.forgot(App::EMAIL);
    let text = &app.take_mails()[0].text;
    assert!(text.contains(App::EMAIL) && !text.contains("203.0."));
}

#[test]
fn a_mail_that_a_credential_event_has_made_useless_keeps_nobody_waiting() {
    let app = App::with_account();
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    let _ = app.take_mails();
    // In the same minute.
    let again = app.recover();
    let _ = app.reset(&again.link, App::OTHER_PASSWORD).expect(204);
    assert!(app.knows(App::OTHER_PASSWORD));
    // The limits of the account still apply.
    for _ in 0..5 {
        let _ = app.take_mails();
        let _ = app.forgot(App::EMAIL).expect(202);
        let mails = app.take_mails();
        let Some(mail) = mails.iter().find(|mail| mail.is_recovery()) else {
            return;
        };
        let _ = app.reset(
            &mail.link(),
            &format!("{} {}", App::NEW_PASSWORD, mail.code()),
        );
    }
    panic!("seven mails in an hour");
}
