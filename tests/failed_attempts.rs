//! Failed attempts: a log line each, a limit for wrong API keys, and a warning.

use serde_json::{Value, json};

use crate::app::wrong_code;
use crate::app::{App, Caller as _, Visitor, altered, random_token, strong_password, wait_for};

fn warnings(app: &App) -> Vec<Value> {
    let health = app.visitor().get("/v1/health").expect_json(200);
    health["warnings"].as_array().cloned().unwrap_or_default()
}

/// How many log lines there are about wrong attempts of this kind.
fn lines(app: &App, kind: &str) -> usize {
    let line = format!(" kind={kind}");
    let log = app.log();
    let lines = log.lines().filter(|it| it.contains("attempt-failed"));
    lines.filter(|it| it.ends_with(&line)).count()
}

fn with_key(visitor: &Visitor, key: &str) -> Visitor {
    visitor
        .clone()
        .sending("authorization", &format!("Bearer {key}"))
}

#[test]
fn two_hundred_wrong_codes_are_logged_and_warned_of() {
    let app = App::start();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = recovery.mail.code();
    let wrong = wrong_code(&code);
    assert_eq!(warnings(&app), [] as [Value; 0]);
    for _ in 0..200 {
        app.visitor()
            .verify_otp(&recovery.challenge_id, &wrong)
            .expect_problem(400, "invalid-otp");
    }
    wait_for(|| match lines(&app, "code") {
        200 => Ok(()),
        fewer => Err(fewer),
    });
    let warned = wait_for(|| {
        let warnings = warnings(&app);
        if warnings.is_empty() {
            Err(warnings)
        } else {
            Ok(warnings)
        }
    });
    assert_eq!(warned, ["wrong codes: more than 100 in an hour"]);
    let log = app.log();
    for secret in [&user.email, &recovery.challenge_id, &code] {
        assert!(!log.contains(secret.as_str()), "{secret} is in the log");
    }
}

#[test]
fn hundreds_of_wrong_keys_are_slowed_down_and_right_ones_are_not() {
    let app = App::start();
    let wrong = with_key(&app.visitor(), &format!("kb_all_{}", random_token(32)));
    let mut statuses = Vec::new();
    // Enough to reach the limit of a minute even if the next minute begins meanwhile.
    for _ in 0..450 {
        statuses.push(wrong.get("/v1/admin/users?limit=1").status);
    }
    assert_eq!(statuses[..200], [401; 200]);
    assert!(statuses[200..].contains(&429), "{statuses:?}");
    assert!(statuses.iter().all(|it| [401, 429].contains(it)));
    app.portal().get("/v1/admin/users?limit=1").expect_json(200);
    app.portal().run_courier().expect_json(200);
    wait_for(|| match warnings(&app) {
        warned if warned == ["wrong API keys: more than 100 in an hour"] => Ok(()),
        other => Err(other),
    });
    assert_eq!(lines(&app, "api-key"), 450);
}

#[test]
fn wrong_passwords_links_and_tokens_are_a_line_each() {
    let app = App::start();
    let user = app.create_user();
    app.assert_does_not_sign_in(&user, &strong_password());
    let link = app.recover(&user).mail.link_token();
    app.visitor()
        .reset_password(&altered(&link), &strong_password())
        .expect_problem(400, "invalid-reset-token");
    app.visitor()
        .reset_password(&link, &strong_password())
        .expect_nothing();
    app.visitor()
        .reset_password(&link, &strong_password())
        .expect_problem(400, "invalid-reset-token");
    with_key(&app.visitor(), "eyJhbGciOiJub25lIn0.e30.")
        .post("/v1/courier/run", &json!({}))
        .expect_problem(401, "unauthorized");
    wait_for(|| {
        let seen = ["password", "token", "api-key"].map(|kind| lines(&app, kind));
        if seen == [1, 2, 1] { Ok(()) } else { Err(seen) }
    });
    let log = app.log();
    for secret in [&user.email, &link] {
        assert!(!log.contains(secret.as_str()), "{secret} is in the log");
    }
}
