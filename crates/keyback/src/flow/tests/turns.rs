//! Turns of one account do not overlap, whoever gives a claim back meanwhile.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::flow::recovery::turn::Turn;
use crate::model::id::AccountId;
use crate::model::recovery::attempts_day;
use crate::ports::{Clock as _, KeyValue as _};
use crate::store::cx::Cx;
use crate::store::recoveries::{self, claim_issue, return_issue_claim};
use crate::store::{accounts, keys};
use crate::testing::schedules::{Caller, explore};
use crate::testing::{App, Call, Reply, Step, block_on, exchange, other_than, step};

const ANN: &str = "/v1/admin/users/ann";

fn ann() -> AccountId {
    AccountId::parse("ann").unwrap()
}

fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let _ = app.forgot(App::NOBODY);
    app
}

/// Where the counter of today's claims stands.
fn counter(app: &App) -> i64 {
    let day = attempts_day(app.env.clock.now());
    let counter = keys::attempts(&ann(), day);
    block_on(app.env.store.increment(&counter, 0)).unwrap()
}

type Work<'a> = Pin<Box<dyn Future<Output = Reply> + 'a>>;

/// A call with the work after it.
fn work<'a>(app: &'a App, call: &'a Call) -> Work<'a> {
    Box::pin(async move {
        let (reply, deferred) = exchange(&app.env, call).await;
        after_response::run(&app.env, deferred).await;
        reply
    })
}

/// Steps `work` until it has claimed.
fn until_claim<T>(app: &App, mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>) {
    let before = counter(app);
    for _ in 0..1_000 {
        if counter(app) != before {
            return;
        }
        assert!(matches!(
            step(work.as_mut()),
            Step::Waiting | Step::Sleeping
        ));
    }
    panic!("no claim");
}

/// Steps `work` until it draws the first number for its write: the time of the write is checked after that.
fn until_numbers(app: &App, work: &mut Work<'_>) {
    for _ in 0..10_000 {
        let _ = app.env.store.take_operations();
        assert!(matches!(
            step(work.as_mut()),
            Step::Waiting | Step::Sleeping
        ));
        let seen = app.env.store.take_operations();
        if seen.iter().any(|it| it == "increment v1:journal") {
            return;
        }
    }
    panic!("no numbers");
}

/// F1 and F2 ask at once. An administrator starts a recovery (A) before F2 has lost its turn and given its claim back. A
/// second administrator unlocks the account (B) within ten seconds, and A is late with its write, as its turn allows.
#[test]
fn what_is_decided_while_an_administrator_waits_for_a_turn_stays() {
    let app = with_ann();
    // The day's attempts at codes are used up, so that there is something to forgive.
    for _ in 0..3 {
        let recovery = app.recover();
        for _ in 0..5 {
            let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
        }
        app.advance(120);
    }
    let forgot = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let start = app.call(&format!("{ANN}/recovery"), json!({"deliver": "return"}));
    let unlock = app.call(&format!("{ANN}/unlock"), json!({}));
    let (mut f1, mut f2) = (work(&app, &forgot), work(&app, &forgot));
    let (mut a, mut b) = (work(&app, &start), work(&app, &unlock));
    until_claim(&app, f1.as_mut());
    until_claim(&app, f2.as_mut());
    until_claim(&app, a.as_mut());
    let _ = block_on(f1.as_mut()).expect(202);
    // It sees that F1 has issued, and withdraws.
    let _ = block_on(f2.as_mut()).expect(202);
    until_claim(&app, b.as_mut());
    until_numbers(&app, &mut a);
    let _ = block_on(b.as_mut()).expect(204);
    let shown = app.make(&Call::get(ANN)).json();
    assert_eq!(shown["codes_paused_until"], Value::Null);
    let started = block_on(a.as_mut());
    drop((f1, f2, a, b));
    let shown = app.make(&Call::get(ANN)).json();
    assert_eq!(
        shown["codes_paused_until"],
        Value::Null,
        "undone by a recovery that was started before: {started:?}"
    );
}

/// Of two turns that are taken, one ends before the other begins.
#[test]
fn turns_do_not_overlap_when_an_earlier_claim_is_given_back() {
    let app = with_ann();
    let _ = app.recover();
    app.advance(120);
    let forgot = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (mut f1, mut f2) = (work(&app, &forgot), work(&app, &forgot));
    until_claim(&app, f1.as_mut());
    until_claim(&app, f2.as_mut());
    let turn = async || {
        let mut cx = Cx::new(&app.env).await;
        let account = accounts::find(cx.store(), &ann()).await.unwrap().unwrap();
        let recovery = recoveries::find(cx.store(), &ann()).await.unwrap().unwrap();
        let turn = Turn::take(&mut cx, account, recovery, |_, _| true).await;
        let turn = turn.unwrap().unwrap();
        (app.env.clock.now(), turn.until, turn.claim)
    };
    let (mut a, b) = (pin!(turn()), pin!(turn()));
    until_claim(&app, a.as_mut());
    let _ = block_on(f1.as_mut());
    let _ = block_on(f2.as_mut());
    let (a, b) = block_on(async { futures::join!(a, b) });
    assert_ne!(a.2, b.2, "two live claims with one number");
    assert!(a.1 <= b.0 || b.1 <= a.0, "{a:?} {b:?}");
}

#[test]
fn once_all_claims_have_issued_or_were_given_back_the_next_one_waits_for_nothing() {
    let app = with_ann();
    let _ = app.recover();
    app.advance(120);
    let forgot = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let start = app.call(&format!("{ANN}/recovery"), json!({"deliver": "return"}));
    let (mut f1, mut f2) = (work(&app, &forgot), work(&app, &forgot));
    let mut a = work(&app, &start);
    until_claim(&app, f1.as_mut());
    until_claim(&app, f2.as_mut());
    until_claim(&app, a.as_mut());
    let _ = block_on(f1.as_mut());
    let _ = block_on(f2.as_mut());
    let _ = block_on(a.as_mut()).expect(200);
    drop((f1, f2, a));
    app.advance(300);
    let began = app.env.clock.now();
    let _ = app.make(&start).expect(200);
    assert_eq!(app.env.clock.now().since(began), Duration::ZERO);
}

#[test]
fn in_no_order_does_giving_a_claim_back_hand_a_number_out_twice() {
    let app = with_ann();
    let begin = || {
        let app = app.fork();
        let store = app.env.store.clone();
        let unused = block_on(claim_issue(&store, &ann(), 1)).unwrap().0;
        let mut callers: Vec<Caller<Option<i64>>> = Vec::new();
        let own = store.clone();
        callers.push(Box::pin(async move {
            return_issue_claim(&own, &ann(), unused).await.unwrap();
            None
        }));
        for _ in 0..2 {
            let own = store.clone();
            callers.push(Box::pin(async move {
                Some(claim_issue(&own, &ann(), 1).await.unwrap().0.number)
            }));
        }
        (app, callers)
    };
    explore(600, begin, |_, numbers| {
        let numbers: Vec<i64> = numbers.into_iter().flatten().collect();
        assert_ne!(numbers[0], numbers[1], "{numbers:?}");
    });
}

#[test]
fn a_clock_that_goes_back_an_hour_makes_nobody_wait_for_an_hour() {
    let app = with_ann();
    let day = attempts_day(app.env.clock.now());
    let _dead = block_on(claim_issue(&app.env.store, &ann(), day)).unwrap();
    let start = app.call(&format!("{ANN}/recovery"), json!({"deliver": "return"}));
    let mut a = work(&app, &start);
    until_claim(&app, a.as_mut());
    app.env.clock.set_back(Duration::from_hours(1));
    let sleeps = app.env.clock.sleeps();
    let _ = block_on(a.as_mut());
    drop(a);
    let sleeps = app.env.clock.sleeps() - sleeps;
    assert!(sleeps < 1_000, "{sleeps} looks, a tenth of a second each");
}
