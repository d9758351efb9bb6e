//! The work that a request leaves for after its response.
//!
//! Each piece is done even if others fail. Important work is on the agenda already, so the next run of the agenda picks
//! up what a crash leaves.

use crate::courier::report::CourierRun;
use crate::courier::run::{self, RunTime};
use crate::courier::work::work_entry;
use crate::flow::passwords::{breached, store_newer_hash};
use crate::model::log_line::LogLine;
use crate::ports::{Clock, Env, KeyValue, Log, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::{BreachQuestion, Cx, Deferred};
use crate::store::failed_attempts;
use crate::store::lease::Lease;
use crate::store::{recoveries, sign_ins};

/// Does all of the work. Failures are logged.
pub async fn run<E: Env>(env: &E, mut deferred: Deferred) {
    let entries = std::mem::take(&mut deferred.entries);
    let looks_around = deferred.looks_around;
    tidy(env, deferred).await;
    let courier_run = CourierRun::after_response();
    for entry in entries {
        let worked = work_entry(env, entry, &courier_run).await;
        log_failure(env, worked.map(drop));
    }
    if looks_around {
        let looked = run::run_few(env, env.clock().now()).await;
        log_failure(env, looked.map(drop));
    }
}

/// Like [`run`](run()), but also updates the directory if it is far behind: for the component that creates accounts in
/// bulk. Others leave that to the courier, so that they need not contain the code for it.
pub async fn run_and_follow<E: Env>(env: &E, deferred: Deferred) {
    let follows = deferred.follows_directory;
    run(env, deferred).await;
    if follows {
        run::follow_directory(env, RunTime::USUAL).await;
    }
}

/// Like `run`, without running agenda entries: another component or the courier does that. For components that neither
/// issue nor deliver, so that they need not contain the code for it.
pub async fn tidy<E: Env>(env: &E, mut deferred: Deferred) {
    let store = env.store();
    let leases = std::mem::take(&mut deferred.leases);
    Lease::release_all(store, leases, env.clock().now()).await;
    let given_back = recoveries::return_unused_claim(env, &mut deferred).await;
    log_failure(env, given_back);
    for counter in deferred.give_back {
        match store.increment(&counter, -1).await {
            // Another call has deleted the counter meanwhile, and nothing else would delete the new one.
            Ok(number) if number < 0 => deferred.delete.push(counter.into()),
            given_back => log_failure(env, given_back.map(drop)),
        }
    }
    if !deferred.delete.is_empty() {
        log_failure(env, store.delete_many(deferred.delete).await);
    }
    if let Some((id, sign_in)) = &deferred.signed_in {
        log_failure(env, sign_ins::note(store, id, sign_in).await);
    }
    if deferred.expiring.is_empty()
        && deferred.rehash.is_none()
        && deferred.breach_check.is_none()
        && deferred.failed.is_none()
    {
        return;
    }
    let mut cx = Cx::new(env).await;
    cx.deferred.expiring = deferred.expiring;
    if let Some(attempt) = deferred.failed {
        log_failure(env, failed_attempts::count(&mut cx, attempt).await);
    }
    let question = due(&mut cx, deferred.breach_check).await;
    if !cx.deferred.expiring.is_empty() {
        log_failure(env, Batch::default().commit(&mut cx).await.map(drop));
    }
    if let Some(rehash) = deferred.rehash {
        log_failure(env, store_newer_hash(&mut cx, rehash).await);
    }
    // Last, since another host has to answer.
    if let Some(question) = question {
        log_failure(env, breached::ask(&mut cx, question).await);
    }
}

/// The question, if it may be asked today.
async fn due<E: Env>(
    cx: &mut Cx<'_, E>,
    question: Option<BreachQuestion>,
) -> Option<BreachQuestion> {
    let question = question?;
    match breached::is_due(cx, &question).await {
        Ok(is_due) => is_due.then_some(question),
        Err(outage) => {
            log_failure(cx.env, Err(outage));
            None
        }
    }
}

fn log_failure<E: Env>(env: &E, done: Result<(), Unavailable>) {
    if let Err(outage) = done {
        env.log().write(&LogLine::WorkFailed { outage });
    }
}
