//! What was acknowledged as stored survives when the app is killed.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::app::{ApiClient, App, AppBuilder, unique_email};

const ROUNDS: usize = 3;
const WRITERS: usize = 4;
/// The app is killed after this many accounts were acknowledged, while others are being made.
const ACKNOWLEDGED: usize = 40;
const WITHIN: Duration = Duration::from_mins(2);

#[test]
fn an_app_that_is_killed_while_it_writes_loses_nothing_that_it_acknowledged() {
    for _ in 0..ROUNDS {
        // A new app each time: leases that an app held when it was killed last for up to two minutes.
        let (ended, acknowledged) = kill_while_it_writes(App::start());
        let app = ended.start();
        let portal = app.portal();
        for id in &acknowledged {
            portal.find_user(id).expect_status(200);
        }
        assert!(acknowledged.len() >= ACKNOWLEDGED);
    }
}

/// The killed app, and the accounts that it acknowledged.
fn kill_while_it_writes(app: App) -> (AppBuilder, Vec<String>) {
    let acknowledged = AtomicUsize::new(0);
    thread::scope(|scope| {
        let writers = [(); WRITERS].map(|()| {
            let (portal, acknowledged) = (app.portal(), &acknowledged);
            scope.spawn(move || create_until_the_app_ends(&portal, acknowledged))
        });
        let deadline = Instant::now() + WITHIN;
        while acknowledged.load(Ordering::Relaxed) < ACKNOWLEDGED {
            assert!(Instant::now() < deadline, "the app is too slow for this");
            thread::sleep(Duration::from_millis(5));
        }
        let ended = app.kill();
        let ids = writers.into_iter().flat_map(|writer| {
            writer
                .join()
                .expect("each answer is that of an account made")
        });
        (ended, ids.collect())
    })
}

fn create_until_the_app_ends(portal: &ApiClient, acknowledged: &AtomicUsize) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(answer) = portal.try_create_user(&json!({ "email": unique_email() })) {
        let account = answer.expect_json(201);
        let id = account["id"].as_str().expect("an account has an id");
        ids.push(id.to_owned());
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    ids
}
