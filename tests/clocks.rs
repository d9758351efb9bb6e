//! The app's clock is ahead for one run of the courier and goes back: what was promised comes, nothing is left over.

use serde_json::json;

use crate::{
    app::{App, Provider, Receiver, User, is_embedded_host, strong_password, wait_for},
    crash::{COUNTERS_EACH, left_over},
    people::Ahead,
    v1::admin::emails::{all, wait_for_state, wait_for_tries},
};

const DAY: u64 = 24 * 3_600;

const REFUSES: Provider = Provider::Fails {
    status: 500,
    retry_after: None,
};

/// The users who were promised something.
struct Promised {
    /// The id of an email that was refused once.
    email_id: String,
    /// Asked for a recovery, and its email was refused once.
    recovering: User,
    /// Asked for a recovery, and the app ended after its answer.
    asking: User,
    /// The portal did not accept this user's event that a change is required.
    told: User,
}

#[test]
fn a_clock_that_is_a_day_ahead_for_one_run_loses_nothing() {
    if !is_embedded_host() {
        eprintln!("not tried: only the embedded host has a clock that can be moved");
        return;
    }
    let receiver = Receiver::start();
    let app = receiver.told_by(App::builder()).with_faults().start();
    let (app, promised) = promise(app, &receiver);

    // The receiver's clock is right, so it refuses what the app signs now.
    let mut ahead = Ahead::default();
    ahead.pass(&app, DAY);
    app.portal().run_courier().expect_json(200);
    let mut ahead = Ahead::default();
    ahead.pass(&app, 0);
    // New work does not wait for what was put off until the wrong time.
    let late = app.create_user();
    let mail = app.recover(&late).mail;
    set_password(&app, &late, &mail.link_token());
    receiver.wait_for(&late.id, 3);

    for user in [&promised.asking, &promised.recovering] {
        let mail = app.sink().wait_for_mail(&user.email);
        set_password(&app, user, &mail.link_token());
    }
    ahead.settle(&app);
    wait_for_state(&app, &promised.email_id, "sent");
    // The event is tried again at the time that it was put off to.
    receiver.ignores_dates();
    ahead.pass(&app, DAY);
    ahead.settle(&app);
    wait_for(|| {
        app.portal().run_courier().expect_json(200);
        let told = receiver.told_of(&promised.told.id);
        let taken = told.iter().filter(|webhook| webhook.taken).count();
        if taken == 2 { Ok(()) } else { Err(told) }
    });
    let left = left_over(&app, &mut ahead);
    let most = usize::try_from(COUNTERS_EACH).expect("there are few");
    assert!(left.len() <= most, "{left:?}");
}

fn promise(app: App, receiver: &Receiver) -> (App, Promised) {
    let [refused, recovering, asking, told] = [(); 4].map(|()| app.create_user());
    receiver.wait_for(&told.id, 1);
    app.sink().provider(REFUSES);
    let order = json!({ "password": strong_password(), "send_email": true });
    let reset = app.portal().reset_users_password(&refused.id, &order);
    let email_id = reset.expect_json(200)["email_id"].clone();
    let email_id = email_id.as_str().expect("a mail was ordered").to_owned();
    wait_for_tries(&app, &email_id, 1);
    app.visitor().challenge(&recovering.email);
    let recovery = wait_for(|| {
        let pending = all(&app, "state=pending");
        let found = pending.iter().find(|it| it["user_id"] == recovering.id);
        found.cloned().ok_or(pending)
    });
    let recovery_id = recovery["id"].as_str().expect("the email has an id");
    wait_for_tries(&app, recovery_id, 1);

    receiver.answers(Some(500));
    app.portal()
        .require_password_change(&told.id, true)
        .expect_nothing();
    receiver.wait_for(&told.id, 2);

    app.sink().provider(Provider::Hangs);
    app.visitor().challenge(&asking.email);
    let app = app.kill().start();
    app.sink().provider(Provider::Accepts);
    receiver.answers(Some(204));
    (
        app,
        Promised {
            email_id,
            recovering,
            asking,
            told,
        },
    )
}

#[track_caller]
fn set_password(app: &App, user: &User, token: &str) {
    let password = strong_password();
    app.visitor()
        .reset_password(token, &password)
        .expect_nothing();
    app.assert_signs_in(user, &password);
}
