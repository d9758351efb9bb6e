//! The tests of `/v1/admin/emails…`, one file per call; `providers` covers how providers behave and what is shown.

mod burst;
mod list;
mod providers;
mod retry;
mod show;
mod soak;

use serde_json::{Value, json};

use crate::app::{App, Caller as _, User, strong_password, wait_for};

/// Has a temporary password emailed to the user, and returns the email's id.
#[track_caller]
fn mail_password(app: &App, user: &User) -> String {
    let order = json!({ "password": strong_password(), "send_email": true });
    let answer = app.portal().reset_users_password(&user.id, &order);
    let answer = answer.expect_json(200);
    let id = answer["email_id"].as_str().expect("the email has an id");
    id.to_owned()
}

/// The email once `is_so` holds for it.
#[track_caller]
fn wait_for_email(app: &App, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    wait_for(|| {
        let email = app.portal().find_email(id).expect_json(200);
        if is_so(&email) { Ok(email) } else { Err(email) }
    })
}

/// The email once this many attempts were made and none is in progress.
#[track_caller]
pub(crate) fn wait_for_tries(app: &App, id: &str, attempts: u32) -> Value {
    wait_for_email(app, id, |email| email["attempts"] == attempts)
}

/// The email once it is in this state.
#[track_caller]
pub(crate) fn wait_for_state(app: &App, id: &str, state: &str) -> Value {
    wait_for_email(app, id, |email| email["state"] == state)
}

/// A page of emails, which is `{"emails": […], "next_cursor": …}`.
#[track_caller]
fn page(app: &App, query: &str) -> (Vec<Value>, Option<String>) {
    let page = app.portal().get(&format!("/v1/admin/emails?{query}"));
    let page = page.expect_json(200);
    let emails = page["emails"].as_array().expect("a page has emails");
    let cursor = &page["next_cursor"];
    assert!(cursor.is_null() || cursor.is_string(), "{page}");
    (emails.clone(), cursor.as_str().map(str::to_owned))
}

/// All emails, over as many pages as it takes.
#[track_caller]
pub(crate) fn all(app: &App, query: &str) -> Vec<Value> {
    let mut emails = Vec::new();
    let mut next = Some(String::new());
    while let Some(cursor) = next {
        let cursor = match cursor.as_str() {
            "" => String::new(),
            cursor => format!("&cursor={cursor}"),
        };
        let (more, following) = page(app, &format!("{query}{cursor}"));
        emails.extend(more);
        assert!(emails.len() < 10_000, "the pages do not end");
        next = following;
    }
    emails
}
