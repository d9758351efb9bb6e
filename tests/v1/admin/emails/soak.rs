//! Many mails at once while the provider refuses every other call. `flow/tests/soak.rs` has two thousand of them, and a
//! clock that can be set.

use std::{collections::BTreeSet, thread};

use super::{all, mail_password};
use crate::app::{App, Provider, User, wait_for};

/// How many mails; half of them have to be tried anew, then half of these, and so on.
const MAILS: usize = 48;

#[test]
fn every_mail_is_there_once_in_the_end() {
    let app = App::start();
    let users: Vec<User> = (0..MAILS).map(|_| app.create_user()).collect();
    app.sink().provider(Provider::RefusesEveryOther);
    let in_turns = |action: &(dyn Fn(usize) + Sync)| {
        thread::scope(|scope| {
            for turn in 0..4 {
                scope.spawn(move || (turn..MAILS).step_by(4).for_each(action));
            }
        });
    };
    in_turns(&|number| {
        mail_password(&app, &users[number]);
        if number % 7 == 0 {
            app.portal().run_courier().expect_status(200);
        }
    });

    wait_for(|| {
        if all(&app, "limit=100&state=sent").len() == MAILS {
            return Ok(());
        }
        for email in all(&app, "limit=20&state=failed") {
            let id = email["id"].as_str().expect("it has an id");
            app.portal().retry_email(id).expect_status(202);
        }
        app.portal().run_courier().expect_status(200);
        Err(all(&app, ""))
    });
    for _ in 0..2 {
        app.portal().run_courier().expect_status(200);
    }

    let mut keys = BTreeSet::new();
    for user in &users {
        assert_eq!(app.sink().accepted(&user.email), 1);
        for (mail, accepted) in app.sink().attempts(&user.email) {
            if accepted {
                keys.insert(mail.idempotency_key);
            }
        }
    }
    assert_eq!(keys.len(), MAILS, "each mail has a key of its own");
    assert_eq!(all(&app, "limit=7").len(), MAILS);
}
