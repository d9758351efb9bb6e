//! Thirty callers at once: one winner, or no more guesses than were allowed. On a store that hosts can share, half of
//! the callers call one host and half another.

use std::{sync::Barrier, thread};

use serde_json::{Value, json};

use crate::app::{Answer, App, Caller as _, strong_password, unique_email, wrong_code};

const RACERS: usize = 30;

/// Makes the same call from thirty threads at one moment, each with a client of its own.
fn race(call: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let start = Barrier::new(RACERS);
    thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS)
            .map(|racer| {
                let (start, call) = (&start, &call);
                scope.spawn(move || {
                    start.wait();
                    call(racer)
                })
            })
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().expect("every racer is answered"))
            .collect()
    })
}

/// The index of the one answer with this status; all others must be this problem.
#[track_caller]
fn only_winner(answers: &[Answer], status: u16, lost: (u16, &str)) -> usize {
    let winners: Vec<usize> = (0..answers.len())
        .filter(|&racer| answers[racer].status == status)
        .collect();
    let losers = answers.iter().filter(|answer| answer.status != status);
    for loser in losers {
        loser.expect_problem(lost.0, lost.1);
    }
    assert_eq!(winners.len(), 1, "{winners:?} won");
    winners[0]
}

#[test]
fn one_of_thirty_resets_with_one_reset_token_wins() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.reset_token(&app.recover(&user));
    assert_one_reset_wins(&app, &user, &token);
}

#[test]
fn one_of_thirty_resets_with_one_link_wins() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.recover(&user).mail.link_token();
    assert_one_reset_wins(&app, &user, &token);
}

#[track_caller]
fn assert_one_reset_wins(app: &App, user: &crate::app::User, token: &str) {
    let passwords: Vec<String> = (0..RACERS).map(|_| strong_password()).collect();
    let answers = race(|racer| app.visitor().reset_password(token, &passwords[racer]));

    let winner = only_winner(&answers, 204, (400, "invalid-reset-token"));
    app.assert_signs_in(user, &passwords[winner]);
    app.assert_does_not_sign_in(user, &passwords[(winner + 1) % RACERS]);
    app.assert_does_not_sign_in(user, &user.password);
    // One reset, so one email that says so.
    app.sink().wait_for_mail(&user.email);
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn one_of_thirty_right_codes_wins() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = recovery.mail.code();
    let answers = race(|_| app.visitor().verify_otp(&recovery.challenge_id, &code));
    only_winner(&answers, 200, (400, "invalid-otp"));
}

#[test]
fn code_and_link_at_once_reset_once() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let (code, link_token) = (recovery.mail.code(), recovery.mail.link_token());
    let passwords: Vec<String> = (0..RACERS).map(|_| strong_password()).collect();
    let answers = race(|racer| {
        if racer % 2 == 0 {
            app.visitor().verify_otp(&recovery.challenge_id, &code)
        } else {
            app.visitor().reset_password(&link_token, &passwords[racer])
        }
    });
    let won = answers.iter().filter(|answer| answer.status < 300).count();
    assert_eq!(
        won,
        1,
        "{:?}",
        answers
            .iter()
            .map(|answer| answer.status)
            .collect::<Vec<_>>()
    );
}

#[test]
fn thirty_wrong_guesses_at_once_use_the_challenge_up() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = recovery.mail.code();
    let answers = race(|_| {
        app.visitor()
            .verify_otp(&recovery.challenge_id, &wrong_code(&code))
    });
    for answer in &answers {
        answer.expect_problem(400, "invalid-otp");
    }

    let right = app.visitor().verify_otp(&recovery.challenge_id, &code);
    right.expect_problem(400, "invalid-otp");
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_nothing();
}

#[test]
fn one_of_thirty_accounts_with_one_address_is_created() {
    let app = App::shared();
    let email = unique_email();
    let account = json!({ "email": email });
    let answers = race(|_| app.portal().create_user(&account));
    let in_time = without_the_late(answers, |_| app.portal().create_user(&account));
    let winner = only_winner(&in_time, 201, (409, "conflict"));
    assert_has_address(&app, in_time[winner].text(), &email);
}

#[test]
fn one_of_thirty_accounts_that_move_to_one_address_has_it() {
    let app = App::shared();
    let portal = app.portal();
    let email = unique_email();
    let movers: Vec<_> = (0..RACERS / 2)
        .map(|_| app.create_user_without_password())
        .collect();
    // Half of the racers move an account, the others create one.
    let change = json!({ "email": email });
    let call = |racer: usize| match movers.get(racer) {
        Some(mover) => app.portal().update_user(&mover.id, &change),
        None => app.portal().create_user(&change),
    };
    let in_time = without_the_late(race(call), call);
    let won = |answer: &&Answer| [200, 201].contains(&answer.status);
    let status = in_time.iter().find(won).map(|winner| winner.status);
    let winner = only_winner(&in_time, status.expect("one won"), (409, "conflict"));
    let winner = assert_has_address(&app, in_time[winner].text(), &email);
    for mover in movers.iter().filter(|mover| mover.id != winner) {
        let account = portal.find_user(&mover.id).expect_json(200);
        assert_eq!(account["email"], mover.email.as_str());
    }
}

/// Drops the answers of those who had to wait for the others too long and were told to try again. Trying again tells
/// each of these that it is too late.
#[track_caller]
fn without_the_late(answers: Vec<Answer>, again: impl Fn(usize) -> Answer) -> Vec<Answer> {
    let is_late = |answer: &Answer| answer.status == 503;
    for (racer, late) in answers.iter().enumerate() {
        if is_late(late) {
            late.expect_problem(503, "service-unavailable");
            again(racer).expect_problem(409, "conflict");
        }
    }
    answers
        .into_iter()
        .filter(|answer| !is_late(answer))
        .collect()
}

/// Asserts that the account in the answer is the one that has the address; returns its id.
#[track_caller]
fn assert_has_address(app: &App, account: &str, email: &str) -> String {
    let account: Value = serde_json::from_str(account).expect("the account is JSON");
    let id = account["id"].as_str().expect("an account has an id");
    assert_eq!(account["email"], email);
    assert_eq!(app.portal().find_user(id).expect_json(200), account);
    let page = app
        .portal()
        .get(&format!("/v1/admin/users?email={email}"))
        .expect_json(200);
    assert_eq!(page["users"], json!([account]));
    id.to_owned()
}

#[test]
fn thirty_requests_at_once_send_one_mail() {
    let app = App::shared();
    let user = app.create_user();
    let answers = race(|_| app.visitor().forgot_password(&user.email));
    for answer in answers {
        answer.expect_status(202);
    }
    app.sink().wait_for_mail(&user.email);
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn thirty_requests_at_once_do_not_pass_a_clients_limit() {
    let app = App::builder()
        .variable("limit_client_forgot", "5/86400")
        .start();
    let answers = race(|_| app.visitor().forgot_password(&unique_email()));
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 202);
    assert_eq!(taken.len(), 5);
    for answer in refused {
        answer.expect_problem(429, "rate-limited");
    }
}
