//! How many operations on the store a call takes, before its answer and after it. A write is a transaction, and on a
//! disk a flush.

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::store::directory;
use crate::testing::{App, Call, Recovery, block_on, other_than};

/// Operations by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Operations {
    changing: usize,
    reads: usize,
}

/// Short for [`Operations`]: writes, then reads.
const fn of(changing: usize, reads: usize) -> Operations {
    Operations { changing, reads }
}

/// The cost of one call.
#[derive(Debug, Clone, Copy)]
struct Cost {
    status: u16,
    round_trips: u64,
    answer: Operations,
    after: Operations,
}

impl Cost {
    /// The pinned values: status, round trips before the answer, and the operations before and after it. Work that
    /// moves to after the answer stays pinned.
    fn pinned(self) -> (u16, u64, Operations, Operations) {
        (self.status, self.round_trips, self.answer, self.after)
    }
}

/// The operations since the last call.
fn take_operations(app: &App) -> Operations {
    let seen = app.env.store.take_operations();
    let is_read = |it: &&String| it.starts_with("get ") || it.starts_with("exists ");
    let reads = seen.iter().filter(is_read).count();
    Operations {
        changing: seen.len() - reads,
        reads,
    }
}

/// Makes `call` on a copy of `app`, and prints its cost as a row of a table.
fn cost(name: &str, app: &App, call: &Call) -> Cost {
    let app = app.fork();
    let (reply, deferred) = app.answer(call);
    let round_trips = app.env.store.take_round_trips();
    let answer = take_operations(&app);
    block_on(after_response::run(&app.env, deferred));
    let cost = Cost {
        status: reply.status,
        round_trips,
        answer,
        after: take_operations(&app),
    };
    println!(
        "| {name} | {round_trips} | {} ({}) + {} ({}) | {} | {} |",
        answer.reads + answer.changing,
        answer.changing,
        cost.after.reads + cost.after.changing,
        cost.after.changing,
        answer.changing + cost.after.changing,
        answer.reads + cost.after.reads,
    );
    cost
}

/// An app with the account `ann`, where the counters of this hour and of this client exist.
fn in_the_window() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let _ = app.forgot(App::NOBODY).expect(202);
    let _ = app.verify("unknown", "000000").expect(400);
    let _ = app.reset(&"A".repeat(64), App::NEW_PASSWORD).expect(400);
    let _ = app.cancel(&"A".repeat(64)).expect(400);
    let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    let _ = app.sign_in(App::NOBODY, App::NEW_PASSWORD).expect(401);
    app
}

fn recovered() -> (App, Recovery) {
    let app = in_the_window();
    let recovery = app.recover();
    (app, recovery)
}

fn from_another_client(app: &App) -> App {
    let app = app.fork();
    app.come_from("198.51.100.7:1");
    app
}

fn forgot(app: &App, email: &str) -> Call {
    app.call("/v1/forgot-password", json!({"email": email}))
}

fn verify(app: &App, challenge_id: &str, code: &str) -> Call {
    let body = json!({"challenge_id": challenge_id, "code": code});
    app.call("/v1/verify-otp", body)
}

fn verify_for(app: &App, email: &str, code: &str) -> Call {
    let body = json!({"email": email, "code": code});
    app.call("/v1/verify-otp", body)
}

fn sign_in(app: &App, password: &str) -> Call {
    let body = json!({"email": App::EMAIL, "password": password});
    app.call("/v1/sign-in", body)
}

fn reset(app: &App, token: &str) -> Call {
    let body = json!({"token": token, "new_password": App::NEW_PASSWORD});
    app.call("/v1/reset-password", body)
}

#[test]
fn forgot_password() {
    let (cooling, _) = recovered();
    let app = in_the_window();
    for (name, app, email) in [
        ("forgot-password, known", &app, App::EMAIL),
        ("forgot-password, unknown", &app, App::NOBODY),
        ("forgot-password, in the cooldown", &cooling, App::EMAIL),
    ] {
        let pinned = (202, 3, of(4, 1), of(5, 10));
        assert_eq!(cost(name, app, &forgot(app, email)).pinned(), pinned);
        // The client's counter is created together with the request.
        let app = from_another_client(app);
        let name = format!("{name}, a client's first call");
        assert_eq!(cost(&name, &app, &forgot(&app, email)).pinned(), pinned);
    }
}

/// With a portal that gets each request's event, and a provider that answers so.
fn with_portal(provider: (u16, Option<&'static str>)) -> App {
    let app = in_the_window();
    let variables = &app.env.variables;
    variables.set("webhook_url", "https://portal.example.test/hooks");
    variables.set(
        "webhook_secret",
        "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==",
    );
    app.env.http.answer_by(move |request| {
        let is_portal = request.uri().host() == Some("portal.example.test");
        let (status, retry_after) = if is_portal { (200, None) } else { provider };
        Ok((status, retry_after.map(str::to_owned)))
    });
    app
}

#[test]
fn forgot_password_with_a_portal_to_tell() {
    let app = with_portal((200, None));
    let [known, unknown] =
        [App::EMAIL, App::NOBODY].map(|email| cost(email, &app, &forgot(&app, email)).pinned());
    assert_eq!(known, unknown);
}

/// The provider would accept the email a moment later: the event is sent anyway.
#[test]
fn forgot_password_while_the_provider_takes_no_mail() {
    let app = with_portal((429, Some("1")));
    let [known, unknown] = [App::EMAIL, App::NOBODY].map(|email| {
        let cost = cost(email, &app, &forgot(&app, email));
        (cost.answer.changing, cost.after.changing)
    });
    assert_eq!(known, unknown);
}

#[test]
fn verify_otp() {
    let (app, recovery) = recovered();
    let (id, code) = (&recovery.challenge_id, &recovery.code);
    let wrong = other_than(code);
    let used = app.fork();
    let _ = used.verify(id, code).expect(200);
    let refused = (400, 3, of(2, 4), of(1, 0));
    let right = (200, 5, of(4, 4), of(1, 0));
    let by_id: fn(&App, &str, &str) -> Call = verify;
    let by_email: fn(&App, &str, &str) -> Call = verify_for;
    for (name, app, call, whose, code, pinned) in [
        ("wrong", &app, by_id, &**id, &wrong, refused),
        ("unknown", &app, by_id, "unknown", code, refused),
        ("used", &used, by_id, id, code, refused),
        ("right", &app, by_id, id, code, right),
        (
            "by address, wrong",
            &app,
            by_email,
            App::EMAIL,
            &wrong,
            refused,
        ),
        (
            "by address, unknown",
            &app,
            by_email,
            App::NOBODY,
            code,
            refused,
        ),
        (
            "by address, used",
            &used,
            by_email,
            App::EMAIL,
            code,
            refused,
        ),
        ("by address, right", &app, by_email, App::EMAIL, code, right),
    ] {
        let name = format!("verify-otp, {name}");
        assert_eq!(cost(&name, app, &call(app, whose, code)).pinned(), pinned);
        let app = from_another_client(app);
        let name = format!("{name}, a client's first call");
        let (status, round_trips, answer, after) = pinned;
        // The deletion of the client's counter is an entry of its own: a number and a write.
        let pinned = (status, round_trips, answer, of(after.changing + 2, 0));
        assert_eq!(cost(&name, &app, &call(&app, whose, code)).pinned(), pinned);
    }
}

#[test]
fn reset_password() {
    let (app, recovery) = recovered();
    let by_link = cost(
        "reset-password, by link",
        &app,
        &reset(&app, &recovery.link),
    );
    assert_eq!(by_link.pinned(), (204, 6, of(7, 9), of(2, 2)));
    let first = from_another_client(&app);
    let call = reset(&first, &recovery.link);
    let by_link = cost(
        "reset-password, by link, a client's first call",
        &first,
        &call,
    );
    assert_eq!(by_link.pinned(), (204, 6, of(7, 9), of(2, 2)));
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let call = reset(&app, &token.text("reset_token"));
    let by_token = cost("reset-password, by reset token", &app, &call);
    assert_eq!(by_token.pinned(), (204, 6, of(7, 9), of(2, 2)));
    let call = reset(&app, &"A".repeat(64));
    let refused = cost("reset-password, unknown token", &app, &call);
    assert_eq!(refused.pinned(), (400, 2, of(1, 4), of(1, 0)));
}

#[test]
fn check_reset_token() {
    let (app, recovery) = recovered();
    let _ = app.check("unknown").expect(400);
    let check = |token: &str| app.call("/v1/reset-password/check", json!({"token": token}));
    for (name, token, pinned) in [
        ("check, good", &*recovery.link, (200, 2, of(1, 4), of(0, 0))),
        ("check, unknown", "unknown", (400, 2, of(1, 4), of(1, 0))),
        (
            "check, of another kind",
            &recovery.cancel,
            (400, 2, of(1, 4), of(1, 0)),
        ),
    ] {
        let cost = cost(name, &app, &check(token));
        assert_eq!(cost.pinned(), pinned, "{name}");
    }
}

#[test]
fn check_password_policy() {
    let app = App::with_account();
    let body = json!({"password": "heron", "email": App::EMAIL});
    let call = app.call("/v1/password-policy/check", body);
    // The first call of a window schedules the deletion of its count.
    let _ = app.make(&call).expect(200);
    let cost = cost("password-policy/check", &app, &call);
    // One count, and no access for the password itself.
    assert_eq!(cost.pinned(), (200, 1, of(1, 0), of(0, 0)));
}

#[test]
fn cancel_recovery() {
    let (app, recovery) = recovered();
    let call = app.call("/v1/cancel-recovery", json!({"token": recovery.cancel}));
    let cancelled = cost("cancel-recovery", &app, &call);
    assert_eq!(cancelled.pinned(), (204, 6, of(8, 8), of(1, 0)));
    let again = app.fork();
    let _ = again.cancel(&recovery.cancel).expect(204);
    let again = cost("cancel-recovery, again", &again, &call);
    assert_eq!(again.pinned(), (204, 2, of(1, 3), of(0, 0)));
    let unknown = app.call("/v1/cancel-recovery", json!({"token": "A".repeat(64)}));
    let refused = cost("cancel-recovery, unknown token", &app, &unknown);
    assert_eq!(refused.pinned(), (400, 2, of(1, 3), of(1, 0)));
}

#[test]
fn sign_in_right_and_wrong() {
    let app = in_the_window();
    let first = cost(
        "sign-in, right, the first in a minute",
        &app,
        &sign_in(&app, App::PASSWORD),
    );
    assert_eq!(first.pinned(), (200, 3, of(2, 7), of(2, 0)));
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    // Three of the reads are for the marks of foreign hashes, in the first round trip.
    let right = (200, 3, of(2, 7), of(1, 0));
    let wrong = (401, 4, of(3, 7), of(0, 0));
    for (name, password, pinned) in [
        ("sign-in, right", App::PASSWORD, right),
        ("sign-in, wrong", App::NEW_PASSWORD, wrong),
    ] {
        assert_eq!(cost(name, &app, &sign_in(&app, password)).pinned(), pinned);
        let app = from_another_client(&app);
        let name = format!("{name}, a client's first call");
        let cost = cost(&name, &app, &sign_in(&app, password));
        // As with a code: the deletion of its counter.
        let (status, round_trips, answer, after) = pinned;
        let pinned = (status, round_trips, answer, of(after.changing + 2, 0));
        assert_eq!(cost.pinned(), pinned);
    }
}

#[test]
fn the_first_wrong_password_for_an_account_in_an_hour_schedules_the_deletion_of_its_two_counts() {
    let app = in_the_window();
    let _ = app.create_account("bob@example.test").expect(201);
    let _ = app.env.store.take_operations();
    let _ = app.env.store.take_round_trips();
    for email in ["bob@example.test", "carol@example.test"] {
        let body = json!({"email": email, "password": App::NEW_PASSWORD});
        let name = format!("sign-in, wrong, the first in an hour, {email}");
        let wrong = cost(&name, &app, &app.call("/v1/sign-in", body));
        assert_eq!(wrong.pinned(), (401, 4, of(3, 7), of(2, 0)), "{name}");
    }
}

#[test]
fn change_password() {
    let app = in_the_window();
    let change = |current: &str, new: &str| {
        let body = json!({"user_id": "ann", "current_password": current, "new_password": new});
        app.call("/v1/change-password", body)
    };
    let call = change(App::PASSWORD, App::NEW_PASSWORD);
    let changed = cost("change-password", &app, &call);
    assert_eq!(changed.pinned(), (204, 7, of(7, 9), of(3, 2)));
    let call = change(App::OTHER_PASSWORD, App::NEW_PASSWORD);
    let wrong = cost("change-password, wrong", &app, &call);
    assert_eq!(wrong.pinned(), (401, 4, of(3, 6), of(0, 0)));
    let call = change(App::PASSWORD, "12345678");
    let refused = cost("change-password, refused", &app, &call);
    assert_eq!(refused.pinned(), (422, 3, of(2, 6), of(1, 0)));
}

#[test]
fn administrators() {
    let (app, _) = recovered();
    let post = |path: &str, body: Value| app.call(path, body);
    let new = json!({"email": "bob@example.test", "password": App::PASSWORD});
    let created = cost("create an account", &app, &post("/v1/admin/users", new));
    // One of the writes before the answer numbers the change, for the directory.
    assert_eq!(created.pinned(), (201, 6, of(6, 5), of(1, 0)));
    let generated = json!({"email": "bob@example.test", "generate": true, "return_password": true});
    let call = post("/v1/admin/users", generated);
    let returned = cost("create an account, its password returned", &app, &call);
    assert_eq!(returned.pinned(), (201, 6, of(6, 5), of(1, 0)));
    let mailed = json!({"email": "bob@example.test", "generate": true, "send_email": true});
    let call = post("/v1/admin/users", mailed);
    let mailed = cost("create an account, its password mailed", &app, &call);
    assert_eq!(mailed.pinned(), (201, 6, of(7, 5), of(2, 4)));
    let invited = json!({"email": "bob@example.test", "invite": {"deliver": "email"}});
    let call = post("/v1/admin/users", invited);
    let invited = cost("create an account, its user invited", &app, &call);
    assert_eq!(invited.pinned(), (201, 6, of(7, 5), of(2, 4)));
    let body = json!({"generate": true, "send_email": true});
    let call = post("/v1/admin/users/ann/reset-password", body);
    let mailed = cost("administrator's reset, mailed", &app, &call);
    assert_eq!(mailed.pinned(), (200, 6, of(6, 4), of(2, 4)));
}

#[test]
fn the_couriers_first_walk_of_a_new_store_reads_little() {
    let app = App::with_account();
    block_on(directory::follow(&app.env, &|| false)).unwrap();
    let _ = take_operations(&app);
    let call = app.call("/v1/courier/run", json!({}));
    let walk = cost("the courier's first walk of a new store", &app, &call);
    assert_eq!(walk.status, 200);
    // One read is for the directory's progress, one for bulk jobs, and four for the feed of all events.
    assert!(walk.answer.reads + walk.after.reads <= 16, "{walk:?}");
}
