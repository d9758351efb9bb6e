//! The calls of a portal's sign-in, and the rules for passwords.

use schemars::SchemaGenerator as G;
use serde_json::json;

use super::super::call::Call;
use super::super::schema::{account_id, email, object, text};
use super::{PASSWORDS, by_email_or_id, sign_out_everywhere};
use crate::http::ProblemType as P;
use crate::http::v1::{password_policy, sign_in};

pub(super) fn calls() -> Vec<Call> {
    vec![sign_in(), change(), policy(), check()]
}

fn new(handler: &'static str, route: (&'static str, &'static str), id: &'static str) -> Call {
    Call::new(handler, route, id, PASSWORDS)
}

fn sign_in() -> Call {
    let body =
        by_email_or_id(|it| it.required("password", text(), "The password as it was typed."));
    let answer = json!({"user_id": "auth0|5f7c", "credential_epoch": 3, "password_change": null});
    new("signing_in::post", ("post", "/v1/sign-in"), "signIn")
        .may_hash()
        .about("Check a password", "The portal manages sessions and cookies. Wrong passwords are counted per client and per account.")
        .scope(&["sign-in"])
        .body(body, json!({"email": "ann@example.com", "password": "two-bears-under-one-bridge"}))
        .answers("200", "The password is right.", G::subschema_for::<sign_in::SignedIn>, answer)
        .problems(&[P::InvalidCredentials, P::PasswordExpired, P::RateLimited])
}

fn change() -> Call {
    let body = object()
        .required("user_id", account_id(), "The user's ID.")
        .required(
            "current_password",
            text(),
            "The current password. It is checked like a sign-in.",
        )
        .required("new_password", text(), "The new password.");
    let example = json!({
        "user_id": "auth0|5f7c",
        "current_password": "two-bears-under-one-bridge",
        "new_password": "nine-otters-cross-at-noon",
    });
    new(
        "change_password::post",
        ("post", "/v1/change-password"),
        "changePassword",
    )
    .may_hash()
    .about(
        "Change a user's own password",
        "The user must be signed in at the portal.",
    )
    .scope(&["sign-in"])
    .body(sign_out_everywhere(body).build(), example)
    .answers_nothing("The password is set.")
    .problems(&[
        P::InvalidCredentials,
        P::PasswordExpired,
        P::PasswordRejected,
        P::RateLimited,
    ])
}

fn policy() -> Call {
    let answer = json!({
        "min_length": 8, "max_length": 256, "max_octets": 1024, "min_strength": 3,
        "breach_check": false, "admin_may_choose": true, "temporary_password_expires_in": 259_200,
        "passwordrules": "minlength: 16; maxlength: 256;",
    });
    new(
        "password_policy::get",
        ("get", "/v1/password-policy"),
        "getPasswordPolicy",
    )
    .about("Get the rules for passwords", "")
    .answers(
        "200",
        "The rules.",
        G::subschema_for::<password_policy::PasswordRulesShown>,
        answer,
    )
}

fn check() -> Call {
    let body = object()
        .required("password", text(), "The password as typed so far.")
        .optional(
            "email",
            email(),
            "The user's address. Without it, the password is not compared with an address.",
        );
    let answer = json!({"score": 4, "accepted": true, "errors": []});
    new(
        "password_policy::check::post",
        ("post", "/v1/password-policy/check"),
        "checkPassword",
    )
    .about(
        "Rate a password while it is typed",
        "The password is not stored, logged or sent anywhere.",
    )
    .body(
        body.build(),
        json!({"password": "two-bears-under-one-bridge", "email": "ann@example.com"}),
    )
    .answers(
        "200",
        "The strength of the password, and the rules it breaks.",
        G::subschema_for::<password_policy::check::PasswordAssessment>,
        answer,
    )
    .problems(&[P::RateLimited])
}
