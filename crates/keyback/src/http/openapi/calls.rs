//! All calls of the document.

use serde_json::{Value, json};

use super::call::Call;
use super::schema::{Object, account_id, email, flag, object, one_of, reason, text};

mod bulk;
mod emails;
mod events;
mod passwords;
mod recovery;
mod running;
mod user;
mod users;

/// The tags, in the order of the page, with their descriptions.
pub(super) const TAGS: [(&str, &str); 8] = [
    (
        RECOVERY,
        "For users who forgot their password, from your pages or from Keyback's. No key is needed.",
    ),
    (
        PASSWORDS,
        "Calls for your sign-in, and the rules for passwords.",
    ),
    (USERS, "Find, create, import and export accounts."),
    (USER, "What an administrator can do with one account."),
    (
        BULK,
        "One action on many accounts. The courier does the work.",
    ),
    (EVENTS, "What happened to accounts, who did it and why."),
    (EMAILS, "The status of the emails of the last 31 days."),
    (
        RUNNING,
        "For the operator: health, the courier, the email provider's reports, and this document.",
    ),
];

const RECOVERY: &str = "Recovery";
const PASSWORDS: &str = "Passwords";
const USERS: &str = "Users";
const USER: &str = "One user";
const BULK: &str = "Bulk jobs";
const EVENTS: &str = "Events";
const EMAILS: &str = "Emails";
const RUNNING: &str = "Running";

/// Every call, in the order of the page.
pub(super) fn all() -> Vec<Call> {
    [
        recovery::calls(),
        passwords::calls(),
        users::calls(),
        user::calls(),
        bulk::calls(),
        events::calls(),
        emails::calls(),
        running::calls(),
    ]
    .concat()
}

const ACCOUNT: &str = "/v1/admin/users/{id}";
const REASON: &str = "The reason, recorded in the event. One line.";
const TOKEN: &str = "Xn2bR7vTq0fKc5yLZ1uPwE8hJd4aGsMiOeBtCkQrYxU";

/// The account and its member `email`.
fn account_example() -> Value {
    json!({
        "id": "auth0|5f7c",
        "email": "ann@example.com",
        "locale": "en",
        "disabled": false,
        "created_at": "2026-11-23T09:00:00Z",
        "updated_at": "2026-11-23T09:00:00Z",
        "last_sign_in_at": null,
        "locked_until": null,
        "credential": null,
        "credential_epoch": 1,
    })
}

/// A body that contains only a reason.
fn only_reason() -> Value {
    object().optional("reason", reason(), REASON).build()
}

fn reason_example() -> Value {
    json!({"reason": "asked by phone"})
}

/// A body that contains one secret.
fn only_token(about: &str) -> Value {
    object().required("token", text(), about).build()
}

/// The account, by address or by id.
fn by_email_or_id(rest: impl Fn(Object) -> Object) -> Value {
    let by_email = object().titled("by address");
    let by_id = object().titled("by id");
    one_of([
        rest(
            by_email
                .required("email", email(), "The user's address.")
                .without(&["user_id"]),
        ),
        rest(
            by_id
                .required("user_id", account_id(), "The user's ID.")
                .without(&["email"]),
        ),
    ])
}

fn sign_out_everywhere(object: Object) -> Object {
    let about = "Whether all sessions end: adds the event sessions.revoked.";
    object.optional("sign_out_everywhere", flag(true), about)
}

/// The links from the id of an answer's account.
fn to_account() -> Value {
    json!({"parameters": {"id": "$response.body#/id"}})
}
