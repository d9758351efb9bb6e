//! What the health call reports.

use serde_json::json;

use crate::testing::{App, Call};

#[test]
fn a_store_that_only_reads_is_not_healthy() {
    let app = App::with_account();
    let health = Call::get("/v1/health");
    app.env.store.fail_after(Some(1));
    let reply = app.make(&health).expect(503);
    assert_eq!(reply.problem(), "service-unavailable");
    let reasons = &reply.json()["reasons"];
    assert!(
        reasons[0].as_str().unwrap().starts_with("the store failed"),
        "{reasons}"
    );
    app.env.store.fail_after(None);
    assert_eq!(app.make(&health).expect(200).json()["status"], json!("ok"));
}

#[test]
fn it_writes_once_a_minute_however_often_it_is_asked() {
    let app = App::with_account();
    let writes = |seconds| {
        app.advance(seconds);
        let _ = app.env.store.take_written();
        for _ in 0..5 {
            let _ = app.make(&Call::get("/v1/health")).expect(200);
        }
        app.env.store.take_written().len()
    };
    assert_eq!(writes(60), 1);
    assert_eq!(writes(0), 0);
    assert_eq!(writes(60), 1);
}
