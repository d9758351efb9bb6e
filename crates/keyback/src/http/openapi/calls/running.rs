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
            "Check the variables and the store",
            "A 503 lists the bad `variables` and the `reasons`.",
        )
        .answers(
            "200",
            "The app works.",
            G::subschema_for::<health::Health>,
            json!({"status": "ok"}),
        )
}

fn metrics() -> Call {
    let start = "# HELP keyback_calls_total Calls answered, by method, route and status.\n";
    new("metrics::get", ("get", "/v1/metrics"), "getMetrics")
        .about(
            "Read metrics",
            "In Prometheus' text format. docs/monitoring.md lists the metrics.",
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
        "Run the courier",
        "Does all work that is due. A scheduler should call this once a minute. A body is not needed and is ignored.",
    )
    .scope(&["courier"])
    .answers(
        "200",
        "What the run did.",
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
        "Run the courier by URL",
        "For schedulers that can only call a URL. Needs the variable courier_url_token. Runs at most once in 30 seconds, and for a shorter time than runCourier.",
    )
    .query("token", text(), "The value of courier_url_token.")
    .answers_nothing("The run has ended. The next run does what is left.")
    .problems(&[P::Unauthorized, P::RateLimited, P::MethodNotAllowed])
}

fn report() -> Call {
    new("email_webhooks::post", ("post", "/v1/email-webhooks/{provider}"), "reportEmails")
        .about("Receive the email provider's reports", "The provider documents the body and its authentication. docs/email.md explains what to set up. A body can be up to 1 MiB.")
        .answers_nothing("The reports were recorded.")
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
        "Get this document",
        "Answers 304 to an `If-None-Match` with its `ETag`, and 404 if the variable `api_docs` is `off`.",
    )
    .answers("200", "This document.", G::subschema_for::<Document>, start)
    .header("ETag")
    .problems(&[P::NotFound])
}
