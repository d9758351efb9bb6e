//! Accounts: finding, creating, importing and exporting them.

use schemars::SchemaGenerator as G;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::schema::{
    Object, account_id, either, email, flag, form, just, limit, number, object, one_of, reason,
    text, word,
};
use super::super::stand_ins::{ExportLines, ImportReport};
use super::{REASON, USERS, account_example, to_account};
use crate::http::ProblemType as P;
use crate::http::v1::admin::users;

pub(super) fn calls() -> Vec<Call> {
    vec![list(), create(), import(), export()]
}

fn new(handler: &'static str, route: (&'static str, &'static str), id: &'static str) -> Call {
    Call::new(handler, route, id, USERS)
}

fn list() -> Call {
    let page = json!({"users": [account_example()], "total": 1, "next_cursor": null, "previous_cursor": null});
    let mut q = text();
    q["maxLength"] = 254.into();
    new("users::list::get", ("get", "/v1/admin/users"), "listUsers")
        .about(
            "Search for users, or find one by address",
            "`email` cannot be combined with `q`, `disabled`, `no_password`, `must_change` or `locked`.",
        )
        .scope(&["users:read"])
        .query(
            "q",
            q,
            "The beginning of an address, its domain or an ID, in upper or lower case.",
        )
        .query(
            "disabled",
            either(),
            "`true`: only disabled accounts. `false`: only the others.",
        )
        .query(
            "no_password",
            either(),
            "`true`: only accounts without a password. `false`: only the others.",
        )
        .query(
            "must_change",
            either(),
            "`true`: only accounts whose password must be changed. `false`: only the others.",
        )
        .query("locked", either(), "`true`: only locked accounts. `false`: only the others.")
        .query(
            "order",
            word(["newest", "oldest"]),
            "Which accounts come first. The default is `newest`.",
        )
        .query("limit", limit(100, 50), "Maximum accounts on a page.")
        .query(
            "cursor",
            form("^(older|newer)-[0-9]{1,18}$"),
            "A cursor from an earlier page.",
        )
        .query("email", email(), "The address of one account.")
        .answers(
            "200",
            "A page of accounts.",
            G::subschema_for::<users::list::AccountPage>,
            page,
        )
}

fn create() -> Call {
    let id = to_account();
    let with_reason = json!({"parameters": {"id": "$response.body#/id", "reason": "linked"}});
    let mail = json!({"requestBody": {"email": "$response.body#/email"}});
    new("users::create::post", ("post", "/v1/admin/users"), "createUser")
        .may_hash()
        .about("Create a user", "An account can have no password, a given one, a hash, a generated one, or an invitation to choose one.")
        .scope(&["users:write"])
        .body(account_to_create(), json!({"email": "ann@example.com", "id": "auth0|5f7c", "locale": "en"}))
        .answers("201", "The account.", G::subschema_for::<users::create::AccountCreated>, account_example())
        .header("Location")
        .link("getUser", "The account.", id.clone())
        .link("updateUser", "The account.", id.clone())
        .link("deleteUser", "The account.", with_reason)
        .link("resetUserPassword", "The account.", id)
        .link("forgotPassword", "The account's address.", mail)
        .problems(&[P::Conflict, P::PasswordRejected, P::UndeliverablePassword])
}

/// The members that all alternatives have.
fn basics(title: &str) -> Object {
    let mut id = account_id();
    id["not"] = json!({"enum": [".", "..", "import", "bulk", "export"]});
    object()
        .titled(title)
        .required("email", email(), "The user's address.")
        .optional(
            "id",
            id,
            "An ID of your own. The default is a generated one.",
        )
        .optional(
            "locale",
            text(),
            "The language of emails, as a language tag. An invalid tag is ignored.",
        )
        .optional("reason", reason(), REASON)
}

fn refused(object: Object, names: &[&str]) -> Object {
    names.iter().fold(object, |object, name| {
        object.given(name, json!({"enum": [false, null]}), "")
    })
}

fn account_to_create() -> Value {
    let change = "Whether the user must choose another password at the next sign-in.";
    let send = "Whether to send the password to the user by email.";
    let returned = "Whether to return the password.";
    let hash = "A hash in one of the formats of docs/import-hashes.md.";
    let bare = refused(
        basics("without a password"),
        &[
            "generate",
            "send_email",
            "return_password",
            "change_on_next_sign_in",
        ],
    )
    .without(&["password", "password_hash", "invite"]);
    let invited = refused(
        basics("with an invitation"),
        &[
            "generate",
            "send_email",
            "return_password",
            "change_on_next_sign_in",
        ],
    )
    .required(
        "invite",
        invitation().build(),
        "An invitation to choose a password.",
    )
    .without(&["password", "password_hash"]);
    let typed = refused(basics("with a password"), &["generate"])
        .required("password", text(), "The password.")
        .optional("send_email", flag(false), send)
        .optional("return_password", flag(false), returned)
        .optional("change_on_next_sign_in", either(), change)
        .without(&["password_hash", "invite"]);
    let hashed = refused(
        basics("with a hash"),
        &["generate", "send_email", "return_password"],
    )
    .required("password_hash", text(), hash)
    .optional("change_on_next_sign_in", either(), change)
    .without(&["password", "invite"]);
    let yes = json!(true);
    let delivered = ["send_email", "return_password"]
        .map(|name| json!({"properties": {name: {"const": true}}, "required": [name]}));
    let generated = basics("with a generated password")
        .required("generate", just(&yes), "Generates a password.")
        .optional("send_email", flag(false), send)
        .optional("return_password", flag(false), returned)
        .optional("change_on_next_sign_in", either(), change)
        .without(&["password", "password_hash", "invite"])
        .ruled("anyOf", json!(delivered));
    one_of([bare, invited, typed, hashed, generated])
}

/// The members of an invitation.
pub(super) fn invitation() -> Object {
    object()
        .required(
            "deliver",
            word(["email", "return"]),
            "Whether to send the link by email, or to return it.",
        )
        .optional(
            "expires_in",
            number(&(300..=1_209_600)),
            "Seconds until the link expires. The default is 7 days.",
        )
}

fn import() -> Call {
    let line = json!({"email": "ann@example.com", "id": "auth0|5f7c"});
    let lines = format!("{line}\n{}\n", json!({"email": "bob@example.com"}));
    let table = "email,id,locale\nann@example.com,auth0|5f7c,en\n";
    let list = json!({"type": "array", "items": account_to_import()});
    let any = json!({"type": "string", "description": "One JSON object per line, with the same members as in the JSON array."});
    let csv = json!({"type": "string", "description": "A table in UTF-8. The header row has the names of the members."});
    let report = json!({"created": 2, "unchanged": 0, "failed": 0, "failures": []});
    let map = "^[^,:\\x00-\\x1f]{1,40}:(email|id|locale|password|password_hash|change_on_next_sign_in|disabled|created_at|reason)$";
    new("users::import::post", ("post", "/v1/admin/users/import"), "importUsers")
        .may_hash()
        .about("Import users", "Accepts lines of JSON, a JSON array or CSV, up to 8 MiB, 100,000 accounts and 100 plaintext passwords. Lines that cannot be imported are listed in `failures`.")
        .scope(&["users:write"])
        .query("map", form(map), "For CSV: assigns columns with other names to members, such as `mail:email,uid:id`.")
        .query("dry_run", flag(false), "Check all lines without creating accounts.")
        .bodies(true, vec![
            ("application/json", list, json!([line])),
            ("application/x-ndjson", any, json!(lines)),
            ("text/csv", csv, json!(table)),
        ])
        .answers("200", "The result of the import.", G::subschema_for::<ImportReport>, report)
}

/// An entry of an import. Its errors are listed in `failures`.
fn account_to_import() -> Value {
    object()
        .required("email", text(), "The user's address.")
        .optional("id", text(), "An ID of your own.")
        .optional("locale", text(), "The language of emails.")
        .optional("password", text(), "A plaintext password.")
        .optional(
            "password_hash",
            text(),
            "A hash in one of the formats of docs/import-hashes.md.",
        )
        .optional(
            "change_on_next_sign_in",
            either(),
            "Whether the user must choose another password at the next sign-in.",
        )
        .optional("disabled", flag(false), "Whether the account is disabled.")
        .optional(
            "created_at",
            text(),
            "When the account was created, as an RFC 3339 time.",
        )
        .optional("reason", text(), REASON)
        .build()
}

fn export() -> Call {
    let lines = "{\"created_at\":\"2026-11-23T09:00:00Z\",\"email\":\"ann@example.com\",\"id\":\"auth0|5f7c\"}\n";
    new("users::export::get", ("get", "/v1/admin/users/export"), "exportUsers")
        .about("Export users", "The lines can be imported again. The oldest account comes first. Follow `Link` until it is absent. Hashes also need the scope `users:hashes`.")
        .scope(&["users:read"])
        .query("hashes", flag(false), "Whether to include the hashes of passwords.")
        .query("limit", limit(10_000, 10_000), "Maximum accounts in an answer.")
        .query("cursor", form("^[0-9]{1,18}$"), "The `X-Next-Cursor` from an earlier answer.")
        .answers_as("200", "Accounts, one per line.", ("application/x-ndjson", G::subschema_for::<ExportLines>), Some(json!(lines)))
        .header("Link")
        .header("X-Next-Cursor")
}
