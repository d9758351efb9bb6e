//! The version of the store's format: a store of a newer Keyback is refused as a whole.

use serde_json::json;

use crate::app::{App, Caller as _, Scope};

const KEY: &str = "v1:format";

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let app = App::start();
    let user = app.create_user();
    let written = app.stored(KEY).expect("the first write names the format");
    assert_eq!(written, r#"{"v":1,"record":{"version":1}}"#);

    let newer = |record: &mut serde_json::Value| record["record"]["version"] = json!(7);
    let app = app.stop().stored(KEY, newer).start();
    let refused = app.portal().sign_in(&user.email, &user.password);
    refused.expect_problem(503, "service-unavailable");
    let run = app.api_client(Scope::Courier).run_courier();
    run.expect_problem(503, "service-unavailable");
    let health = app.visitor().get("/v1/health");
    let problem = health.expect_problem(503, "service-unavailable");
    let reason =
        "the store failed: it has format 7, written by a newer version; this version reads up to 1";
    assert_eq!(problem["reasons"], json!([reason]));
    assert!(app.log().contains(reason), "{}", app.log());

    let back = |record: &mut serde_json::Value| record["record"]["version"] = json!(1);
    let app = app.stop().stored(KEY, back).start();
    app.assert_signs_in(&user, &user.password);
}
