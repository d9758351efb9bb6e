//! The calls for a user who forgot a password.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::schema::{email, object, one_of, text};
use super::{RECOVERY, TOKEN, only_token, sign_out_everywhere};
use crate::http::ProblemType as P;
use crate::http::v1::{forgot_password, reset_password, verify_otp};
use schemars::SchemaGenerator as G;

pub(super) fn calls() -> Vec<Call> {
    let (ask, verify) = (forgot(), verify());
    vec![ask, verify, reset(), check(), cancel()]
}

fn new(handler: &'static str, path: &'static str, id: &'static str) -> Call {
    Call::new(handler, ("post", path), id, RECOVERY)
}

fn forgot() -> Call {
    let body = object()
        .required("email", email(), "The user's address.")
        .optional(
            "locale",
            text(),
            "The language of the email, as a language tag. An invalid tag is ignored.",
        );
    let answer = json!({
        "challenge_id": "q3oOkVZqT0yP6xq2mJr5Bw",
        "code_length": 6,
        "code_expires_in": 600,
        "link_expires_in": 1200,
        "resend_after": 60,
    });
    let to_verify =
        json!({"requestBody": {"challenge_id": "$response.body#/challenge_id", "code": "000000"}});
    new("forgot::post", "/v1/forgot-password", "forgotPassword")
        .about("Request a recovery email", "The answer and its timing are the same whether or not an account exists. The email has a link and a code.")
        .body(body.build(), json!({"email": "ann@example.com", "locale": "en"}))
        .answers("202", "Accepted.", G::subschema_for::<forgot_password::RecoveryAccepted>, answer)
        .link("verifyOtp", "The ID of the request, to check its code.", to_verify)
        .problems(&[P::RateLimited])
}

fn verify() -> Call {
    let code = |it: super::Object| {
        it.required(
            "code",
            text(),
            "The code as it was typed. Spaces and punctuation are ignored.",
        )
    };
    let by_request = object().titled("by request");
    let by_address = object().titled("by address");
    let id = "The ID of a request for the account.";
    let body = one_of([
        code(
            by_request
                .required("challenge_id", text(), id)
                .without(&["email"]),
        ),
        code(
            by_address
                .required("email", email(), "The account's address.")
                .without(&["challenge_id"]),
        ),
    ]);
    let token = json!({"requestBody": {"token": "$response.body#/reset_token", "new_password": "two-bears-under-one-bridge"}});
    let answer = json!({"reset_token": TOKEN, "expires_in": 600});
    new("verify::post", "/v1/verify-otp", "verifyOtp")
        .about("Exchange a code for a token", "The answer is the same for a wrong, expired, used, replaced or unknown code. An attempt is counted before the code is compared.")
        .body(body, json!({"challenge_id": "q3oOkVZqT0yP6xq2mJr5Bw", "code": "123456"}))
        .answers("200", "The code was right.", G::subschema_for::<verify_otp::ResetTokenIssued>, answer)
        .link("resetPassword", "The token for the reset.", token)
        .problems(&[P::InvalidOtp, P::RateLimited, P::StartAgain])
}

fn reset() -> Call {
    let body = object()
        .required("token", text(), "The link's token, or a `reset_token`.")
        .required("new_password", text(), "The new password.");
    let example = json!({"token": TOKEN, "new_password": "two-bears-under-one-bridge"});
    new("reset::post", "/v1/reset-password", "resetPassword")
        .may_hash()
        .about(
            "Set a new password",
            "If the password is refused, the token can still be used.",
        )
        .body(sign_out_everywhere(body).build(), example)
        .answers_nothing("The password is set.")
        .problems(&[
            P::InvalidResetToken,
            P::PasswordRejected,
            P::RateLimited,
            P::StartAgain,
        ])
}

fn token_example() -> Value {
    json!({"token": TOKEN})
}

fn check() -> Call {
    let answer = json!({"email": "ann@example.com", "expires_in": 1140, "reason": "recovery"});
    let body = only_token("The link's token, or a `reset_token`.");
    new(
        "reset::check::post",
        "/v1/reset-password/check",
        "checkResetToken",
    )
    .about(
        "Check a token",
        "Returns the account and the reason. The token stays valid.",
    )
    .body(body, token_example())
    .answers(
        "200",
        "The token is valid.",
        G::subschema_for::<reset_password::check::CheckedToken>,
        answer,
    )
    .problems(&[P::InvalidResetToken, P::RateLimited])
}

fn cancel() -> Call {
    new(
        "cancel_recovery::post",
        "/v1/cancel-recovery",
        "cancelRecovery",
    )
    .about(
        "Cancel a recovery",
        "For the \"Cancel this request\" link in the email.",
    )
    .body(only_token("The token of that link."), token_example())
    .answers_nothing("The recovery is cancelled.")
    .problems(&[P::InvalidResetToken, P::RateLimited])
}
