//! An answer leaves in one segment: head and body apart cost a kept-alive client 40 ms.

use serde_json::json;

use crate::app::{Answer, App, unique_email};

/// How many answers of each of five kinds are looked at.
const ANSWERS: usize = 40;

/// The platform hands head and body from thread to thread, so one in some hundred comes apart whatever the app does;
/// without the pause before an answer it is a quarter of those that a store or variable was asked for.
const MAY_BE_APART: usize = 10;

#[test]
fn answers_on_a_kept_alive_connection_arrive_in_one_read() {
    let app = App::shared();
    let mut wire = app.wire();
    let verify =
        json!({ "challenge_id": app.visitor().challenge(&unique_email()), "code": "000000" });
    let verify = verify.to_string();
    // The first call of each starts an instance.
    wire.get("/v1/health");
    wire.post("/v1/forgot-password", &forgot());
    wire.post("/v1/verify-otp", &verify);
    wire.post("/v1/nope", "{}");

    let apart = [
        came_apart(|| wire.get("/v1/health"), 200),
        came_apart(|| wire.post("/v1/forgot-password", &forgot()), 202),
        came_apart(|| wire.post("/v1/verify-otp", &verify), 400),
        came_apart(|| wire.post("/v1/forgot-password", "{"), 422),
        came_apart(|| wire.post("/v1/nope", "{}"), 404),
    ];
    let all: usize = apart.iter().sum();
    assert!(
        all <= MAY_BE_APART,
        "of {ANSWERS} each, {apart:?} came apart"
    );
}

fn forgot() -> String {
    json!({ "email": unique_email() }).to_string()
}

/// How many answers to the same call took more than one read.
#[track_caller]
fn came_apart(mut call: impl FnMut() -> (Answer, usize), status: u16) -> usize {
    let mut apart = 0;
    for _ in 0..ANSWERS {
        let (answer, reads) = call();
        answer.expect_status(status);
        apart += usize::from(reads > 1);
    }
    apart
}
