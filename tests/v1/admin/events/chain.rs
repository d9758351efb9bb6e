//! The digests of events, and `scripts/verify-events`, which finds changes to them.

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{export, parse};
use crate::app::{App, Caller as _, Scope, workspace};
use crate::v1::courier_run::run_courier_until;

fn heads(app: &App) -> Value {
    app.portal().get("/v1/admin/events/heads").expect_json(200)
}

fn verify(lines: &[String], heads: &Value) -> Output {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let files = ["events.ndjson", "heads.json"].map(|name| folder.path().join(name));
    fs::write(&files[0], lines.join("\n")).expect("a file can be written");
    fs::write(&files[1], heads.to_string()).expect("a file can be written");
    Command::new(workspace().join("scripts/verify-events"))
        .args(&files)
        .output()
        .expect("the script can be run: it needs python3")
}

#[track_caller]
fn good(lines: &[String], heads: &Value) -> String {
    let output = verify(lines, heads);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    told
}

#[track_caller]
fn bad(what: &str, lines: &[String], heads: &Value, expected: &str) {
    let output = verify(lines, heads);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{what}: {told}");
    assert!(told.contains(expected), "{what}: {told}");
    assert!(told.contains("\nBAD"), "{what}: {told}");
}

/// The line with one member replaced, all else as it was.
fn with(line: &str, name: &str, value: Value) -> String {
    let mut event = parse(line);
    event[name] = value;
    event.to_string()
}

#[test]
fn slow_whatever_is_done_to_the_events_is_found() {
    let app = App::start();
    let courier = app.api_client(Scope::Courier);
    let [ann, bob] = [app.create_user().id, app.create_user_without_password().id];
    let context = json!({ "reason": "ünïcode \\ \"quotes\" ⛵", "disabled": true });
    for user in [&ann, &bob] {
        app.portal().update_user(user, &context).expect_json(200);
    }
    for _ in 0..3 {
        let path = format!("/v1/admin/users/{ann}/unlock");
        app.portal().post(&path, &json!({})).expect_nothing();
    }
    run_courier_until(&courier, || {
        let text = export(&app, "");
        text.lines().all(|line| !parse(line)["digest"].is_null())
    });
    let heads = heads(&app);
    let lines: Vec<String> = export(&app, "").lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 7);
    assert!(good(&lines, &heads).starts_with("GOOD: 7 signed events"));

    // Changes that the account's chain shows.
    for number in 0..lines.len() {
        let mut removed = lines.clone();
        removed.remove(number);
        bad(
            "removed",
            &removed,
            &heads,
            "events are not those in the export",
        );
        let mut changed = lines.clone();
        changed[number] = with(&lines[number], "reason", json!("another"));
        bad("changed", &changed, &heads, "was changed");
        let mut doubled = lines.clone();
        doubled.insert(number, lines[number].clone());
        bad("put in", &doubled, &heads, "does not follow");
    }
    let mut moved = lines.clone();
    moved.swap(5, 6);
    bad("moved", &moved, &heads, "does not follow");
    let mut moved = lines.clone();
    moved.swap(0, 1);
    bad(
        "moved between accounts",
        &moved,
        &heads,
        "events are not those in the export",
    );
    bad(
        "removed at the end",
        &lines[..6],
        &heads,
        "events are not those in the export",
    );

    // Changes that the heads show.
    let changed = |name: &str, value: Value| {
        let mut changed = heads.clone();
        changed["heads"][0][name] = value;
        changed
    };
    for (name, value) in [
        ("count", json!(6)),
        ("digest", json!("0".repeat(64))),
        ("day", json!("2020-02-29")),
        ("previous", json!("1".repeat(64))),
        ("signature", json!("A".repeat(86))),
    ] {
        bad(name, &lines, &changed(name, value), "wrong signature");
    }
    bad(
        "key",
        &lines,
        &changed("key", json!("other")),
        "not in the answer",
    );
    let mut later = heads.clone();
    let head = later["heads"][0].clone();
    later["heads"] = json!([with_day(&head, "2020-02-28"), with_day(&head, "2020-03-01")]);
    bad("missing day", &lines, &later, "a day is missing");
}

fn with_day(head: &Value, day: &str) -> Value {
    let mut head = head.clone();
    head["day"] = day.into();
    head
}

#[test]
fn events_that_have_no_digest_yet_are_counted_and_no_more() {
    let app = App::start();
    app.create_user();
    let lines: Vec<String> = export(&app, "").lines().map(str::to_owned).collect();
    let told = good(&lines, &heads(&app));
    assert!(told.contains("1 without a digest yet"), "{told}");
    assert_eq!(heads(&app)["heads"], json!([]));
    assert_eq!(heads(&app)["public_keys"][0]["crv"], "Ed25519");
}
