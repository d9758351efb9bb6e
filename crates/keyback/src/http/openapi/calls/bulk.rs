//! One action on many accounts.

use schemars::SchemaGenerator as G;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::schema::{
    Object, account_id, either, flag, instant, list, object, one_of, reason, text, word,
};
use super::{BULK, REASON};
use crate::http::ProblemType as P;
use crate::http::v1::admin::users::bulk;

const JOBS: &str = "/v1/admin/users/bulk";
const JOB: &str = "/v1/admin/users/bulk/{job}";

pub(super) fn calls() -> Vec<Call> {
    vec![start(), list_all(), show(), stop()]
}

fn new(handler: &'static str, route: (&'static str, &'static str), id: &'static str) -> Call {
    Call::new(handler, route, id, BULK)
}

fn job_example() -> Value {
    json!({
        "id": "b5w0vK2xQ8mRt1yLfZc7Jg", "action": "require-change", "state": "running", "total": 120,
        "done": 0, "skipped": 0, "failed": 0, "failures": [], "reason": "a list of passwords has leaked",
        "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:00Z",
        "actor": {"kind": "administrator", "id": "portal", "authenticated_by": "api-key", "audit_context": null},
    })
}

fn start() -> Call {
    let rest = |it: Object| {
        let actions = ["require-change", "sign-out", "disable", "recover"];
        it.required("action", word(actions), "What is done with each account.")
            .optional("reason", reason(), REASON)
            .optional("dry_run", flag(false), "Only count.")
    };
    let by_ids = object()
        .titled("by ids")
        .required("ids", list(&account_id(), 1_000), "The accounts.")
        .without(&["filter"]);
    let by_filter = object()
        .titled("by filter")
        .required("filter", filter(), "What the accounts match.")
        .without(&["ids"]);
    let example = json!({"action": "require-change", "filter": {"disabled": false}, "reason": "a list of passwords has leaked"});
    let id = json!({"parameters": {"job": "$response.body#/id"}});
    let shape = G::subschema_for::<bulk::JobShown>;
    new("users::bulk::start::post", ("post", JOBS), "startBulkJob")
        .about("Start a bulk job, or count its accounts", "The scope is that of the same action on one account: `reset` for require-change and recover, `users:write` for sign-out and disable. A body may have 256 KiB, and a hundred jobs may run.")
        .scope(&["users:write", "reset"])
        .body(one_of([rest(by_ids), rest(by_filter)]), example)
        .answers("200", "The count of a dry run.", G::subschema_for::<bulk::start::BulkCount>, json!({"matching": 120, "complete": true}))
        .answers("202", "The job.", shape, job_example())
        .header("Location")
        .link("getBulkJob", "The job.", id.clone())
        .link("stopBulkJob", "The job.", id)
}

fn filter() -> Value {
    let mut q = text();
    q["minLength"] = 1.into();
    q["maxLength"] = 254.into();
    // More than blanks and one `@`.
    q["pattern"] = r"[^\s@]|@[\s\S]*@".into();
    object()
        .optional(
            "password_set_before",
            instant(),
            "Only accounts whose password was set before this time.",
        )
        .optional(
            "created_before",
            instant(),
            "Only accounts that were created before this time.",
        )
        .optional(
            "disabled",
            either(),
            "Only accounts that are disabled, or that are not.",
        )
        .optional(
            "no_password",
            either(),
            "Only accounts without a password, or with one.",
        )
        .optional(
            "must_change",
            either(),
            "Only accounts whose password must be changed, or need not.",
        )
        .optional(
            "q",
            q,
            "The beginning of an address, of its domain or of an id.",
        )
        .build()
}

fn list_all() -> Call {
    new("users::bulk::list::get", ("get", JOBS), "listBulkJobs")
        .about("List bulk jobs", "Those of the last 30 days.")
        .scope(&["users:read"])
        .answers(
            "200",
            "The jobs, newest first.",
            G::subschema_for::<bulk::list::BulkJobs>,
            json!({"jobs": [job_example()]}),
        )
        .problems(&[P::ValidationFailed])
}

fn show() -> Call {
    new("users::bulk::show::get", ("get", JOB), "getBulkJob")
        .about("See how far a bulk job is", "")
        .scope(&["users:read"])
        .answers(
            "200",
            "The job.",
            G::subschema_for::<bulk::JobShown>,
            job_example(),
        )
        .problems(&[P::NotFound])
}

fn stop() -> Call {
    new("users::bulk::stop::delete", ("delete", JOB), "stopBulkJob")
        .about("Stop a bulk job", "What it has done stays.")
        .scope(&["users:write"])
        .answers_nothing("The job is stopped.")
        .problems(&[P::NotFound])
}
