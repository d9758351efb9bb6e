//! Redis killed in the middle of writes, and back again.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::app::{
    ApiClient, App, Caller as _, Keeps, Redis, StoreKind, has_redis, is_embedded_host,
    strong_password, unique_email, wait_for, wait_long_for,
};

const WRITERS: usize = 4;
/// Redis is killed after this many accounts were acknowledged, while others are being made.
const ACKNOWLEDGED: usize = 20;
/// Far above the second after which a call gives up, and far below the minutes for which Spin's store waits.
const SOON: Duration = Duration::from_secs(20);
/// Longer than Spin's own store blocks a call in flight: two minutes, and the component cannot interrupt it.
const ON_SPIN: Duration = Duration::from_mins(5);

#[test]
fn calls_fail_soon_while_redis_is_away_and_nothing_acknowledged_is_lost() {
    if !has_redis() {
        return;
    }
    let server = Arc::new(Mutex::new(Redis::start(Keeps::EachWrite)));
    let redis = || server.lock().expect("no test has panicked");
    let app = App::builder().redis(&server).hosts(2).start();
    let user = app.create_user();
    let spent = app.recover(&user).mail.link_token();
    let password = strong_password();
    let reset = app.visitor().reset_password(&spent, &password);
    reset.expect_nothing();

    let (created, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let acknowledged = thread::scope(|scope| {
        let writers = [(); WRITERS].map(|()| {
            let (portal, created, is_over) = (app.portal(), &created, &is_over);
            scope.spawn(move || create_until(&portal, created, is_over))
        });
        wait_for_count(&created, ACKNOWLEDGED);
        redis().kill();
        assert_calls_fail_soon(&app);
        redis().restart();
        wait_for(|| {
            let health = app.visitor().get("/v1/health");
            (health.status == 200).then_some(()).ok_or(health.status)
        });
        // Both hosts go on.
        wait_for_count(&created, created.load(Ordering::Relaxed) + ACKNOWLEDGED);
        is_over.store(true, Ordering::Relaxed);
        let ids = writers.map(|writer| writer.join().expect("an answer is an account or 503"));
        ids.concat()
    });

    assert_eq!(acknowledged.len(), created.load(Ordering::Relaxed));
    for id in &acknowledged {
        app.portal().find_user(id).expect_status(200);
    }
    app.assert_signs_in(&user, &password);
    let again = app.visitor().reset_password(&spent, &strong_password());
    again.expect_problem(400, "invalid-reset-token");
}

fn create_until(portal: &ApiClient, created: &AtomicUsize, is_over: &AtomicBool) -> Vec<String> {
    let mut ids = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let answer = portal.create_user(&json!({ "email": unique_email() }));
        assert!(begun.elapsed() < longest(), "{:?}", begun.elapsed());
        if answer.status == 201 {
            let account = answer.expect_json(201);
            let id = account["id"].as_str().expect("an account has an id");
            ids.push(id.to_owned());
            created.fetch_add(1, Ordering::Relaxed);
        } else {
            answer.expect_problem(503, "service-unavailable");
        }
    }
    ids
}

/// How long a call that was in flight may take.
fn longest() -> Duration {
    if is_embedded_host() || StoreKind::chosen() == StoreKind::OutboundRedis {
        SOON
    } else {
        ON_SPIN
    }
}

fn wait_for_count(created: &AtomicUsize, count: usize) {
    wait_long_for(|| {
        let so_far = created.load(Ordering::Relaxed);
        (so_far >= count).then_some(()).ok_or(so_far)
    });
}

#[track_caller]
fn assert_calls_fail_soon(app: &App) {
    let begun = Instant::now();
    // One for each host.
    for _ in 0..2 {
        let health = app.visitor().get("/v1/health");
        health.expect_problem(503, "service-unavailable");
        let asked = app.visitor().forgot_password(&unique_email());
        asked.expect_problem(503, "service-unavailable");
        assert!(asked.header("retry-after").is_some());
    }
    app.visitor().get("/v1/password-policy").expect_json(200);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}
