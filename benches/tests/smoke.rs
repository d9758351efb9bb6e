//! The whole measurement in small, on the reference only.

use std::process::Command;

/// What the program prints when it is done.
#[track_caller]
fn figures(measured: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_keyback-bench"))
        .args([measured, "--plan", "smoke"])
        .output()
        .expect("the program can be run");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_call_is_measured_and_answered_rightly() {
    let figures = figures("run");
    // Once among the times, once among the store operations.
    for call in ["verify-otp", "sign-in, wrong", "administrator's reset"] {
        let rows = figures.matches(&format!("\n| {call} |")).count();
        assert_eq!(rows, 2, "{call} in:\n{figures}");
    }
    assert!(figures.contains("\n| 256 |"), "{figures}");
    assert!(figures.contains("\n| one address | "), "{figures}");
}

#[test]
fn a_soak_of_a_few_seconds_gives_each_calls_times_and_the_memory() {
    let figures = figures("soak");
    assert!(figures.contains("\n- Resident memory"), "{figures}");
    assert!(
        figures.contains("\n| forgot-password, known | "),
        "{figures}"
    );
}

#[test]
fn an_overload_of_a_few_seconds_gives_the_times_of_others_and_of_refusals() {
    let figures = figures("overload");
    assert!(figures.contains("\n| 2 | `GET /v1/health` | "), "{figures}");
    assert!(figures.contains("\n| connections | "), "{figures}");
    assert!(figures.contains("\n| 4 | "), "{figures}");
}
