//! The README's lines for a bad day run as they stand.

use std::process::Command;

use crate::app::{App, Caller as _, workspace};

/// The lines of a section that are meant to be run.
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

#[test]
fn the_lines_for_a_bad_day_run_as_they_stand() {
    let app = App::start();
    let user = app.create_user();
    // The lines name the second in which they are run.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let folder = tempfile::tempdir().expect("there is room");
    let keyback = folder.path().join(".keyback");
    std::fs::create_dir(&keyback).expect("there is room");
    std::fs::write(keyback.join("api-key"), app.all_scopes()).expect("there is room");
    let script = script_of("A bad day").replace("http://127.0.0.1:3000", app.origin());
    assert!(
        script.contains("curl") && !script.contains("3025"),
        "{script}"
    );
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path());
    let output = bash.output().expect("there is a bash");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
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
