//! What follows an answer is indistinguishable, too: as many operations of each kind, and writes of nearly the same
//! size. Otherwise the next call would be slower after a call about an existing account.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};

use super::disable;
use crate::courier::after_response;
use crate::ports::{Clock as _, SecureRandom as _};
use crate::testing::{App, Written, block_on, other_than};

/// How much larger than another a write may be.
const SIZES_WITHIN: f64 = 0.075;

/// What a call does to the store.
#[derive(Debug)]
struct Seen {
    status: u16,
    answer: Vec<String>,
    after: Vec<String>,
    written: Vec<Written>,
}

/// The kinds of the operations since the last call, in their order.
fn take_kinds(app: &App) -> Vec<String> {
    let kind = |it: &String| it.split(' ').next().unwrap_or_default().to_owned();
    app.env.store.take_operations().iter().map(kind).collect()
}

/// Makes a call on a copy of the app, from `client`.
fn seen(app: &App, client: &str, path: &str, body: Value) -> Seen {
    let app = app.fork();
    app.come_from(client);
    let (reply, deferred) = app.answer(&app.call(path, body));
    let answer = take_kinds(&app);
    block_on(after_response::run(&app.env, deferred));
    Seen {
        status: reply.status,
        answer,
        after: take_kinds(&app),
        written: app.env.store.take_written(),
    }
}

#[track_caller]
fn assert_alike(seen: &[(&str, Seen)]) {
    let (first_name, first) = &seen[0];
    for (name, other) in seen {
        println!("{name}: {:?}", other.written);
        assert_eq!(other.status, first.status, "{name} and {first_name}");
        assert_eq!(other.answer, first.answer, "{name} and {first_name}");
        assert_eq!(other.after, first.after, "{name} and {first_name}");
        for (one, other) in first.written.iter().zip(&other.written) {
            assert!(
                one.keys.abs_diff(other.keys) <= 1,
                "{name}: {one:?} {other:?}"
            );
            let (least, most) = (one.bytes.min(other.bytes), one.bytes.max(other.bytes));
            #[expect(clippy::cast_precision_loss, reason = "sizes are small")]
            let larger_by = (most - least) as f64 / least as f64;
            assert!(
                larger_by <= SIZES_WITHIN,
                "{name} and {first_name}: {one:?} {other:?}"
            );
        }
    }
}

/// Total length of the pauses: before the request is processed, before the email is sent, and until that is recorded.
const PAUSES: RangeInclusive<Duration> = Duration::from_millis(150)..=Duration::from_millis(915);

#[test]
fn a_mail_and_nothing_in_its_place_come_after_pauses_of_the_same_kind() {
    let known = App::with_account();
    let cooling = known.fork();
    let _ = cooling.recover();
    for (app, email) in [
        (&known, App::EMAIL),
        (&known, App::NOBODY),
        (&cooling, App::EMAIL),
    ] {
        for wait in 0..20 {
            let app = app.fork();
            app.advance(wait);
            // Draws random numbers, so that the pauses differ each time.
            for _ in 0..wait {
                let _ = app.env.random.fill(&mut [0]);
            }
            let (_, deferred) =
                app.answer(&app.call("/v1/forgot-password", json!({"email": email})));
            app.env.clock.skip(Duration::ZERO);
            let before = app.env.clock.now();
            block_on(after_response::run(&app.env, deferred));
            let paused = app.env.clock.now().since(before);
            assert!(PAUSES.contains(&paused), "{email}: {paused:?}");
        }
    }
}

/// A client that has counters already, and one that comes for the first time in its window.
const CLIENTS: [&str; 2] = ["192.0.2.1:50000", "198.51.100.7:1"];

#[test]
fn forgot_password_known_unknown_disabled_cooling_down_used_and_exhausted() {
    let known = App::with_account();
    let _ = known.forgot("warm@example.test");
    let disabled = known.fork();
    disable(&disabled);
    let cooling = known.fork();
    let recovery = cooling.recover();
    let used = cooling.fork();
    let _ = used.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    let cancelled = cooling.fork();
    let _ = cancelled.cancel(&recovery.cancel).expect(204);
    let exhausted = known.fork();
    for _ in 0..6 {
        let _ = exhausted.recover();
        exhausted.advance(61);
    }
    // Creates the app's counter, which all the others have.
    let _ = exhausted.forgot("warm@example.test");
    let no_mail = exhausted.fork();
    let _ = no_mail.forgot(App::EMAIL);
    assert_eq!(no_mail.take_mails(), []);
    for client in CLIENTS {
        let forgot = |app: &App, email: &str| {
            seen(app, client, "/v1/forgot-password", json!({"email": email}))
        };
        assert_alike(&[
            ("known", forgot(&known, App::EMAIL)),
            ("unknown", forgot(&known, App::NOBODY)),
            ("disabled", forgot(&disabled, App::EMAIL)),
            ("cooling down", forgot(&cooling, App::EMAIL)),
            ("used", forgot(&used, App::EMAIL)),
            ("cancelled", forgot(&cancelled, App::EMAIL)),
            ("exhausted", forgot(&exhausted, App::EMAIL)),
        ]);
    }
}

#[test]
fn verify_otp_unknown_wrong_and_used() {
    let app = App::with_account();
    let recovery = app.recover();
    let (id, code) = (&*recovery.challenge_id, &*recovery.code);
    let _ = app.verify("unknown", "0").expect(400);
    let used = app.fork();
    let _ = used.verify(id, code).expect(200);
    let disabled = app.fork();
    disable(&disabled);
    for client in CLIENTS {
        let verify = |app: &App, id: &str, code: &str| {
            let body = json!({"challenge_id": id, "code": code});
            seen(app, client, "/v1/verify-otp", body)
        };
        assert_alike(&[
            ("unknown", verify(&app, "unknown", code)),
            ("wrong", verify(&app, id, &other_than(code))),
            ("used", verify(&used, id, code)),
            ("disabled", verify(&disabled, id, code)),
        ]);
    }
}

#[test]
fn sign_in_unknown_wrong_disabled_and_without_a_password() {
    let app = App::with_account();
    let without = json!({"email": "bob@example.test"});
    let _ = app.make(&app.call("/v1/admin/users", without)).expect(201);
    let disabled = app.fork();
    disable(&disabled);
    let guessed = |app: &App| {
        for email in [App::EMAIL, App::NOBODY, "bob@example.test"] {
            let _ = app.sign_in(email, App::NEW_PASSWORD).expect(401);
        }
    };
    // For a first guess, and for a further one.
    for goes_on in [false, true] {
        if goes_on {
            guessed(&app);
            guessed(&disabled);
        }
        for client in CLIENTS {
            let sign_in = |app: &App, email: &str| {
                let body = json!({"email": email, "password": App::NEW_PASSWORD});
                seen(app, client, "/v1/sign-in", body)
            };
            assert_alike(&[
                ("unknown", sign_in(&app, App::NOBODY)),
                ("wrong", sign_in(&app, App::EMAIL)),
                ("disabled", sign_in(&disabled, App::EMAIL)),
                ("no password", sign_in(&app, "bob@example.test")),
            ]);
        }
    }
}
