//! Many emails at once while the provider refuses every other call, and then sixty more while it takes two a second.
//! `flow/tests/soak.rs` has two thousand of them, and a clock that can be set.

use std::{collections::BTreeSet, thread};

use super::{all, burst::Burst, mail_password};
use crate::app::{App, Provider, User, wait_for};

/// How many emails; half of them have to be tried anew.
const MAILS: usize = 48;

#[test]
fn slow_every_mail_is_there_once_in_the_end() {
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
    retry_failed(&app, 2);
    wait_for(|| match all(&app, "limit=100&state=pending") {
        emails if emails.is_empty() => Ok(()),
        emails => Err(emails),
    });

    // Those that failed again, and sixty people on top of them.
    app.sink().provider(Provider::TakesASecond(2));
    let burst = Burst::begin(&app);
    retry_failed(&app, 1);
    burst.run_courier_until_all_are_sent(&app);
    burst.assert_mailed_once(&app);
    for _ in 0..2 {
        app.portal().run_courier().expect_status(200);
    }

    let mut keys = BTreeSet::new();
    let everybody = users.iter().chain(&burst.users);
    for user in everybody.clone() {
        assert_eq!(app.sink().accepted(&user.email), 1);
        for (mail, accepted) in app.sink().attempts(&user.email) {
            if accepted {
                keys.insert(mail.idempotency_key);
            }
        }
    }
    let count = everybody.count();
    assert_eq!(keys.len(), count, "each mail has a key of its own");
    assert_eq!(all(&app, "limit=7").len(), count);
}

/// Retries all failed emails, this many times.
fn retry_failed(app: &App, times: u32) {
    for _ in 0..times {
        for email in all(app, "limit=20&state=failed") {
            let id = email["id"].as_str().expect("it has an id");
            app.portal().retry_email(id).expect_status(202);
        }
        app.portal().run_courier().expect_status(200);
    }
}
