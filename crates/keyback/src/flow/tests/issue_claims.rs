//! A claim to issue that no write has used is given back: the next to issue for the account waits for nothing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::flow::recovery::turn::Turn;
use crate::model::id::AccountId;
use crate::model::recovery::{IssueClaim, attempts_day};
use crate::ports::Clock as _;
use crate::ports::KeyValue as _;
use crate::store::cx::{Cx, Deferred};
use crate::store::recoveries::{self, TURN};
use crate::store::{accounts, keys};
use crate::testing::{App, Call, block_on};

const ANN: &str = "/v1/admin/users/ann";

/// The account ann, with a recovery under way and no cooldown left.
fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let _ = app.recover();
    app.advance(120);
    let _ = app.run_courier();
    app
}

fn start(app: &App) -> Call {
    app.call(&format!("{ANN}/recovery"), json!({"deliver": "return"}))
}

/// The operation with this number, from 0, of those since the last call.
fn take_operation(app: &App, number: u64) -> Option<String> {
    let operations = app.env.store.take_operations();
    operations.into_iter().nth(usize::try_from(number).ok()?)
}

/// Makes `call` on copies of `app` whose store fails once, at the first, second, third, … operation, and then `next`,
/// which issues and must not wait. Only if the write itself failed may it have to: the claim may be used.
fn at_every_failure(app: &App, call: &Call, next: &Call) {
    let mut refused = 0;
    for operation in 0..300 {
        let app = app.fork();
        let store = &app.env.store;
        let _ = store.take_operations();
        store.fail_once_after(operation);
        let reply = app.make(call);
        store.fail_after(None);
        let Some(failed) = take_operation(&app, operation) else {
            assert!(refused > 0, "the claim was given back at least once");
            return;
        };
        refused += usize::from(reply.status == 503 || reply.json_if_any().is_some());
        let before = app.env.clock.now();
        let _ = app.make(next).expect(200);
        let waited = app.env.clock.now().since(before);
        assert!(
            waited.is_zero() || failed.starts_with("set-many"),
            "{waited:?} after {failed} failed at {operation}: {reply:?}"
        );
    }
    panic!("no end");
}

#[test]
fn after_an_administrators_call_that_failed_the_next_to_issue_waits_for_nothing() {
    let app = with_ann();
    let remind = "mutation { sendResetPasswordMessage(input: {loginID: \"ann@example.test\"}) }";
    for call in [
        start(&app),
        app.call(&format!("{ANN}/unlock"), json!({})),
        app.call(&format!("{ANN}/challenge"), Value::Null)
            .by("DELETE"),
        app.call("/graphql", json!({"query": remind})),
    ] {
        at_every_failure(&app, &call, &start(&app));
    }
}

#[test]
fn after_an_invitation_that_failed_the_next_one_waits_for_nothing() {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "invite": {"deliver": "return"}});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let invite = app.call(&format!("{ANN}/invite"), json!({"deliver": "return"}));
    at_every_failure(&app, &invite, &invite);
}

#[test]
fn after_a_courier_that_failed_in_a_request_or_in_a_bulk_job_the_next_to_issue_waits_for_nothing() {
    let courier = |app: &App| app.call("/v1/courier/run", json!({}));
    let app = with_ann();
    let forgot = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&forgot);
    app.advance(61);
    at_every_failure(&app, &courier(&app), &start(&app));

    let app = with_ann();
    let order = json!({"action": "recover", "ids": ["ann"]});
    let _ = app
        .make(&app.call("/v1/admin/users/bulk", order))
        .expect(202);
    at_every_failure(&app, &courier(&app), &start(&app));
}

#[test]
fn a_claim_is_not_given_back_once_a_later_one_waits_for_it() {
    use crate::store::recoveries::{claim_issue, return_issue_claim};

    let app = App::default();
    let (store, id) = (&app.env.store, AccountId::placeholder());
    let claim = || block_on(claim_issue(store, &id, 1)).unwrap().0;
    let give_back = |claim| block_on(return_issue_claim(store, &id, claim)).unwrap();
    let (first, second) = (claim(), claim());
    give_back(first);
    give_back(second);
    assert_eq!(claim().number, 3, "no number is given out twice");
}

#[test]
fn after_requests_at_the_same_time_the_next_one_waits_for_nothing() {
    let app = with_ann();
    work(&app, requests_at_once(&app));
    assert_eq!(app.take_mails().len(), 1);
    app.advance(120);
    let before = app.env.clock.now();
    let _ = app.make(&start(&app)).expect(200);
    assert_eq!(app.env.clock.now(), before);
}

/// Those that lost their turn read the account and the recovery once more before they withdraw. If a read fails while they still
/// wait for their turn, they cannot know that they lost it.
#[test]
fn after_a_read_that_failed_in_requests_at_the_same_time_the_next_one_waits_for_nothing() {
    let with_ann = with_ann();
    let mut failed_reads = 0;
    for operation in 0..300 {
        let app = with_ann.fork();
        let deferred = requests_at_once(&app);
        let store = &app.env.store;
        let _ = store.take_operations();
        store.fail_once_after(operation);
        work(&app, deferred);
        store.fail_after(None);
        let Some(failed) = take_operation(&app, operation) else {
            assert!(failed_reads > 20, "{failed_reads}");
            return;
        };
        if !failed.starts_with("get ") && !failed.starts_with("exists ") {
            continue;
        }
        failed_reads += 1;
        app.advance(120);
        let before = app.env.clock.now();
        let _ = app.make(&start(&app)).expect(200);
        let waited = app.env.clock.now().since(before);
        let may_wait = ["get v1:account", "get v1:recovery"].contains(&failed.as_str());
        let most = if may_wait { TURN } else { Duration::ZERO };
        assert!(waited <= most, "{waited:?} after {failed} at {operation}");
    }
    panic!("no end");
}

/// Leaves a claim behind, as a process does that dies before it issues. The next one waits for it.
fn leave_claim(app: &App, id: &AccountId) -> IssueClaim {
    let day = attempts_day(app.env.clock.now());
    let claimed = block_on(recoveries::claim_issue(&app.env.store, id, day));
    claimed.unwrap().0
}

#[test]
fn a_request_that_waits_for_its_turn_brings_an_email_if_the_last_code_was_used() {
    let app = with_ann();
    let recovery = app.recover();
    let _ = app
        .verify(&recovery.challenge_id, &recovery.code)
        .expect(200);
    let _ = leave_claim(&app, &AccountId::parse("ann").unwrap());
    // Within the cooldown, which has ended with the use of the code.
    let _ = app.forgot(App::EMAIL).expect(202);
    assert_eq!(app.take_mails().len(), 1);

    app.advance(120);
    let recovery = app.recover();
    let _ = app
        .verify(&recovery.challenge_id, &recovery.code)
        .expect(200);
    let _ = leave_claim(&app, &AccountId::parse("ann").unwrap());
    let remind = "mutation { sendResetPasswordMessage(input: {loginID: \"ann@example.test\"}) }";
    let answer = app.make(&app.call("/graphql", json!({"query": remind})));
    assert_eq!(answer.json().get("errors"), None, "{answer:?}");
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn a_claim_that_is_no_longer_wanted_before_another_has_issued_is_given_back() {
    let app = with_ann();
    let id = AccountId::parse("ann").unwrap();
    let left = leave_claim(&app, &id);
    block_on(async {
        let mut cx = Cx::new(&app.env).await;
        let account = accounts::find(cx.store(), &id).await.unwrap().unwrap();
        let recovery = recoveries::find(cx.store(), &id).await.unwrap().unwrap();
        let turn = Turn::take(&mut cx, account, recovery, |_, _| false).await;
        assert!(turn.unwrap().is_none());
        assert!(cx.deferred.unused_claim.is_none());
    });
    let next = leave_claim(&app, &id);
    assert_eq!(next.number, left.number + 2);
    assert_eq!(next.given_back, Some(1));

    // An account that is gone has no counter any more, and gets none.
    let app = with_ann();
    let _ = leave_claim(&app, &id);
    block_on(async {
        let mut cx = Cx::new(&app.env).await;
        let account = accounts::find(cx.store(), &id).await.unwrap().unwrap();
        let recovery = recoveries::find(cx.store(), &id).await.unwrap().unwrap();
        let delete = async {
            app.env.clock.sleep(Duration::from_millis(1)).await;
            let gone = keys::account(&id).into();
            let counter = keys::attempts(&id, attempts_day(app.env.clock.now())).into();
            app.env
                .store
                .delete_many(vec![gone, counter])
                .await
                .unwrap();
        };
        let taking = Turn::take(&mut cx, account, recovery, |_, _| true);
        let (turn, ()) = futures::join!(taking, delete);
        assert!(turn.unwrap().is_none());
        assert!(cx.deferred.unused_claim.is_none());
    });
    let counters = app.env.store.names();
    let counters = counters
        .iter()
        .filter(|name| name.starts_with("v1:attempts:ann"));
    assert_eq!(counters.count(), 0);
}

/// Accepts five requests for ann. Returns the work that they leave.
fn requests_at_once(app: &App) -> Vec<Deferred> {
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    (0..5).map(|_| app.answer(&call).1).collect()
}

/// Does what several requests have left, all at once.
fn work(app: &App, deferred: Vec<Deferred>) {
    let work = deferred
        .into_iter()
        .map(|deferred| after_response::run_and_follow(&app.env, deferred));
    let _ = block_on(futures::future::join_all(work));
}
