//! The events of accounts.

use schemars::SchemaGenerator as G;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::schema::{account_id, form, instant, limit, text, word};
use super::super::stand_ins::EventLines;
use super::EVENTS;
use crate::http::ProblemType as P;
use crate::http::v1::admin::events;
use crate::model::event::EventType;

pub(super) fn calls() -> Vec<Call> {
    vec![of_user(), list(), export(), heads()]
}

fn new(handler: &'static str, path: &'static str, id: &'static str) -> Call {
    Call::new(handler, ("get", path), id, EVENTS).scope(&["events"])
}

/// A number, as in the events of one account.
const NUMBER: &str = "^[1-9][0-9]{0,17}$";

fn page_example() -> Value {
    json!({
        "events": [{
            "id": "f0Xk3vQ9sT1yLb7Rz5Jw2A", "sequence": 7, "type": "password.changed", "at": "2026-11-23T09:00:00Z",
            "user_id": "auth0|5f7c", "actor": {"kind": "user"}, "from": "203.0.*.*", "reason": null, "email": null,
        }],
        "next_cursor": null,
    })
}

fn of_user() -> Call {
    new(
        "users::events::get",
        "/v1/admin/users/{id}/events",
        "listUserEvents",
    )
    .about(
        "List a user's events",
        "Events stay for 90 days, even if the account is deleted.",
    )
    .query("limit", limit(100, 50), "Maximum events on a page.")
    .query(
        "cursor",
        form(NUMBER),
        "The `next_cursor` from an earlier page.",
    )
    .answers(
        "200",
        "A page of events.",
        G::subschema_for::<events::EventPage>,
        page_example(),
    )
    .problems(&[P::NotFound])
}

fn filtered(call: Call, most: u64, default: u64) -> Call {
    let cursor = "^[0-9]{1,9}\\.[0-9]{1,9}(\\.[0-9]{1,15}\\.[0-9]{1,15}\\.[^.]{1,60})?$";
    let types = EventType::ALL.iter().map(|kind| kind.as_str());
    call.query("type", word(types), "Only events of this type.")
        .query(
            "actor",
            text(),
            "Only events by this actor: `user`, `system`, or the ID of an administrator's key or token.",
        )
        .query(
            "user_id",
            account_id(),
            "Only events of this account. Their cursors are numbers.",
        )
        .query("since", instant(), "Only events at or after this time.")
        .query("until", instant(), "Only events before this time.")
        .query("limit", limit(most, default), "Maximum events in an answer.")
        .query(
            "cursor",
            form(cursor),
            "The `next_cursor` from an earlier page. With `user_id`, it is a number.",
        )
}

fn list() -> Call {
    let call = new("events::list::get", "/v1/admin/events", "listEvents")
        .about("List the events of all users", "");
    filtered(call, 100, 50).answers(
        "200",
        "A page of events.",
        G::subschema_for::<events::EventPage>,
        page_example(),
    )
}

fn export() -> Call {
    let line = page_example()["events"][0].to_string() + "\n";
    let call = new(
        "events::export::get",
        "/v1/admin/events/export",
        "exportEvents",
    )
    .about(
        "Export events",
        "Oldest first. Follow `Link` until it is absent.",
    );
    filtered(call, 10_000, 10_000)
        .answers_as(
            "200",
            "Events, one per line.",
            ("application/x-ndjson", G::subschema_for::<EventLines>),
            Some(json!(line)),
        )
        .header("Link")
}

fn heads() -> Call {
    let answer = json!({
        "heads": [{
            "day": "2026-11-23", "count": 12, "digest": "9f".repeat(32), "previous": "00".repeat(32),
            "signature": "c2ln", "key": "2026",
        }],
        "public_keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "2026", "x": "a2V5"}],
    });
    new(
        "events::heads::get",
        "/v1/admin/events/heads",
        "listEventHeads",
    )
    .about(
        "List the signed digest of each day",
        "The digests show whether an event is missing. docs/events.md explains how.",
    )
    .answers(
        "200",
        "The digests, oldest first, and the keys.",
        G::subschema_for::<events::heads::EventHeads>,
        answer,
    )
    .problems(&[P::ValidationFailed])
}
