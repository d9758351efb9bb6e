//! A replica that lacks the last writes takes over. docs/deploy.md says what is lost then.

use std::sync::{Arc, Mutex};

use crate::app::{
    App, Caller as _, Keeps, Redis, has_redis, strong_password, unique_email, wait_for,
};

#[test]
fn a_replica_that_lacks_the_last_writes_undoes_them_and_nothing_else() {
    if !has_redis() {
        return;
    }
    let server = Arc::new(Mutex::new(Redis::start(Keeps::Nothing)));
    let redis = || server.lock().expect("no test has panicked");
    let replica = Redis::start(Keeps::AllAtTheEnd);
    let app = App::builder().redis(&server).start();
    let port = redis().port().to_string();
    replica.command(&["REPLICAOF", "127.0.0.1", &port]);

    // Before: these have reached the replica.
    let (early, late) = (app.create_user(), app.create_user());
    let changed = strong_password();
    let token = app.recover(&early).mail.link_token();
    app.visitor()
        .reset_password(&token, &changed)
        .expect_nothing();
    let pending = app.recover(&late).mail.link_token();
    app.portal().run_courier().expect_status(200);
    wait_for(|| {
        let here = offset(
            &redis().command(&["INFO", "replication"]),
            "master_repl_offset",
        );
        let there = offset(
            &replica.command(&["INFO", "replication"]),
            "slave_repl_offset",
        );
        if here == there {
            Ok(())
        } else {
            Err((here, there))
        }
    });

    // The last second: acknowledged, and unknown to the replica.
    replica.command(&["REPLICAOF", "NO", "ONE"]);
    let lost = strong_password();
    app.visitor()
        .reset_password(&pending, &lost)
        .expect_nothing();
    app.assert_signs_in(&late, &lost);
    let newcomer = app.create_user();
    redis().replace_by(replica);
    wait_for(|| {
        let health = app.visitor().get("/v1/health");
        (health.status == 200).then_some(()).ok_or(health.status)
    });

    // Kept: everything from before. A token that was used before stays used.
    app.assert_signs_in(&early, &changed);
    let again = app.visitor().reset_password(&token, &strong_password());
    again.expect_problem(400, "invalid-reset-token");
    // Lost: the last reset and the last account. The old password is valid again, and the link works again, once.
    app.assert_does_not_sign_in(&late, &lost);
    app.assert_signs_in(&late, &late.password);
    app.portal()
        .find_user(&newcomer.id)
        .expect_problem(404, "not-found");
    let password = strong_password();
    app.visitor()
        .reset_password(&pending, &password)
        .expect_nothing();
    let twice = app.visitor().reset_password(&pending, &strong_password());
    twice.expect_problem(400, "invalid-reset-token");
    app.assert_signs_in(&late, &password);
    // New requests work as usual.
    app.visitor()
        .forgot_password(&unique_email())
        .expect_status(202);
    let recovered = app.create_user();
    app.recover(&recovered);
}

/// A figure of `INFO`.
fn offset(info: &str, name: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix(name))?;
    line.strip_prefix(':')?.trim().parse().ok()
}
