//! The README's commands run as written.

use std::process::Command;

use serde_json::json;

use crate::app::{App, Caller as _, workspace};

/// The commands of a section that are meant to be run.
fn script_of(section: &str) -> String {
    let readme = std::fs::read_to_string(workspace().join("README.md"));
    let readme = readme.expect("there is a README");
    let heading = format!("\n## {section}\n");
    let (_, rest) = readme.split_once(&heading).expect("it has the section");
    let text = rest.split("\n## ").next().unwrap_or_default();
    let blocks = text.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split_once("```"));
    blocks.map(|(lines, _)| lines).collect()
}

/// The output of a section's commands, run in a folder that has the app's API key, as after `make run`.
fn run(section: &str, app: &App) -> String {
    let folder = tempfile::tempdir().expect("there is room");
    let keyback = folder.path().join(".keyback");
    std::fs::create_dir(&keyback).expect("there is room");
    std::fs::write(keyback.join("api-key"), app.all_scopes()).expect("there is room");
    let script = script_of(section).replace("http://127.0.0.1:3000", app.origin());
    assert!(
        script.contains("curl") && !script.contains("3025"),
        "{script}"
    );
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path());
    let output = bash.output().expect("there is a bash");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    printed
}

#[test]
fn the_lines_for_who_comes_from_authgear_run_as_they_stand() {
    let app = App::start();
    let bob = json!({"id": "bob", "email": "bob@example.com"});
    let _ = app.portal().create_user(&bob).expect_json(201);
    let printed = run("Coming from Authgear", &app);
    for expected in [
        r#""totalCount":1"#,
        r#""id":"VXNlcjpib2I""#,
        r#""expireAfter":"2"#,
        r#""reason":"PasswordPolicyViolated""#,
    ] {
        assert!(printed.contains(expected), "{expected} is not in {printed}");
    }
    let mail = app.sink().wait_for_mail("bob@example.com");
    let signed_in = app.portal().sign_in("bob@example.com", &mail.password());
    assert!(signed_in.expect_json(200)["password_change"].is_object());
}

#[test]
fn the_lines_for_a_bad_day_run_as_they_stand() {
    let app = App::start();
    let user = app.create_user();
    // The commands choose accounts from before the current second, so this one has to be older.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let printed = run("A bad day", &app);
    for expected in [
        r#"{"complete":true,"matching":1}"#,
        r#""remaining":0"#,
        r#""state":"done""#,
        r#""done":1"#,
        "204",
        r#"{"jobs":[{"action":"require-change""#,
    ] {
        assert!(printed.contains(expected), "{expected} is not in {printed}");
    }
    let account = app.portal().get(&format!("/v1/admin/users/{}", user.id));
    assert_eq!(account.expect_json(200)["credential"]["must_change"], true);
}
