//! An administrator's calls about one account.

use schemars::SchemaGenerator as G;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::schema::{Object, email, flag, just, number, object, one_of, reason, text, word};
use super::{
    ACCOUNT, REASON, USER, account_example, only_reason, reason_example, to_account, users,
};
use crate::http::ProblemType as P;
use crate::http::v1::admin::users as shown;

pub(super) fn calls() -> Vec<Call> {
    vec![
        show(),
        update(),
        delete(),
        reset(),
        require_change(),
        recovery(),
        challenge(),
        stop(),
        invite(),
        unlock(),
        sign_out(),
    ]
}

fn new(handler: &'static str, route: (&'static str, &'static str), id: &'static str) -> Call {
    Call::new(handler, route, id, USER).problems(&[P::NotFound])
}

fn show() -> Call {
    new("users::show::get", ("get", ACCOUNT), "getUser")
        .about("Show a user", "")
        .scope(&["users:read"])
        .answers(
            "200",
            "The account.",
            G::subschema_for::<shown::show::AccountDetails>,
            account_example(),
        )
}

fn update() -> Call {
    let body = object()
        .given("email", email(), "The new address.")
        .optional(
            "locale",
            text(),
            "The language of emails. `null` removes it.",
        )
        .given(
            "disabled",
            json!({"type": "boolean"}),
            "Whether the account is disabled.",
        )
        .optional("reason", reason(), REASON);
    new("users::update::patch", ("patch", ACCOUNT), "updateUser")
        .about("Change a user", "The body is a merge patch (RFC 7396).")
        .scope(&["users:write"])
        .body(
            body.build(),
            json!({"disabled": true, "reason": "left the company"}),
        )
        .answers(
            "200",
            "The account.",
            G::subschema_for::<shown::AccountShown>,
            account_example(),
        )
        .link("getUser", "The account.", to_account())
        .problems(&[P::Conflict])
}

fn delete() -> Call {
    new("users::delete::delete", ("delete", ACCOUNT), "deleteUser")
        .about(
            "Delete a user",
            "Notifies the account's address. The reason can be in the body or in the query.",
        )
        .scope(&["users:delete"])
        .query("reason", reason(), REASON)
        .optional_body(only_reason(), reason_example())
        .answers_nothing("The account is deleted.")
}

/// The members of a reset, whichever way the password is chosen.
fn with_rest_of_reset(it: Object) -> Object {
    it.optional(
        "send_email",
        flag(false),
        "Whether to send the password to the user by email.",
    )
    .optional(
        "return_password",
        flag(false),
        "Whether to return the password.",
    )
    .optional(
        "change_on_next_sign_in",
        flag(true),
        "Whether the user must choose another password at the next sign-in.",
    )
    .optional(
        "expires_in",
        number(&(300..=2_592_000)),
        "Seconds until the password expires.",
    )
    .optional(
        "sign_out_everywhere",
        flag(true),
        "Whether all sessions end: adds the event sessions.revoked.",
    )
    .optional("reason", reason(), REASON)
}

fn reset() -> Call {
    let typed = object()
        .titled("with a password")
        .required("password", text(), "The password.")
        .given("generate", json!({"enum": [false, null]}), "");
    let yes = json!(true);
    let delivered = ["send_email", "return_password"]
        .map(|name| json!({"properties": {name: {"const": true}}, "required": [name]}));
    let generated = object()
        .titled("with a generated password")
        .required("generate", just(&yes), "Generates a password.")
        .without(&["password"])
        .ruled("anyOf", json!(delivered));
    let example = json!({"generate": true, "send_email": true, "reason": "asked by phone"});
    let answer = json!({"change_required": true, "expires_at": "2026-11-26T09:00:00Z", "email_id": "Zb1y8JrT3kKx0vN5wqPfLg"});
    new(
        "users::reset_password::post",
        ("post", "/v1/admin/users/{id}/reset-password"),
        "resetUserPassword",
    )
    .may_hash()
    .about(
        "Set or generate a user's password",
        "All sessions end unless `sign_out_everywhere` is `false`.",
    )
    .scope(&["reset"])
    .body(one_of([typed, generated].map(with_rest_of_reset)), example)
    .answers(
        "200",
        "The password is set.",
        G::subschema_for::<shown::reset_password::PasswordReset>,
        answer,
    )
    .problems(&[P::PasswordRejected, P::UndeliverablePassword])
}

fn require_change() -> Call {
    let body = object()
        .required(
            "required",
            json!({"type": "boolean"}),
            "Whether the user must choose another password.",
        )
        .optional("reason", reason(), REASON);
    new(
        "users::require_change::put",
        ("put", "/v1/admin/users/{id}/password-change"),
        "requirePasswordChange",
    )
    .about(
        "Require another password at the next sign-in",
        "With `required: false`, the requirement is removed.",
    )
    .scope(&["reset"])
    .body(body.build(), json!({"required": true}))
    .answers_nothing("The requirement is set or removed.")
    .problems(&[P::NoCredential])
}

fn recovery() -> Call {
    let body = object()
        .required(
            "deliver",
            word(["email", "return"]),
            "Whether to send the link and the code by email, or to return them.",
        )
        .optional(
            "expires_in",
            number(&(300..=86_400)),
            "Seconds until the link expires.",
        )
        .optional("reason", reason(), REASON);
    let started = json!({
        "challenge_id": "q3oOkVZqT0yP6xq2mJr5Bw",
        "expires_at": "2026-11-23T09:20:00Z",
        "code_expires_at": "2026-11-23T09:10:00Z",
    });
    let mut returned = started.clone();
    returned["link"] = "https://id.example.com/reset-password#token=…".into();
    returned["code"] = "123456".into();
    let to_verify = json!({"requestBody": {"challenge_id": "$response.body#/challenge_id", "code": "$response.body#/code"}});
    new(
        "users::start_recovery::post",
        ("post", "/v1/admin/users/{id}/recovery"),
        "startRecovery",
    )
    .about("Start a recovery for a user", "")
    .scope(&["reset"])
    .body(
        body.build(),
        json!({"deliver": "return", "expires_in": 3600}),
    )
    .answers(
        "200",
        "The link and the code.",
        G::subschema_for::<shown::start_recovery::RecoveryReturned>,
        returned,
    )
    .link("verifyOtp", "The returned code.", to_verify)
    .answers(
        "202",
        "The email is on its way.",
        G::subschema_for::<shown::start_recovery::RecoveryStarted>,
        started,
    )
    .problems(&[P::AccountDisabled])
}

fn challenge() -> Call {
    let answer = json!({"challenge": {"issued_at": "2026-11-23T09:00:00Z", "expires_at": "2026-11-23T09:20:00Z"}});
    new(
        "users::challenge::get",
        ("get", "/v1/admin/users/{id}/challenge"),
        "getChallenge",
    )
    .about("Show the recovery in progress", "")
    .scope(&["users:read"])
    .answers(
        "200",
        "The recovery, or null.",
        G::subschema_for::<shown::challenge::ChallengeShown>,
        answer,
    )
}

fn stop() -> Call {
    new("users::challenge::delete", ("delete", "/v1/admin/users/{id}/challenge"), "stopRecovery")
        .about("Stop a recovery", "Its link, its code and any token for the code stop working. Sessions continue. The answer is the same if no recovery is in progress.")
        .scope(&["reset"])
        .query("reason", reason(), REASON)
        .optional_body(only_reason(), reason_example())
        .answers_nothing("No recovery is in progress.")
}

fn invite() -> Call {
    let body = users::invitation()
        .optional("reason", reason(), REASON)
        .build();
    let answer = |member: &str, value: &str| -> Value {
        json!({"expires_at": "2026-11-30T09:00:00Z", member: value})
    };
    let returned = answer("link", "https://id.example.com/reset-password#token=…");
    let mailed = answer("email_id", "Zb1y8JrT3kKx0vN5wqPfLg");
    let shape = G::subschema_for::<shown::invite::InvitedAgain>;
    new(
        "users::invite::post",
        ("post", "/v1/admin/users/{id}/invite"),
        "inviteUser",
    )
    .about(
        "Invite a user again",
        "The account must not have a password. Any older link stops working.",
    )
    .scope(&["users:write"])
    .body(body, json!({"deliver": "return"}))
    .answers("200", "The link.", shape, returned)
    .answers("202", "The email is on its way.", shape, mailed)
    .problems(&[P::AlreadySetUp, P::AccountDisabled])
}

fn unlock() -> Call {
    new(
        "users::unlock::post",
        ("post", "/v1/admin/users/{id}/unlock"),
        "unlockUser",
    )
    .about(
        "Unlock a user",
        "The reason can be in the body or in the query.",
    )
    .scope(&["users:write"])
    .query("reason", reason(), REASON)
    .optional_body(only_reason(), reason_example())
    .answers_nothing("All locks and pauses are cleared.")
}

fn sign_out() -> Call {
    new(
        "users::sign_out::post",
        ("post", "/v1/admin/users/{id}/sign-out"),
        "signOutUser",
    )
    .about(
        "End a user's sessions",
        "The password does not change. The reason can be in the body or in the query.",
    )
    .scope(&["users:write"])
    .query("reason", reason(), REASON)
    .optional_body(only_reason(), reason_example())
    .answers_nothing("The event sessions.revoked was added.")
}
