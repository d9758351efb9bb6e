//! Recovery emails for many accounts: at the provider's pace, and without using up the limits of the accounts.

use std::time::Duration;

use serde_json::json;

use super::{assert_is, email, id, ids, job, patch, signs_in, start, with_accounts};
use crate::ports::Clock as _;
use crate::testing::{App, Mail};

/// Takes the recovery emails, by recipient.
fn take_recoveries(app: &App) -> Vec<Mail> {
    let mut mails = app.take_mails();
    mails.retain(Mail::is_recovery);
    mails
}

#[test]
fn each_active_account_gets_one_mail_that_works_for_a_day() {
    let app = with_accounts(12);
    patch(&app, 3, json!({"disabled": true}));
    app.advance(120);
    let path = start(
        &app,
        json!({"action": "recover", "filter": {}, "reason": "leaked"}),
    );
    let report = app.run_courier().json();
    assert_eq!(report["delivered"], 11);
    assert_is(&app, &path, "done", [12, 11, 1, 0]);
    let mails = take_recoveries(&app);
    let mut to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!((to.len(), to.contains(&&*email(3))), (11, false));
    app.advance(23 * 3_600);
    let mail = mails.iter().find(|mail| mail.to == email(0)).unwrap();
    let _ = app.reset(&mail.link(), App::NEW_PASSWORD).expect(204);
    assert_eq!(signs_in(&app, 0), 401);
    app.run_courier_for(3);
    assert_eq!(take_recoveries(&app).len(), 0);
}

#[test]
fn a_user_who_asked_or_recovered_meanwhile_gets_no_second_mail() {
    let app = with_accounts(3);
    let path = start(&app, json!({"action": "recover", "ids": ids(0..3)}));
    let _ = app.forgot(&email(0)).expect(202);
    let call = app.call(
        "/v1/admin/users/user1/recovery",
        json!({"deliver": "email"}),
    );
    let _ = app.make(&call).expect(202);
    assert_eq!(take_recoveries(&app).len(), 2);
    let _ = app.run_courier();
    let mails = take_recoveries(&app);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, email(2));
    assert_is(&app, &path, "done", [3, 1, 2, 0]);
}

#[test]
fn the_users_own_limits_are_not_spent() {
    let app = with_accounts(1);
    app.env.variables.set("limit_account", "1/3600");
    let _ = start(&app, json!({"action": "recover", "filter": {}}));
    let _ = app.run_courier();
    let first = take_recoveries(&app);
    app.advance(1);
    let _ = app.forgot(&email(0)).expect(202);
    let second = take_recoveries(&app);
    assert_eq!((first.len(), second.len()), (1, 1));
    // As always, a newer email replaces the older one.
    let _ = app.reset(&first[0].link(), App::NEW_PASSWORD).expect(400);
    let _ = app.reset(&second[0].link(), App::NEW_PASSWORD).expect(204);
}

#[test]
fn a_provider_that_takes_no_mail_is_not_given_all() {
    let app = with_accounts(60);
    let path = start(&app, json!({"action": "recover", "filter": {}}));
    app.env.http.answer_with(500, None);
    let _ = app.run_courier();
    let issued = job(&app, &path)["done"].as_u64().unwrap();
    assert!((1..=8).contains(&issued), "{issued}");
    app.env.http.answer_with(429, Some("3600"));
    app.run_courier_for(2);
    let issued = job(&app, &path)["done"].as_u64().unwrap();
    assert!(issued <= 24, "{issued}");
    app.env.http.answer_with(200, None);
    let _ = app.take_mails();
    for _ in 0..30 {
        app.advance(600);
        let _ = app.run_courier();
    }
    assert_is(&app, &path, "done", [60, 60, 0, 0]);
    assert_eq!(app.emails_in("pending").len(), 0);
    assert_eq!(app.emails_in("failed").len(), 0);
}

#[test]
fn mails_go_out_at_the_pace_that_the_provider_takes() {
    let app = with_accounts(100);
    let clock = app.env.clock.clone();
    let (mut second, mut taken) = (0, 0);
    let answer = std::cell::RefCell::new(move || {
        clock.advance(Duration::from_millis(40));
        let now = clock.now().unix_seconds();
        if now != second {
            (second, taken) = (now, 0);
        }
        taken += 1;
        taken <= 2
    });
    app.env.http.answer_by(move |_| {
        let accepts = answer.borrow_mut()();
        Ok(if accepts { (200, None) } else { (429, None) })
    });
    let path = start(&app, json!({"action": "recover", "filter": {}}));
    for _ in 0..6 {
        let _ = app.run_courier();
        // Few are issued before they can be sent.
        assert!(app.emails_in("pending").len() <= 16);
        app.advance(60);
    }
    assert_is(&app, &path, "done", [100, 100, 0, 0]);
}

#[test]
fn what_somebody_waits_for_goes_out_first() {
    let app = with_accounts(50);
    let order = json!({"action": "recover", "ids": (1..50).map(id).collect::<Vec<_>>()});
    let _ = start(&app, order);
    let call = app.call("/v1/forgot-password", json!({"email": email(0)}));
    let (_, _crashed) = app.answer(&call);
    app.advance(61);
    let _ = app.run_courier();
    let mails = take_recoveries(&app);
    assert_eq!(mails.len(), 50);
    assert_eq!(mails[0].to, email(0));
}
