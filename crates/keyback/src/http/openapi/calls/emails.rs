//! The outcome of emails.

use schemars::SchemaGenerator as G;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::schema::{form, limit, word};
use super::{EMAILS, only_reason, reason_example};
use crate::http::ProblemType as P;
use crate::http::v1::admin::emails;
use crate::model::email::EmailState;

pub(super) fn calls() -> Vec<Call> {
    vec![list(), show(), retry()]
}

fn new(handler: &'static str, route: (&'static str, &'static str), id: &'static str) -> Call {
    Call::new(handler, route, id, EMAILS).scope(&["emails"])
}

fn email_example(state: &str) -> Value {
    json!({
        "id": "Zb1y8JrT3kKx0vN5wqPfLg", "user_id": "auth0|5f7c", "kind": "recovery", "state": state, "attempts": 1,
        "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:01Z",
        "next_attempt_at": null, "last_error": null, "provider": "resend",
    })
}

fn list() -> Call {
    let states = EmailState::ALL.iter().map(|state| state.as_str());
    let page = json!({"emails": [email_example("sent")], "next_cursor": null});
    new(
        "emails::list::get",
        ("get", "/v1/admin/emails"),
        "listEmails",
    )
    .about(
        "List emails",
        "Newest first, without recipient and content. A page may have fewer than `limit`.",
    )
    .query(
        "state",
        word(states.chain([""])),
        "Only emails in this state; empty for all.",
    )
    .query("limit", limit(100, 50), "Maximum emails on a page.")
    .query(
        "cursor",
        form("^[1-9][0-9]{0,17}$"),
        "The `next_cursor` from an earlier page.",
    )
    .answers(
        "200",
        "A page of emails.",
        G::subschema_for::<emails::list::EmailPage>,
        page,
    )
}

fn show() -> Call {
    new(
        "emails::show::get",
        ("get", "/v1/admin/emails/{id}"),
        "getEmail",
    )
    .about("Show an email", "")
    .answers(
        "200",
        "The email.",
        G::subschema_for::<emails::EmailShown>,
        email_example("sent"),
    )
    .problems(&[P::NotFound])
}

fn retry() -> Call {
    new(
        "emails::retry::post",
        ("post", "/v1/admin/emails/{id}/retry"),
        "retryEmail",
    )
    .about("Send a failed email again", "")
    .optional_body(only_reason(), reason_example())
    .answers(
        "202",
        "The email, which will be sent again.",
        G::subschema_for::<emails::EmailShown>,
        email_example("pending"),
    )
    .problems(&[P::NotFound, P::EmailNotFailed])
}
