//! Concurrent callers, in every order that matters: one of them wins, and the others are told.

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::store::cx::Deferred;
use crate::testing::schedules::{Caller, explore};
use crate::testing::{App, Call, Reply, block_on, exchange};

mod accounts;
mod administrators;
mod couriers;
mod decisions;
mod requests;

/// How many orders of the callers are run.
const MOST: usize = 600;

/// Makes `calls` concurrently on copies of `app`. `check` gets each copy with the answers, once the work after them is
/// done.
fn race(app: &App, calls: &[Call], check: impl Fn(&App, &[u16])) {
    let begin = || {
        let app = app.fork();
        let caller = |call: &Call| -> Caller<(Reply, Deferred)> {
            let (env, call) = (app.env.clone(), call.clone());
            Box::pin(async move { exchange(&env, &call).await })
        };
        let callers = calls.iter().map(caller).collect();
        (app, callers)
    };
    let explored = explore(MOST, begin, |app, answers| {
        let mut statuses = Vec::new();
        for (reply, deferred) in answers {
            statuses.push(reply.status);
            block_on(after_response::run(&app.env, deferred));
        }
        check(&app, &statuses);
    });
    assert!(explored.orders > 100, "{explored:?}");
}

fn reset(app: &App, token: &str, password: &str) -> Call {
    let body = json!({"token": token, "new_password": password});
    app.call("/v1/reset-password", body)
}

fn verify(app: &App, challenge_id: &str, code: &str) -> Call {
    let body: Value = json!({"challenge_id": challenge_id, "code": code});
    app.call("/v1/verify-otp", body)
}

/// There is one email for each change, and no other.
#[track_caller]
fn assert_told(app: &App, changes: usize) {
    let mails = app.take_mails();
    let told = mails.iter().filter(|mail| !mail.is_recovery()).count();
    assert_eq!(told, changes);
}

#[track_caller]
fn one_of(statuses: &[u16], won: u16) -> usize {
    let winners: Vec<_> = (0..statuses.len())
        .filter(|caller| statuses[*caller] == won)
        .collect();
    assert_eq!(winners.len(), 1, "{statuses:?}");
    winners[0]
}

#[test]
fn of_two_resets_with_one_link_one_wins_and_its_password_is_in_force() {
    let app = App::with_account();
    let link = app.recover().link;
    let passwords = [App::NEW_PASSWORD, App::OTHER_PASSWORD];
    let calls = passwords.map(|password| reset(&app, &link, password));
    race(&app, &calls, |app, statuses| {
        let winner = one_of(statuses, 204);
        assert!(app.knows(passwords[winner]) && !app.knows(passwords[1 - winner]));
        assert_told(app, 1);
    });
}

#[test]
fn of_two_resets_with_one_reset_token_one_wins_and_its_password_is_in_force() {
    let app = App::with_account();
    let recovery = app.recover();
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let token = token.text("reset_token");
    let passwords = [App::NEW_PASSWORD, App::OTHER_PASSWORD];
    let calls = passwords.map(|password| reset(&app, &token, password));
    race(&app, &calls, |app, statuses| {
        let winner = one_of(statuses, 204);
        assert!(app.knows(passwords[winner]) && !app.knows(passwords[1 - winner]));
        assert_told(app, 1);
    });
}

#[test]
fn of_three_resets_with_one_link_one_wins() {
    let app = App::with_account();
    let link = app.recover().link;
    let calls = [App::NEW_PASSWORD, App::OTHER_PASSWORD, App::NEW_PASSWORD]
        .map(|password| reset(&app, &link, password));
    race(&app, &calls, |app, statuses| {
        let _ = one_of(statuses, 204);
        assert!(!app.knows(App::PASSWORD));
        assert_told(app, 1);
    });
}

#[test]
fn of_the_code_and_the_link_of_a_mail_one_is_taken() {
    let app = App::with_account();
    let recovery = app.recover();
    let calls = [
        verify(&app, &recovery.challenge_id, &recovery.code),
        reset(&app, &recovery.link, App::NEW_PASSWORD),
    ];
    race(&app, &calls, |app, statuses| {
        assert!([[200, 400], [400, 204]].contains(&[statuses[0], statuses[1]]));
        assert_eq!(app.knows(App::NEW_PASSWORD), statuses[1] == 204);
        assert_told(app, usize::from(statuses[1] == 204));
    });
}

#[test]
fn a_code_brings_one_token_however_many_offer_it() {
    let app = App::with_account();
    let recovery = app.recover();
    let call = verify(&app, &recovery.challenge_id, &recovery.code);
    let one_wins = |_: &App, statuses: &[u16]| {
        let _ = one_of(statuses, 200);
    };
    race(&app, &[call.clone(), call.clone()], one_wins);
    race(&app, &[call.clone(), call.clone(), call], one_wins);
}

#[test]
fn parallel_guesses_do_not_pass_the_cap() {
    let app = App::with_account();
    let recovery = app.recover();
    for _ in 0..3 {
        let _ = app.verify(&recovery.challenge_id, "none");
    }
    let wrong = verify(&app, &recovery.challenge_id, "none");
    let right = verify(&app, &recovery.challenge_id, &recovery.code);
    race(&app, &[wrong.clone(), wrong, right], |app, statuses| {
        // The fourth and the fifth are compared, the sixth is not; and no seventh is.
        assert!([200, 400].contains(&statuses[2]));
        let seventh = app.verify(&recovery.challenge_id, &recovery.code);
        assert_eq!(seventh.status, 400, "{statuses:?}");
    });
}

#[test]
fn of_a_reset_and_a_cancel_one_wins() {
    let app = App::with_account();
    let recovery = app.recover();
    let cancel = app.call("/v1/cancel-recovery", json!({"token": recovery.cancel}));
    let by_link = reset(&app, &recovery.link, App::NEW_PASSWORD);
    let check = |app: &App, statuses: &[u16]| {
        assert!(
            [[204, 400], [400, 204]].contains(&[statuses[0], statuses[1]]),
            "{statuses:?}"
        );
        assert_eq!(app.knows(App::NEW_PASSWORD), statuses[0] == 204);
        assert_told(app, usize::from(statuses[0] == 204));
    };
    race(&app, &[by_link, cancel.clone()], check);
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let by_code = reset(&app, &token.text("reset_token"), App::NEW_PASSWORD);
    race(&app, &[by_code, cancel], check);
}

#[test]
fn of_a_code_and_a_cancel_the_cancel_has_the_last_word() {
    let app = App::with_account();
    let recovery = app.recover();
    let calls = [
        verify(&app, &recovery.challenge_id, &recovery.code),
        app.call("/v1/cancel-recovery", json!({"token": recovery.cancel})),
    ];
    race(&app, &calls, |app, statuses| {
        assert_eq!(statuses[1], 204);
        assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
        let again = app.verify(&recovery.challenge_id, &recovery.code);
        assert_eq!(again.status, 400);
    });
}

#[test]
fn of_two_cancels_neither_is_an_error() {
    let app = App::with_account();
    let recovery = app.recover();
    let cancel = app.call("/v1/cancel-recovery", json!({"token": recovery.cancel}));
    race(&app, &[cancel.clone(), cancel], |app, statuses| {
        assert_eq!(statuses, [204, 204]);
        assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    });
}

#[test]
fn an_address_gets_one_account_however_many_create_it() {
    let app = App::default();
    let body = json!({"email": App::EMAIL, "password": App::PASSWORD});
    let call = app.call("/v1/admin/users", body);
    race(&app, &[call.clone(), call], |app, statuses| {
        let winner = one_of(statuses, 201);
        assert_eq!(statuses[1 - winner], 409);
        assert!(app.knows(App::PASSWORD));
    });
}
