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
        it.required("action", word(actions), "The action for each account.")
            .optional("reason", reason(), REASON)
            .optional("dry_run", flag(false), "Only count the accounts.")
    };
    let by_ids = object()
        .titled("by ids")
        .required(
            "ids",
            list(&account_id(), 1_000),
            "The IDs of the accounts.",
        )
        .without(&["filter"]);
    let by_filter = object()
        .titled("by filter")
        .required("filter", filter(), "What the accounts must match.")
        .without(&["ids"]);
    let example = json!({"action": "require-change", "filter": {"disabled": false}, "reason": "a list of passwords has leaked"});
    let id = json!({"parameters": {"job": "$response.body#/id"}});
    let shape = G::subschema_for::<bulk::JobShown>;
    new("users::bulk::start::post", ("post", JOBS), "startBulkJob")
        .about("Start a bulk job, or count its accounts", "The scope is that of the same action on one account: `reset` for require-change and recover, `users:write` for sign-out and disable. A body can be up to 256 KiB. Up to a hundred jobs can run at a time.")
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
            "`true`: only disabled accounts. `false`: only the others.",
        )
        .optional(
            "no_password",
            either(),
            "`true`: only accounts without a password. `false`: only the others.",
        )
        .optional(
            "must_change",
            either(),
            "`true`: only accounts whose password must be changed. `false`: only the others.",
        )
        .optional("q", q, "The beginning of an address, its domain or an ID.")
        .build()
}

fn list_all() -> Call {
    new("users::bulk::list::get", ("get", JOBS), "listBulkJobs")
        .about("List bulk jobs", "Jobs are listed for 30 days.")
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
        .about("Show the progress of a bulk job", "")
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
        .about("Stop a bulk job", "Changes that were already made stay.")
        .scope(&["users:write"])
        .answers_nothing("The job is stopped.")
        .problems(&[P::NotFound, P::ValidationFailed])
}
