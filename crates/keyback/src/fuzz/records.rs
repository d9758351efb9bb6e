//! Records in a store that somebody, or a fault of its disk, has changed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::fuzz::app::check;
use crate::fuzz::first_line;
use crate::fuzz::prepared::Prepared;
use crate::ports::KeyValue as _;
use crate::store::format::{Checked, Formats, Knowledge};
use crate::store::keys;
use crate::testing::{App, Call, MemoryEnv, block_on};

/// A record: the beginning of its name on the first line, such as `v1:account:`, and its replacement. Then the app is
/// used as usual: each call must get an answer.
pub fn record(input: &[u8]) {
    let (name, value) = first_line(input);
    let Ok(name) = std::str::from_utf8(name) else {
        return;
    };
    Prepared::fork(|prepared| {
        let Some(name) = values(&prepared.app.env).find(|it| it.starts_with(name)) else {
            return;
        };
        prepared.app.write(&name, value.to_vec());
        use_all(&prepared);
    });
}

/// The names of the values in the store of `env`, in order.
pub(super) fn values(env: &MemoryEnv) -> impl Iterator<Item = String> {
    let names = env.store.names().into_iter();
    names.filter(|name| env.store.holds_value(name))
}

fn use_all(prepared: &Prepared) {
    let app = &prepared.app;
    // An instance reads the store's format once.
    let checked = Checked::new::<Formats>(app.env.store.clone(), Knowledge::default());
    let _ = block_on(checked.exists(&keys::format().into()));
    let calls = [
        users_calls(prepared),
        reading_calls(&prepared.job),
        changing_calls(prepared),
    ];
    for call in calls.iter().flatten() {
        let (reply, deferred) = app.answer(call);
        check(&reply);
        block_on(after_response::run(&app.env, deferred));
    }
    for pause in [Duration::from_mins(2), Duration::from_hours(25)] {
        app.env.clock.advance(pause);
        check(&app.make(&app.call("/v1/courier/run", json!({}))));
    }
}

/// The calls of users that use nothing up.
fn users_calls(Prepared { app, recovery, .. }: &Prepared) -> Vec<Call> {
    let calls = [
        (
            "/v1/sign-in",
            json!({"email": App::EMAIL, "password": App::PASSWORD}),
        ),
        (
            "/v1/sign-in",
            json!({"email": App::NOBODY, "password": App::PASSWORD}),
        ),
        (
            "/v1/sign-in",
            json!({"user_id": "old", "password": App::PASSWORD}),
        ),
        ("/v1/forgot-password", json!({"email": App::EMAIL})),
        (
            "/v1/verify-otp",
            json!({"challenge_id": recovery.challenge_id, "code": "000000"}),
        ),
        (
            "/v1/verify-otp",
            json!({"email": App::EMAIL, "code": recovery.code}),
        ),
        ("/v1/reset-password/check", json!({"token": recovery.link})),
    ];
    let calls = calls.into_iter();
    calls.map(|(path, body)| app.call(path, body)).collect()
}

fn reading_calls(job: &str) -> Vec<Call> {
    let paths = [
        "/v1/admin/users?limit=100",
        "/v1/admin/users?q=a&limit=2",
        "/v1/admin/users?locked=true",
        "/v1/admin/users?email=ann%40example.test",
        "/v1/admin/users/bob",
        "/v1/admin/users/bob/events",
        "/v1/admin/users/bob/challenge",
        "/v1/admin/users/export",
        "/v1/admin/users/bulk",
        job,
        "/v1/admin/events",
        "/v1/admin/events/export",
        "/v1/admin/events/heads",
        "/v1/admin/emails",
        "/v1/health",
        "/v1/metrics",
    ];
    paths.into_iter().map(Call::get).collect()
}

fn changing_calls(Prepared { app, recovery, .. }: &Prepared) -> Vec<Call> {
    let post = |path: &str, body: Value| app.call(path, body);
    vec![
        post("/v1/admin/users/bob/sign-out", json!({})),
        post("/v1/admin/users/bob/invite", json!({"deliver": "return"})),
        post("/v1/admin/users/cy-d/unlock", json!({})),
        post("/v1/admin/users/old", json!({"locale": "fr"})).by("PATCH"),
        post("/v1/admin/users", json!({"email": "dan@example.test"})),
        post(
            "/v1/admin/users",
            json!({"id": "gone", "email": "gone@example.test"}),
        ),
        post(
            "/v1/reset-password",
            json!({"token": recovery.link, "new_password": App::NEW_PASSWORD}),
        ),
        post("/v1/cancel-recovery", json!({"token": recovery.cancel})),
        Call::get("/v1/admin/users/bob").by("DELETE"),
    ]
}

/// The records of a prepared app as inputs: one for each beginning of a name, keyed by that.
#[cfg(test)]
pub(super) fn all() -> std::collections::BTreeMap<String, Vec<u8>> {
    let begins = |name: &str| {
        let mut parts = name.splitn(3, ':');
        let kind = [parts.next(), parts.next()].map(Option::unwrap_or_default);
        let colon = if parts.next().is_some() { ":" } else { "" };
        format!("{}{colon}", kind.join(":"))
    };
    Prepared::fork(|Prepared { app, .. }| {
        let names = values(&app.env);
        let input = |name: String| {
            let value = app.env.store.bytes(&name).unwrap_or_default();
            let name = begins(&name);
            (name.clone(), [name.as_bytes(), b"\n", &value].concat())
        };
        names.map(input).collect()
    })
}
