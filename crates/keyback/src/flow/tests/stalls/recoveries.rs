//! Recoveries: one email, and the newest link works.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;

use super::{ANN, CHANGE, WORK, at_every_stall, come_back_later, events, left_over, with_ann};
use crate::courier::after_response;
use crate::testing::{App, Call, Mail, Reply, block_on, exchange, run_while, step};

fn forgot(app: &App, email: &str) -> Call {
    app.call("/v1/forgot-password", json!({"email": email}))
}

/// Whether `link` sets a password, tried on a copy.
fn works(app: &App, link: &str) -> bool {
    app.fork().reset(link, App::NEW_PASSWORD).status == 204
}

/// The links of the recovery emails that were sent since the last call.
fn take_links(app: &App) -> Vec<String> {
    let mails = app.take_mails();
    mails
        .iter()
        .filter(|it| it.is_recovery())
        .map(Mail::link)
        .collect()
}

#[test]
fn two_requests_bring_one_mail_though_one_of_them_stalls() {
    let app = with_ann();
    // A delayed request is answered late, and gets no second email.
    app.env.variables.set("cooldown_seconds", "900");
    app.env.variables.set("link_ttl_seconds", "3600");
    for warm in [false, true] {
        let app = app.fork();
        if warm {
            let _ = app.forgot(App::NOBODY);
        }
        let call = forgot(&app, App::EMAIL);
        let meanwhile = |app: &App| {
            let _ = app.make(&call).expect(202);
        };
        at_every_stall(&app, &call, CHANGE, meanwhile, |app, _, ()| {
            come_back_later(app);
            let links = take_links(app);
            assert_eq!(links.len(), 1);
            assert!(works(app, &links[0]));
            assert_eq!(events(app), ["account.created", "recovery.requested"]);
        });
    }
}

#[test]
fn a_request_that_stalls_until_a_courier_works_it_brings_one_mail_and_leaves_nothing() {
    let fresh = with_ann();
    let app = fresh.fork();
    let _ = app.forgot(App::NOBODY);
    for email in [App::EMAIL, App::NOBODY] {
        let call = forgot(&app, email);
        let meanwhile = |app: &App| {
            for _ in 0..2 {
                let _ = app.run_courier();
                app.advance(121);
            }
        };
        at_every_stall(&app, &call, WORK, meanwhile, |app, reply, ()| {
            let told = app.fork();
            come_back_later(&told);
            let links = take_links(&told);
            let promised = usize::from(email == App::EMAIL && reply.status == 202);
            assert_eq!(links.len(), promised);
            assert!(links.iter().all(|link| works(&told, link)));
            assert_eq!(left_over(app, &fresh), Vec::<String>::new());
        });
    }
}

#[test]
fn of_a_recovery_that_an_administrator_starts_and_a_request_the_latest_link_works() {
    let app = with_ann();
    let body = json!({"deliver": "return"});
    let start = app.call(&format!("{ANN}/recovery"), body);
    let call = forgot(&app, App::EMAIL);
    let meanwhile = |app: &App| {
        let _ = app.make(&call).expect(202);
    };
    at_every_stall(&app, &start, CHANGE, meanwhile, |app, reply, ()| {
        let mut links = take_links(app);
        if reply.status == 200 {
            let link = reply.text("link");
            links.push(link.split_once('#').unwrap().1.to_owned());
        }
        let (newest, older) = links.split_last().unwrap();
        assert!(works(app, newest));
        assert!(older.iter().all(|link| !works(app, link)));
    });
}

#[test]
fn a_recovery_that_is_asked_for_while_a_courier_forgets_the_last_one_works() {
    let app = with_ann();
    let _ = app.recover();
    app.advance(86_400);
    let _ = app.run_courier();
    app.advance(2 * 86_400);
    assert!(
        app.env
            .store
            .names()
            .contains(&"v1:recovery:ann".to_owned())
    );
    let courier = app.call("/v1/courier/run", json!({}));
    let call = forgot(&app, App::EMAIL);
    let meanwhile = |app: &App| {
        let _ = app.make(&call).expect(202);
    };
    for stall in [Duration::ZERO, CHANGE] {
        at_every_stall(&app, &courier, stall, meanwhile, |app, _, ()| {
            let links = take_links(app);
            assert_eq!(links.len(), 1);
            assert!(works(app, &links[0]));
        });
    }
}

#[test]
fn a_cancel_that_stalls_is_noted_once() {
    let app = with_ann();
    let recovery = app.recover();
    let cancel = app.call("/v1/cancel-recovery", json!({"token": recovery.cancel}));
    let meanwhile = |app: &App| app.make(&cancel).status;
    at_every_stall(&app, &cancel, CHANGE, meanwhile, |app, _, status| {
        assert_eq!(status, 204);
        assert!(!works(app, &recovery.link));
        let cancelled = "recovery.cancelled".to_owned();
        let noted = events(app).into_iter().filter(|it| *it == cancelled);
        assert_eq!(noted.count(), 1);
    });
}

#[test]
fn a_cancel_that_is_refused_before_its_claims_leaves_the_mail_good() {
    let app = with_ann();
    let recovery = app.recover();
    let cancel = app.call("/v1/cancel-recovery", json!({"token": recovery.cancel}));
    let ended = Cell::new(0);
    let check = |app: &App, reply: &Reply, ()| {
        let works = works(app, &recovery.link);
        assert!(!works || reply.status == 503);
        ended.set(ended.get() + usize::from(!works && reply.status == 503));
        let _ = app.make(&cancel).expect(204);
    };
    at_every_stall(&app, &cancel, CHANGE, |_| (), check);
    // At the three claims and at the two numbers drawn with them.
    assert_eq!(ended.get(), 5);
}

/// The first claim has its turn and stalls; the second waits for it, and stalls as well. The first is in time, and the
/// second must not take its turn by what it read before.
#[test]
fn a_turn_is_not_taken_by_what_was_read_before_it_began() {
    let app = with_ann();
    app.env.variables.set("cooldown_seconds", "900");
    app.env.variables.set("link_ttl_seconds", "3600");
    let _ = app.forgot(App::NOBODY);
    let call = forgot(&app, App::EMAIL);
    for operation in 0..300 {
        let app = app.fork();
        let work = async || {
            let (_, deferred) = exchange(&app.env, &call).await;
            after_response::run(&app.env, deferred).await;
        };
        let (mut first, mut second) = (Box::pin(work()), Box::pin(work()));
        while !has_claimed(&app) {
            let _ = step(first.as_mut());
        }
        let store = &app.env.store;
        store.hold_answer_after(operation);
        let ended = run_while(second.as_mut(), || !store.holds_answer()).is_some();
        if ended {
            // Only the second is to be held back.
            store.release_answer();
        }
        app.env.clock.advance(Duration::from_secs(5));
        block_on(first.as_mut());
        app.env.clock.advance(Duration::from_secs(7));
        store.release_answer();
        if !ended {
            block_on(second.as_mut());
        }
        drop((first, second));
        // If both were refused, a courier does it.
        come_back_later(&app);
        let links = take_links(&app);
        assert_eq!(links.len(), 1, "after {operation}");
        assert!(works(&app, &links[0]), "after {operation}");
        if ended {
            return;
        }
    }
    panic!("no end");
}

/// Whether somebody has just claimed the right to issue for ann.
fn has_claimed(app: &App) -> bool {
    app.env
        .store
        .names()
        .iter()
        .any(|name| name.starts_with("v1:attempts:ann:"))
}
