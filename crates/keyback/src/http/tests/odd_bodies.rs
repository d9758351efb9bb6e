//! Every input gets an answer: a panic would end every request of the instance.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value};

use crate::testing::App;

const PATHS: [&str; 6] = [
    "/v1/forgot-password",
    "/v1/verify-otp",
    "/v1/reset-password",
    "/v1/cancel-recovery",
    "/v1/sign-in",
    "/v1/admin/users",
];
const MEMBERS: [&str; 11] = [
    "email",
    "locale",
    "challenge_id",
    "code",
    "token",
    "new_password",
    "password",
    "password_hash",
    "user_id",
    "id",
    "sign_out_everywhere",
];

/// Arbitrary texts, and texts that are almost valid.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".*",
        "[A-Za-z0-9_-]{60,68}",
        "[0-9 -]{0,12}",
        "[a-zé.+]{0,70}@[a-zé.-]{0,70}",
        "\\$[a-z0-9]{1,9}\\$[a-z0-9=,$./+]{0,60}",
        Just("\u{0}\u{202e}\u{1F511}".repeat(90)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => text().prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
        1 => prop::collection::vec(text().prop_map(Value::String), 0..3).prop_map(Value::Array),
    ]
}

fn body() -> impl Strategy<Value = Value> {
    let member = (prop::sample::select(MEMBERS.to_vec()), value());
    prop::collection::vec(member, 0..5).prop_map(|members| {
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Value::Object(members.collect::<Map<_, _>>())
    })
}

proptest! {
    #![proptest_config(Config { cases: 600, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_body_is_answered_without_a_panic_or_a_server_error(
        path in prop::sample::select(PATHS.to_vec()),
        body in body(),
        client in text(),
    ) {
        let app = App::default();
        app.env.variables.set("trusted_proxy_header", "x-real-ip");
        let mut call = app.call(path, body);
        if client.bytes().all(|byte| byte.is_ascii_graphic()) {
            call = call.with_header("x-real-ip", &client);
        }
        let status = app.make(&call).status;
        prop_assert!((200..500).contains(&status), "{}", status);
    }
}
