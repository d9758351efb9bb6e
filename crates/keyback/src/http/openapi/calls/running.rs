//! The operator's calls.

use schemars::SchemaGenerator as G;
use serde_json::json;

use super::super::call::Call;
use super::super::stand_ins::Document;
use super::{RUNNING, text};
use crate::http::ProblemType as P;
use crate::http::v1::{courier_run, health};

pub(super) fn calls() -> Vec<Call> {
    vec![
        check_health(),
        metrics(),
        run(),
        run_by_url(),
        report(),
        document(),
    ]
}

fn new(handler: &'static str, route: (&'static str, &'static str), id: &'static str) -> Call {
    Call::new(handler, route, id, RUNNING)
}

fn check_health() -> Call {
    new("health::get", ("get", "/v1/health"), "getHealth")
        .about(
            "Check variables and store",
            "A 503 names the bad `variables`, and `reasons`.",
        )
        .answers(
            "200",
            "Calls are answered.",
            G::subschema_for::<health::Health>,
            json!({"status": "ok"}),
        )
}

fn metrics() -> Call {
    let start = "# HELP keyback_calls_total Calls answered, by method, route and status.\n";
    new("metrics::get", ("get", "/v1/metrics"), "getMetrics")
        .about(
            "Read metrics",
            "For Prometheus. docs/monitoring.md lists them.",
        )
        .scope(&["courier"])
        .answers_as(
            "200",
            "Prometheus' text format, version 0.0.4.",
            ("text/plain", G::subschema_for::<String>),
            Some(json!(start)),
        )
}

fn run() -> Call {
    let report = json!({"delivered": 1, "retried": 0, "failed": 0, "expired": 0, "remaining": 0});
    new(
        "courier_run::post",
        ("post", "/v1/courier/run"),
        "runCourier",
    )
    .about(
        "Do all that is due",
        "Let a scheduler call it once a minute. A body is neither needed nor read.",
    )
    .scope(&["courier"])
    .answers(
        "200",
        "What was done.",
        G::subschema_for::<courier_run::CourierReport>,
        report,
    )
}

fn run_by_url() -> Call {
    new(
        "courier_run::get",
        ("get", "/v1/courier/run"),
        "runCourierByUrl",
    )
    .about(
        "Do what is due, for schedulers that can only call a URL",
        "Only with the variable courier_url_token, and once in 30 seconds. Shorter than runCourier.",
    )
    .query("token", text(), "What courier_url_token says.")
    .answers_nothing("What was due was done, or the next run will go on.")
    .problems(&[P::Unauthorized, P::RateLimited, P::MethodNotAllowed])
}

fn report() -> Call {
    new("email_webhooks::post", ("post", "/v1/email-webhooks/{provider}"), "reportEmails")
        .about("Receive the email provider's reports", "The body and its authentication are as the provider documents them; docs/email.md says what to set up. Up to 1 MiB.")
        .answers_nothing("The reports are noted.")
        .problems(&[P::NotAuthentic, P::NotFound, P::PayloadTooLarge, P::ValidationFailed])
}

fn document() -> Call {
    let start = json!({"openapi": "3.1.0", "info": {"title": "Keyback"}, "paths": {}});
    new(
        "openapi_json::get",
        ("get", "/v1/openapi.json"),
        "getOpenApi",
    )
    .about(
        "Read this document",
        "Not found if the variable `api_docs` is `off`.",
    )
    .answers("200", "This document.", G::subschema_for::<Document>, start)
    .header("ETag")
    .problems(&[P::NotFound])
}
