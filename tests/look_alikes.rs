//! Known and unknown accounts are answered in the same time, from the request's first octet to the answer's last one.
//!
//! Each pair of cases is timed in turns, [`ROUNDS`] requests each. What can be told apart is timed again, as
//! [`TRIES`] says.

use std::{
    cell::RefCell,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::app::{App, Call, Caller as _, Distance, TRIES, unique_email, wrong_code};

const ROUNDS: usize = 300;
/// How many wrong passwords an account, or an address without one, may be tried with in an hour.
const WRONG_PASSWORDS: usize = 100;
/// Lets what a request does after its answer end before the next one is timed.
const PAUSE: Duration = Duration::from_millis(30);

#[test]
fn slow_a_known_address_is_asked_for_in_the_time_of_an_unknown_one() {
    let app = App::start();
    let asked_for = RefCell::new(None);
    assert_indistinguishable(
        || {
            let email = unique_email();
            let body = json!({ "email": email });
            app.portal().create_user(&body).expect_json(201);
            sleep(4 * PAUSE);
            asked_for.replace(Some(email.clone()));
            asking_for(&app, &email)
        },
        || {
            // The email is the last thing that the known address's request does.
            if let Some(email) = asked_for.take() {
                app.sink().wait_for_mail(&email);
                sleep(4 * PAUSE);
            }
            asking_for(&app, &unique_email())
        },
    );
}

#[test]
fn slow_a_wrong_code_is_refused_in_the_time_of_an_unknown_challenge() {
    let app = App::builder()
        .variable("attempts_per_challenge", "100")
        .variable("attempts_per_account_per_day", "100")
        .start();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = wrong_code(&recovery.mail.code());
    let verify = |id: &str| {
        let body = json!({ "challenge_id": id, "code": code });
        let call = app.visitor().call("POST", "/v1/verify-otp").json(&body);
        answered(&app, call, 400)
    };
    assert_indistinguishable(
        || verify(&recovery.challenge_id),
        || verify("AAAAAAAAAAAAAAAAAAAAAA"),
    );
}

#[test]
fn slow_a_wrong_password_is_refused_in_the_time_of_an_unknown_account() {
    let app = App::start();
    // Both are asked about as often as is allowed, then others take their places.
    let (known, unknown) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let next = |emails: &RefCell<Vec<String>>, another: &dyn Fn() -> String| {
        let mut emails = emails.borrow_mut();
        if emails.is_empty() {
            emails.extend(vec![another(); WRONG_PASSWORDS]);
            sleep(PAUSE);
        }
        emails.pop().expect("there is one more")
    };
    let sign_in = |email: String| {
        let body = json!({ "email": email, "password": "not the password" });
        let call = app.portal().call("POST", "/v1/sign-in").json(&body);
        answered(&app, call, 401)
    };
    assert_indistinguishable(
        || sign_in(next(&known, &|| app.create_user().email)),
        || sign_in(next(&unknown, &unique_email)),
    );
}

/// bcrypt of "correct horse battery staple" with the highest cost that is accepted.
const COSTLY: &str = "$2b$14$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW";
/// How much two refusals may differ because of what else the machine does. One more step would take seconds.
const SLACK: Duration = Duration::from_millis(700);

#[test]
fn slow_a_refusal_does_not_tell_who_came_with_a_costly_hash() {
    let app = App::start();
    let portal = app.portal();
    let (costly, disabled, empty) = (unique_email(), unique_email(), unique_email());
    for (email, hash) in [
        (&costly, Some(COSTLY)),
        (&disabled, Some(COSTLY)),
        (&empty, None),
    ] {
        let mut account = json!({ "email": email });
        if let Some(hash) = hash {
            account["password_hash"] = json!(hash);
        }
        let account = portal.create_user(&account).expect_json(201);
        if *email == disabled {
            let id = account["id"].as_str().expect("it has an id");
            portal
                .update_user(id, &json!({ "disabled": true }))
                .expect_json(200);
        }
    }
    let own = app.create_user().email;
    let nobody = unique_email();
    // In Normalization Form C, and not in it: the latter is verified twice.
    let passwords = ["not the pässword", "not the pa\u{308}ssword"];
    let refused = |email: &String, password: &str| {
        let start = Instant::now();
        portal
            .sign_in(email, password)
            .expect_problem(401, "invalid-credentials");
        start.elapsed()
    };
    // Noise only adds time, so the minimum of several counts.
    let least = |email: &String| {
        let times = passwords
            .iter()
            .flat_map(|password| [0; 2].map(|_| refused(email, password)));
        let by_password: Vec<_> = times.collect();
        let (normal, typed) = by_password.split_at(2);
        [normal, typed].map(|times| times.iter().min().copied().expect("there are two"))
    };
    let all: Vec<_> = [&nobody, &own, &empty, &costly, &disabled]
        .into_iter()
        .flat_map(least)
        .collect();
    let (quickest, slowest) = (all.iter().min().copied(), all.iter().max().copied());
    let spread = slowest
        .unwrap_or_default()
        .saturating_sub(quickest.unwrap_or_default());
    assert!(spread < SLACK, "{all:?}");
}

fn asking_for(app: &App, email: &str) -> impl FnOnce() + use<> {
    let body = json!({ "email": email });
    let call = app.visitor().call("POST", "/v1/forgot-password");
    answered(app, call.json(&body), 202)
}

/// Sends the call on a connection of its own, and returns when all of the answer is there. The connection is made before.
fn answered(app: &App, call: Call, status: u16) -> impl FnOnce() + use<> {
    let mut wire = app.wire();
    move || drop(wire.send(call).0.expect_status(status))
}

/// `one` and `other` prepare a request and return what sends it; only the sending is timed.
fn assert_indistinguishable<A: FnOnce(), B: FnOnce()>(one: impl Fn() -> A, other: impl Fn() -> B) {
    let mut distances = Vec::new();
    for _ in 0..TRIES {
        let mut times = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            times.0.push(time(one()));
            times.1.push(time(other()));
        }
        let distance = Distance::between(&mut times.0, &mut times.1, 1);
        let median = |times: &[Duration]| times[times.len() / 2];
        let medians = [median(&times.0), median(&times.1)];
        // Shown with `--nocapture`.
        eprintln!("{distance}, medians {medians:.1?}");
        let (is_first, tells_apart) = (distances.is_empty(), distance.tells_apart());
        distances.push(distance);
        if is_first && !tells_apart {
            return;
        }
        assert!(
            is_first || !tells_apart,
            "the two can be told apart: Kolmogorov-Smirnov distances {distances:?}"
        );
    }
}

fn time(send: impl FnOnce()) -> Duration {
    let start = Instant::now();
    send();
    let time = start.elapsed();
    sleep(PAUSE);
    time
}
