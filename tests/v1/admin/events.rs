//! `GET /v1/admin/events…`: what happened to all accounts.

mod chain;
mod export;
mod list;

use serde_json::Value;

use crate::app::{App, Caller as _};

/// The events of these accounts on a page, without those that other tests of the same app cause.
fn of<'page>(page: &'page Value, users: &[&str]) -> Vec<&'page Value> {
    let events = page["events"].as_array().expect("a page has events");
    let is_asked_for = |event: &&Value| users.iter().any(|user| event["user_id"] == *user);
    events.iter().filter(is_asked_for).collect()
}

/// The lines of an export, each as it was sent.
fn export(app: &App, query: &str) -> String {
    let path = format!("/v1/admin/events/export{query}");
    let answer = app.portal().get(&path).expect_status(200);
    let media_type = answer.header("content-type").unwrap_or_default();
    assert!(
        media_type.starts_with("application/x-ndjson"),
        "{media_type}"
    );
    answer.text().to_owned()
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).expect("a line is JSON")
}
