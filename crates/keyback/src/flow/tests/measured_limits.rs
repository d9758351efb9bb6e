//! Limits on attempts are measured where they are exceeded, and no answer shows it.

use crate::testing::{App, Recovery, other_than};

/// The limits that were exceeded since the last call, and how often.
fn limits(app: &App) -> Vec<(String, u64)> {
    let (tally, _) = app.env.meter.take();
    let hit = tally.family("limits_hit_total");
    hit.map(|(series, count)| (series.to_owned(), count))
        .collect()
}

fn hit(limit: &str, count: u64) -> (String, u64) {
    (format!("limits_hit_total{{limit=\"{limit}\"}}"), count)
}

fn guess(app: &App, recovery: &Recovery, times: usize) {
    for _ in 0..times {
        let wrong = other_than(&recovery.code);
        let reply = app.verify(&recovery.challenge_id, &wrong).expect(400);
        let unknown = app.verify("unknown", &wrong).expect(400);
        assert_eq!(reply.without_ids(), unknown.without_ids());
    }
}

#[test]
fn guesses_beyond_the_limits_of_a_code_and_of_a_day_are_measured_and_answered_like_any_other() {
    let app = App::with_account();
    app.env.variables.set("limit_client_verify", "10000/60");
    let first = app.recover();
    guess(&app, &first, 5);
    assert_eq!(limits(&app), []);
    guess(&app, &first, 2);
    assert_eq!(limits(&app), [hit("attempts-per-challenge", 2)]);
    for _ in 0..2 {
        app.advance(60);
        guess(&app, &app.recover(), 5);
    }
    assert_eq!(limits(&app), []);
    app.advance(60);
    guess(&app, &app.recover(), 1);
    assert_eq!(limits(&app), [hit("attempts-per-account-per-day", 1)]);
}

#[test]
fn the_refused_password_that_uses_a_token_up_is_measured() {
    let app = App::with_account();
    app.env.variables.set("limit_client_reset", "1000/60");
    let link = app.recover().link;
    for number in 1..=30 {
        assert_eq!(limits(&app), [], "{number}");
        let _ = app.reset(&link, "12345").expect(422);
    }
    assert_eq!(limits(&app), [hit("refused-passwords", 1)]);
}
