//! More passwords to hash than the machine can handle: some callers are refused quickly, and others notice little.

use std::{
    num::NonZero,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::app::{
    Answer, App, Caller as _, User, assert_alike, is_embedded_host, strong_password, unique_email,
};

/// Two hundred portals per core, or one with as many connections. A core hashes about thirty passwords per second.
fn crowd() -> usize {
    200 * cores()
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// The longest that anybody waits. Spin starts an instance for each call, which takes a while on a busy machine.
fn longest() -> Duration {
    Duration::from_secs(if is_embedded_host() { 10 } else { 60 })
}

/// Makes the same call from `callers` threads at one moment, each with a connection of its own.
fn at_once(callers: usize, call: impl Fn(usize) -> Answer + Sync) -> Vec<(Answer, Duration)> {
    let start = Barrier::new(callers);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|caller| {
                let (start, call) = (&start, &call);
                scope.spawn(move || {
                    start.wait();
                    let sent = Instant::now();
                    (call(caller), sent.elapsed())
                })
            })
            .collect();
        let joined = callers.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .map(|it| it.expect("every call is answered"))
            .collect()
    })
}

/// Signs in as `user`, or as somebody unknown.
fn sign_in(app: &App, user: &User, is_known: bool) -> Answer {
    let email = if is_known {
        user.email.clone()
    } else {
        unique_email()
    };
    app.portal().impatient().sign_in(&email, &user.password)
}

/// How long an overloaded app asks to wait.
#[track_caller]
fn retry_after(answer: &Answer) -> Duration {
    answer.expect_problem(503, "overloaded");
    let seconds = answer.header("retry-after").expect("it was checked");
    let seconds = seconds.parse().expect("it is a number of seconds");
    assert!((1..=10).contains(&seconds), "{seconds}");
    Duration::from_secs(seconds)
}

#[test]
fn hundreds_of_sign_ins_at_once_are_each_answered_in_time_and_others_meanwhile() {
    let app = App::start();
    // So many that no account reaches its limit of attempts.
    let users: Vec<_> = (0..8 * cores()).map(|_| app.create_user()).collect();
    app.forget_peak_memory();
    let is_over = AtomicBool::new(false);
    let (answers, others) = thread::scope(|scope| {
        let others = scope.spawn(|| {
            let mut answers = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let sent = Instant::now();
                let forgot = app.visitor().forgot_password(&unique_email());
                let health = app.visitor().get("/v1/health");
                answers.push((forgot.status, health.status, sent.elapsed()));
            }
            answers
        });
        let answers = at_once(crowd(), |caller| {
            sign_in(&app, &users[caller % users.len()], true)
        });
        is_over.store(true, Ordering::Relaxed);
        (answers, others.join().expect("they are answered"))
    });
    let mut signed_in = 0;
    for (answer, taken) in &answers {
        assert!(*taken < longest(), "{} after {taken:?}", answer.status);
        if answer.status == 200 {
            signed_in += 1;
        } else {
            retry_after(answer);
        }
    }
    assert!(signed_in > 0, "nobody signed in");
    for (forgot, health, taken) in others {
        assert_eq!((forgot, health), (202, 200));
        assert!(taken < longest(), "{taken:?}");
    }
    if is_embedded_host() {
        // Sixteen instances that have hashed have 400 MiB. Without a limit it was over 2 GiB.
        let peak = app.peak_memory() >> 20;
        assert!(peak < 1_024, "{peak} MiB");
    }
    app.assert_signs_in(&users[0], &users[0].password);
}

#[test]
fn known_and_unknown_accounts_are_refused_alike_and_no_guess_is_counted() {
    if !is_embedded_host() {
        // Spin has no limit for one component.
        return;
    }
    // More instances than cores, so that each knows that it shares them.
    let app = App::builder()
        .flag("--max-instance-count", &(8 * cores()).to_string())
        .start();
    let user = app.create_user();
    // An instance learns from its first hash how long one takes.
    app.assert_signs_in(&user, &user.password);
    let wrong = User {
        password: strong_password(),
        ..user
    };
    let answers = at_once(crowd(), |caller| sign_in(&app, &wrong, caller % 2 == 0));
    let refused = |kind: usize| {
        let of_kind = answers.iter().skip(kind).step_by(2);
        let refused = of_kind.map(|(answer, _)| answer);
        refused.filter(|answer| answer.status == 503)
    };
    // How long to wait depends on the moment only.
    let pair = refused(0).find_map(|known| {
        let is_alike = |unknown: &&Answer| retry_after(unknown) == retry_after(known);
        Some((known, refused(1).find(is_alike)?))
    });
    let (known, unknown) = pair.expect("known and unknown accounts are refused");
    assert_alike(known, unknown);

    let compared = answers.iter().step_by(2);
    let compared = compared.filter(|(answer, _)| answer.status == 401).count();
    let account = app.portal().find_user(&wrong.id).expect_json(200);
    assert_eq!(account["failed_sign_ins"], json!(compared), "{account}");
}

#[test]
fn whoever_left_before_an_instance_was_free_is_forgotten() {
    if !is_embedded_host() {
        // Spin makes instances until it runs out of them.
        return;
    }
    let app = App::builder()
        .flag("--max-instance-count", "1")
        .flag("--max-instance-concurrent-reuse-count", "1")
        .start();
    let user = app.create_user();
    let body = json!({ "email": user.email, "password": strong_password() }).to_string();
    let key = app.all_scopes();
    let mut wires: Vec<_> = (0..50).map(|_| app.wire()).collect();
    for wire in &mut wires {
        let length = format!(
            "Authorization: Bearer {key}\r\nContent-Length: {}",
            body.len()
        );
        let head = wire.head("POST", "/v1/sign-in", &length);
        wire.begin(&[head.as_bytes(), body.as_bytes()].concat());
    }
    drop(wires);
    app.assert_signs_in(&user, &user.password);
    let account = app.portal().find_user(&user.id).expect_json(200);
    let checked = account["failed_sign_ins"].as_u64().unwrap_or_default();
    assert!(checked < 25, "{checked} passwords were checked for nobody");
}

/// The memory of an instance on an edge network, in bytes.
const EDGE_MEMORY: &str = "134217728";

#[test]
fn passwords_are_hashed_in_128_mib() {
    if !is_embedded_host() {
        // `spin up` has this flag too, but it is untested there.
        return;
    }
    let app = App::builder()
        .flag("--max-instance-memory", EDGE_MEMORY)
        .start();
    let user = app.create_user();
    let new_password = strong_password();
    let token = app.reset_token(&app.recover(&user));
    let answers = at_once(40, |caller| match caller {
        0 => app.visitor().reset_password(&token, &new_password),
        1..20 => sign_in(&app, &user, false),
        _ => {
            let account = json!({ "email": unique_email(), "password": strong_password() });
            app.portal().impatient().create_user(&account)
        }
    });
    for (caller, (answer, _)) in answers.iter().enumerate() {
        let expected = match caller {
            0 => 204,
            1..20 => 401,
            _ => 201,
        };
        if answer.status != expected {
            retry_after(answer);
        }
    }
    assert!(!app.log().contains("an instance failed"), "{}", app.log());
}

#[test]
fn a_hash_that_needs_more_memory_than_there_is_looks_like_no_account_and_can_be_replaced() {
    if !is_embedded_host() {
        return;
    }
    let app = App::builder()
        .flag("--max-instance-memory", EDGE_MEMORY)
        .start();
    let own = app.create_user();
    for most in [
        "$scrypt$ln=17,r=8,p=1$c2FsdHNhbHQ$",
        "$argon2id$v=19$m=131072,t=1,p=2$c2FsdHNhbHQ$",
    ] {
        let output = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let email = unique_email();
        let account = json!({ "email": email, "password_hash": format!("{most}{output}") });
        let account = app.portal().create_user(&account).expect_json(201);
        let known = app.portal().sign_in(&email, &strong_password());
        known.expect_problem(401, "invalid-credentials");
        let unknown = app.portal().sign_in(&unique_email(), &strong_password());
        assert_alike(&known, &unknown);
        assert!(
            app.log().contains("password hashing failed"),
            "{}",
            app.log()
        );
        let user = User {
            id: account["id"]
                .as_str()
                .expect("an account has an id")
                .to_owned(),
            email,
            password: strong_password(),
        };
        let token = app.reset_token(&app.recover(&user));
        app.visitor()
            .reset_password(&token, &user.password)
            .expect_nothing();
        app.assert_signs_in(&user, &user.password);
    }
    app.assert_signs_in(&own, &own.password);
    assert!(!app.log().contains("an instance failed"), "{}", app.log());
}
