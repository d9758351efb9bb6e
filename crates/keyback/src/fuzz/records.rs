//! Records in a store that somebody, or a fault of its disk, has changed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::fuzz::app::{Prepared, check};
use crate::fuzz::first_line;
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
    let Prepared { app, recovery } = prepared;
    let id = "bob";
    let get = |path: &str| Call::get(path);
    let post = |path: &str, body: Value| app.call(path, body);
    let calls = [
        post(
            "/v1/sign-in",
            json!({"email": App::EMAIL, "password": App::PASSWORD}),
        ),
        post(
            "/v1/sign-in",
            json!({"email": App::NOBODY, "password": App::PASSWORD}),
        ),
        post("/v1/forgot-password", json!({"email": App::EMAIL})),
        post(
            "/v1/verify-otp",
            json!({"challenge_id": recovery.challenge_id, "code": "000000"}),
        ),
        post(
            "/v1/verify-otp",
            json!({"email": App::EMAIL, "code": recovery.code}),
        ),
        post("/v1/reset-password/check", json!({"token": recovery.link})),
        get("/v1/admin/users?limit=100"),
        get("/v1/admin/users?q=a&limit=2"),
        get("/v1/admin/users?email=ann%40example.test"),
        get(&format!("/v1/admin/users/{id}")),
        get(&format!("/v1/admin/users/{id}/events")),
        get(&format!("/v1/admin/users/{id}/challenge")),
        get("/v1/admin/users/export"),
        get("/v1/admin/users/bulk"),
        get("/v1/admin/events"),
        get("/v1/admin/events/heads"),
        get("/v1/admin/emails"),
        get("/v1/health"),
        post(&format!("/v1/admin/users/{id}/sign-out"), json!({})),
        post("/v1/admin/users", json!({"email": "dan@example.test"})),
        post(
            "/v1/reset-password",
            json!({"token": recovery.link, "new_password": App::NEW_PASSWORD}),
        ),
        post("/v1/cancel-recovery", json!({"token": recovery.cancel})),
        get(&format!("/v1/admin/users/{id}")).by("DELETE"),
    ];
    for call in &calls {
        let (reply, deferred) = app.answer(call);
        check(&reply);
        block_on(after_response::run(&app.env, deferred));
    }
    for pause in [Duration::from_mins(2), Duration::from_hours(25)] {
        app.env.clock.advance(pause);
        check(&app.make(&post("/v1/courier/run", json!({}))));
    }
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
