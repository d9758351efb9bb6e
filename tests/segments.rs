//! An answer leaves in one segment: head and body apart cost a kept-alive client 40 ms.

use serde_json::json;

use crate::app::{Answer, App, unique_email};

#[test]
fn each_answer_on_a_kept_alive_connection_arrives_in_one_read() {
    let app = App::shared();
    let mut wire = app.wire();
    // The first call of each starts an instance.
    wire.get("/v1/health");
    wire.post("/v1/forgot-password", &forgot());
    let verify =
        json!({ "challenge_id": app.visitor().challenge(&unique_email()), "code": "000000" })
            .to_string();
    wire.post("/v1/verify-otp", &verify);

    assert_one_read_each(|| wire.get("/v1/health"), 200);
    assert_one_read_each(|| wire.post("/v1/forgot-password", &forgot()), 202);
    assert_one_read_each(|| wire.post("/v1/verify-otp", &verify), 400);
    assert_one_read_each(|| wire.post("/v1/forgot-password", "{"), 422);
    assert_one_read_each(|| wire.post("/v1/nope", "{}"), 404);
}

fn forgot() -> String {
    json!({ "email": unique_email() }).to_string()
}

#[track_caller]
fn assert_one_read_each(mut call: impl FnMut() -> (Answer, usize), status: u16) {
    let reads: Vec<usize> = (0..10)
        .map(|_| {
            let (answer, reads) = call();
            answer.expect_status(status);
            reads
        })
        .collect();
    assert_eq!(reads, [1; 10]);
}
