//! `/v1/admin/users/bulk…`

use serde_json::{Value, json};

use crate::app::{Answer, ApiClient, App, Caller as _, Scope, User, random_token, unique_email};
use crate::v1::admin::access::Guarded;

const BULK: &str = "/v1/admin/users/bulk";
/// The most octets that an order may have.
const BODY_LIMIT: usize = 256 * 1024;

/// Starts a job, and returns its path.
#[track_caller]
fn start(portal: &ApiClient, order: &Value) -> String {
    let answer = portal.post(BULK, order);
    let path = answer
        .header("location")
        .expect("it has a place")
        .to_owned();
    let job = answer.expect_json(202);
    assert_eq!(
        path,
        format!("{BULK}/{}", job["id"].as_str().unwrap_or_default())
    );
    assert_eq!(portal.get(&path).expect_json(200), job);
    path
}

/// Runs the courier until the job is over.
#[track_caller]
fn finish(portal: &ApiClient, path: &str) -> Value {
    for _ in 0..20 {
        portal.run_courier().expect_json(200);
        let job = portal.get(path).expect_json(200);
        if job["state"] != "running" {
            return job;
        }
    }
    panic!("the job does not end");
}

fn counts(job: &Value) -> [&Value; 5] {
    ["state", "total", "done", "skipped", "failed"].map(|name| &job[name])
}

/// The latest event of a user.
fn latest_event(portal: &ApiClient, user: &User) -> Value {
    let events = portal.get(&format!("/v1/admin/users/{}/events", user.id));
    events.expect_json(200)["events"][0].clone()
}

fn count(answer: Answer) -> (Option<u64>, bool) {
    let count = answer.expect_json(200);
    let members = count.as_object().map(serde_json::Map::len);
    assert_eq!(members, Some(2), "{count}");
    (count["matching"].as_u64(), count["complete"] == true)
}

#[test]
fn a_bad_day_ends_with_every_account_accounted_for() {
    let app = App::start();
    let portal = app.portal();
    let users = [(); 3].map(|()| app.create_user());
    let newcomer = app.create_user_without_password();
    let tomorrow = "2999-01-01";
    let filter = json!({ "password_set_before": tomorrow });
    let order = |action: &str, dry_run: bool| json!({ "action": action, "filter": filter, "reason": "keys leaked", "dry_run": dry_run });
    assert_eq!(
        count(portal.post(BULK, &order("require-change", true))),
        (Some(3), true)
    );
    let all = json!({ "action": "sign-out", "filter": {}, "dry_run": true });
    assert_eq!(count(portal.post(BULK, &all)), (Some(4), true));

    let path = start(&portal, &order("require-change", false));
    let job = finish(&portal, &path);
    assert_eq!(
        counts(&job),
        [&json!("done"), &json!(3), &json!(3), &json!(0), &json!(0)]
    );
    assert_eq!(job["action"], "require-change");
    assert_eq!(job["reason"], "keys leaked");
    assert_eq!(job["failures"], json!([]));
    for user in &users {
        let event = latest_event(&portal, user);
        assert_eq!(event["type"], "password.change_required");
        assert_eq!(event["reason"], "keys leaked");
        assert_eq!(event["actor"], job["actor"]);
        let signed_in = portal.sign_in(&user.email, &user.password).expect_json(200);
        assert_eq!(signed_in["password_change"]["reason"], "must-change");
    }
    let untouched = portal.find_user(&newcomer.id).expect_json(200);
    assert!(untouched["credential"].is_null());

    // Accounts that need no change are skipped, and unknown ids fail.
    let ids = json!([users[0].id, "nobody-here", users[1].id, users[0].id]);
    let path = start(&portal, &json!({ "action": "require-change", "ids": ids }));
    let job = finish(&portal, &path);
    assert_eq!(
        counts(&job),
        [&json!("done"), &json!(3), &json!(0), &json!(2), &json!(1)]
    );
    let failures = job["failures"].as_array().cloned().unwrap_or_default();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0]["user_id"], "nobody-here");

    let before = app.epoch(&users[2].id);
    let path = start(
        &portal,
        &json!({ "action": "sign-out", "ids": [users[2].id] }),
    );
    assert_eq!(finish(&portal, &path)["done"], 1);
    assert!(app.epoch(&users[2].id) > before);
    assert_eq!(latest_event(&portal, &users[2])["type"], "sessions.revoked");

    let path = start(
        &portal,
        &json!({ "action": "disable", "filter": { "q": users[1].email } }),
    );
    assert_eq!(finish(&portal, &path)["done"], 1);
    app.assert_does_not_sign_in(&users[1], &users[1].password);

    let jobs = portal.get(BULK).expect_json(200);
    let jobs = jobs["jobs"].as_array().cloned().unwrap_or_default();
    let actions: Vec<_> = jobs.iter().map(|job| job["action"].as_str()).collect();
    let expected = ["disable", "sign-out", "require-change", "require-change"];
    assert_eq!(actions, expected.map(Some));
    assert_eq!(jobs[0], portal.get(&path).expect_json(200));
}

#[test]
fn each_active_account_gets_a_recovery_mail_that_spends_no_limit() {
    let app = App::builder().variable("limit_account", "1/3600").start();
    let portal = app.portal();
    let user = app.create_user();
    let newcomer = app.create_user_without_password();
    let disabled = app.create_user();
    portal
        .update_user(&disabled.id, &json!({ "disabled": true }))
        .expect_json(200);
    let path = start(&portal, &json!({ "action": "recover", "filter": {} }));
    let job = finish(&portal, &path);
    assert_eq!(
        counts(&job),
        [&json!("done"), &json!(3), &json!(2), &json!(1), &json!(0)]
    );
    app.sink().wait_for_mail(&newcomer.email);
    let first = app.sink().wait_for_mail(&user.email);
    app.sink().assert_no_mail(&disabled.email);
    app.visitor().challenge(&user.email);
    let second = app.sink().wait_for_mail(&user.email);
    assert_ne!(first.code(), second.code());
}

#[test]
fn a_stopped_job_goes_on_no_more() {
    let app = App::start();
    let portal = app.portal();
    let user = app.create_user();
    let path = start(
        &portal,
        &json!({ "action": "disable", "filter": {}, "reason": "oops" }),
    );
    portal.call("DELETE", &path).send().expect_nothing();
    let job = finish(&portal, &path);
    assert_eq!(
        counts(&job),
        [
            &json!("stopped"),
            &json!(1),
            &json!(0),
            &json!(0),
            &json!(0)
        ]
    );
    app.assert_signs_in(&user, &user.password);
    // Stopped again, it stays as it is, and so does a job that is done.
    portal.call("DELETE", &path).send().expect_nothing();
    let path = start(&portal, &json!({ "action": "sign-out", "ids": [user.id] }));
    let job = finish(&portal, &path);
    portal.call("DELETE", &path).send().expect_nothing();
    assert_eq!(portal.get(&path).expect_json(200), job);
}

#[test]
fn a_thousand_ids_fit_into_an_order() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let long = |number: usize| format!("{number:0>128}");
    let mut ids: Vec<String> = (0..999).map(long).collect();
    ids.push(user.id);
    let order = |ids: &[String]| json!({ "action": "sign-out", "ids": ids, "dry_run": true });
    assert_eq!(count(portal.post(BULK, &order(&ids))), (Some(1), true));
    ids.push("one-more".to_owned());
    let refused = portal.post(BULK, &order(&ids)).expect_invalid();
    assert_eq!(refused, ["/ids"]);
    let call = portal
        .call("POST", BULK)
        .header("content-type", "application/json");
    let answer = call.body(" ".repeat(BODY_LIMIT + 1)).send();
    answer.expect_problem(413, "payload-too-large");
}

#[test]
fn an_order_says_what_and_with_whom() {
    let app = App::shared();
    let portal = app.portal();
    for (order, pointers) in [
        (json!({}), vec!["/action", "/ids"]),
        (json!({ "action": "delete", "ids": ["a"] }), vec!["/action"]),
        (json!({ "action": "disable" }), vec!["/ids"]),
        (
            json!({ "action": "disable", "ids": [], "filter": {} }),
            vec!["/ids"],
        ),
        (
            json!({ "action": "disable", "ids": ["a"], "filter": {} }),
            vec!["/filter"],
        ),
        (json!({ "action": "disable", "ids": "a" }), vec!["/ids"]),
        (
            json!({ "action": "disable", "ids": ["a", "b c", 7] }),
            vec!["/ids/1", "/ids/2"],
        ),
        (
            json!({ "action": "disable", "filter": [] }),
            vec!["/filter"],
        ),
        (
            json!({ "action": "disable", "filter": { "zebra": 1 } }),
            vec!["/filter/zebra"],
        ),
        (
            json!({ "action": "disable", "filter": { "password_set_before": "yesterday", "q": "" } }),
            vec!["/filter/password_set_before", "/filter/q"],
        ),
        (
            json!({ "action": "disable", "ids": ["a"], "dry_run": "yes" }),
            vec!["/dry_run"],
        ),
        (
            json!({ "action": "disable", "ids": ["a"], "reason": "a\nb" }),
            vec!["/reason"],
        ),
    ] {
        let mut refused = portal.post(BULK, &order).expect_invalid();
        refused.sort_unstable();
        assert_eq!(refused, pointers, "{order}");
    }
    for path in [
        format!("{BULK}/{}", random_token(22)),
        format!("{BULK}/a%20b"),
    ] {
        portal.get(&path).expect_problem(404, "not-found");
        let stopped = portal.call("DELETE", &path).send();
        stopped.expect_problem(404, "not-found");
    }
    for id in ["bulk", "export", "import"] {
        let reserved = json!({ "id": id, "email": unique_email() });
        assert_eq!(portal.create_user(&reserved).expect_invalid(), ["/id"]);
    }
}

#[test]
fn an_action_on_many_takes_the_scope_that_it_takes_on_one() {
    let app = App::shared();
    let user = app.create_user();
    for (action, scope) in [
        ("sign-out", Scope::UsersWrite),
        ("disable", Scope::UsersWrite),
        ("require-change", Scope::Reset),
        ("recover", Scope::Reset),
    ] {
        let order = json!({ "action": action, "ids": [user.id], "dry_run": true });
        assert_eq!(
            count(app.api_client(scope).post(BULK, &order)),
            (Some(1), true)
        );
        for word in scope.other_words() {
            let refused = app.api_client_with(word).post(BULK, &order);
            refused.expect_problem(403, "forbidden");
        }
        let refused = app.visitor().post(BULK, &order);
        refused.expect_problem(401, "unauthorized");
    }
    let order = json!({ "action": "require-change", "ids": [user.id] });
    let path = start(&app.portal(), &order);
    for (scope, method, path) in [
        (Scope::UsersRead, "GET", BULK),
        (Scope::UsersRead, "GET", &path),
        (Scope::UsersWrite, "DELETE", &path),
    ] {
        Guarded {
            app: &app,
            scope,
            method,
            paths: [path, "/v1/admin/users/bulk/nobody-here"],
            body: None,
        }
        .assert_refused_to_others();
    }
    app.api_client(Scope::UsersRead).get(&path).expect_json(200);
    let stopped = app
        .api_client(Scope::UsersWrite)
        .call("DELETE", &path)
        .send();
    stopped.expect_nothing();
}
