//! Redis over TLS; the machine has to trust its certificate.

use std::sync::{Arc, Mutex};

use crate::app::{App, Caller as _, Keeps, Redis, has_redis};

#[test]
fn a_certificate_is_checked() {
    if !has_redis() {
        return;
    }
    let server = Redis::start(Keeps::NothingAndSpeaksTls);
    let trusted = server.certificate();
    let server = Arc::new(Mutex::new(server));

    let app = App::builder()
        .redis(&server)
        .environment("SSL_CERT_FILE", trusted)
        .start();
    let user = app.create_user();
    app.recover(&user);
    app.assert_signs_in(&user, &user.password);

    let app = App::builder().redis(&server).start();
    let health = app.visitor().get("/v1/health");
    health.expect_problem(503, "service-unavailable");
}
