//! Nothing readable is stored or logged, and no answer leaks a secret.

use crate::testing::App;

const CLIENT: &str = "203.0.113.77";

/// A whole journey with everything that can go wrong on the way, and all secrets that were in it.
fn journey() -> (App, Vec<String>, Vec<String>) {
    let app = App::with_account();
    app.come_from(&format!("{CLIENT}:40000"));
    let mut secrets: Vec<String> = [
        App::EMAIL,
        "ann",
        App::NOBODY,
        App::PASSWORD,
        App::NEW_PASSWORD,
        App::OTHER_PASSWORD,
        CLIENT,
    ]
    .map(str::to_owned)
    .into();
    let mut answers = vec![
        app.forgot(App::NOBODY),
        app.sign_in(App::EMAIL, App::PASSWORD),
    ];
    // The email waits in the outbox for a while.
    app.env.http.answer_with(500, None);
    answers.push(app.forgot(App::EMAIL));
    assert_eq!(app.take_mails().len(), 1);
    app.env.http.answer_with(200, None);
    app.advance(120);
    let _ = app.run_courier();
    assert_eq!(app.take_mails().len(), 1);
    let recovery = app.recover();
    secrets.extend([
        recovery.code.clone(),
        recovery.link.clone(),
        recovery.cancel.clone(),
    ]);
    answers.push(app.verify(&recovery.challenge_id, "000000"));
    let verified = app.verify(&recovery.challenge_id, &recovery.code);
    let token = verified.text("reset_token");
    answers.push(app.reset(&token, "12345"));
    answers.push(app.reset(&token, App::NEW_PASSWORD));
    answers.push(app.reset(&token, App::OTHER_PASSWORD));
    answers.push(app.sign_in(App::EMAIL, App::OTHER_PASSWORD));
    answers.push(app.cancel(&recovery.cancel));
    secrets.push(token);
    app.env.store.fail_after(Some(2));
    answers.push(app.forgot(App::EMAIL));
    answers.push(app.reset(&recovery.link, App::OTHER_PASSWORD));
    app.env.store.fail_after(None);
    let answers = answers.iter().map(|reply| format!("{reply:?}")).collect();
    (app, secrets, answers)
}

/// Half of a token in clear leaks as much as the whole.
fn telling_parts(secret: &str) -> Vec<&str> {
    if secret.len() == 64 {
        vec![&secret[22..]]
    } else {
        vec![secret]
    }
}

#[test]
fn the_store_holds_no_secret_and_no_client_in_clear() {
    let (app, secrets, _) = journey();
    // The account's own record must contain its address, and so must the directory; nothing else may.
    let tell_addresses = [
        "v1:account:",
        "v1:directory-node:",
        "v1:directory-listings:",
    ];
    let dump: String = app
        .env
        .store
        .dump()
        .lines()
        .filter(|line| !tell_addresses.iter().any(|it| line.starts_with(it)))
        .collect();
    assert!(dump.len() > 1_000);
    for secret in &secrets {
        for part in telling_parts(secret) {
            assert!(!dump.contains(part), "{part} in {dump}");
        }
    }
}

#[test]
fn the_keys_hold_no_secret_and_no_address() {
    let (app, secrets, _) = journey();
    let names = app.env.store.names().join("\n");
    for secret in &secrets {
        assert!(!names.contains(secret.as_str()), "{secret} in {names}");
    }
    assert!(!names.contains("example.test"));
}

#[test]
fn the_log_holds_no_secret_and_no_address() {
    let (app, secrets, _) = journey();
    let lines = app.env.log.lines().join("\n");
    assert!(
        lines.contains("email-not-accepted") && lines.contains("503"),
        "{lines}"
    );
    for secret in &secrets {
        for part in telling_parts(secret) {
            assert!(!lines.contains(part), "{part} in {lines}");
        }
    }
}

#[test]
fn no_answer_repeats_a_secret_or_an_address() {
    let (_, secrets, answers) = journey();
    for answer in &answers {
        for secret in secrets.iter().filter(|secret| *secret != "ann") {
            assert!(!answer.contains(secret.as_str()), "{secret} in {answer}");
        }
    }
}

#[test]
fn the_same_code_and_address_leave_no_common_trace_under_another_key() {
    let digest_lines = |key: &str| -> Vec<String> {
        let app = App::default();
        app.env.variables.set("secret_key", key);
        let _ = app.create_account(App::EMAIL);
        let _ = app.recover();
        let dump = app.env.store.dump();
        let kept = |line: &&str| line.starts_with("v1:token:") || line.starts_with("v1:recovery:");
        dump.lines().filter(kept).map(str::to_owned).collect()
    };
    // The randomness is the same, and so are the code and the tokens: only the key differs.
    let one = digest_lines("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let other = digest_lines("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");
    assert_eq!(one.len(), 3);
    for line in &one {
        let (name, _) = line.split_once(" = ").unwrap();
        let same = other.iter().find(|other| other.starts_with(name)).unwrap();
        assert_ne!(line, same);
    }
}
