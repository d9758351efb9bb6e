//! Administrators' calls against a reset that is under way, at every operation on the store.

use serde_json::{Value, json};

use crate::testing::schedules::{Caller, explore};
use crate::testing::{App, Call, Recovery, Reply, exchange};

mod bulk;
mod recoveries;

/// How many orders are run of each pair.
const MOST: usize = 800;

const ANN: &str = "/v1/admin/users/ann";

fn with_ann() -> (App, Recovery) {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let recovery = app.recover();
    (app, recovery)
}

fn caller(app: &App, call: &Call) -> Caller<Reply> {
    let (env, call) = (app.env.clone(), call.clone());
    Box::pin(async move {
        let (reply, deferred) = exchange(&env, &call).await;
        crate::courier::after_response::run(&env, deferred).await;
        reply
    })
}

fn reset(app: &App, token: &str) -> Call {
    let body = json!({"token": token, "new_password": App::NEW_PASSWORD});
    app.call("/v1/reset-password", body)
}

/// Runs an administrator's `call` against a reset by the link, and against one by a reset token. `check` gets the app and
/// whether the reset was answered as done.
fn against_resets(call: impl Fn(&App) -> Call, check: impl Fn(&App, bool)) {
    against_resets_of(with_ann(), call, |app, done, _| check(app, done));
}

/// The same for an account and a recovery in a given state. `check` also gets the answer to `call`.
fn against_resets_of(
    (app, recovery): (App, Recovery),
    call: impl Fn(&App) -> Call,
    check: impl Fn(&App, bool, &Reply),
) {
    let by_code = app.fork();
    let token = by_code.verify(&recovery.challenge_id, &recovery.code);
    for (app, token) in [(app, recovery.link), (by_code, token.text("reset_token"))] {
        let begin = || {
            let app = app.fork();
            let callers = vec![
                caller(&app, &reset(&app, &token)),
                caller(&app, &call(&app)),
            ];
            (app, callers)
        };
        let explored = explore(MOST, begin, |app, replies| {
            let [reset, other] = &replies[..] else {
                panic!("{replies:?}")
            };
            assert!([200, 202, 204].contains(&other.status), "{replies:?}");
            assert!([204, 400].contains(&reset.status), "{replies:?}");
            check(&app, reset.status == 204, other);
        });
        assert!(explored.orders >= MOST || explored.all, "{explored:?}");
    }
}

fn account(app: &App) -> Value {
    app.make(&Call::get(ANN)).expect(200).json()
}

/// How many events of this type ann has had.
fn events(app: &App, kind: &str) -> usize {
    let page = app.make(&Call::get(&format!("{ANN}/events?limit=100")));
    let page = page.expect(200).json();
    let events = page["events"].as_array().unwrap();
    events.iter().filter(|event| event["type"] == kind).count()
}

/// Ann and her latest recovery, after a stranger in her network has used up her limits.
fn kept_out() -> (App, Recovery) {
    let (app, mut recovery) = with_ann();
    for number in 0..100 {
        if number == 50 {
            app.advance(60);
        }
        let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    }
    for _ in 0..8 {
        app.advance(60);
        let reply = app.forgot(App::EMAIL).expect(202);
        if let Some(mail) = app.take_mails().pop() {
            recovery = Recovery {
                challenge_id: reply.text("challenge_id"),
                code: mail.code(),
                link: mail.link(),
                cancel: mail.cancel(),
            };
        }
    }
    assert_eq!(locks(&app), [true; 2]);
    (app, recovery)
}

/// Whether sign-ins and emails are refused.
fn locks(app: &App) -> [bool; 2] {
    let account = account(app);
    ["locked_until", "recovery_paused_until"].map(|time| account[time].is_string())
}

#[test]
fn unlocking_lifts_the_locks_and_leaves_a_reset_that_was_under_way_its_password() {
    against_resets_of(
        kept_out(),
        |app| app.call(&format!("{ANN}/unlock"), json!({})),
        |app, done, _| {
            assert!(done);
            assert_eq!(locks(app), [false; 2]);
            assert_eq!(events(app, "account.unlocked"), 1);
            assert!(app.knows(App::NEW_PASSWORD) && !app.knows(App::PASSWORD));
            let _ = app.recover();
        },
    );
}

#[test]
fn no_administrators_call_is_undone_by_a_reset_that_was_under_way() {
    let reset = json!({"password": App::OTHER_PASSWORD, "change_on_next_sign_in": false});
    against_resets(
        |app| app.call(&format!("{ANN}/reset-password"), reset.clone()),
        |app, _| assert!(app.knows(App::OTHER_PASSWORD)),
    );
}

#[test]
fn a_disabled_account_stays_disabled_and_keeps_the_password_that_it_had_or_got_before() {
    against_resets(
        |app| app.call(ANN, json!({"disabled": true})).by("PATCH"),
        |app, done| {
            assert_eq!(account(app)["disabled"], true);
            let _ = app.make(&app.call(ANN, json!({"disabled": false})).by("PATCH"));
            assert_eq!(app.knows(App::NEW_PASSWORD), done);
            assert_eq!(app.knows(App::PASSWORD), !done);
        },
    );
}

#[test]
fn after_a_change_of_address_the_link_that_went_to_the_old_one_sets_nothing() {
    let moved = "moved@example.test";
    against_resets(
        |app| app.call(ANN, json!({"email": moved})).by("PATCH"),
        |app, done| {
            assert_eq!(account(app)["email"], moved);
            assert_eq!(app.sign_in(moved, App::NEW_PASSWORD).status == 200, done);
            assert_eq!(app.sign_in(moved, App::PASSWORD).status == 200, !done);
        },
    );
}

#[test]
fn a_change_that_is_required_while_a_reset_is_under_way_stays_required() {
    against_resets(
        |app| {
            app.call(&format!("{ANN}/password-change"), json!({"required": true}))
                .by("PUT")
        },
        |app, done| {
            // The order starts an epoch, so a reset that comes later is refused. It must not undo the order unnoticed.
            assert_eq!(account(app)["credential"]["must_change"], true);
            assert_eq!(
                app.sign_in(App::EMAIL, App::NEW_PASSWORD).status == 200,
                done
            );
            assert_eq!(app.sign_in(App::EMAIL, App::PASSWORD).status == 200, !done);
        },
    );
}

#[test]
fn a_change_that_is_no_longer_required_while_a_reset_is_under_way_leaves_the_new_password_and_no_requirement()
 {
    let app = with_ann().0;
    let order = |app: &App, required: bool| {
        let call = app.call(
            &format!("{ANN}/password-change"),
            json!({"required": required}),
        );
        call.by("PUT")
    };
    let _ = app.make(&order(&app, true)).expect(204);
    app.advance(60);
    let recovery = app.recover();
    against_resets_of(
        (app, recovery),
        |app| order(app, false),
        |app, done, _| {
            assert!(done, "lifting the requirement starts no epoch");
            assert_eq!(account(app)["credential"]["must_change"], false);
            assert!(app.knows(App::NEW_PASSWORD) && !app.knows(App::PASSWORD));
        },
    );
}

#[test]
fn a_language_that_is_set_while_a_reset_is_under_way_stays_set_beside_the_new_password() {
    against_resets(
        |app| app.call(ANN, json!({"locale": "de"})).by("PATCH"),
        |app, done| {
            assert!(done);
            assert_eq!(account(app)["locale"], "de");
            assert!(app.knows(App::NEW_PASSWORD) && !app.knows(App::PASSWORD));
        },
    );
}

#[test]
fn an_account_that_is_enabled_while_a_reset_is_under_way_keeps_the_password_that_it_had() {
    let (app, recovery) = with_ann();
    let disable = |app: &App, disabled: bool| {
        let call = app.call(ANN, json!({"disabled": disabled}));
        call.by("PATCH")
    };
    let by_code = app.fork();
    let token = by_code.verify(&recovery.challenge_id, &recovery.code);
    for (app, token) in [(app, recovery.link), (by_code, token.text("reset_token"))] {
        // The token is from before that, which started an epoch.
        let _ = app.make(&disable(&app, true)).expect(200);
        let begin = || {
            let app = app.fork();
            let callers = vec![
                caller(&app, &reset(&app, &token)),
                caller(&app, &disable(&app, false)),
            ];
            (app, callers)
        };
        let explored = explore(MOST, begin, |app, replies| {
            let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
            assert_eq!(statuses, [400, 200]);
            assert_eq!(account(&app)["disabled"], false);
            assert!(app.knows(App::PASSWORD) && !app.knows(App::NEW_PASSWORD));
        });
        assert!(explored.orders >= MOST || explored.all, "{explored:?}");
    }
}

#[test]
fn whoever_is_signed_out_while_a_reset_is_under_way_has_one_password_or_the_other() {
    let before = account(&with_ann().0)["credential_epoch"].as_u64();
    against_resets(
        |app| app.call(&format!("{ANN}/sign-out"), json!({})),
        |app, done| {
            assert_eq!(app.knows(App::NEW_PASSWORD), done);
            assert_eq!(app.knows(App::PASSWORD), !done);
            // The sign-out came after the reset, or invalidated its token.
            let raised = if done { 2 } else { 1 };
            let epoch = account(app)["credential_epoch"].as_u64();
            assert!(epoch >= before.map(|epoch| epoch + raised), "{epoch:?}");
        },
    );
}

#[test]
fn a_stopped_recovery_sets_nothing_unless_the_reset_came_first() {
    against_resets(
        |app| {
            app.call(&format!("{ANN}/challenge"), Value::Null)
                .by("DELETE")
        },
        |app, done| {
            assert_eq!(app.knows(App::NEW_PASSWORD), done);
            assert_eq!(app.knows(App::PASSWORD), !done);
            let shown = app.make(&Call::get(&format!("{ANN}/challenge")));
            assert_eq!(shown.json()["challenge"], Value::Null);
        },
    );
}

#[test]
fn a_deleted_account_stays_deleted() {
    against_resets(
        |app| app.call(ANN, Value::Null).by("DELETE"),
        |app, _| {
            assert_eq!(app.make(&Call::get(ANN)).status, 404);
            assert!(!app.env.store.dump().contains("$argon2id$"));
        },
    );
}

#[test]
fn a_change_that_is_required_by_graphql_while_a_reset_is_under_way_stays_required() {
    let query = "mutation ($id: ID!) { setPasswordExpired(input: {userID: $id, expired: true}) {
        user { primaryPassword { expireAfter } } } }";
    // "User:ann" in base64url.
    let body = json!({"query": query, "variables": {"id": "VXNlcjphbm4"}});
    against_resets_of(
        with_ann(),
        |app| app.call("/graphql", body.clone()),
        |app, done, reply| {
            assert_eq!(reply.json()["errors"], Value::Null, "{reply:?}");
            assert_eq!(account(app)["credential"]["must_change"], true);
            assert_eq!(app.knows(App::NEW_PASSWORD), done);
        },
    );
}

#[test]
fn two_resets_at_once_raise_the_epoch_and_never_lower_it() {
    let (app, recovery) = with_ann();
    let before = account(&app)["credential_epoch"].as_u64();
    let admin = json!({"password": App::OTHER_PASSWORD, "change_on_next_sign_in": false});
    let begin = || {
        let app = app.fork();
        let callers = vec![
            caller(&app, &reset(&app, &recovery.link)),
            caller(
                &app,
                &app.call(&format!("{ANN}/reset-password"), admin.clone()),
            ),
        ];
        (app, callers)
    };
    let explored = explore(MOST, begin, |app, replies| {
        let account = account(&app);
        assert!(account["credential_epoch"].as_u64() > before);
        let events = app.make(&Call::get(&format!("{ANN}/events"))).json();
        let latest = events["events"].as_array().unwrap()[0]["sequence"]
            .as_u64()
            .unwrap();
        assert!(
            latest >= u64::from(replies[0].status == 204) + 2,
            "{events}"
        );
    });
    assert!(explored.orders >= MOST || explored.all, "{explored:?}");
}
