//! Recoveries that are stopped, invitations that are sent again, and users' own changes, against other calls under way,
//! at every operation on the store.

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::testing::schedules::{Caller, explore};
use crate::testing::{App, Call, Recovery, Reply, exchange};

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

fn caller(app: &App, call: Call) -> Caller<Reply> {
    let env = app.env.clone();
    Box::pin(async move {
        let (reply, deferred) = exchange(&env, &call).await;
        after_response::run(&env, deferred).await;
        reply
    })
}

/// Makes `calls` concurrently on copies of `app`, with the work after their answers.
fn race(app: &App, calls: &[Call], check: impl Fn(&App, &[Reply])) {
    let begin = || {
        let app = app.fork();
        let callers = calls
            .iter()
            .map(|call| caller(&app, call.clone()))
            .collect();
        (app, callers)
    };
    let explored = explore(MOST, begin, |app, replies| check(&app, &replies));
    assert!(explored.orders > 100, "{explored:?}");
}

fn stop(app: &App) -> Call {
    app.call(&format!("{ANN}/challenge"), Value::Null)
        .by("DELETE")
}

fn change(app: &App, new: &str) -> Call {
    let body = json!({"user_id": "ann", "current_password": App::PASSWORD, "new_password": new});
    app.call("/v1/change-password", body)
}

fn reset(app: &App, token: &str, password: &str) -> Call {
    let body = json!({"token": token, "new_password": password});
    app.call("/v1/reset-password", body)
}

#[test]
fn a_code_that_is_taken_while_its_recovery_is_stopped_leads_to_nothing() {
    let (app, recovery) = with_ann();
    let code = json!({"challenge_id": recovery.challenge_id, "code": recovery.code});
    let calls = [app.call("/v1/verify-otp", code), stop(&app)];
    race(&app, &calls, |app, replies| {
        assert_eq!(replies[1].status, 204);
        if replies[0].status == 200 {
            let token = replies[0].text("reset_token");
            assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 400);
        }
        assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
        assert!(app.knows(App::PASSWORD));
    });
}

#[test]
fn a_mail_that_is_issued_while_a_recovery_is_stopped_holds_a_link_that_works_or_none_does() {
    let (app, recovery) = with_ann();
    app.advance(60);
    let forgot = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    race(&app, &[forgot, stop(&app)], |app, replies| {
        assert_eq!([replies[0].status, replies[1].status], [202, 204]);
        assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
        let shown = app.make(&Call::get(&format!("{ANN}/challenge"))).json();
        let is_live = shown["challenge"] != Value::Null;
        let mails = app.take_mails();
        for mail in &mails {
            assert_eq!(app.check(&mail.link()).status == 200, is_live);
        }
        assert!(!is_live || mails.len() == 1);
    });
}

#[test]
fn an_invitation_sent_again_while_the_first_is_used_leaves_one_password_or_a_link_that_sets_it() {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "invite": {"deliver": "return"}});
    let created = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let token = |link: &Value| {
        let link = link.as_str().unwrap();
        link.split_once("#token=").unwrap().1.to_owned()
    };
    let first = token(&created.json()["invitation"]["link"]);
    let again = app.call(&format!("{ANN}/invite"), json!({"deliver": "return"}));
    let calls = [reset(&app, &first, App::NEW_PASSWORD), again];
    race(&app, &calls, |app, replies| {
        let done = replies[0].status == 204;
        assert_eq!(app.knows(App::NEW_PASSWORD), done, "{replies:?}");
        if replies[1].status == 409 {
            assert!(done);
            return;
        }
        let again = token(&replies[1].clone().expect(200).json()["link"]);
        let set = app.reset(&again, App::OTHER_PASSWORD).status == 204;
        assert_eq!(set, !done);
    });
}

#[test]
fn no_administrators_call_is_undone_by_a_change_that_was_under_way() {
    let (app, _) = with_ann();
    let sign_out = app.call(&format!("{ANN}/sign-out"), json!({}));
    let calls = [change(&app, App::NEW_PASSWORD), sign_out];
    race(&app, &calls, |app, replies| {
        assert_eq!(replies[1].status, 204);
        assert_eq!(app.knows(App::NEW_PASSWORD), replies[0].status == 204);
    });
    let order = json!({"password": App::OTHER_PASSWORD, "change_on_next_sign_in": false});
    let ordered = app.call(&format!("{ANN}/reset-password"), order);
    let calls = [change(&app, App::NEW_PASSWORD), ordered];
    race(&app, &calls, |app, replies| {
        assert!([204, 401].contains(&replies[0].status), "{replies:?}");
        assert!(app.knows(App::OTHER_PASSWORD));
    });
}

#[test]
fn of_two_changes_or_a_change_and_a_reset_one_wins_and_its_password_is_in_force() {
    let (app, recovery) = with_ann();
    let calls = [App::NEW_PASSWORD, App::OTHER_PASSWORD].map(|new| change(&app, new));
    race(&app, &calls, |app, replies| {
        let won = replies
            .iter()
            .position(|reply| reply.status == 204)
            .unwrap();
        assert_eq!(replies[1 - won].status, 401);
        let passwords = [App::NEW_PASSWORD, App::OTHER_PASSWORD];
        assert!(app.knows(passwords[won]) && !app.knows(passwords[1 - won]));
    });
    let link = &recovery.link;
    let calls = [
        change(&app, App::NEW_PASSWORD),
        reset(&app, link, App::OTHER_PASSWORD),
    ];
    race(&app, &calls, |app, replies| {
        let statuses = [replies[0].status, replies[1].status];
        assert!([[204, 400], [401, 204]].contains(&statuses), "{statuses:?}");
        assert_eq!(app.knows(App::NEW_PASSWORD), statuses[0] == 204);
        assert_eq!(app.knows(App::OTHER_PASSWORD), statuses[1] == 204);
    });
}

#[test]
fn a_breached_password_that_is_replaced_meanwhile_is_no_reason_for_a_change() {
    let (app, recovery) = with_ann();
    app.env.variables.set("password_breach_check", "on");
    // The SHA-1 of the password that is to be replaced.
    let range = "68DD3F58630299FE74E153290D5C3EA8C6D:7\r\n";
    app.env
        .http
        .answer_body_from("api.pwnedpasswords.com", range);
    let body = json!({"email": App::EMAIL, "password": App::PASSWORD});
    let sign_in = app.call("/v1/sign-in", body);
    let calls = [sign_in, reset(&app, &recovery.link, App::NEW_PASSWORD)];
    race(&app, &calls, |app, replies| {
        assert_eq!(replies[1].status, 204);
        let signed_in = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(200);
        assert_eq!(signed_in.json()["password_change"], Value::Null);
    });
}
