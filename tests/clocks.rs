//! The app whose clock is ahead for one run of the courier and goes back: what was promised comes, and nothing is left over.

use serde_json::json;

use crate::{
    app::{App, Provider, Receiver, User, is_embedded_host, strong_password, wait_for},
    crash::{COUNTERS_EACH, left_over},
    people::Ahead,
    v1::admin::emails::wait_for_state,
};

const DAY: u64 = 24 * 3_600;

const REFUSES: Provider = Provider::Fails {
    status: 500,
    retry_after: None,
};

/// Those who were promised something.
struct Promised {
    /// The account's owner has a mail that was refused once: its id.
    email_id: String,
    /// Asked for a recovery, and the app ended after its answer, before the mail was written.
    asking: User,
    /// How often the app ended.
    ends: u64,
    /// The portal did not take the event that a change is required.
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

    // The receiver's clock is right, so that it refuses what is signed now.
    let mut ahead = Ahead::default();
    ahead.pass(&app, DAY);
    app.portal().run_courier().expect_json(200);
    let mut ahead = Ahead::default();
    ahead.pass(&app, 0);
    // What happens from now on does not wait for what was put off until the wrong time.
    let late = app.create_user();
    let mail = app.recover(&late).mail;
    set_password(&app, &late, &mail.link_token());
    receiver.wait_for(&late.id, 3);

    let mail = app.sink().wait_for_mail(&promised.asking.email);
    set_password(&app, &promised.asking, &mail.link_token());
    ahead.settle(&app);
    wait_for_state(&app, &promised.email_id, "sent");
    // It is tried again when the time comes that it was put off to.
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
    let most = usize::try_from(promised.ends * COUNTERS_EACH).expect("there are few");
    assert!(left.len() <= most, "{left:?}");
}

fn promise(app: App, receiver: &Receiver) -> (App, Promised) {
    let [refused, told] = [(); 2].map(|()| app.create_user());
    receiver.wait_for(&told.id, 1);
    app.sink().provider(REFUSES);
    let order = json!({ "password": strong_password(), "send_email": true });
    let reset = app.portal().reset_users_password(&refused.id, &order);
    let email_id = reset.expect_json(200)["email_id"].clone();
    let email_id = email_id.as_str().expect("a mail was ordered").to_owned();
    wait_for(|| {
        let email = app.portal().find_email(&email_id).expect_json(200);
        let is_refused = email["attempts"] == 1 && email["state"] == "pending";
        if is_refused { Ok(()) } else { Err(email) }
    });

    receiver.answers(Some(500));
    app.portal()
        .require_password_change(&told.id, true)
        .expect_nothing();
    receiver.wait_for(&told.id, 2);

    app.sink().provider(Provider::Hangs);
    let (app, asking, ends) = ask_before_the_end(app);
    app.sink().provider(Provider::Accepts);
    receiver.answers(Some(204));
    (
        app,
        Promised {
            email_id,
            asking,
            ends,
            told,
        },
    )
}

/// Somebody whose recovery was asked for, and the app ended before it was issued; and how often it ended for that. Where it
/// was issued, a clock that is a day ahead takes its link for expired, as it would be after a day without the app.
#[track_caller]
fn ask_before_the_end(mut app: App) -> (App, User, u64) {
    for ends in 1..=20 {
        let asking = app.create_user();
        app.visitor().challenge(&asking.email);
        app = app.kill().start();
        let recovery = format!("v1:recovery:{}", asking.id);
        if app.stored(&recovery).is_none() {
            return (app, asking, ends);
        }
    }
    panic!("each recovery is issued at once");
}

#[track_caller]
fn set_password(app: &App, user: &User, token: &str) {
    let password = strong_password();
    app.visitor()
        .reset_password(token, &password)
        .expect_nothing();
    app.assert_signs_in(user, &password);
}
