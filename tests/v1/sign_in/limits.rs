//! How often somebody may try, and that nobody can lock somebody else out for good.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use crate::app::{App, strong_password, unique_email};

/// How many wrong passwords an account takes in an hour, from all callers.
const GUESSES: u32 = 100;

#[test]
fn a_client_over_its_limit_is_refused_whatever_the_account() {
    let app = App::builder()
        .variable("limit_client_sign_in", "3/86400")
        .start();
    let user = app.create_user();
    for _ in 0..3 {
        app.portal()
            .sign_in(&unique_email(), &strong_password())
            .expect_problem(401, "invalid-credentials");
    }
    app.portal()
        .sign_in(&user.email, &user.password)
        .expect_problem(429, "rate-limited");
    app.portal()
        .sign_in(&unique_email(), &user.password)
        .expect_problem(429, "rate-limited");
}

#[test]
fn guesses_lock_an_account_for_an_hour_at_most_and_a_recovery_opens_it_at_once() {
    let app = App::shared();
    let (user, neighbour) = (app.create_user(), app.create_user());
    let left = guess_until_locked(&app, &user.email);
    assert!(left <= 3600, "{left} s");
    // The right password has to wait, too, or a guesser would learn that it is right.
    app.portal()
        .sign_in(&user.email, &user.password)
        .expect_problem(429, "rate-limited");
    // Others are signed in all the same.
    app.assert_signs_in(&neighbour, &neighbour.password);

    let recovery = app.recover(&user);
    let password = strong_password();
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &password)
        .expect_nothing();
    app.assert_signs_in(&user, &password);
}

/// Tries wrong passwords until no more are taken. Returns for how many seconds, which is longer than a test may take.
#[track_caller]
fn guess_until_locked(app: &App, email: &str) -> u64 {
    loop {
        let guessed = AtomicU32::new(0);
        let guess = || loop {
            let refused = app.portal().sign_in(email, &strong_password());
            if refused.status == 429 {
                refused.expect_problem(429, "rate-limited");
                let left = refused.header("retry-after").map(str::parse);
                break left.and_then(Result::ok).expect("it is a number");
            }
            refused.expect_problem(401, "invalid-credentials");
            let so_far = guessed.fetch_add(1, Ordering::Relaxed);
            // A new hour may have begun meanwhile, but not two.
            assert!(so_far < 2 * GUESSES, "guesses are not limited");
        };
        let left: u64 = thread::scope(|scope| {
            let guessers = [scope.spawn(guess), scope.spawn(guess)];
            let left = guessers.map(|guesser| guesser.join().expect("it is answered"));
            left.into_iter().min().expect("there are two")
        });
        assert!(guessed.into_inner() >= GUESSES, "too few were taken");
        if left > 60 {
            return left;
        }
        thread::sleep(Duration::from_secs(left + 1));
    }
}
